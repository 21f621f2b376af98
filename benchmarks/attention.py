"""Which kernel computes the VAE's mid-block attention, how long each takes and what it holds in memory.

One head of 512 channels over every cell of the latent: 29,184 at 1024×1824. Flash kernels stop at 256 channels, and a
kernel that holds the scores needs gigabytes for each frame, so which one runs decides whether a group fits.
"""

from __future__ import annotations

import statistics
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from .gpu import FAILURES, failure, peak_of, seconds_of

BACKENDS = ("FLASH_ATTENTION", "EFFICIENT_ATTENTION", "CUDNN_ATTENTION", "MATH")


def mid_block_attention(
    *, tokens: int, channels: int, frames: int, device: torch.device, dtype: torch.dtype, rounds: int
) -> dict[str, Any]:
    """Each backend in turn, and the one that torch takes by itself."""
    # as diffusers' Attention makes them: heads are split off by a view and a transposition
    query, key, value = (
        torch.randn(frames, tokens, channels, device=device, dtype=dtype).view(frames, tokens, 1, channels).transpose(1, 2)
        for _ in range(3)
    )  # [G,1,T,C]

    @torch.inference_mode()
    def attend() -> None:
        F.scaled_dot_product_attention(query, key, value)

    found: dict[str, Any] = {"tokens": tokens, "channels": channels, "frames": frames}
    choose = getattr(torch, "_fused_sdp_choice", None)
    if choose is not None:
        names = {int(backend.value): name for name, backend in SDPBackend.__members__.items()}
        found["chosen"] = names.get(int(choose(query, key, value)), "unknown")
    for name in BACKENDS:
        try:
            with sdpa_kernel([getattr(SDPBackend, name)]):
                attend()
                memory = peak_of(attend, device)
                seconds = statistics.median(seconds_of(attend, device) for _ in range(rounds))
            found[name] = {"seconds_per_frame": seconds / frames, "peak_bytes": memory}
        except FAILURES as exc:
            found[name] = failure(exc, device)
        except RuntimeError as exc:
            found[name] = {"failed": f"unavailable: {str(exc).splitlines()[0][:120]}"}
    return found
