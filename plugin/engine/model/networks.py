"""The networks from their configs, without weights: on the meta device, so that nothing is allocated or initialised."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from ...core.errors import WeightsMismatchError
from .diffusers_parts import AutoencoderKLTemporalDecoder, FlowMatchEulerDiscreteScheduler
from .diffusers_parts import logging as diffusers_logging
from .unet import SHAPE_KEYS, DavUNet, SvdUNet

# diffusers warns about modules in half precision and about config keys of other classes; what matters here is an error
diffusers_logging.set_verbosity_error()

UNETS: Mapping[str, type[SvdUNet]] = {"svd": SvdUNet, "dav": DavUNet}
SCHEDULER_CLASS = FlowMatchEulerDiscreteScheduler.__name__


@dataclass(frozen=True)
class NetworkConfig:
    """What shapes the networks: the kind of UNet, and the three configs as their JSON files have them."""

    kind: str
    unet: Mapping[str, Any]
    vae: Mapping[str, Any]
    scheduler: Mapping[str, Any] = field(default_factory=dict)


def full_size_config(kind: str = "svd") -> NetworkConfig:
    """The released model's configuration: 1.52 G parameters in the UNet, 98 M in the VAE."""
    unet = {
        "in_channels": 8,
        "out_channels": 4,
        "block_out_channels": (320, 640, 1280, 1280),
        "layers_per_block": 2,
        "num_attention_heads": (5, 10, 20, 20),
        "cross_attention_dim": 1024,
        "transformer_layers_per_block": 1,
        "num_frames": 25,
    }
    vae = {
        "block_out_channels": (128, 256, 512, 512),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "layers_per_block": 2,
        "latent_channels": 4,
        "scaling_factor": 0.18215,
    }
    return NetworkConfig(kind, unet, vae, {"num_train_timesteps": 1000})


def build_unet(kind: str, config: Mapping[str, Any]) -> SvdUNet:
    """The UNet on the meta device.

    Raises:
        WeightsMismatchError: the config describes no such network.
    """
    known = {key: config[key] for key in SHAPE_KEYS if key in config}
    try:
        with torch.device("meta"):
            return UNETS[kind](**known).eval().requires_grad_(False)
    except (TypeError, ValueError, RuntimeError, IndexError, ZeroDivisionError) as exc:
        raise WeightsMismatchError(f"The UNet's config.json describes a network that cannot be built: {exc}") from exc


def build_vae(config: Mapping[str, Any]) -> AutoencoderKLTemporalDecoder:
    """The VAE on the meta device.

    Raises:
        WeightsMismatchError: the config describes no such network.
    """
    known = {key: config[key] for key in _arguments(AutoencoderKLTemporalDecoder) if key in config}
    try:
        with torch.device("meta"):
            return AutoencoderKLTemporalDecoder(**known).eval().requires_grad_(False)
    except (TypeError, ValueError, RuntimeError, IndexError, ZeroDivisionError) as exc:
        raise WeightsMismatchError(f"The VAE's config.json describes a network that cannot be built: {exc}") from exc


def build_scheduler(config: Mapping[str, Any]) -> FlowMatchEulerDiscreteScheduler:
    """The scheduler for `gaussian` noise; for `zeros` its number of training timesteps alone counts.

    A config of another class (Stable Video Diffusion's own folder has one) gives that number and nothing else.

    Raises:
        WeightsMismatchError: the config's values contradict each other.
    """
    keys = _arguments(FlowMatchEulerDiscreteScheduler)
    if config.get("_class_name", SCHEDULER_CLASS) != SCHEDULER_CLASS:
        keys = {"num_train_timesteps"}
    try:
        return FlowMatchEulerDiscreteScheduler(**{key: config[key] for key in keys if key in config})
    except (TypeError, ValueError, ImportError) as exc:  # some of its options want scipy
        raise WeightsMismatchError(f"The scheduler's config cannot be used: {exc}") from exc


def _arguments(cls: type) -> set[str]:
    return set(inspect.signature(cls).parameters)
