"""One matte file as an alpha over its display window, through OpenImageIO: the border at which its errors become ours.

An alpha is data: nothing is converted but integers, which span [0,1]. What is no number is an error, since a measure of
it would be none: a matte with NaN in it is broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from ..core.errors import PlateMissingError, PlateUnreadableError
from ..core.image import Box

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
        return self.alpha if box == self.display else _placed(self.alpha, self.display, box)


def read_matte(path: str, frame: int) -> Matte:
    """Reads the alpha of a file; which channel that is says `pick_alpha`.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, truncated, deep, has no channel that can be the alpha, or holds values that
            are no numbers.
    """
    _check_file(path, frame)
    try:
        image = oiio.ImageInput.open(path)
    except TypeError as exc:  # how the binding says that a name is not UTF-8
        raise _unreadable(path, frame, "has a name that is not UTF-8; rename it") from exc
    if image is None:
        raise _unreadable(path, frame, f"is damaged, or no image that OpenImageIO reads ({_one_line(oiio.geterror())})")
    try:
        part, channel, spec = _alpha_channel(image, path, frame)
        kind = str(spec.channelformats[channel] if spec.channelformats else spec.format)
        pixels = image.read_image(part, 0, channel, channel + 1, kind if kind in _LARGEST else "double")
        error = image.geterror()
    finally:
        image.close()
    if pixels is None or error:  # a truncated file can come with both, an array and a complaint
        raise _unreadable(path, frame, f"cannot be read to its end, so it is truncated or damaged ({_one_line(error)})")
    alpha = pixels[..., 0] / _LARGEST.get(kind, 1.0)  # [h,w] float64
    broken = int(alpha.size - np.isfinite(alpha).sum())
    if broken:
        raise _unreadable(path, frame, f"holds {broken} pixels that are no numbers (NaN or infinite); render it again")
    data = Box(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height)
    display = Box(spec.full_x, spec.full_y, spec.full_x + spec.full_width, spec.full_y + spec.full_height)
    return Matte(frame, path, display, _placed(alpha, data, display))


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


def _check_file(path: str, frame: int) -> None:
    """What name and size tell, in words of their own."""
    try:
        file = Path(path)
        size = file.stat().st_size
    except FileNotFoundError:
        raise PlateMissingError(f"Frame {frame} is missing: there is no file {path}.", frame=frame, path=path) from None
    except (OSError, ValueError) as exc:
        raise _unreadable(path, frame, f"cannot be looked up ({getattr(exc, 'strerror', None) or exc})") from exc
    if file.is_dir():
        raise _unreadable(path, frame, "is a folder; name its files, as in mattes/shot.####.exr")
    if size == 0:
        raise _unreadable(path, frame, "is empty (0 bytes): it is being written, or a render or copy failed")


def _alpha_channel(image: oiio.ImageInput, path: str, frame: int) -> Tuple[int, int, oiio.ImageSpec]:
    """(part, channel, the part's header) of the alpha, among the channels of all parts."""
    found: List[Tuple[int, int, oiio.ImageSpec]] = []
    names: List[str] = []
    part = 0
    while image.seek_subimage(part, 0):
        spec = image.spec()
        if not spec.deep:
            names += spec.channelnames
            found += [(part, channel, spec) for channel in range(spec.nchannels)]
        part += 1
    image.geterror()  # that there is no further part is not an error
    index = pick_alpha(names)
    if index is None:
        what = f"only {', '.join(names)}" if names else "only deep pixels"
        raise _unreadable(path, frame, f"holds no alpha, {what}; write the matte to channel A")
    return found[index]


def _placed(alpha: npt.NDArray[np.float64], box: Box, into: Box) -> npt.NDArray[np.float64]:
    """The pixels of one box in another one, 0 where there are none."""
    if box == into:
        return alpha
    canvas = np.zeros((into.height, into.width), np.float64)
    if box.overlaps(into):
        both = box.intersection(into)
        canvas[both.y0 - into.y0 : both.y1 - into.y0, both.x0 - into.x0 : both.x1 - into.x0] = alpha[
            both.y0 - box.y0 : both.y1 - box.y0, both.x0 - box.x0 : both.x1 - box.x0
        ]
    return canvas


def _unreadable(path: str, frame: int, what: str) -> PlateUnreadableError:
    return PlateUnreadableError(f"Frame {frame} cannot be read: {path} {what}.", frame=frame, path=path)


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".") or "no reason given"
