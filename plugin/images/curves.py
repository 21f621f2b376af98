"""The sRGB curve over arrays, both ways; constants and source: `core.srgb`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..core.srgb import CURVE_EXPONENT, CURVE_OFFSET, CURVE_SCALE, ENCODED_LIMIT, LINEAR_LIMIT, LINEAR_SLOPE


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
