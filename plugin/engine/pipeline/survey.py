"""What is on disk of a job's frames: fresh, stale and why, or missing. By the files' headers, whichever engine wrote them.

A digest tells that a file is stale, not what has changed since; for that the header's parameters, weights and version are
held against today's. Where none of them differs it must be the plates (or the garbage or core matte). A file that another
kind of device made in another precision is stale for that alone, if its digest is the right one in that precision.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable

from ... import __version__
from ...core.frames import FrameRange
from ...core.paths import frame_path
from ...protocol.messages import Surveyed
from ..mattes import read_digest, read_header_strings
from ..model.device import PRECISIONS
from .digest import params_digest
from .plan import Plan
from .request import weights_words

NOT_OURS, PRECISION = "not ours", "precision"


def survey(job: int, plan: Plan, pattern: str, *, check: Callable[[], None]) -> Surveyed:
    """Looks at every file that the plan's request asks for.

    Args:
        check: called for each frame; raises when the job is cancelled.
    """
    kept = set(plan.kept)
    fresh, stale, missing = [], [], []
    reasons: dict[str, list[int]] = defaultdict(list)
    for frame in plan.request.frames:
        check()
        path = frame_path(pattern, frame)
        if frame in kept:
            fresh.append(frame)
        elif not pattern or not Path(path).is_file():
            missing.append(frame)
        else:
            stale.append(frame)
            for reason in _reasons(plan, frame, path):
                reasons[reason].append(frame)
    why = {reason: str(FrameRange.of(frames)) for reason, frames in reasons.items()}
    found = {"fresh": fresh, "stale": stale, "missing": missing}
    return Surveyed(job, **{what: str(FrameRange.of(frames)) for what, frames in found.items()}, reasons=why)


def _reasons(plan: Plan, frame: int, path: str) -> list[str]:
    header = read_header_strings(path, ("gvm:digest", "gvm:version", "gvm:weights", "gvm:params", "gvm:precision"))
    if not header.get("gvm:digest"):
        return [NOT_OURS]
    other = header.get("gvm:precision", "")
    if other == plan.request.precision or other not in PRECISIONS:  # mattes of older versions name none
        other = ""
    elif read_digest(path) == plan.digests.of(frame, str(PRECISIONS[other])):
        return [PRECISION]
    found = []
    if header.get("gvm:weights") != weights_words(plan.files):
        found.append("weights")
    if header.get("gvm:version") != __version__:
        found.append("version")
    now: dict[str, Any] = params_digest(plan.request.shot_params.at(frame))
    try:
        then = json.loads(header.get("gvm:params", "{}"))
    except ValueError:
        then = {}
    found += [name for name in sorted({*now, *then}) if now.get(name) != then.get(name)]
    return [*(found or ["plates"]), *([PRECISION] if other else [])]
