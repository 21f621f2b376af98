"""What a plate is, and what every source of plates can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, Literal, Optional, Tuple

import numpy.typing as npt

from ...core.errors import PlateError
from ...core.frames import FrameRange
from ...core.image import Box
from .scan import nearest

Rational = Tuple[int, int]
"""(numerator, denominator), as EXR stores a frame rate."""

MissingPolicy = Literal["error", "black", "nearest"]


@dataclass(frozen=True)
class PlateInfo:
    """What the header of a plate says; no pixel has been read.

    Attributes:
        data: the data window (Nuke's bbox): the pixels that the file holds.
        display: the display window (Nuke's format).
        pixel_aspect: width of a pixel over its height, 1.0 for square ones.
        channels: all channels of the file, by name.
        picked: those of them that make the plate: three, or one for a grey image.
        dtype: of the picked channels as they are read: `uint8`, `uint16`, `float16` or `float32`.
        colorspace: the name that the file states (`ACEScg`, `lin_ap1_scene`, `KodakLog`); `scene_linear` or `srgb`
            (display-referred) where only its format suggests one; "" where nothing does.
        timecode: as OpenImageIO gives the attribute `smpte:TimeCode`, two 32-bit words.
        view: the one that is picked, "" where the file names none.
        compression: the file's own word for it; for a video, its codec.
    """

    frame: int
    path: str
    data: Box
    display: Box
    pixel_aspect: float
    channels: Tuple[str, ...]
    picked: Tuple[str, ...]
    dtype: str
    colorspace: str
    fps: Optional[Rational]
    timecode: Optional[Tuple[int, int]]
    view: str
    compression: str


@dataclass(frozen=True)
class Plate:
    """An input image.

    Attributes:
        path: the file that it came from.
        pixels: [h, w, c] over the data window, contiguous; c is 3 (R, G, B) or 1 (grey: not replicated, to save memory).
            uint8 and uint16 span their whole range for [0, 1]; float16 and float32 are as stored, but finite. Integers of
            32 bits come as float32, their whole range as [0, 1].
        source_id: path, mtime in ns and size of the file, by which a change of it is noticed, and the view and layer that
            were asked for.
        The rest as in `PlateInfo`.
    """

    frame: int
    path: str
    pixels: npt.NDArray[Any]
    data: Box
    display: Box
    pixel_aspect: float
    colorspace: str
    fps: Optional[Rational]
    timecode: Optional[Tuple[int, int]]
    view: str
    source_id: str


def file_identity(path: str) -> str:
    """`path|mtime_ns|size`, or `path|missing`: changes when the file does, appears or vanishes. Reads no pixel."""
    path = str(Path(path).absolute())
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return f"{path}|missing"
    return f"{path}|{found.st_mtime_ns}|{found.st_size}"


class PlateSource(ABC):
    """Where plates come from: an image sequence, a single image or a video.

    Attributes:
        path: as it was asked for: the pattern, the image or the video.
        frames: the numbers of the frames that were there when the source was opened, ascending.
    """

    path: str
    frames: Tuple[int, ...]

    @abstractmethod
    def probe(self, frame: int) -> PlateInfo:
        """What the frame's header says.

        Raises:
            PlateMissingError: it is not there.
            PlateUnreadableError: it is empty, truncated in its header, of an impossible size, or holds nothing of what is
                picked: R, G, B or grey.
        """

    @abstractmethod
    def read(self, frame: int) -> Plate:
        """The frame's pixels. Safe to call from several threads; see the classes for what that gains.

        Raises:
            PlateMissingError: it is not there.
            PlateUnreadableError: it is empty, truncated, or no image with R, G, B or grey.
        """

    @abstractmethod
    def identity(self, frame: int) -> str:
        """See `Plate.source_id`; a frame that is missing has an identity too, which says so."""

    @abstractmethod
    def problem(self, frame: int) -> Optional[PlateError]:
        """Why the frame cannot be read, as far as that shows without opening it; None where nothing speaks against it."""

    @abstractmethod
    def close(self) -> None:
        """Gives back files and decoders. A closed source is not read again; closing twice is harmless."""

    @property
    def first(self) -> int:
        """The lowest frame number."""
        return self.frames[0]

    @property
    def last(self) -> int:
        """The highest frame number."""
        return self.frames[-1]

    @property
    def gaps(self) -> Tuple[int, ...]:
        """The numbers between first and last that have no frame. Where there may be millions, see `gap_ranges`."""
        return tuple(number for first, last in self.gap_ranges for number in range(first, last + 1))

    @property
    def gap_ranges(self) -> Tuple[Tuple[int, int], ...]:
        """The gaps as (first, last), both inclusive: a stray `a.99999999.exr` makes one long gap, not a long list."""
        return tuple((a + 1, b - 1) for a, b in zip(self.frames, self.frames[1:]) if b > a + 1)

    def check_frames(self, frames: Iterable[int], *, policy: MissingPolicy = "error") -> Dict[int, Optional[int]]:
        """Which frame to read for each that is asked for, decided before anything is computed: names and sizes only.

        Args:
            frames: what is asked for.
            policy: what to do about a frame that is missing or empty: `error`; `black`, which maps it to None; or
                `nearest`, which maps it to the usable frame with the nearest number, the earlier of two.

        Returns:
            asked frame → frame to read, or None for black.

        Raises:
            PlateMissingError, PlateUnreadableError: policy `error` and a frame is not usable, or no frame at all is.
        """
        asked = list(frames)
        problems = {frame: problem for frame in asked if (problem := self.problem(frame)) is not None}
        if not problems:
            return {frame: frame for frame in asked}
        if policy == "error":
            raise self._summary(problems)
        usable = [frame for frame in self.frames if frame not in problems and self.problem(frame) is None]
        if not usable:  # a whole shot of black would hide the mistake
            raise self._summary(problems)
        chosen: Dict[int, Optional[int]] = {}
        for frame in asked:
            if frame not in problems:
                chosen[frame] = frame
            else:
                chosen[frame] = nearest(frame, usable) if policy == "nearest" else None
        return chosen

    def _summary(self, problems: Dict[int, PlateError]) -> PlateError:
        first = problems[min(problems)]
        if len(problems) == 1:
            return first
        message = (
            f"{self.path}: {len(problems)} of the asked frames cannot be read: {FrameRange.of(problems)}. "
            f"The first: {first.message}"
        )
        return type(first)(message, frame=first.frame, path=first.path)

    def __enter__(self) -> PlateSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
