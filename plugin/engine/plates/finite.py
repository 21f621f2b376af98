"""Plates hold numbers: NaN and infinity come from broken renders and would poison every frame of a window."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LARGEST = 65504.0
"""The largest finite half."""

# Bits of +infinity by width in bytes. Read as integers, all that lies above it is NaN, with the sign bit set likewise.
_INFINITY = {2: 0x7C00, 4: 0x7F80_0000}


def make_finite(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """NaN becomes 0, ±infinity ±65504, in place; other values, and integer images, stay as they are.

    Args:
        pixels: any shape, writable where it holds something that is not finite.
    """
    if pixels.dtype.kind == "f" and not _all_finite(pixels):  # the look costs a few ms a frame, the repair more
        np.nan_to_num(pixels, copy=False, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
    return pixels


def _all_finite(pixels: npt.NDArray[Any]) -> bool:
    """Two maxima over the bits, which take a tenth of `isfinite` on halfs and no memory: positive ones, then negative."""
    width = pixels.dtype.itemsize
    if width not in _INFINITY or pixels.size == 0:
        return bool(np.isfinite(pixels).all())
    infinity, sign = _INFINITY[width], 1 << (8 * width - 1)
    return bool(pixels.view(f"i{width}").max() < infinity and pixels.view(f"u{width}").max() < (infinity | sign))
