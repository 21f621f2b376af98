"""The sRGB curve both ways, and what is done to values before it. The reference: the device computes the same.

Source of the curve: IEC 61966-2-1. To display, x is linear light; from display, x is a code value:

    encode   12.92·x up to 0.0031308, then 1.055·x^(1/2.4) − 0.055
    decode   x/12.92 up to 0.04045, then ((x + 0.055)/1.055)^2.4
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LINEAR_LIMIT = 0.0031308
LINEAR_SLOPE = 12.92
CURVE_SCALE = 1.055
CURVE_OFFSET = 0.055
CURVE_EXPONENT = 1 / 2.4
ENCODED_LIMIT = 0.04045
"""Where the curve's straight part ends, in code values."""

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


def linear_to_srgb(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Linear light, clipped to [0, 1], to code values in [0, 1]; any shape."""
    clipped = np.clip(values, 0.0, 1.0).astype(np.float32)
    curve = CURVE_SCALE * np.power(clipped, np.float32(CURVE_EXPONENT)) - CURVE_OFFSET
    result: npt.NDArray[np.float32] = np.where(clipped <= LINEAR_LIMIT, LINEAR_SLOPE * clipped, curve).astype(np.float32)
    return result


def srgb_to_linear(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Code values, clipped to [0, 1], to linear light in [0, 1]; any shape."""
    clipped = np.clip(values, 0.0, 1.0).astype(np.float32)
    curve = np.power((clipped + np.float32(CURVE_OFFSET)) / np.float32(CURVE_SCALE), np.float32(1 / CURVE_EXPONENT))
    result: npt.NDArray[np.float32] = np.where(clipped <= ENCODED_LIMIT, clipped / LINEAR_SLOPE, curve).astype(np.float32)
    return result


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
