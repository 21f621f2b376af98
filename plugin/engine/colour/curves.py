"""What is done to values before the sRGB curve, and what the curve words mean: the device computes the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...images.curves import linear_to_srgb, srgb_to_linear

LARGEST = 65504.0
"""What infinity becomes: the largest finite half."""


def normalised(pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Integers span [0, 1] over their range; floats stay as they are. Any shape, to float32."""
    if pixels.dtype.kind == "f":
        return pixels.astype(np.float32, copy=False)
    values: npt.NDArray[np.float32] = pixels.astype(np.float32)
    values /= np.float32(np.iinfo(pixels.dtype).max)
    return values


def finite(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """NaN becomes 0, ±infinity ±65504; a copy where there is any."""
    if np.isfinite(values).all():
        return values
    return np.nan_to_num(values, nan=0.0, posinf=LARGEST, neginf=-LARGEST)


def by_curve(pixels: npt.NDArray[Any], curve: str, exposure: float) -> npt.NDArray[np.float32]:
    """What the curve words of an `InputTransform` mean, per channel.

        none      clip(x)
        srgb      encode(clip(x · 2^exposure))
        display   clip(x); with an exposure: encode(clip(decode(clip(x)) · 2^exposure))

    Args:
        pixels: any shape; integers span [0, 1]; NaN becomes 0, ±infinity ±65504.
        exposure: in stops.

    Returns:
        The same shape, in [0, 1].
    """
    values = finite(normalised(pixels))
    gain = np.float32(2.0**exposure)
    with np.errstate(over="ignore"):  # what grows to infinity is clipped like any highlight
        if curve == "srgb":
            return linear_to_srgb(values * gain if exposure else values)
        if curve == "display" and exposure:
            return linear_to_srgb(srgb_to_linear(values) * gain)
    return np.clip(values, 0.0, 1.0)
