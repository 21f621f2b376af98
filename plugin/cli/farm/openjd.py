"""`gvm-matte openjd enter|exit`: the two ends of a farm session, and what a render says to one in between.

    enter   a warm engine for each device of `$GVM_ENGINE_DEVICES`, their connection files beside `$GVM_ENGINE_FILE`
    tasks   use those engines, and start another one where one is lost
    exit    ends them all

Told to end while it waits for an engine, `enter` ends them all: no other process would know of them. It looks at no device:
what is not there is a task's failure, which farms count and try elsewhere, and not the session's.
"""

from __future__ import annotations

import argparse
import platform
from contextlib import contextmanager, suppress
from typing import Any, Iterator, List, Sequence

from ...client import RenderResult
from ...client.devices.sessions import session_devices, start_warm_engines
from ...client.warm import stop_warm_engines
from ...core.errors import DeviceError, GvmMatteError
from ...farm.gpus import check_assigned_gpus, take_assigned_gpus
from ...farm.openjd.messages import OpenJdMessages
from ...protocol.messages import STAGE_WORDS, Accepted, FrameWritten, Message, Notice, Progress
from ..progress import JOB, Follower, Item
from ..signals import cancelled_by_signals

IDLE_SECONDS = 300.0


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "openjd",
        help="for farm sessions: warm engines around the tasks",
        description="What a job template of `gvm-matte farm bundle` runs when a session begins and when it ends.",
    )
    parser.add_argument("action", choices=("enter", "exit"))
    words = "enter: an engine ends itself after S idle seconds (default %(default)g)"
    parser.add_argument("--idle-timeout", type=float, default=IDLE_SECONDS, metavar="S", help=words)
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The subcommand."""
    messages = OpenJdMessages()
    with failing(messages):
        if args.action == "exit":
            ended = stop_warm_engines()
            several = f"{ended} engines are ended." if ended > 1 else "The engine is ended."
            messages.status(several if ended else "The engine had ended before.")
            return 0
        devices = session_devices()
        take_assigned_gpus()
        try:
            check_assigned_gpus(devices)
        except DeviceError as exc:
            messages.status(f"No engine is started, since tasks will fail. {exc.message}")
            return 0
        pids = [str(pid) for pid in _start(devices, args.idle_timeout)]
        one = f"The engine runs as process {pids[0]}."
        messages.status(one if len(pids) == 1 else f"{len(pids)} engines run as processes {', '.join(pids)}.")
    return 0


def _start(devices: Sequence[str], idle_timeout: float) -> List[int]:
    """The process ids of the session's engines, which are started; none stays where one does not come up."""
    word = "the engine was" if len(devices) == 1 else "the engines were"
    with cancelled_by_signals(f"came before {word} up."):
        try:
            engines = start_warm_engines(devices, idle_timeout=idle_timeout)
        except BaseException:
            with suppress(GvmMatteError):  # it is the start's error that counts
                stop_warm_engines()
            raise
        pids = [engine.info.pid for engine in engines]
        for engine in engines:
            engine.close()
    return pids


class OpenJdProgress(Follower):
    """Follows a render and tells the session."""

    def __init__(self, messages: OpenJdMessages) -> None:
        self._messages = messages
        self._done = self._total = 0

    def hear(self, message: Message, item: Item = JOB) -> None:
        """Tells what a message says, if it is something for a session."""
        if isinstance(message, Accepted):
            self._messages.status(f"frames {message.frames} of the shot {message.shot[0]}-{message.shot[1]}")
        elif isinstance(message, Notice):
            self._messages.status(f"{message.level}: {message.text}")
        elif isinstance(message, Progress):
            self._total = message.total
            self._messages.status(STAGE_WORDS.get(message.stage, message.stage))
            self._messages.progress(message.done, message.total)
        elif isinstance(message, FrameWritten):
            self._done += 1
            if self._total:
                self._messages.progress(self._done, self._total)

    def done(self, result: RenderResult, where: str, item: Item = JOB) -> None:
        """The end, also of a render that kept every frame."""
        self._messages.progress(1, 1)
        self._messages.status(f"{len(result.written)} frames rendered, {len(result.kept)} kept")


@contextmanager
def failing(messages: OpenJdMessages) -> Iterator[None]:
    """Around work: an error of ours is told to the session as well, in its one sentence.

    The message is read elsewhere: one about a device says which worker has no such thing, and how a job does without.
    """
    try:
        yield
    except GvmMatteError as exc:
        if type(exc) is not DeviceError:
            messages.fail(exc.message)
            raise
        words = f"This worker is {platform.node()}; a job made with --gpus 0 and --device auto takes CPUs, too."
        told = f"{exc.message} {words}"
        messages.fail(told)
        raise DeviceError(told, frame=exc.frame, path=exc.path) from exc
