"""What a job will do, known before any model is loaded: which frames, kept or rendered, in which blocks, from which plates.

The renderer follows it; `gvm-matte render --dry-run` prints it.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional, cast

import torch

from ...core.frames import Block
from ...core.paths import frame_path
from ...protocol.messages import Render
from ..mattes import read_digest
from ..model.device import precision_name, resolve_device, resolve_precision
from ..model.weights import WeightFiles, find_weights
from ..plates.plate import MissingPolicy
from ..plates.sizes import check_sizes
from .digest import Digester
from .request import Request, digester, understand


@dataclass(frozen=True)
class Plan:
    """A job, ready to be done.

    Attributes:
        kept: frames on disk that would come out the same.
        frames: what is left to render.
        order: plates that will be read, in this order.
        chosen: for each of them the frame that is read (None: black); empty where the host pushes plates.
    """

    request: Request
    files: WeightFiles
    device: torch.device
    dtype: torch.dtype
    digests: Digester
    kept: list[int]
    frames: list[int]
    order: list[int]
    chosen: dict[int, Optional[int]]

    @property
    def blocks(self) -> list[Block]:
        """The blocks whose windows run, context of the first one included."""
        return [step.block for step in self.request.plan.steps(self.frames)]


def make_plan(render: Render, *, check: Callable[[], None], found: Callable[[Request, WeightFiles], None]) -> Plan:
    """Looks at plates, weights and what is on disk.

    The caller closes the plan's request.

    Args:
        check: called now and then; raises when the job is cancelled.
        found: told request and weights as soon as they are known, before what takes longer.

    Raises:
        GvmMatteError: whatever can be known to be wrong by now.
    """
    request = understand(render, check)
    try:
        params = request.params
        device = resolve_device(params.device)
        dtype = resolve_precision(params.precision, device)
        request = dataclasses.replace(request, precision=precision_name(dtype))
        files = find_weights(
            model_base=params.model_base,
            unet_base=params.unet_base,
            lora_base=params.lora_base,
            pretrain_type=params.pretrain_type,
        )
        found(request, files)
        digests = digester(request, files, str(dtype), _identity_of(request))
        kept = _kept(render, request, digests.of, check)
        left = set(kept)
        frames = [frame for frame in request.frames if frame not in left]
        order = list(request.plan.plates(frames))
        chosen: dict[int, Optional[int]] = {}
        if request.source is not None and order:
            chosen = request.source.check_frames(order, policy=cast(MissingPolicy, params.missing))
            check_sizes(
                request.source, sorted({n for n in chosen.values() if n is not None}), display=request.display, check=check
            )
        return Plan(request, files, device, dtype, digests, kept, frames, order, chosen)
    except BaseException:
        request.close()
        raise


def _identity_of(request: Request) -> Callable[[int], str]:
    """What a plate is known by; one that a host pushed has no name, so a file made of it is never kept."""
    if request.source is not None:
        return request.source.identity
    unique = os.urandom(16).hex()
    return lambda frame: f"pushed {unique} {frame}"


def _kept(render: Render, request: Request, digest_of: Callable[[int], str], check: Callable[[], None]) -> list[int]:
    """Frames on disk that would come out the same."""
    pattern = render.sink.path
    if not pattern or request.source is None:
        return []
    if not render.dry_run and (render.sink.buffers or request.params.existing == "overwrite"):
        return []
    kept = []
    for frame in request.frames:
        check()
        path = frame_path(pattern, frame)
        if Path(path).is_file() and read_digest(path) == digest_of(frame):
            kept.append(frame)
    return kept
