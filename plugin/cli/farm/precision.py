"""What is there of a farm job, judged from any computer: mattes of the precision that the farm's own devices compute in.

A digest holds the precision, which `auto` takes from the device: fp16 on an NVIDIA GPU, fp32 elsewhere. A workstation that
only looks has another device than the farm. So the engine looks as a processor would, says which mattes differ from its
own in precision alone, and here it is decided whether that precision is the job's. Where a job leaves it to the device and
mattes of two precisions lie side by side, those of the job's GPUs (or of its processors, if it asks for no GPU) count.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, FrozenSet

from ...core.frames import FrameRange
from ...core.paths import frame_path
from ...farm import FarmJob
from ...protocol.messages import Surveyed

PRECISION = "precision"
AUTO, GPU, CPU = "auto", "fp16", "fp32"


def params_for_looking(params: Dict[str, Any]) -> Dict[str, Any]:
    """Parameters with which any computer can look: the processor's, and a precision that it has."""
    precision = params.get("precision", AUTO)
    return {**params, "device": "cpu", "precision": AUTO if precision == GPU else precision}


def judged(found: Surveyed, job: FarmJob) -> Surveyed:
    """What the engine found with `params_for_looking`, as the job's own devices would have it."""
    looked_in = {AUTO: CPU, GPU: CPU}.get(job.shot_params.base.precision, job.shot_params.base.precision)
    alone = _frames(found.reasons.get(PRECISION, ""))
    for reason, text in found.reasons.items():
        if reason != PRECISION:
            alone -= _frames(text)
    precision = dict.fromkeys(_frames(found.fresh), looked_in)
    precision.update({frame: _precision_of(job.output, frame) for frame in alone})
    good = _job_precisions(job)
    if good <= set(precision.values()) and len(good) > 1:
        good = frozenset({GPU if job.settings.gpus else CPU})
    fresh = {frame for frame, name in precision.items() if name in good}
    stale = (_frames(found.stale) | set(precision)) - fresh
    reasons = {reason: _frames(text) - fresh for reason, text in found.reasons.items()}
    reasons[PRECISION] = (_frames(found.reasons.get(PRECISION, "")) | set(precision)) - fresh
    told = {reason: str(FrameRange.of(frames)) for reason, frames in sorted(reasons.items()) if frames}
    return dataclasses.replace(found, fresh=str(FrameRange.of(fresh)), stale=str(FrameRange.of(stale)), reasons=told)


def _job_precisions(job: FarmJob) -> FrozenSet[str]:
    """In which the job's devices may compute."""
    base = job.shot_params.base
    if base.precision != AUTO:
        return frozenset({base.precision})
    if base.device == AUTO:
        return frozenset({GPU, CPU})
    return frozenset({GPU if base.device.startswith("cuda") else CPU})


def _precision_of(pattern: str, frame: int) -> str:
    from ...engine.mattes.digest import read_header_strings

    return read_header_strings(frame_path(pattern, frame), ("gvm:precision",)).get("gvm:precision", "")


def _frames(text: str) -> set[int]:
    return set(FrameRange.parse(text))
