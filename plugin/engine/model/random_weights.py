"""A model of any size with random weights, made on the device itself: for benchmarks, nothing is downloaded."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn

from .matting import MattingModel
from .memory import explained
from .networks import NetworkConfig, build_unet, build_vae
from .savings import constant_cross_attention
from .weights import WeightFiles


def random_model(
    config: NetworkConfig,
    *,
    device: torch.device,
    dtype: torch.dtype,
    savings: bool = True,
    seed: int = 0,
) -> MattingModel:
    """Weights of about the size that training starts from, so that activations stay finite in half precision.

    Args:
        savings: False for diffusers' modules as they are, cross-attention and RGB included.

    Raises:
        OutOfMemoryError: the device cannot hold the weights.
    """
    vae, unet = build_vae(config.vae), build_unet(config.kind, config.unet)
    if savings:
        constant_cross_attention(unet)
    generator = torch.Generator(device).manual_seed(seed)
    nowhere = Path("random")
    files = WeightFiles(nowhere, nowhere, nowhere, None, None, config.kind, f"{seed:032x}", "random")
    with explained(device, {}):
        for network in (vae, unet):
            for name, parameter in list(network.named_parameters()):
                owner, _, leaf = name.rpartition(".")
                tensor = torch.empty(parameter.shape, device=device, dtype=dtype)
                initialise(leaf, tensor, generator)
                setattr(network.get_submodule(owner), leaf, nn.Parameter(tensor, requires_grad=False))
        return MattingModel(files=files, config=config, unet=unet, vae=vae, savings=savings)


def initialise(leaf: str, tensor: Tensor, generator: torch.Generator) -> None:
    """Fills a tensor in place; `leaf` is the last part of its name.

    Values of about the size that training starts from, so that activations stay finite in half precision.
    """
    if leaf == "mix_factor":
        tensor.fill_(0.5)
    elif tensor.ndim == 1:  # a bias, or the scale of a norm
        tensor.fill_(1.0 if leaf == "weight" else 0.0)
    else:
        tensor.normal_(0.0, 1.0 / math.sqrt(tensor[0].numel()), generator=generator)
