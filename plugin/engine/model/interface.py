"""What the pipeline asks of a matting model, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor

from .weights import WeightFiles


class Model(Protocol):
    """Plates to latents, windows of them to alpha latents, those to alphas; `matting.py` has shapes and errors.

    Attributes:
        files: what it was loaded from.
        check_cancelled: called between layers; what it raises ends the computation.
        memory_settings: parameters that take memory, for the advice of an `OutOfMemoryError`.
    """

    files: WeightFiles
    device: torch.device
    dtype: torch.dtype
    check_cancelled: Callable[[], None]
    memory_settings: Mapping[str, int]

    def encode(self, rgb: Tensor) -> Tensor:
        """[N,3,H,W] in [0,1], H and W multiples of 32, to [N,C,h,w]; each frame by itself."""

    def denoise(self, latents: Tensor, *, steps: int, noise: Tensor | None = None) -> Tensor:
        """[F,C,h,w] of one window's frames to as many alpha latents."""

    def decode(self, latents: Tensor) -> Tensor:
        """[G,C,h,w] of a decode group to [G,1,H,W] float32 in [0,1]."""
