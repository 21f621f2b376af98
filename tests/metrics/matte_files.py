"""Matte files for the metrics' tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional, Sequence, Tuple

import numpy as np
import OpenImageIO as oiio

WriteMatte = Callable[..., str]


def write_matte(
    file: Path,
    pixels: np.ndarray[Any, Any],
    *,
    datatype: str = "float",
    channels: Optional[Sequence[str]] = None,
    data: Optional[Tuple[int, int]] = None,
    display: Optional[Tuple[int, int, int, int]] = None,
) -> str:
    """Writes pixels [h,w] or [h,w,c] and returns the path.

    Args:
        file: to write; its folder is made.
        pixels: as `datatype` has them.
        data: x and y of the picture's first pixel; None: 0, 0.
        display: (x0, y0, x1, y1), half open; None: what the picture covers.
    """
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], datatype)
    if channels is not None:
        spec.channelnames = tuple(channels)
        spec.alpha_channel = list(channels).index("A") if "A" in channels else -1
    if data is not None:
        spec.x, spec.y = data
    if display is not None:
        spec.full_x, spec.full_y = display[0], display[1]
        spec.full_width, spec.full_height = display[2] - display[0], display[3] - display[1]
    spec.attribute("oiio:UnassociatedAlpha", 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    output = oiio.ImageOutput.create(str(file))
    assert output is not None and output.open(str(file), spec), oiio.geterror()
    assert output.write_image(np.ascontiguousarray(pixels)) and output.close(), output.geterror()
    return str(file)
