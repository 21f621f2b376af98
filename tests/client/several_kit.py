"""What the tests of several engines share: two problem engines, what they are asked for, jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Set

from gvm_matte.client import MatteJob
from gvm_matte.client.devices.sessions import DeviceSessions
from gvm_matte.core.frames import FrameRange
from gvm_matte.protocol.parts import Sink
from session_kit import FILES

# Blocks of six frames: windows of 8 with 2 shared.
PARAMS: Dict[str, Any] = {"num_frames_per_batch": 8, "num_overlap_frames": 2, "device": "cpu,cpu"}
BeginSeveral = Callable[..., DeviceSessions]


def to_files(folder: Path, frames: str = "1-60", **more: Any) -> MatteJob:
    params = {**PARAMS, **more.pop("params", {})}
    return MatteJob(FILES, Sink(path=str(folder / "m.####.exr")), frames, params=params, **more)


def jobs(place: Path) -> List[Dict[str, Any]]:
    """What engines were asked for, without the looks."""
    return [job for job in every_job(place) if not job["dry_run"]]


def every_job(place: Path) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in (place / "lives.jobs").read_text().splitlines()]


def frames_of(job: Dict[str, Any]) -> Set[int]:
    return set(FrameRange.parse(job["frames"]))
