"""The small model: diffusers' temporal VAE and our `svd` UNet, computed as inference computes them.

One call of `MatteNetwork` is one pass of the engine with `zeros` noise and one step, except that nothing is clamped:
the loss must see how far a value is beyond [0,1].
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLTemporalDecoder
from diffusers.models.attention_processor import Attention
from diffusers.models.resnet import ResnetBlock2D, SpatioTemporalResBlock
from gvm_matte.engine.model.savings import Idle
from gvm_matte.engine.model.unet import SvdUNet
from torch import Tensor, nn

from .norms import QuickGroupNorm

TIMESTEP = 999.0  # the one timestep that one-step inference uses: num_train_timesteps - 1
LATENT = 16  # channels: four times as many as a latent cell has pixels
CELL = 2  # pixels a side of a latent cell, by the VAE's levels: detail takes the UNet's skips, which a VAE does not have
COARSE = 8  # pixels a side of the finest cells that attention looks at: it goes with the square of their number
QUIET_LEVELS = 2  # of the decoder's levels, the finest: their temporal branches stay out
QUIET_MIX = 200.0  # a mix factor whose sigmoid is 1 in fp32 and fp16 alike; that of its negative is 0

VAE_CONFIG: dict[str, Any] = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "block_out_channels": (32, 32),
    "layers_per_block": 1,
    "latent_channels": LATENT,
    "sample_size": 128,
    "scaling_factor": 1.0,
    "force_upcast": False,
}
LEVELS = ("", "", "CrossAttn", "CrossAttn", "CrossAttn", "")  # of the UNet, the finest first: where it pays attention
UNET_CONFIG: dict[str, Any] = {
    "in_channels": 2 * LATENT,
    "out_channels": LATENT,
    "down_block_types": tuple(f"{kind}DownBlockSpatioTemporal" for kind in LEVELS),
    "up_block_types": tuple(f"{kind}UpBlockSpatioTemporal" for kind in reversed(LEVELS)),
    "block_out_channels": (32, 32, 64, 96, 96, 96),
    "layers_per_block": 1,
    "num_attention_heads": (1, 1, 2, 3, 3, 3),
    "cross_attention_dim": 32,
    "transformer_layers_per_block": 1,
    "num_frames": 25,
    "sample_size": None,
}


M = TypeVar("M", bound=nn.Module)


class ConstantAttention(nn.Module):
    """Cross-attention over one all-zero token: its output bias, whatever the input.

    Keys and values have no bias, so a zero token gives zero values. The projections would never get a gradient; leaving
    them out makes the file smaller. The bias keeps the name it has in diffusers, `attn2.to_out.0.bias`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        holder = nn.Module()
        holder.bias = nn.Parameter(torch.zeros(channels))
        self.to_out = nn.ModuleList([holder])

    def forward(self, hidden_states: Tensor, *args: object, **kwargs: object) -> Tensor:
        """Any [N,T,C] to the bias [C], which broadcasts when the block adds it."""
        bias: Tensor = self.to_out[0].get_parameter("bias")
        return bias


def without_cross_attention(unet: Any) -> Any:
    """Replaces every `attn2` by its constant and drops the norm before it (in place)."""
    for module in list(unet.modules()):
        if getattr(module, "attn2", None) is not None:
            module.attn2 = ConstantAttention(module.attn2.to_out[0].bias.numel())
            module.norm2 = nn.Identity()
    return unet


class FlatConv3d(nn.Conv3d):
    """A convolution over frames alone, computed as one over (frames, pixels): the same sums, faster on a CPU."""

    def forward(self, x: Tensor) -> Tensor:
        """[B,C,F,H,W] to the same with other channels; channels last in memory comes out so, too."""
        weight = self.weight.squeeze(-1).contiguous(memory_format=torch.channels_last)
        return F.conv2d(x.flatten(3), weight, self.bias, padding=self.padding[:2]).unflatten(3, x.shape[3:])


def with_cpu_layout(module: M) -> M:
    """What makes a CPU quick (in place; parameters and their names stay).

    Channels last in memory (oneDNN's bf16 convolutions of 32 channels take 2.4 ms so and 17 ms otherwise, 512x288, one
    core), temporal convolutions as flat ones, group norms with a backward pass of their own.
    """
    for child in module.modules():
        if isinstance(child, nn.Conv2d):
            child.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        elif type(child) is nn.Conv3d and child.kernel_size[1:] == (1, 1):
            child.__class__ = FlatConv3d
        elif type(child) is nn.GroupNorm:
            child.__class__ = QuickGroupNorm
    return module


class SpatialOnly(SpatioTemporalResBlock):
    """A block whose mix leaves its temporal branch out: the branch is neither computed nor trained."""

    def forward(
        self, hidden_states: Tensor, temb: Tensor | None = None, image_only_indicator: Tensor | None = None
    ) -> Tensor:
        """[B*F,C,H,W] to the same with other channels."""
        return self.spatial_res_block(hidden_states, temb)


def without_temporal(part: Any) -> None:
    """Silences the temporal branches of a part's resnets (in place): at full size one costs as much as the rest."""
    for block in part.modules():
        if isinstance(block, SpatioTemporalResBlock):
            block.__class__ = SpatialOnly
            block.temporal_res_block.requires_grad_(False)
            quiet = -QUIET_MIX if block.time_mixer.switch_spatial_to_temporal_mix else QUIET_MIX
            block.time_mixer.mix_factor.requires_grad_(False).fill_(quiet)


def without_middle(part: Any) -> None:
    """Silences the middle of an encoder or decoder (in place): what its layers add is zero, their weights stay out.

    Near full size its attention over all pixels would cost more than all else; the UNet has coarser levels for that.
    """
    without_temporal(part.mid_block)
    for block in part.mid_block.modules():
        last = {ResnetBlock2D: "conv2", Attention: "to_out.0"}.get(type(block))
        if last is not None:
            for value in block.get_submodule(last).parameters():
                nn.init.zeros_(value)
    part.mid_block.requires_grad_(False)
    part.mid_block.__class__ = Idle


def quiet_vae(vae: Any, cell: int) -> Any:
    """A VAE without time at its decoder's finest levels, and without middles where these would be fine, too (in place).

    What has to agree over time is agreed on in the UNet and at coarse levels. The engine leaves out what adds nothing.
    """
    for level in list(vae.decoder.up_blocks)[-QUIET_LEVELS:]:
        without_temporal(level)
    if cell < COARSE:
        without_middle(vae.encoder)
        without_middle(vae.decoder)
    return vae


def quiet_unet(unet: Any) -> Any:
    """A UNet without cross-attention, and without time at the fine levels that pay no attention (in place)."""
    for down, up in zip(unet.down_blocks, reversed(unet.up_blocks), strict=True):
        if hasattr(down, "attentions"):
            break
        without_temporal(down)
        without_temporal(up)
    return without_cross_attention(unet)


class MatteNetwork(nn.Module):
    """VAE encoder, UNet and VAE decoder end to end: [B,F,3,H,W] display-referred plate to [B,F,H,W] alpha."""

    def __init__(self, vae_config: dict[str, Any] | None = None, unet_config: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.vae_config, self.unet_config = vae_config or VAE_CONFIG, unet_config or UNET_CONFIG
        self.cell = 2 ** (len(self.vae_config["block_out_channels"]) - 1)
        self.vae = quiet_vae(AutoencoderKLTemporalDecoder(**self.vae_config), self.cell)
        self.unet = quiet_unet(SvdUNet(**self.unet_config))
        self.scaling = float(self.vae_config["scaling_factor"])

    def latent(self, plate: Tensor) -> Tensor:
        """The alpha's latent: what the UNet makes of the encoded plate.

        Args:
            plate: [B,F,3,H,W] sRGB-encoded in [0,1]; H and W multiples of 32.

        Returns:
            [B,F,C,h,w]: h = H/cell, w = W/cell.
        """
        batch, frames = plate.shape[:2]
        rgb = (plate.flatten(0, 1) * 2 - 1).contiguous(memory_format=torch.channels_last)
        latent = self.vae.encode(rgb).latent_dist.mode() * self.scaling  # [B*F,C,h,w]
        latent = latent.unflatten(0, (batch, frames))
        step = torch.tensor([TIMESTEP], device=plate.device, dtype=plate.dtype)
        return self.unet(torch.cat([torch.zeros_like(latent), latent], dim=2), step)

    def decode(self, latent: Tensor) -> Tensor:
        """[B,F,C,h,w] alpha latent to [B,F,H,W] alpha, not clamped."""
        rgb = self.vae.decode(latent.flatten(0, 1) / self.scaling, num_frames=latent.shape[1]).sample  # [B*F,3,H,W]
        return (rgb.mean(1) * 0.5 + 0.5).unflatten(0, latent.shape[:2])

    def forward(self, plate: Tensor) -> Tensor:
        """[B,F,3,H,W] plate to [B,F,H,W] alpha, not clamped; see `latent` for the plate."""
        return self.decode(self.latent(plate))


def spelled_alpha(latent: Tensor, cell: int = CELL) -> Tensor:
    """The alpha that a latent's first channels spell out: each one of the pixels of its cell, at -1 to 1.

    Nothing in the engine reads a latent this way. Training asks for it, because then encoder and UNet learn every pixel
    without the decoder, which takes half of a step's time, and the decoder has little left to learn but to clean up.

    Args:
        latent: [B,F,C,h,w], C at least `cell`².
        cell: pixels a side of a latent cell.

    Returns:
        [B,F,h·cell,w·cell] alpha, not clamped.
    """
    spelled = F.pixel_shuffle(latent.flatten(0, 1)[:, : cell * cell], cell).squeeze(1)
    return (spelled * 0.5 + 0.5).unflatten(0, latent.shape[:2])
