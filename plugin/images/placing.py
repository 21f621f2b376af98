"""Pixels of one box as those of another: cut where it is smaller, filled with zeros where it is larger."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
import numpy.typing as npt

from ..core.image import Box


def inside(part: Box, whole: Box) -> Tuple[slice, slice]:
    """Rows and columns of `part` in an array [h,w,…] over `whole`, which holds it."""
    return slice(part.y0 - whole.y0, part.y1 - whole.y0), slice(part.x0 - whole.x0, part.x1 - whole.x0)


def placed(pixels: npt.NDArray[Any], box: Box, area: Box) -> npt.NDArray[Any]:
    """Pixels [h,w,…] of `box` as those of `area`, 0 where there are none; the same array where the boxes are the same."""
    if box == area:
        return pixels
    whole = np.zeros((area.height, area.width, *pixels.shape[2:]), pixels.dtype)
    if box.overlaps(area):
        both = box.intersection(area)
        whole[inside(both, area)] = pixels[inside(both, box)]
    return whole
