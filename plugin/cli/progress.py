"""What a person sees of a render: a bar with frames/s and ETA on a terminal, plain lines elsewhere, a summary."""

from __future__ import annotations

import sys
from typing import Optional, Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ..client import RenderResult
from ..core.frames import FrameRange
from ..core.paths import frame_path
from ..protocol.messages import STAGE_WORDS, Accepted, FrameWritten, Message, Notice
from ..protocol.messages import Progress as ProgressMessage


class FramesPerSecond(ProgressColumn):
    """How fast frames come, once two have."""

    def render(self, task: Task) -> Text:
        """The figure, or a dash."""
        return Text("–" if task.speed is None else f"{task.speed:.2f} frames/s")


class ProgressDisplay:
    """Follows a render's messages; a context manager that leaves the terminal as it was.

    Args:
        devices: of the render, as people know them. Several share one bar, and a notice of one of them names it.
    """

    def __init__(self, *, shown: bool, devices: Sequence[str] = ()) -> None:
        self._devices = devices if len(devices) > 1 else ()
        self._console = Console(stderr=True, quiet=not shown, highlight=False)
        self._progress: Optional[Progress] = None
        self._task: Optional[TaskID] = None
        if shown and sys.stderr.isatty():
            self._progress = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), FramesPerSecond(),
                TextColumn("ETA"), TimeRemainingColumn(), console=self._console, transient=True,
            )  # fmt: skip

    def __enter__(self) -> ProgressDisplay:
        if self._progress is not None:
            self._progress.start()
            self._task = self._progress.add_task("starting the engine", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def update(self, message: Message) -> None:
        """Shows what a message says."""
        if isinstance(message, Notice):
            of = f"{self._devices[message.job - 1]}: " if self._devices and message.job else ""
            self._console.print(f"[yellow]{message.level}[/]: {of}{message.text}", soft_wrap=True)
        elif isinstance(message, Accepted):
            frames = FrameRange.parse(message.frames)
            kept = FrameRange.parse(message.kept)
            self._console.print(
                f"frames {frames} ({len(frames)}) of the shot {message.shot[0]}-{message.shot[1]}"
                + (f", {len(kept)} of them kept" if kept else ""),
                soft_wrap=True,
            )
            if self._progress is not None and self._task is not None:
                self._progress.reset(self._task, total=len(frames) - len(kept), description="loading the model")
        elif self._progress is not None and self._task is not None:
            if isinstance(message, FrameWritten):
                self._progress.advance(self._task)
            elif isinstance(message, ProgressMessage):
                self._progress.update(self._task, description=self._stage(message))

    def _stage(self, message: ProgressMessage) -> str:
        """What is being done: of several engines, each of which is at something else, that they render."""
        if self._devices and message.done < message.total and message.stage != "loading":
            return f"rendering on {len(self._devices)} devices"
        return STAGE_WORDS.get(message.stage, message.stage)

    def summary(self, result: RenderResult, pattern: str) -> None:
        """One line: what was done, how fast, where it is."""
        count, kept = len(result.written), len(result.kept)
        rate = f", {count / result.seconds:.2f} frames/s" if count and result.seconds > 0 else ""
        also = f", {kept} kept" if kept else ""
        again = f", the engine was restarted {result.restarts} times" if result.restarts else ""
        frames = sorted({*result.written, *result.kept})
        where = frame_path(pattern, frames[0]) if frames else pattern
        self._console.print(f"{count} frames in {result.seconds:.1f} s{rate}{also}{again}: {where}", soft_wrap=True)
