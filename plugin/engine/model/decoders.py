"""From latents to an alpha: the temporal decoder, whose RGB has the matte for its mean."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .savings import constant_mixes, leave_out_silent_branches


class RgbDecoder(nn.Module):
    """diffusers' temporal decoder, and the mean over its RGB: what the savings are measured against."""

    def __init__(self, decoder: Any) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, latents: Tensor) -> Tensor:
        """One decode group [G,C,h,w] to [G,1,H,W], nominally in [-1,1]."""
        indicator = latents.new_zeros(1, latents.shape[0])
        rgb: Tensor = self.decoder(latents, num_frames=latents.shape[0], image_only_indicator=indicator)  # [G,3,H,W]
        return rgb.mean(1, keepdim=True)


class AlphaDecoder(nn.Module):
    """The temporal decoder with the mean over RGB folded into its last convolution, 3→3 becoming 3→1.

    The layer before the mean is a convolution, so their product is one convolution with one output.
    """

    def __init__(self, decoder: Any) -> None:
        super().__init__()
        last = decoder.time_conv_out
        self.last = nn.Conv3d(last.in_channels, 1, last.kernel_size, padding=last.padding, device="meta")
        for name in ("weight", "bias"):
            full = getattr(last, name)
            # in float32 at least: half precision would round each of the sums
            mean = full.to(torch.promote_types(full.dtype, torch.float32)).mean(0, keepdim=True).to(full.dtype)
            setattr(self.last, name, nn.Parameter(mean, requires_grad=False))
        decoder.time_conv_out = nn.Identity()
        constant_mixes(decoder)
        leave_out_silent_branches(decoder)
        self.decoder = decoder

    def forward(self, latents: Tensor) -> Tensor:
        """One decode group [G,C,h,w] to [G,1,H,W], nominally in [-1,1]."""
        indicator = latents.new_zeros(1, latents.shape[0])
        x: Tensor = self.decoder(latents, num_frames=latents.shape[0], image_only_indicator=indicator)  # [G,3,H,W]
        x = self.last(x.transpose(0, 1)[None])  # [1,3,G,H,W] to [1,1,G,H,W]
        return x[0].transpose(0, 1)
