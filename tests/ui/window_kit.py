"""What the monitor's tests share: messages as an engine sends them, and ways to look at a window as a person does."""

from __future__ import annotations

import sys
import threading
from typing import Any, List

from gvm_matte.client.watch.watch import Connected
from gvm_matte.protocol.watching import EngineState, JobState
from gvm_matte.ui.monitor.window import MonitorWindow
from gvm_matte.ui.queue.job_table import Column

NO_LOOK = [sys.executable, "-c", "print('{\"findings\": []}')"]  # a first-run look that finds nothing worth a word
CONNECTED = Connected(4711, "0.1.0", "cpu")
_THREADS = ("gvm-matte-watch", "gvm-matte-render", "gvm-matte-engine", "gvm-matte-survey")


def job(number: int = 1, state: str = "running", **more: Any) -> JobState:
    """A job's state; what is not named is as it may well be."""
    usual = {
        "client": 4242, "position": 0, "plates": f"/shots/sh{number:03d}/plates/sh{number:03d}_plate.####.exr",
        "mattes": f"/shots/sh{number:03d}/mattes/sh{number:03d}_matte.####.exr", "shot": (1001, 1048),
        "frames": "1001-1048", "kept": "", "finished": "", "done": 0, "total": 48, "stage": "", "seconds": 1.0, "rate": 0.0,
        "params": {},
    }  # fmt: skip
    return JobState(number=number, state=state, **{**usual, **more})


def engine(**more: Any) -> EngineState:
    """An engine's state."""
    usual = {
        "state": "rendering", "device": "cuda:0", "model": "svd", "weights": "svd 205d54169cdf", "precision": "fp16",
        "uptime": 100.0, "warm_since": 90.0, "resident_bytes": 3 << 30, "memory_used": 12 << 30, "memory_total": 48 << 30,
        "stages": {"reading": 1.0, "encoding": 2.0, "denoising": 4.0, "decoding": 2.0, "delivering": 1.0},
        "jobs_waiting": 1,
    }  # fmt: skip
    return EngineState(**{**usual, **more})


def hear(window: MonitorWindow, *events: Any) -> None:
    """The window hears of these events, in their order, as if a watch had brought them."""
    for event in events:
        window.model._put(event)
    while len(window.model._mailbox):
        window.model._take()


def cell(window: MonitorWindow, number: int, column: Column) -> str:
    """The text that stands in the row of a job; empty where there is no such row."""
    table = window.queue.table
    row = table.row_of(number)
    return "" if row < 0 else str(table.index(row, int(column)).data())


def rows(window: MonitorWindow) -> List[int]:
    """The numbers of the jobs as they stand, from the top."""
    table = window.queue.table
    return [int(table.index(row, int(Column.NUMBER)).data()) for row in range(table.rowCount())]


def ui_threads() -> List[str]:
    """The monitor's threads that run."""
    return [thread.name for thread in threading.enumerate() if thread.name in _THREADS]
