"""What a farm job needs to know of its shot before it is submitted, by the code that the engine would follow."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Tuple

from ...client import MatteJob

MIB = 1 << 20
SHARE, SPARE_MIB, STEP_MIB = 1.2, 1024, 512  # an allocator's gaps; a CUDA context and its libraries; rounding


@dataclass(frozen=True)
class ShotFacts:
    """What was found.

    Attributes:
        shot: (first, last).
        gpu_memory: MiB that a worker's GPU should have.
        notices: what the user should know.
        weights: as `FarmJob.weights` has them.
    """

    shot: Tuple[int, int]
    gpu_memory: int
    notices: Tuple[str, ...]
    weights: str


def look_at_shot(job: MatteJob) -> ShotFacts:
    """Looks at plates, weights and colours. Memory is that of a GPU, also where this computer has none.

    Raises:
        GvmMatteError: what the render would fail with before its first frame.
    """
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())  # torch makes a folder of its own otherwise
    # the engine's libraries take a moment
    from ...engine.pipeline.memory import memory_of
    from ...engine.pipeline.plan import make_plan

    notices: List[str] = []
    # No GPU is needed to look: the processor's precision stands in, the farm's is counted.
    here = dataclasses.replace(job, params={**job.params, "device": "cpu", "precision": "fp32"})
    plan = make_plan(here.render(1), check=lambda: None, found=lambda request, files: notices.extend(files.notices))
    request = plan.request
    try:
        memory = memory_of(plan, dtype=_dtype(str(job.params.get("precision", "auto"))), gpu=True)
        needed = memory.peak * SHARE / MIB + SPARE_MIB
        return ShotFacts(
            (request.plan.first, request.plan.last),
            int(-(-needed // STEP_MIB)) * STEP_MIB,
            tuple(notices),
            f"{plan.files.kind}-{plan.files.fingerprint}",
        )
    finally:
        request.close()


def _dtype(precision: str) -> Any:
    from ...engine.model.device import PRECISIONS

    return PRECISIONS["fp16" if precision == "auto" else precision]


def ocio_folders(config: str) -> List[str]:
    """Folders that an OCIO config file needs beside itself: where it looks for its tables.

    Raises:
        ParamError: it cannot be loaded.
    """
    if not config or "://" in config or config.endswith(".ocioz"):  # an archive holds its own
        return []
    from ...engine.colour.config import ColourConfig

    found = [Path(config).parent / str(path) for path in ColourConfig(config).config.getSearchPaths()]
    return [os.path.normpath(path) for path in found if path.is_dir()]
