"""Noise latents for `gaussian`: drawn per absolute frame, or read from a file."""

from __future__ import annotations

import hashlib
from typing import Callable, Optional

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ...core.errors import ParamError
from ...params.fields import MatteParams

NoiseSource = Optional[Callable[[int, "tuple[int, ...]"], Tensor]]


def frame_noise(seed: int, frame: int, shape: tuple[int, ...]) -> Tensor:
    """Normal noise for one absolute frame: the same for a seed whatever else is rendered, and on every device."""
    key = hashlib.blake2b(f"{seed} {frame}".encode(), digest_size=8).digest()
    generator = torch.Generator("cpu").manual_seed(int.from_bytes(key, "little") >> 1)
    return torch.randn(shape, generator=generator)


def noise_source(params: MatteParams, first: int) -> NoiseSource:
    """Where a job's noise comes from: (frame, (C, h, w)) to a float32 tensor of that shape; None for `zeros`.

    Args:
        first: of the shot: the frame of a noise file's first entry.

    Raises:
        ParamError: a noise file that cannot be read, or (from the source) does not fit.
    """
    if params.noise_type == "zeros":
        return None
    if not params.noise_file:
        return lambda frame, shape: frame_noise(params.seed, frame, shape)
    try:
        noise = load_file(params.noise_file)["noise"].float()
    except (OSError, KeyError, SafetensorError) as exc:
        raise ParamError(
            f"{params.noise_file} cannot be used as noise ({exc}); it must be a safetensors file with a tensor `noise`.",
            name="noise_file",
            path=params.noise_file,
        ) from exc

    def read(frame: int, shape: tuple[int, ...]) -> Tensor:
        index = frame - first
        if index >= len(noise) or tuple(noise.shape[1:]) != shape:
            raise ParamError(
                f"{params.noise_file} has noise of {tuple(noise.shape)}; frame {frame} needs entry {index} of {shape}.",
                name="noise_file",
                frame=frame,
            )
        return noise[index]

    return read
