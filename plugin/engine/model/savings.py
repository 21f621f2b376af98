"""What Generative Video Matting computes anew for every window and need not: constants in place of layers.

Each saving follows from how the model is run, and two from weights that ask for nothing (silence, idleness):

- **Cross-attention.** The context is one all-zero token and `to_k`, `to_v` have no bias, so values are zero and every
  `attn2` returns `to_out.0.bias` whatever its input. At full size that is 100 M parameters, and a norm per block.
- **Time.** A window has one timestep, and inference uses a handful of them. What each resnet adds for it is computed at
  the first window and kept. The same holds for the frames' positions in the window.
- **Blending.** No frame is an image on its own, so an `AlphaBlender` mixes by one number.
- **Silence.** A block whose mix gives its temporal branch a share of exactly 0 computes its spatial branch alone.
- **Idleness.** A layer of the VAE adds something to what it is given. Where the last weights of what it adds are all zero,
  it returns what it was given. A VAE of few levels has such a middle (`training/network.py`).
- **Copies.** A resnet writes what it activates and what it adds where it stands, and divides nothing by 1.
- **Alpha.** The matte is the mean of the decoder's RGB, and the layer before is a convolution: their product is one
  convolution with one output.

On the CPU all but the last are bit-identical to diffusers' modules (tests hold that); the last differs by rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from .diffusers_parts import (
    AlphaBlender,
    Attention,
    BasicTransformerBlock,
    ResnetBlock2D,
    SpatioTemporalResBlock,
    TemporalBasicTransformerBlock,
    TemporalResnetBlock,
    TransformerSpatioTemporalModel,
)
from .unet import SvdUNet

Embed = Callable[[Tensor, Tensor, int], Tensor]
MAX_TABLES = 16  # (timestep, window length) pairs that are kept: 3.5 MB each at full size in half precision


class ConstantAttention(nn.Module):
    """Cross-attention to one all-zero token: its output bias, under the key that it has in diffusers."""

    def __init__(self, bias: nn.Parameter) -> None:
        super().__init__()
        holder = nn.Module()
        holder.bias = bias
        self.to_out = nn.ModuleList([holder])

    def forward(self, hidden_states: Tensor, *_: object, **__: object) -> Tensor:
        """[N,T,C] to [C]: the block that adds it broadcasts."""
        bias = self.to_out[0].bias
        assert isinstance(bias, Tensor)
        return bias


def constant_cross_attention(unet: SvdUNet) -> None:
    """Replaces every `attn2` by its constant and drops the norm before it (in place; also on the meta device)."""
    for module in unet.modules():
        if isinstance(module, (BasicTransformerBlock, TemporalBasicTransformerBlock)):
            module.attn2 = ConstantAttention(module.attn2.to_out[0].bias)
            module.norm2 = nn.Identity()
    unet.context_width = 1  # the context is passed down and looked at by nobody


class TimeTable(nn.Module):
    """Stands for a resnet's `time_emb_proj`: what it gave for the timestep that is current."""

    def __init__(self, projection: nn.Linear, per_window: bool) -> None:
        super().__init__()
        self.projection = projection
        self.per_window = per_window
        self.rows: dict[tuple[float, int], Tensor] = {}
        self.current: Tensor | None = None

    def fill(self, key: tuple[float, int], activated: Tensor) -> None:
        """Computes the row of `key` from the activated time embedding [F,T], in the shape that the resnet uses."""
        self.rows[key] = self.projection(activated[None] if self.per_window else activated)

    def forward(self, _: Tensor) -> Tensor:
        """[F,C] for a spatial resnet, [1,F,C] for a temporal one."""
        assert self.current is not None
        return self.current


class TimeConstants:
    """The tables of a UNet's resnets, and which of their rows is current."""

    def __init__(self, unet: SvdUNet) -> None:
        self.tables: list[TimeTable] = []
        for module in unet.modules():
            if isinstance(module, (ResnetBlock2D, TemporalResnetBlock)) and module.time_emb_proj is not None:
                table = TimeTable(module.time_emb_proj, isinstance(module, TemporalResnetBlock))
                module.time_emb_proj = table
                self.tables.append(table)

    def select(self, embed: Embed, timestep: Tensor, like: Tensor, frames: int) -> Tensor:
        """Makes (timestep, frames) current, computing its rows the first time.

        The tables are filled for all frames of the window, though the rows are equal: a matrix product over F rows may
        round otherwise than one over a single row, and the result shall be diffusers' own to the last bit.

        Args:
            embed: the UNet's `embed_time`.
            timestep: [] or [1]; on the CPU, or reading it waits for the device.
            like: a tensor of the model's device and dtype.

        Returns:
            [F,1] of zeros, for the blocks to pass down where they passed the embedding.
        """
        key = (float(timestep), frames)
        if self.tables and key not in self.tables[0].rows:
            # outside inference mode: the rows outlive it
            with torch.inference_mode(False), torch.no_grad():
                if len(self.tables[0].rows) >= MAX_TABLES:
                    for table in self.tables:
                        table.rows.clear()
                activated = nn.functional.silu(embed(torch.tensor(key[0]), like, frames))
                for table in self.tables:
                    table.fill(key, activated)
        for table in self.tables:
            table.current = table.rows[key]
        return like.new_zeros(frames, 1)


class FramePositions(nn.Module):
    """Stands for `time_pos_embed`: the embedding of the frames' positions, kept by window length."""

    def __init__(self, sinusoid: nn.Module, embedding: nn.Module) -> None:
        super().__init__()
        self.sinusoid, self.embedding = sinusoid, embedding
        self.rows: dict[int, Tensor] = {}

    def forward(self, positions: Tensor) -> Tensor:
        """[F,1] of positions 0, 1, … (one window) to [F,C]."""
        frames = positions.shape[0]
        if frames not in self.rows:
            with torch.inference_mode(False), torch.no_grad():
                if len(self.rows) >= MAX_TABLES:
                    self.rows.clear()
                # counted anew, since positions have been cast to the model's dtype on their way
                counted = torch.arange(frames, device=positions.device)
                self.rows[frames] = self.embedding(self.sinusoid(counted).to(positions.dtype))
        return self.rows[frames]


class PositionNumbers(nn.Module):
    """Stands for the sinusoids before `time_pos_embed`: passes the numbers on."""

    def forward(self, positions: Tensor) -> Tensor:
        """[F] to [F,1]."""
        return positions[:, None]


class ConstantMix(nn.Module):
    """An `AlphaBlender` of which every frame is video: one number for all.

    Source: diffusers' `AlphaBlender`, `alpha·spatial + (1-alpha)·temporal`, in the same order of operations.
    """

    def __init__(self, blender: AlphaBlender) -> None:
        super().__init__()
        factor = blender.mix_factor
        alpha = blender.get_alpha(torch.zeros(1, 1, device=factor.device), 5).to(factor.dtype)
        if blender.switch_spatial_to_temporal_mix:
            alpha = 1.0 - alpha
        # numbers of the host: a kernel takes them as arguments, nothing is read back
        self.spatial, self.temporal = float(alpha), float(1.0 - alpha)

    def forward(self, x_spatial: Tensor, x_temporal: Tensor, image_only_indicator: Tensor | None = None) -> Tensor:
        """Two tensors of one shape to their mix."""
        if x_spatial.is_cuda:  # one pass over memory in place of three, rounded once
            return torch.lerp(x_temporal, x_spatial, self.spatial)
        return (x_spatial * self.spatial).add_(x_temporal * self.temporal)


def _constant_mixes(network: nn.Module) -> None:
    for module in network.modules():
        for name, child in list(module.named_children()):
            if isinstance(child, AlphaBlender):
                setattr(module, name, ConstantMix(child))


class SpatialAlone(nn.Module):
    """A `SpatioTemporalResBlock` whose mix gives its temporal branch no share: 1·spatial + 0·temporal, without the zero."""

    def __init__(self, block: SpatioTemporalResBlock) -> None:
        super().__init__()
        self.spatial_res_block = block.spatial_res_block

    def forward(
        self, hidden_states: Tensor, temb: Tensor | None = None, image_only_indicator: Tensor | None = None
    ) -> Tensor:
        """[B*F,C,H,W] to the same with other channels."""
        out: Tensor = self.spatial_res_block(hidden_states, temb)
        return out


def _leave_out_silent_branches(network: nn.Module) -> None:
    """Needs `_constant_mixes` first. The built-in model's decoder has silent branches at its finest levels."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, SpatioTemporalResBlock) and child.time_mixer.temporal == 0.0:
                setattr(module, name, SpatialAlone(child))


class Idle(nn.Module):
    """Stands for a layer that adds zero."""

    def forward(self, hidden_states: Tensor, *_: object, **__: object) -> Tensor:
        """Any tensor to itself."""
        return hidden_states


def leave_out_idle_layers(network: nn.Module) -> None:
    """Replaces layers that return what they are given, by their weights (in place); needs weights, not the meta device."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if _adds_nothing(child):
                setattr(module, name, Idle())


def _adds_nothing(layer: nn.Module) -> bool:
    if isinstance(layer, ResnetBlock2D):
        plain = layer.conv_shortcut is None and layer.upsample is None and layer.downsample is None
        return plain and layer.output_scale_factor == 1.0 and _is_zero(layer.conv2)
    if isinstance(layer, Attention):
        plain = layer.residual_connection and layer.rescale_output_factor == 1.0
        return plain and _is_zero(layer.to_out[0])
    return False


def _is_zero(layer: nn.Module) -> bool:
    """Biases first: they are short, and nearly always settle it."""
    return not any(bool(value.any()) for value in (layer.bias, layer.weight) if isinstance(value, Tensor))


class InPlaceResnet(ResnetBlock2D):
    """A resnet that writes over what it has computed itself: one pass over memory less for each activation and sum."""

    def forward(self, input_tensor: Tensor, temb: Tensor | None = None, *_: object, **__: object) -> Tensor:
        """[N,C,H,W] to the same with other channels; neither argument is changed."""
        x: Tensor = self.conv1(nn.functional.silu(self.norm1(input_tensor), inplace=True))
        if self.time_emb_proj is not None and temb is not None:
            x += self.time_emb_proj(nn.functional.silu(temb))[:, :, None, None]
        x = self.conv2(nn.functional.silu(self.norm2(x), inplace=True))
        past: Tensor = input_tensor if self.conv_shortcut is None else self.conv_shortcut(input_tensor)
        # a sum has its first operand's order of axes; where the two differ, the later layers would round otherwise
        return x.add_(past) if x.stride() == past.stride() else past + x


def work_in_place(network: nn.Module) -> None:
    """Makes every resnet that is of the common kind an `InPlaceResnet` (in place); the others stay."""
    for module in network.modules():
        if (
            type(module) is ResnetBlock2D
            and module.upsample is None
            and module.downsample is None
            and module.time_embedding_norm == "default"
            and not module.skip_time_act
            and module.output_scale_factor == 1.0
            and isinstance(module.nonlinearity, nn.SiLU)
        ):
            module.__class__ = InPlaceResnet


def save_in_unet(unet: SvdUNet) -> None:
    """Time, positions and blending of a loaded UNet (in place). Cross-attention is replaced before loading."""
    unet.time_constants = TimeConstants(unet)
    for module in unet.modules():
        if isinstance(module, TransformerSpatioTemporalModel):
            module.time_pos_embed = FramePositions(module.time_proj, module.time_pos_embed)
            module.time_proj = PositionNumbers()
    _constant_mixes(unet)
    _leave_out_silent_branches(unet)


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
    """The temporal decoder with the mean over RGB folded into its last convolution, 3→3 becoming 3→1."""

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
        _constant_mixes(decoder)
        _leave_out_silent_branches(decoder)
        self.decoder = decoder

    def forward(self, latents: Tensor) -> Tensor:
        """One decode group [G,C,h,w] to [G,1,H,W], nominally in [-1,1]."""
        indicator = latents.new_zeros(1, latents.shape[0])
        x: Tensor = self.decoder(latents, num_frames=latents.shape[0], image_only_indicator=indicator)  # [G,3,H,W]
        x = self.last(x.transpose(0, 1)[None])  # [1,3,G,H,W] to [1,1,G,H,W]
        return x[0].transpose(0, 1)
