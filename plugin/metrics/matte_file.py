"""One matte file as an alpha over its display window.

An alpha is data: nothing is converted but integers, which span [0,1]. What is no number is an error, since a measure of
it would be none: a matte with NaN in it is broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from ..core.image import Box
from ..images.opening import opened, parts, read_channels, unreadable
from ..images.placing import placed

_LARGEST = {"uint8": 255.0, "uint16": 65535.0}  # read as stored and divided here: 51/255 shall be 0.2, not nearly


@dataclass(frozen=True)
class Matte:
    """One frame of a matte: `alpha` [H,W] float64 over the display window, 0 outside the file's data window."""

    frame: int
    path: str
    display: Box
    alpha: npt.NDArray[np.float64]

    def over(self, box: Box) -> npt.NDArray[np.float64]:
        """The alpha over another box, [H,W]: cut, and 0 where the matte has nothing."""
        return placed(self.alpha, self.display, box)


def read_matte(path: str, frame: int) -> Matte:
    """Reads the alpha of a file; which channel that is says `pick_alpha`.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, truncated, deep, has no channel that can be the alpha, or holds values that
            are no numbers.
    """
    with opened(path, frame) as image:
        part, channel, spec = _alpha_channel(image, path, frame)
        kind = str(spec.channelformats[channel] if spec.channelformats else spec.format)
        wanted = kind if kind in _LARGEST else "double"
        pixels = read_channels(image, part, channel, channel + 1, wanted, path=path, frame=frame)
    alpha = pixels[..., 0] / _LARGEST.get(kind, 1.0)  # [h,w] float64
    broken = int(alpha.size - np.isfinite(alpha).sum())
    if broken:
        raise unreadable(path, frame, f"holds {broken} pixels that are no numbers (NaN or infinite); render it again")
    data = Box(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height)
    display = Box(spec.full_x, spec.full_y, spec.full_x + spec.full_width, spec.full_y + spec.full_height)
    return Matte(frame, path, display, placed(alpha, data, display))


def pick_alpha(names: Sequence[str]) -> Optional[int]:
    """Index of the channel that is the alpha: A, else that of a layer, else the only one, else Y, else R; None: none.

    Case does not count, and `alpha` is as good as A.
    """
    lower = [name.lower() for name in names]
    of_layers = [name for name in lower if name.endswith((".a", ".alpha"))]
    found = next((name for name in ("a", "alpha", *of_layers) if name in lower), None)
    if found is None and len(lower) == 1:
        return 0
    found = found or next((name for name in ("y", "r") if name in lower), None)
    return None if found is None else lower.index(found)


def _alpha_channel(image: oiio.ImageInput, path: str, frame: int) -> Tuple[int, int, oiio.ImageSpec]:
    """(part, channel, the part's header) of the alpha, among the channels of all parts."""
    found: List[Tuple[int, int, oiio.ImageSpec]] = []
    names: List[str] = []
    for part, spec in parts(image):
        if not spec.deep:
            names += spec.channelnames
            found += [(part, channel, spec) for channel in range(spec.nchannels)]
    index = pick_alpha(names)
    if index is None:
        what = f"only {', '.join(names)}" if names else "only deep pixels"
        raise unreadable(path, frame, f"holds no alpha, {what}; write the matte to channel A")
    return found[index]
