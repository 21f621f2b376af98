"""Rotary position embedding for the temporal attention of the `dav` UNet.

Source of the formula: Su et al., "RoFormer", 2021, eq. 34, as Depth Any Video applies it: theta 10000, interleaved pairs
(`x[2i]`, `x[2i+1]` rotate by `position * theta^(-2i/d)`), angles in float64, position = the frame's index in its window.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from .diffusers_parts import Attention

THETA = 10000.0


@lru_cache(maxsize=32)
def rotation(frames: int, dim: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position's angles, each [frames, dim/2]; kept, since a model asks for the same few."""
    with torch.inference_mode(False):
        exponents = torch.arange(0, dim, 2, dtype=torch.float64) / dim
        angles = torch.outer(torch.arange(frames, dtype=torch.float64), THETA**-exponents)
        return angles.cos().to(device, dtype), angles.sin().to(device, dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates interleaved pairs of the last axis: [...,F,d] with cos, sin [F,d/2]; computed in cos's precision."""
    even, odd = x.to(cos.dtype).unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2).to(x.dtype)


class RotaryTemporalAttention:
    """diffusers attention processor: self-attention over frames with rotated queries and keys.

    Input and output [B*h*w, F, C]; the second axis is the frame's index in its window.
    """

    def __call__(self, attn: Attention, hidden_states: Tensor, *_: object, **__: object) -> Tensor:
        query, key, value = (
            proj(hidden_states).unflatten(-1, (attn.heads, -1)).transpose(1, 2)  # [B*h*w,heads,F,d]
            for proj in (attn.to_q, attn.to_k, attn.to_v)
        )
        # float32 holds a rotation's angle to 1e-7; half precision would lose the far frames' positions
        cos, sin = rotation(query.shape[-2], query.shape[-1], query.device, torch.float32)
        out = F.scaled_dot_product_attention(rotate(query, cos, sin), rotate(key, cos, sin), value)
        return attn.to_out[0](out.transpose(1, 2).flatten(-2))
