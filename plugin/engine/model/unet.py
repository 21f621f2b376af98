"""The two UNets of Generative Video Matting, on diffusers' spatio-temporal blocks.

Both differ from diffusers' `UNetSpatioTemporalConditionModel` in the same way: no embedding of added time ids (the
branch `add_time_proj`/`add_embedding`), and `forward(sample, timestep)` alone, since the context is always one all-zero
token. `svd` keeps the temporal transformer's learned frame positions; `dav` (Depth Any Video's
`UNetSpatioTemporalRopeConditionModel`) has none and rotates queries and keys instead (see `rope.py`).

The blocks pass `temb`, `encoder_hidden_states` and `image_only_indicator` down to every layer. Here they carry what the
layers expect in shape, and nothing more: `savings.py` replaces the layers that would look at them by constants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .diffusers_parts import UNetSpatioTemporalConditionModel
from .rope import RotaryTemporalAttention

if TYPE_CHECKING:
    from .time_constants import TimeConstants

# The JSON keys of diffusers' config that shape our UNets; others (sample_size, act_fn, …) do not change the network.
SHAPE_KEYS = (
    "in_channels",
    "out_channels",
    "down_block_types",
    "up_block_types",
    "block_out_channels",
    "layers_per_block",
    "cross_attention_dim",
    "transformer_layers_per_block",
    "num_attention_heads",
    "num_frames",
)


class SvdUNet(UNetSpatioTemporalConditionModel):
    """The `svd` UNet: [B,F,2C,h,w] of noise and plate latents to [B,F,C,h,w], one timestep for the whole window."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        del self.add_time_proj, self.add_embedding
        dim = self.config.cross_attention_dim
        # width of one token of the all-zero context, and the constants for time: savings.py sets both
        self.context_width = int(dim if isinstance(dim, int) else dim[0])
        self.time_constants: TimeConstants | None = None

    def embed_time(self, timestep: Tensor, like: Tensor, rows: int) -> Tensor:
        """The timestep's embedding [rows,T], each row the same, in the device and dtype of `like`."""
        sinusoid = self.time_proj(timestep.reshape(1).to(like.device)).to(like.dtype)  # [1,c0]
        embedding: Tensor = self.time_embedding(sinusoid)
        return embedding.expand(rows, -1)

    def forward(self, sample: Tensor, timestep: Tensor) -> Tensor:
        """One pass over one window.

        Args:
            sample: [B,F,2C,h,w], noise latent then plate latent; any h and w.
            timestep: [] or [1], the same for every frame, on any device.

        Returns:
            [B,F,C,h,w]: the alpha latent (`zeros`) or the velocity (`gaussian`).
        """
        batch, frames = sample.shape[:2]

        # 1. time: one embedding a frame, as the blocks expect it
        rows = batch * frames
        if self.time_constants is None:
            temb = self.embed_time(timestep, sample, rows)  # [B*F,T]
        else:
            temb = self.time_constants.select(self.embed_time, timestep, sample, rows)  # [B*F,1]: its place alone matters
        context = sample.new_zeros(rows, 1, self.context_width)
        images_only = sample.new_zeros(batch, frames)

        # 2. down
        x = self.conv_in(sample.flatten(0, 1))  # [B*F,c0,h,w]
        skips: tuple[Tensor, ...] = (x,)
        for block in self.down_blocks:
            kwargs: dict[str, Any] = {"encoder_hidden_states": context} if hasattr(block, "attentions") else {}
            x, block_skips = block(x, temb=temb, image_only_indicator=images_only, **kwargs)
            skips += block_skips

        # 3. mid
        x = self.mid_block(x, temb=temb, encoder_hidden_states=context, image_only_indicator=images_only)

        # 4. up
        for block in self.up_blocks:
            count = len(block.resnets)
            skips, block_skips = skips[:-count], skips[-count:]
            kwargs = {"encoder_hidden_states": context} if hasattr(block, "attentions") else {}
            if skips:
                # plates are padded to 32, latents so to 4: halving thrice can round up, so name the size to return to
                kwargs["upsample_size"] = skips[-1].shape[2:]
            x = block(x, temb=temb, res_hidden_states_tuple=block_skips, image_only_indicator=images_only, **kwargs)

        # 5. out
        x = self.conv_out(self.conv_act(self.conv_norm_out(x)))
        return x.unflatten(0, (batch, frames))


class DavUNet(SvdUNet):
    """The `dav` UNet: as `svd`, with rotary temporal attention in place of learned frame positions."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        for module in list(self.modules()):
            if hasattr(module, "temporal_transformer_blocks"):
                module.time_pos_embed = NoFramePosition()
                for block in module.temporal_transformer_blocks:
                    block.attn1.set_processor(RotaryTemporalAttention())


class NoFramePosition(nn.Module):
    """Stands where diffusers adds the frame's learned position: adds nothing."""

    def forward(self, sinusoid: Tensor) -> Tensor:
        """[F,C] of sinusoids to zeros of a shape that broadcasts like them."""
        return torch.zeros_like(sinusoid)
