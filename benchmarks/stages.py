"""Encode, UNet window and decode group by themselves: the engine's model and the baseline's in turn."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from gvm_matte.engine.model.matting import MattingModel
from gvm_matte.engine.pipeline.windows import ENCODE_BATCH
from torch import Tensor

from .baseline import PlainModel
from .gpu import FAILURES, failure, flops_of, peak_of, seconds_of, top_operations
from .timing import ratio, take_turns


@dataclass(frozen=True)
class Models:
    """The two that are compared, what they weigh in bytes, and what the device can do.

    Attributes:
        latent: channels and downscale of both.
        peak: operations a second.
    """

    engine: MattingModel
    baseline: PlainModel
    weights: dict[str, int]
    device: torch.device
    peak: float


def stages(models: Models, *, height: int, width: int, options: argparse.Namespace) -> dict[str, Any]:
    """Each stage at one size, by its name and number of frames."""
    found = {}
    cases = [("encode", ENCODE_BATCH)]
    cases += [("unet", frames) for frames in options.windows] + [("decode", frames) for frames in options.groups]
    for name, frames in cases:
        works = _works(models, name, frames, height, width)
        found[f"{name} {frames}"] = measured(models, works, frames=frames, rounds=options.rounds, profile=options.profile)
    return found


def _works(models: Models, name: str, frames: int, height: int, width: int) -> dict[str, Callable[[], Tensor]]:
    channels, scale = models.engine.latent_channels, models.engine.downscale
    shape = frames, channels, height // scale, width // scale
    latents = torch.randn(shape, device=models.device, dtype=models.engine.dtype)
    if name == "encode":
        rgb = torch.rand(frames, 3, height, width, device=models.device)
        return {"engine": lambda: models.engine.encode(rgb), "baseline": lambda: models.baseline.encode(rgb)}
    if name == "unet":
        return {
            "engine": lambda: models.engine.denoise(latents, steps=1),
            "baseline": lambda: models.baseline.denoise(latents),
        }
    return {"engine": lambda: models.engine.decode(latents), "baseline": lambda: models.baseline.decode(latents)}


def measured(
    models: Models, works: dict[str, Callable[[], Tensor]], *, frames: int, rounds: int, profile: bool
) -> dict[str, Any]:
    """One stage of both: seconds, memory, operations, share of the device's peak; or that memory was too small."""
    found: dict[str, Any] = {}
    for name, work in works.items():
        try:
            work()  # kernels are chosen and loaded at the first run
            memory = peak_of(work, models.device)
            found[name] = {"peak_bytes": memory + models.weights[name], "flops": flops_of(work)}
            if profile:
                found[name]["top"] = top_operations(work, models.device)
        except FAILURES as exc:
            found[name] = failure(exc, models.device)
    able = {name: partial(seconds_of, work, models.device) for name, work in works.items() if "failed" not in found[name]}
    seconds = take_turns(able, rounds)
    for name, values in seconds.items():
        middle = statistics.median(values)
        found[name] |= {
            "seconds": middle,
            "seconds_per_frame": middle / frames,
            "share_of_peak": found[name]["flops"] / middle / models.peak,
        }
    if len(seconds) == 2:
        found["ratio"] = ratio(seconds["engine"], seconds["baseline"])
    return found


def shares(found: dict[str, Any], *, window: int, stride: int, group: int) -> dict[str, float]:
    """Share of encode, UNet and decode in a delivered frame of the engine, where each was measured.

    A frame is encoded once and decoded once; the UNet computes `window` frames for every `stride` delivered.
    """
    parts = {
        "encode": (f"encode {ENCODE_BATCH}", 1.0),
        "unet": (f"unet {window}", window / stride),
        "decode": (f"decode {group}", 1.0),
    }
    if any("seconds" not in found.get(key, {}).get("engine", {}) for key, _ in parts.values()):
        return {}
    seconds = {name: found[key]["engine"]["seconds_per_frame"] * times for name, (key, times) in parts.items()}
    return {name: value / sum(seconds.values()) for name, value in seconds.items()}
