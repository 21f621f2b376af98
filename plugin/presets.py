"""Presets: the five use cases of the model's usage guide, by the names that people see."""

from __future__ import annotations

from typing import Any, Dict

from .errors import ParamError

PRESETS: Dict[str, Dict[str, Any]] = {
    "basic": {
        "num_frames_per_batch": 8, "num_interp_frames": 1, "num_overlap_frames": 1, "denoise_steps": 1,
        "decode_chunk_size": 8, "max_resolution": 960,
    },
    "low-memory": {
        "num_frames_per_batch": 4, "num_interp_frames": 1, "num_overlap_frames": 1, "denoise_steps": 1,
        "decode_chunk_size": 4, "max_resolution": 720, "size": 512,
    },
    "high-quality": {
        "num_frames_per_batch": 16, "num_interp_frames": 2, "num_overlap_frames": 2, "denoise_steps": 3,
        "decode_chunk_size": 16, "max_resolution": 1280,
    },
    "quick-test": {
        "num_frames_per_batch": 8, "max_frames": 50, "denoise_steps": 1, "decode_chunk_size": 8, "max_resolution": 720,
    },
    "image-sequence": {
        "num_frames_per_batch": 8, "denoise_steps": 1, "decode_chunk_size": 8, "max_resolution": 960,
    },
}  # fmt: skip


def preset(name: str) -> Dict[str, Any]:
    """A preset's values.

    Raises:
        ParamError: there is no such preset; the message names those that there are.
    """
    if name not in PRESETS:
        raise ParamError(f"There is no preset {name!r}; there are {', '.join(PRESETS)}.", name="preset")
    return dict(PRESETS[name])
