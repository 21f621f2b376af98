"""The input colour's plain curves, on the device; `engine.colour` has them in numpy, and all that is no curve."""

from __future__ import annotations

import torch
from torch import Tensor

from ...core.srgb import CURVE_EXPONENT, CURVE_OFFSET, CURVE_SCALE, ENCODED_LIMIT, LINEAR_LIMIT, LINEAR_SLOPE
from ..colour import LARGEST


@torch.inference_mode()
def displayed(x: Tensor, curve: str, exposure: float = 0.0) -> Tensor:
    """A plate's values, of any shape and type, to float32, display-referred, in [0,1]. Integers span [0,1].

    Args:
        curve: `none` clips; `srgb` takes linear light through exposure, clip and the sRGB curve; `display` brings
            display-referred values to linear light for the exposure and back.
        exposure: in stops.
    """
    if x.dtype.is_floating_point:
        x = torch.nan_to_num(x.to(torch.float32), nan=0.0, posinf=LARGEST, neginf=0.0)
    else:
        x = x.to(torch.float32) / float(torch.iinfo(x.dtype).max)
    if curve == "none" or (curve == "display" and exposure == 0.0):
        return x.clamp(0.0, 1.0)
    if curve == "display":
        x = x.clamp(0.0, 1.0)
        curved = ((x + CURVE_OFFSET) / CURVE_SCALE).pow(1.0 / CURVE_EXPONENT)
        x = torch.where(x <= ENCODED_LIMIT, x / LINEAR_SLOPE, curved)
    if exposure != 0.0:
        x = x * 2.0**exposure
    x = x.clamp(0.0, 1.0)
    return torch.where(x <= LINEAR_LIMIT, LINEAR_SLOPE * x, CURVE_SCALE * x.pow(CURVE_EXPONENT) - CURVE_OFFSET)
