"""What Generative Video Matting computes anew for every window and need not: constants in place of layers.

Each saving follows from how the model is run, and two from weights that ask for nothing (silence, idleness):

- **Cross-attention.** The context is one all-zero token and `to_k`, `to_v` have no bias, so values are zero and every
  `attn2` returns `to_out.0.bias` whatever its input. At full size that is 100 M parameters, and a norm per block.
- **Time.** A window has one timestep, and inference uses a handful of them: `time_constants.py`.
- **Blending.** No frame is an image on its own, so an `AlphaBlender` mixes by one number.
- **Silence.** A block whose mix gives its temporal branch a share of exactly 0 computes its spatial branch alone.
- **Idleness.** A layer of the VAE adds something to what it is given. Where the last weights of what it adds are all zero,
  it returns what it was given. A VAE of few levels has such a middle (`training/network.py`).
- **Copies.** A resnet writes what it activates and what it adds where it stands, and divides nothing by 1.
- **Alpha.** The matte is the mean of the decoder's RGB: `decoders.py`.

On the CPU all but the last are bit-identical to diffusers' modules (tests hold that); the last differs by rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .diffusers_parts import (
    AlphaBlender,
    Attention,
    BasicTransformerBlock,
    ResnetBlock2D,
    SpatioTemporalResBlock,
    TemporalBasicTransformerBlock,
    TransformerSpatioTemporalModel,
)
from .time_constants import FramePositions, PositionNumbers, TimeConstants
from .unet import SvdUNet


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
    unet.context_width = 1  # no layer looks at the context any more


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


def constant_mixes(network: nn.Module) -> None:
    """Replaces every `AlphaBlender` by its constant (in place)."""
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


def leave_out_silent_branches(network: nn.Module) -> None:
    """Leaves out temporal branches without a share (in place); needs `constant_mixes` first.

    The built-in model's decoder has silent branches at its finest levels.
    """
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
    constant_mixes(unet)
    leave_out_silent_branches(unet)
