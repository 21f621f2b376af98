"""What a command tells while it renders. A render's messages go to one follower, for `render` and for `comp` alike:

    Follower    keeps quiet (--quiet)
    Bar         a bar with frames/s and ETA on a terminal, lines elsewhere, a summary
    JsonLines   one event a line (--json): the message's kind in lower case with its fields

A farm session has a follower of its own (`farm/openjd.py`).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from dataclasses import dataclass
from typing import Any, Dict, Optional, TextIO, Tuple

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ..client import RenderResult
from ..client.devices.sessions import numbered
from ..core.frames import FrameRange
from ..core.paths import frame_path
from ..protocol.messages import STAGE_WORDS, Accepted, FrameWritten, Message, Notice
from ..protocol.messages import Progress as ProgressMessage


@dataclass(frozen=True)
class Item:
    """What is rendered: a script's `node` or `write` by its name, or the command's one job, which has none.

    `devices`: a message that is about one of several has its number, from 1 on, as `job`.
    """

    kind: str = ""
    name: str = ""
    devices: Tuple[str, ...] = ()

    def device(self, number: int, *, told_apart: bool = False) -> str:
        """The device that a message with this number is about, where there are several; equal ones `told_apart`."""
        names = numbered(self.devices) if told_apart else self.devices
        return names[number - 1] if len(self.devices) > 1 and number else ""


JOB = Item()


class Follower:
    """Hears of renders, one at a time, and keeps quiet; a context manager that leaves the terminal as it was."""

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def hear(self, message: Message, item: Item = JOB) -> None:
        """A message of a render."""

    def done(self, result: RenderResult, where: str, item: Item = JOB) -> None:
        """A render has ended well; `where`: its first file."""

    def finished(self, seconds: float) -> None:
        """A command of several renders has ended well."""


def first_file(result: RenderResult, pattern: str, *, offset: int = 0) -> str:
    """A result's first file, or the pattern where there is none; `offset`: the result's frame less the file's."""
    frames = (*result.written, *result.kept)
    return frame_path(pattern, min(frames) - offset) if frames else pattern


def follower_of(args: argparse.Namespace, *, out: Optional[TextIO] = None) -> Follower:
    """The one that the command line asks for.

    Args:
        out: where events go; None: stdout.
    """
    if args.json:
        return JsonLines(out)
    return Follower() if args.quiet else Bar()


class JsonLines(Follower):
    """Prints events; those about a script's node or Write name it under `node` or `write`."""

    def __init__(self, out: Optional[TextIO] = None) -> None:
        self._out = out

    def hear(self, message: Message, item: Item = JOB) -> None:
        """The message, without its job's number; of several devices, which one it is about."""
        fields: Dict[str, Any] = dataclasses.asdict(message)
        number = fields.pop("job", 0)
        device = item.device(number)
        if device:
            fields.update(device=device, engine=number)
        self._print(type(message).__name__.lower(), item, fields)

    def done(self, result: RenderResult, where: str, item: Item = JOB) -> None:
        """The result."""
        self._print("finished", item, dataclasses.asdict(result))

    def finished(self, seconds: float) -> None:
        """The end of all."""
        self._print("finished", JOB, {"seconds": round(seconds, 3)})

    def _print(self, event: str, item: Item, fields: Dict[str, Any]) -> None:
        named = {item.kind: item.name} if item.kind else {}
        print_event(event, out=self._out, **named, **fields)


def print_event(event: str, *, out: Optional[TextIO] = None, **fields: Any) -> None:
    """One JSON line, on stdout or to `out`."""
    print(json.dumps({"event": event, **fields}, ensure_ascii=False), file=out or sys.stdout, flush=True)


class FramesPerSecond(ProgressColumn):
    """How fast frames come, once two have."""

    def render(self, task: Task) -> Text:
        """The figure, or a dash."""
        return Text("–" if task.speed is None else f"{task.speed:.2f} frames/s")


class Bar(Follower):
    """Shows renders on stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), FramesPerSecond()
        self._bar = Progress(
            *columns, TextColumn("ETA"), TimeRemainingColumn(), console=self._console, transient=True,
            disable=not sys.stderr.isatty(),
        )  # fmt: skip
        self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> Follower:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def hear(self, message: Message, item: Item = JOB) -> None:
        """Shows what a message says."""
        name = f"{item.name}: " if item.name else ""
        if isinstance(message, Notice):
            device = item.device(message.job, told_apart=True)
            text = f": {name}{device}: {message.text}" if device else f": {name}{message.text}"
            self._line(Text.assemble((message.level, "yellow"), text))
        elif isinstance(message, Accepted):
            frames, kept = FrameRange.parse(message.frames), FrameRange.parse(message.kept)
            shot = "{}-{}".format(*message.shot)
            also = f", {len(kept)} of them kept" if kept else ""
            self._line(Text(f"{name}frames {frames} ({len(frames)}) of the shot {shot}{also}"))
            stage = f"{name}{STAGE_WORDS['loading']}"
            self._bar.reset(self._task, total=len(frames) - len(kept), description=stage)
        elif isinstance(message, FrameWritten):
            self._bar.advance(self._task)
        elif isinstance(message, ProgressMessage):
            self._bar.update(self._task, description=name + _stage(message, item))

    def done(self, result: RenderResult, where: str, item: Item = JOB) -> None:
        """One line: what was done, how fast, where it is."""
        name = f"{item.name}: " if item.name else ""
        count, kept = len(result.written), len(result.kept)
        rate = f", {count / result.seconds:.2f} frames/s" if count and result.seconds > 0 else ""
        also = f", {kept} kept" if kept else ""
        again = f", the engine was restarted {result.restarts} times" if result.restarts else ""
        self._line(Text(f"{name}{count} frames in {result.seconds:.1f} s{rate}{also}{again}: {where}"))

    def _line(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def _stage(message: ProgressMessage, item: Item) -> str:
    """What is being done: of several engines, each of which is at something else, that they render."""
    if len(item.devices) > 1 and message.done < message.total and message.stage != "loading":
        return f"rendering on {len(item.devices)} devices"
    return STAGE_WORDS.get(message.stage, message.stage)
