"""A straightforward program that does what public ones do: the measure for the engine.

For each window in turn: read its plates, prepare them on the CPU, encode all of them (also those that the window before
has encoded), run the UNet with its whole cross-attention, blend the overlap, decode RGB, take its mean, bring each alpha
to the plate's size on the CPU, write it. Nothing overlaps, nothing is shared between windows.

It is not made worse than it need be: the model is loaded once, the overlap is decoded once, and its results agree with
the engine's (benchmarks.engine prints how closely). The networks are diffusers' own modules, without what
`engine.model.savings` does to them, but for layers that add nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from gvm_matte.core.frames import BlockPlan
from gvm_matte.core.image import fit_size, padding
from gvm_matte.engine.model.networks import NetworkConfig, build_unet, build_vae
from gvm_matte.engine.model.savings import leave_out_idle_layers
from gvm_matte.engine.pipeline.curves import displayed
from torch import Tensor

from .models import fill_random

LAST_TIMESTEP = 999.0
BLACK, WHITE = 25 / 255, 240 / 255
Tensors = Mapping[str, Tensor]
Read = Callable[[int], npt.NDArray[Any]]
Write = Callable[[int, npt.NDArray[np.float16]], None]


class PlainModel:
    """VAE and UNet as diffusers has them.

    Args:
        weights: (vae's, unet's) by name; what the UNet's lack is random: a file may leave out what cross-attention to
            an all-zero token multiplies with zero. None: everything is random.
    """

    def __init__(
        self,
        config: NetworkConfig,
        *,
        device: torch.device,
        dtype: torch.dtype,
        weights: tuple[Tensors, Tensors] | None = None,
    ) -> None:
        self.device, self.dtype = device, dtype
        generator = torch.Generator(device).manual_seed(0)
        networks = build_vae(config.vae), build_unet(config.kind, config.unet)
        for network, given in zip(networks, weights or ({}, {})):
            tensors = {}
            for name, meta in network.state_dict().items():
                tensors[name] = torch.empty(meta.shape, device=device, dtype=dtype)
                if name in given:
                    tensors[name].copy_(given[name])
                else:
                    fill_random(name, tensors[name], generator)
            network.load_state_dict(tensors, assign=True)
        self.vae, self.unet = networks
        # whose model has layers that only add zero would not run them: without this the baseline of a VAE of few levels
        # is a straw man, with an attention over all pixels near full size
        leave_out_idle_layers(self.vae)
        self.scaling = float(self.vae.config.scaling_factor)

    @classmethod
    def load(cls, folder: Path, *, device: torch.device, dtype: torch.dtype) -> PlainModel:
        """From a folder with vae/ and unet/, one safetensors file each."""
        from safetensors.torch import load_file

        def config(name: str) -> dict[str, Any]:
            found: dict[str, Any] = json.loads((folder / name / "config.json").read_text(encoding="utf-8"))
            return found

        def tensors(name: str) -> dict[str, Tensor]:
            return load_file(next((folder / name).glob("*.safetensors")))

        kind = "dav" if "Rope" in config("unet").get("_class_name", "") else "svd"
        networks = NetworkConfig(kind, config("unet"), config("vae"))
        return cls(networks, device=device, dtype=dtype, weights=(tensors("vae"), tensors("unet")))

    @torch.inference_mode()
    def encode(self, rgb: Tensor) -> Tensor:
        """[N,3,H,W] in [0,1] to [N,C,h,w]."""
        frames = (rgb.to(self.device) * 2 - 1).to(self.dtype)
        latents: Tensor = self.vae.encode(frames).latent_dist.mode()
        return latents * self.scaling

    @torch.inference_mode()
    def denoise(self, latents: Tensor) -> Tensor:
        """One window [F,C,h,w] of plate latents to alpha latents: one step from zeros."""
        both = torch.cat((torch.zeros_like(latents), latents), dim=1)[None]  # [1,F,2C,h,w]
        result: Tensor = self.unet(both, torch.tensor(LAST_TIMESTEP, device=self.device))
        return result[0]

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> Tensor:
        """One decode group [G,C,h,w] to alpha [G,1,H,W] in [0,1]."""
        rgb: Tensor = self.vae.decode(latents / self.scaling, num_frames=latents.shape[0]).sample
        return (rgb.mean(1, keepdim=True).float() * 0.5 + 0.5).clamp(0.0, 1.0)


def prepared(pixels: npt.NDArray[Any], *, size: int, max_resolution: int) -> Tensor:
    """A scene-linear plate [h,w,3] as the model wants it, on the CPU: [1,3,H,W] in [0,1], display-referred, padded."""
    x = displayed(torch.from_numpy(pixels).permute(2, 0, 1)[None], "srgb")
    width, height = fit_size(pixels.shape[1], pixels.shape[0], size=size, max_resolution=max_resolution)
    x = F.interpolate(x, size=(height, width), mode="bilinear", antialias=True, align_corners=False)
    return F.pad(x, padding(width, height), mode="reflect")


def finished(alpha: Tensor, *, width: int, height: int, size: int, max_resolution: int) -> npt.NDArray[np.float16]:
    """An alpha [1,H,W] at the plate's size, stretched between black and white point, on the CPU: [h,w] of half."""
    fitted = fit_size(width, height, size=size, max_resolution=max_resolution)
    left, _, top, _ = padding(*fitted)
    x = alpha.cpu()[None, :, top : top + fitted[1], left : left + fitted[0]]
    x = F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)[0, 0]
    matte: npt.NDArray[np.float16] = ((x - BLACK) / (WHITE - BLACK)).clamp(0.0, 1.0).half().numpy()
    return matte


@torch.inference_mode()
def run(model: PlainModel, plan: BlockPlan, *, size: int, max_resolution: int, read: Read, write: Write) -> None:
    """The whole shot, window by window.

    Args:
        plan: which frames make windows and decode groups: the engine's own, so that results can be compared.
        read: a plate [h,w,3] by its frame; write: takes (frame, matte [h,w]).
    """
    before: Tensor | None = None
    before_first = 0
    for index in range(plan.count):
        block = plan.block(index)
        plates = [read(frame) for frame in block.window]
        height, width = plates[0].shape[:2]
        rgb = torch.cat([prepared(pixels, size=size, max_resolution=max_resolution) for pixels in plates])
        latents = torch.cat([model.encode(part) for part in torch.split(rgb, plan.group)])  # [W,C,h,w]
        result = model.denoise(latents)
        for frame in block.frames:
            weight = plan.blend(block, frame)
            if weight < 1.0 and before is not None:
                own = result[frame - block.window_first]
                result[frame - block.window_first] = (1.0 - weight) * before[frame - before_first] + weight * own
        # what the next window blends with lies past this one's own blended frames: the overlap is half a window at most
        before, before_first = result, block.window_first
        for first, last in block.groups:
            alphas = model.decode(result[first - block.window_first : last + 1 - block.window_first])
            for frame, alpha in zip(range(first, last + 1), alphas):
                write(frame, finished(alpha, width=width, height=height, size=size, max_resolution=max_resolution))
