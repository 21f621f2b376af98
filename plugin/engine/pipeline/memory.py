"""What a planned job takes of a device's memory: asked before it is rendered, by a dry run and by a farm submission."""

from __future__ import annotations

import torch

from ..model.estimate import MemoryEstimate, estimate_memory
from ..model.geometry import geometry
from .plan import Plan
from .windows import ENCODE_BATCH


def model_size(plan: Plan) -> tuple[int, int]:
    """Width and height, in pixels, at which the model sees the plates."""
    request, params = plan.request, plan.request.params
    return geometry(
        *request.region.crop_size,
        size=params.size,
        max_resolution=params.max_resolution,
        pixel_aspect=request.pixel_aspect,
    ).padded


def memory_of(plan: Plan, *, dtype: torch.dtype, gpu: bool) -> MemoryEstimate:
    """The estimate for a device that computes in `dtype`; a GPU encodes several plates at a time."""
    params = plan.request.params
    width, height = model_size(plan)
    window = min(params.num_frames_per_batch, plan.request.plan.length)
    return estimate_memory(
        plan.files,
        dtype=dtype,
        width=width,
        height=height,
        window=window,
        group=min(params.decode_chunk_size, window),
        encode_batch=ENCODE_BATCH if gpu else 1,
    )
