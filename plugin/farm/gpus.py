"""The GPUs that a farm gave to this task, in the words that CUDA understands."""

from __future__ import annotations

import os
from typing import MutableMapping, Optional


def take_assigned_gpus(environment: Optional[MutableMapping[str, str]] = None) -> None:
    """OpenCue's `CUE_GPU_CORES` becomes `CUDA_VISIBLE_DEVICES`, which engines inherit; one that is set already stays.

    Args:
        environment: None: this process's.
    """
    here = os.environ if environment is None else environment
    cores = here.get("CUE_GPU_CORES", "").strip()
    if cores and "CUDA_VISIBLE_DEVICES" not in here:
        here["CUDA_VISIBLE_DEVICES"] = cores
