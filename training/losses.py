"""What a predicted matte is punished for."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SOLID = 0.002  # alpha closer than this to 0 or 1 is solid
SOFT = 4.0  # by how much more an error counts where alpha is soft or changes nearby: few pixels, and what a matte is for
NEARBY = 5  # pixels a side: the holes of a net count, which are as solid as what is far away


def matte_loss(predicted: Tensor, truth: Tensor, detail: float = 1.0) -> Tensor:
    """Loss of a clip: value, edges at three scales, and change over time.

    Overshoot in solid areas costs nothing: inference clamps, and a network that need not hit 1 exactly has more to
    spare for edges.

    Args:
        predicted: [B,F,H,W] alpha, not clamped.
        truth: [B,F,H,W] alpha in [0,1].
        detail: weight of edges and of change over time; as long as edges are in the wrong place, both ask for blur.

    Returns:
        A scalar.
    """
    p = torch.where(
        truth > 1 - SOLID, predicted.clamp(max=1), torch.where(truth < SOLID, predicted.clamp(min=0), predicted)
    )
    high, low = (F.max_pool2d(each, NEARBY, 1, NEARBY // 2) for each in (truth, -truth))
    soft = ((high > 0.02) & (low > -0.98)).to(p.dtype)
    error = p - truth
    # the square pulls wholly wrong regions over, where the absolute value alone is content with the median (black)
    loss = (error.abs() * (1 + SOFT * soft)).mean() + 1.5 * error.square().mean()
    for scale in (1, 2, 4):
        e = F.avg_pool2d(error, scale) if scale > 1 else error
        loss = loss + 0.6 * detail * (e.diff(dim=-1).abs().mean() + e.diff(dim=-2).abs().mean())
    if error.shape[1] > 1:
        loss = loss + 0.5 * detail * error.diff(dim=1).abs().mean()
    return loss
