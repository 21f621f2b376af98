"""What `gvm-matte comp` says: bars with frames/s and ETA on a terminal, plain lines elsewhere, events with --json."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Optional, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ..protocol.messages import STAGE_WORDS
from .progress import FramesPerSecond

EVENT_SECONDS = 0.5  # between two progress events of one node


class CompDisplay:
    """Follows nodes and Writes, one at a time; a context manager that leaves the terminal as it was."""

    def __init__(self, *, json: bool, quiet: bool, out: TextIO) -> None:
        self._json, self._out = json, out
        self._console = Console(stderr=True, quiet=json or quiet, highlight=False)
        self._progress: Optional[Progress] = None
        self._task: Optional[TaskID] = None
        self._total, self._done, self._began, self._told = 0, 0, 0.0, 0.0
        self._frames = 0
        if not json and not quiet and sys.stderr.isatty():
            self._progress = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), FramesPerSecond(),
                TextColumn("ETA"), TimeRemainingColumn(), console=self._console, transient=True,
            )  # fmt: skip

    def __enter__(self) -> CompDisplay:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def begin(self, kind: str, name: str, frames: str, count: int) -> None:
        """A node (`kind` "node") or Write ("write") begins with frames of the script."""
        self._total, self._done, self._began, self._told = count, 0, time.monotonic(), 0.0
        self._event(kind, **{kind: name}, frames=frames, count=count)
        self.line(f"{name}: frames {frames} ({count})")
        if self._progress is not None:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(name, total=count)

    def frame(self, kind: str, name: str, frame: int, path: str, *, kept: bool = False) -> None:
        """A frame is on disk, newly or still."""
        self._done += 1
        self._frames += not kept
        self._event("framekept" if kept else "framewritten", **{kind: name}, frame=frame, path=path)
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task)

    def stage(self, name: str, stage: str) -> None:
        """What happens now, and how far it is; told as an event now and then."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=f"{name}: {STAGE_WORDS.get(stage, stage)}")
        now = time.monotonic()
        if self._json and now - self._told > EVENT_SECONDS:
            self._told = now
            speed = self._done / (now - self._began) if self._done else None
            left = (self._total - self._done) / speed if speed else None
            self._event(
                "progress", name=name, stage=stage, done=self._done, total=self._total,
                frames_per_second=speed and round(speed, 3), seconds_left=left and round(left, 1),
            )  # fmt: skip

    def done(self, kind: str, name: str, written: int, kept: int, where: str) -> None:
        """A node or Write has ended well."""
        seconds = time.monotonic() - self._began
        self._event(f"{kind}done", **{kind: name}, written=written, kept=kept, seconds=round(seconds, 3), path=where)
        rate = f", {written / seconds:.2f} frames/s" if written and seconds > 0 else ""
        also = f", {kept} kept" if kept else ""
        self.line(f"{name}: {written} frames in {seconds:.1f} s{rate}{also}: {where}")

    def notice(self, name: str, text: str) -> None:
        """Something to know."""
        self._event("notice", name=name, text=text)
        self.line(f"{name}: {text}")

    def finished(self, seconds: float) -> None:
        """Everything has ended well."""
        self._event("finished", written=self._frames, seconds=round(seconds, 3))

    def line(self, text: str) -> None:
        """A line for people."""
        self._console.print(text, markup=False, soft_wrap=True)

    def _event(self, event: str, **fields: Any) -> None:
        if self._json:
            print(json.dumps({"event": event, **fields}, ensure_ascii=False), file=self._out, flush=True)
