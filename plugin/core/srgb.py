"""The sRGB curve's constants, and the curve for single values. Source: IEC 61966-2-1.

    encode   12.92·x up to 0.0031308, then 1.055·x^(1/2.4) − 0.055; x is linear light
    decode   x/12.92 up to 0.04045, then ((x + 0.055)/1.055)^2.4; x is a code value

`images.curves` has it for arrays, `engine.pipeline.curves` on the device.
"""

from __future__ import annotations

LINEAR_LIMIT = 0.0031308
"""Where the curve's straight part ends, in linear light."""
ENCODED_LIMIT = 0.04045
"""Where the curve's straight part ends, in code values."""
LINEAR_SLOPE = 12.92
CURVE_SCALE = 1.055
CURVE_OFFSET = 0.055
CURVE_EXPONENT = 1 / 2.4


def encode(value: float) -> float:
    """Linear light from 0 to a code value; above 1 the curve goes on."""
    if value <= LINEAR_LIMIT:
        return LINEAR_SLOPE * value
    return float(CURVE_SCALE * value**CURVE_EXPONENT - CURVE_OFFSET)


def decode(value: float) -> float:
    """A code value from 0 to linear light; above 1 the curve goes on."""
    if value <= ENCODED_LIMIT:
        return value / LINEAR_SLOPE
    return float(((value + CURVE_OFFSET) / CURVE_SCALE) ** 2.4)
