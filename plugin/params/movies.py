"""The movies that are made of mattes, declared once: command line, engine and messages go by this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Mapping, Tuple


@dataclass(frozen=True)
class MovieKind:
    """A kind of movie.

    Attributes:
        help: what it is, on the command line.
        endings: that its file's name may have.
        picture: what a frame holds: `grey`, the alpha alone; `green`, the subject over green; `straight`, the plate's
            colours and the alpha.
        encoders: FFmpeg's, by preference, with their options.
    """

    help: str
    endings: Tuple[str, ...]
    picture: str
    encoders: Mapping[str, Mapping[str, str]]

    @property
    def needs_plate(self) -> bool:
        """Whether it shows the plate's colours."""
        return self.picture != "grey"


# libx264's quality is chosen so that greys come back to a level or two; MPEG-4 part 2 is what is left in an FFmpeg without
# it: a larger file, and every player of the last twenty years shows it.
_SMALL = {"libx264": {"crf": "12", "preset": "veryfast"}, "mpeg4": {"qmin": "1", "qmax": "2"}}
_PRORES_4444 = {"prores_ks": {"profile": "4444", "alpha_bits": "16", "vendor": "apl0"}}

MOVIES: Dict[str, MovieKind] = {
    "alpha": MovieKind("the alpha as grey video (.mp4)", (".mp4", ".mov"), "grey", _SMALL),
    "green": MovieKind("the subject over green (.mp4)", (".mp4", ".mov"), "green", _SMALL),
    "prores": MovieKind("ProRes 4444 with alpha (.mov)", (".mov",), "straight", _PRORES_4444),
}
