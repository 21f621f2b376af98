# ruff: noqa: E402  (what the ordinary imports find is loaded before them, and that is the point)
"""The parts of diffusers that the engine is made of: the only file here that imports diffusers.

To give a single one of its networks, diffusers imports all of its networks, the mixins that load adapters and pipelines
with transformers and PEFT behind them, and torch's compiler: three quarters of an engine's start. Here the modules that
are wanted come first, with the rest postponed (`postponed.py` says what that is); the imports that follow are ordinary
ones, which find the modules there. They are diffusers' own classes, the same that other code imports, before this file
or after it. With a diffusers of another layout nothing is postponed, and the imports take their time.
"""

from __future__ import annotations

import sys
from types import ModuleType

import torch

from .postponed import load_without

_TORCH_UTILS = "diffusers.utils.torch_utils"
_MODULES = (
    "diffusers.models.attention",
    "diffusers.models.attention_processor",
    "diffusers.models.autoencoders.autoencoder_kl_temporal_decoder",
    "diffusers.models.downsampling",
    "diffusers.models.resnet",
    "diffusers.models.transformers.transformer_temporal",
    "diffusers.models.unets.unet_spatio_temporal_condition",
    "diffusers.models.upsampling",
    "diffusers.schedulers.scheduling_flow_match_euler_discrete",
)
# Their __init__ imports every network of its kind.
_PACKAGES = ("diffusers.models.autoencoders", "diffusers.models.transformers", "diffusers.models.unets")
# What diffusers' mixins for loading mention: text encoders, adapters, samplers of other pipelines, offloading.
_LIBRARIES = ("transformers", "peft", "scipy", "diffusers.hooks")


def _load() -> None:
    """Brings the modules in, if they come without the rest."""
    # 1. torch's compiler. diffusers wants one function of it, by which it allows a compiled function to make an Attention
    # or the like, and has an empty one in its place where torch has no compiler. Nothing is compiled here.
    load_without([_TORCH_UTILS], absent=["torch._dynamo"])
    # 2. the modules
    load_without(_MODULES, packages=_PACKAGES, libraries=_LIBRARIES)
    # 3. modules of diffusers that other code imports later find the function there after all
    torch_utils = sys.modules.get(_TORCH_UTILS, ModuleType(_TORCH_UTILS))
    if getattr(torch_utils.__dict__.get("maybe_allow_in_graph"), "__module__", None) == _TORCH_UTILS:
        torch_utils.__dict__["maybe_allow_in_graph"] = torch.compiler.allow_in_graph


_load()

from diffusers.models.attention import BasicTransformerBlock, TemporalBasicTransformerBlock
from diffusers.models.attention_processor import Attention
from diffusers.models.autoencoders.autoencoder_kl_temporal_decoder import AutoencoderKLTemporalDecoder
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import AlphaBlender, ResnetBlock2D, SpatioTemporalResBlock, TemporalResnetBlock
from diffusers.models.transformers.transformer_temporal import TransformerSpatioTemporalModel
from diffusers.models.unets.unet_spatio_temporal_condition import UNetSpatioTemporalConditionModel
from diffusers.models.upsampling import Upsample2D
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from diffusers.utils import logging

__all__ = [
    "AlphaBlender",
    "Attention",
    "AutoencoderKLTemporalDecoder",
    "BasicTransformerBlock",
    "Downsample2D",
    "FlowMatchEulerDiscreteScheduler",
    "ResnetBlock2D",
    "SpatioTemporalResBlock",
    "TemporalBasicTransformerBlock",
    "TemporalResnetBlock",
    "TransformerSpatioTemporalModel",
    "UNetSpatioTemporalConditionModel",
    "Upsample2D",
    "logging",
]
