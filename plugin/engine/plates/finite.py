"""Plates hold numbers: NaN and infinity come from broken renders and would poison every frame of a window."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LARGEST = 65504.0
"""The largest finite half."""


def make_finite(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """NaN becomes 0, ±infinity ±65504, in place; other values, and integer images, stay as they are.

    Args:
        pixels: any shape, writable where it holds something that is not finite.
    """
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():  # the look costs a few ms a frame, the repair more
        np.nan_to_num(pixels, copy=False, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
    return pixels
