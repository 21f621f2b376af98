"""A network that starts from a model rather than from random weights: one of its own layout, or of an earlier one.

The earlier layout (up to the model that 0.1.0 carried) had a VAE of four levels before a UNet of four:

    earlier   VAE  1/1 1/2 1/4 1/8 ─ latent ─ UNet  1/8 1/16 1/32 1/64     no way around the latent for detail
    now       VAE  1/1 1/2 ─ latent ─ UNet  1/2 1/4 1/8 1/16 1/32 1/64     detail takes the UNet's skips

    earlier   VAE  1/1 1/2 1/4 1/8 ─ latent ─ UNet  1/8 1/16 1/32 1/64        no way round the latent
    now       VAE  1/1 1/2 ─ latent ─ UNet  1/2 1/4 1/8 1/16 1/32 1/64        skips carry the detail
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLTemporalDecoder
from gvm_matte.engine.model.unet import SvdUNet
from safetensors.torch import load_file
from torch import Tensor, nn

from .export import WEIGHTS
from .network import TIMESTEP, VAE_CONFIG, MatteNetwork, without_cross_attention

MOVED = 2  # levels by which the UNet's have moved: the earlier level 0 is level 2 now
UNET_NAMES = {f"down_blocks.{i}.": f"down_blocks.{i + MOVED}." for i in range(4)} | {
    name: name for name in ("mid_block.", *(f"up_blocks.{i}." for i in range(4)))
}
VAE_NAMES = {
    "encoder.conv_in.": "encoder.conv_in.", "encoder.down_blocks.0.": "encoder.down_blocks.0.",
    "encoder.down_blocks.1.": "encoder.down_blocks.1.", "decoder.up_blocks.2.": "decoder.up_blocks.0.",
    "decoder.up_blocks.3.": "decoder.up_blocks.1.", "decoder.conv_norm_out.": "decoder.conv_norm_out.",
    "decoder.conv_out.": "decoder.conv_out.", "decoder.time_conv_out.": "decoder.time_conv_out.",
}  # fmt: skip


class Earlier(nn.Module):
    """A model of the earlier layout, as far as it is looked at: in fp32, without gradients."""

    def __init__(self, folder: Path) -> None:
        """Reads vae/ and unet/ of a folder.

        Raises:
            OSError: a file is missing.
        """
        super().__init__()
        self.vae = AutoencoderKLTemporalDecoder(**_config(folder / "vae"))
        self.unet = without_cross_attention(SvdUNet(**_config(folder / "unet")))
        for name, module in (("vae", self.vae), ("unet", self.unet)):
            module.load_state_dict(load_file(folder / name / WEIGHTS))
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def time(self) -> Tensor:
        """[1,T]: the activated embedding of the one timestep."""
        step = torch.tensor([TIMESTEP])
        return nn.functional.silu(self.unet.embed_time(step, torch.zeros(1), 1))


class Hint(nn.Module):
    """What the first resnet at 1/8 gives: of the earlier model as a target, of a network as it was computed last."""

    def __init__(self, folder: Path, network: MatteNetwork) -> None:
        super().__init__()
        self.earlier = Earlier(folder)
        self.seen: list[Tensor] = []
        network.unet.down_blocks[MOVED].resnets[0].register_forward_hook(self._see)

    def _see(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self.seen[:] = [output]

    def loss(self, plate: Tensor) -> Tensor:
        """Mean square of the difference, in units of each channel's deviation; after the network has seen the plate.

        Args:
            plate: [B,F,3,H,W] as `MatteNetwork.latent` takes it.
        """
        wanted = self.target(plate)
        spread = wanted.std((0, 2, 3), keepdim=True) + 1e-3
        return ((self.seen.pop() - wanted) / spread).square().mean()

    @torch.no_grad()
    def target(self, plate: Tensor) -> Tensor:
        """[B*F,C,H/8,W/8] of the earlier model."""
        batch, frames = plate.shape[:2]
        vae, unet = self.earlier.vae, self.earlier.unet
        latent = vae.encode(plate.flatten(0, 1) * 2 - 1).latent_dist.mode() * vae.config.scaling_factor
        x = unet.conv_in(torch.cat([torch.zeros_like(latent), latent], 1))
        temb = unet.embed_time(torch.tensor([TIMESTEP]), x, batch * frames)
        found: Tensor = unet.down_blocks[0].resnets[0](x, temb, image_only_indicator=x.new_zeros(batch, frames))
        return found


def start_from(network: MatteNetwork, folder: Path) -> None:
    """Gives a network the weights of a model, of either layout (in place).

    Args:
        network: of the layout of today.
        folder: with vae/ and unet/.

    Raises:
        OSError: a file is missing.
    """
    if _is_earlier(folder):
        inherit(network, folder)
        return
    for name, module in (("vae", network.vae), ("unet", network.unet)):
        module.load_state_dict(load_file(folder / name / WEIGHTS))


def hint_for(network: MatteNetwork, folder: str) -> Hint | None:
    """What a model of the earlier layout has to say to a network that starts from it; None for any other, or for ""."""
    return Hint(Path(folder), network) if folder and _is_earlier(Path(folder)) else None


def _is_earlier(folder: Path) -> bool:
    return len(_config(folder / "vae")["block_out_channels"]) > len(VAE_CONFIG["block_out_channels"])


@torch.no_grad()
def inherit(network: MatteNetwork, folder: Path) -> int:
    """Copies what an earlier model has in the same shape (in place).

    A tensor with fewer input channels than before takes the first ones. What a resnet projects from the time embedding,
    a constant, goes into its bias.

    Returns:
        How many of the network's numbers came from there.
    """
    earlier = Earlier(folder)
    time, taken = earlier.time(), 0
    for module, old, names in ((network.unet, earlier.unet, UNET_NAMES), (network.vae, earlier.vae, VAE_NAMES)):
        state, mine = old.state_dict(), dict(module.named_parameters())
        for name, value in state.items():
            start = next((start for start in names if name.startswith(start)), None)
            own = mine.get(names[start] + name[len(start) :]) if start is not None else None
            if own is None or not own.requires_grad:
                continue
            if name.endswith("time_emb_proj.weight"):
                own.zero_()
            elif name.endswith("time_emb_proj.bias"):
                own.copy_(value + (time @ state[name.replace("bias", "weight")].T)[0])
                taken += own.numel()
            elif _fits(own, value):
                own.copy_(value[:, : own.shape[1]] if value.ndim > 1 else value[: len(own)])
                taken += own.numel()
    return taken


def _fits(own: Tensor, value: Tensor) -> bool:
    """Whether shapes are equal, or the network's has fewer input channels (or fewer channels, of a norm)."""
    if own.ndim != value.ndim or own.shape[0] != value.shape[0] or own.ndim == 1:
        return own.shape == value.shape or (own.ndim == 1 and own.shape[0] < value.shape[0])
    return own.shape[1] <= value.shape[1] and own.shape[2:] == value.shape[2:]


def _config(folder: Path) -> dict[str, Any]:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return {key: value for key, value in config.items() if not key.startswith("_")}
