"""`gvm-matte render --dry-run`: what would be rendered, in which blocks, with how much memory. Nothing is written."""

from __future__ import annotations

import dataclasses
import os
import sys
import tempfile
from typing import Any, Dict, List, Tuple

from rich.console import Console
from rich.table import Table

from ..client import MatteJob
from ..client.devices.runs import Runs
from ..client.devices.sessions import numbered
from ..core.devices import devices_of
from ..core.frames import BlockPlan, FrameRange
from ..params.keys import ShotParams
from .progress import print_event

MAX_ROWS = 24  # blocks that are listed one by one for people


def dry_run(job: MatteJob, *, as_json: bool) -> None:
    """Prints the plan of a job, from the code that the engine would follow.

    Raises:
        GvmMatteError: what the render would fail with before its first frame.
    """
    plan = describe_plan(job)
    if as_json:
        print_event("plan", **plan)
    else:
        _show(plan)


def describe_plan(job: MatteJob) -> Dict[str, Any]:
    """The plan in plain types: it can be written as JSON."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())  # torch makes a folder of its own otherwise
    devices = devices_of(ShotParams.of(job.params).base.device)
    # the engine's libraries take a moment
    from ..engine.model.device import resolve_device
    from ..engine.pipeline.memory import memory_of, model_size
    from ..engine.pipeline.plan import make_plan

    for device in devices:
        resolve_device(device)
    notices: List[str] = []
    job = dataclasses.replace(job, params={**job.params, "device": devices[0]})
    plan = make_plan(job.render(1), check=lambda: None, found=lambda request, files: notices.extend(files.notices))
    request = plan.request
    try:
        memory = memory_of(plan, dtype=plan.dtype, gpu=plan.device.type == "cuda")
        wanted = set(plan.frames)
        return {
            "shot": [request.plan.first, request.plan.last],
            "frames": str(request.frames),
            "kept": str(FrameRange.of(plan.kept)),
            "render": str(FrameRange.of(plan.frames)),
            "count": len(plan.frames),
            "plates": str(FrameRange.of(plan.order)),
            "blocks": [
                {
                    "index": block.index,
                    "frames": str(FrameRange.of(frame for frame in block.frames if frame in wanted)),
                    "window": [block.window_first, block.window_last],
                }
                for block in plan.blocks
            ],
            "area": list(request.region.area.as_tuple),
            "model_size": list(model_size(plan)),
            "weights": f"{plan.files.name} ({plan.files.kind})",
            "device": str(plan.device),
            "devices": _first_runs(devices, request.plan, plan.frames),
            "precision": str(plan.dtype).removeprefix("torch."),
            "memory": {**dataclasses.asdict(memory), "peak": memory.peak},
            "notices": notices,
        }
    finally:
        request.close()


def _first_runs(devices: Tuple[str, ...], plan: BlockPlan, frames: List[int]) -> List[Dict[str, Any]]:
    """What each of several devices begins with; windows are those that it computes."""
    if len(devices) == 1:
        return []
    runs = Runs(plan, frames, len(devices))
    first = [runs.take(number, 0.0) for number in range(len(devices))]
    return [
        {"device": device, "frames": str(FrameRange.of(run)), "windows": len(plan.steps(run))}
        for device, run in zip(numbered(devices), first)
    ]


def _show(plan: Dict[str, Any]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    table = Table.grid(padding=(0, 2))
    x0, y0, x1, y1 = plan["area"]
    memory = plan["memory"]
    rows = {
        "shot": "{}-{}".format(*plan["shot"]),
        "frames": plan["frames"],
        "kept": plan["kept"] or "none",
        "to render": f"{plan['render']} ({plan['count']})" if plan["count"] else "nothing",
        "plates to read": plan["plates"] or "none",
        "processed area": f"{x1 - x0}x{y1 - y0} at {x0},{y0}",
        "model's size": "{}x{}".format(*plan["model_size"]),
        "weights": plan["weights"],
        "device": f"{plan['device']}, {plan['precision']}",
        "memory": ", ".join(f"{name} {_bytes(memory[name])}" for name in ("weights", "encode", "denoise", "decode")),
        "memory at its peak": f"{_bytes(memory['peak'])} for the model, estimated; plates and libraries come on top",
    }
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/]", str(value))
    for run in plan["devices"]:
        table.add_row(f"[bold]{run['device']}[/]", f"begins with {run['frames'] or 'nothing'}, {run['windows']} windows")
    console.print(table)
    blocks = Table("block", "frames", "window", box=None)
    for block in plan["blocks"][:MAX_ROWS]:
        blocks.add_row(str(block["index"]), block["frames"] or "context only", "{}-{}".format(*block["window"]))
    if plan["blocks"]:
        console.print(blocks)
    if len(plan["blocks"]) > MAX_ROWS:
        console.print(f"… and {len(plan['blocks']) - MAX_ROWS} more blocks")
    for notice in plan["notices"]:
        console.print(notice, soft_wrap=True)


def _bytes(count: int) -> str:
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
