"""Small models with random weights in diffusers' layout: a benchmark needs the work, not the matte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WEIGHTS = "diffusion_pytorch_model.safetensors"


def small_configs(*, tiny: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """(vae, unet): of the built-in model's size, or the smallest that diffusers' blocks allow."""
    latent = 4 if tiny else 16
    vae = {
        "_class_name": "AutoencoderKLTemporalDecoder",
        "down_block_types": ["DownEncoderBlock2D"] * 4,
        "block_out_channels": [32] * 4 if tiny else [32, 32, 64, 64],
        "layers_per_block": 1,
        "latent_channels": latent,
        "scaling_factor": 1.0,
    }
    unet = {
        "_class_name": "UNetSpatioTemporalConditionModel",
        "in_channels": 2 * latent,
        "out_channels": latent,
        "block_out_channels": [32] * 4 if tiny else [64, 96, 96, 96],
        "layers_per_block": 1,
        "num_attention_heads": [1] * 4 if tiny else [2, 3, 3, 3],
        "cross_attention_dim": 32,
        "transformer_layers_per_block": 1,
        "num_frames": 25,
    }
    return vae, unet


def write_random_model(folder: Path, *, tiny: bool, seed: int = 0) -> Path:
    """Writes vae/ and unet/, cross-attention included, and returns the folder."""
    import torch
    from gvm_matte.engine.model.networks import build_unet, build_vae
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(seed)
    vae, unet = small_configs(tiny=tiny)
    for name, network, config in (("vae", build_vae(vae), vae), ("unet", build_unet("svd", unet), unet)):
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").write_text(json.dumps(config), encoding="utf-8")
        tensors = {}
        for key, meta in network.state_dict().items():
            tensor = torch.empty(meta.shape)
            fill_random(key, tensor, generator)
            tensors[key] = tensor
        save_file(tensors, folder / name / WEIGHTS, metadata={"format": "pt"})
    return folder


def fill_random(name: str, tensor: Any, generator: Any) -> None:
    """Fills a tensor in place, as `random_weights.initialise` does for its kind."""
    from gvm_matte.engine.model.random_weights import initialise  # brings torch up

    initialise(name.rpartition(".")[2], tensor, generator)
