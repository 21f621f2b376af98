"""`gvm-matte openjd enter|exit`: the two ends of a farm session, and what a render says to one in between.

`enter` starts the session's warm engine, whose connection file `$GVM_ENGINE_FILE` names; `exit` ends it. Told to end
while it waits for the engine, `enter` takes the engine along: nobody else would know of it.
"""

from __future__ import annotations

import argparse
import os
from contextlib import contextmanager
from typing import Any, Iterator

from ..client import start_warm_engine, stop_warm_engine
from ..errors import GvmMatteError
from ..farm.gpus import take_assigned_gpus
from ..farm.messages import OpenJdMessages
from ..protocol import STAGE_WORDS, Accepted, FrameWritten, Message, Notice, Progress
from .signals import cancelled_by_signals

IDLE_SECONDS = 300.0


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "openjd",
        help="for farm sessions: a warm engine around the tasks",
        description="What a job template of `gvm-matte farm bundle` runs when a session begins and when it ends.",
    )
    parser.add_argument("action", choices=("enter", "exit"))
    parser.add_argument("--idle-timeout", type=float, default=IDLE_SECONDS, metavar="S",
                        help="enter: the engine ends itself after S idle seconds (default %(default)g)")  # fmt: skip
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The subcommand."""
    messages = OpenJdMessages()
    with failing(messages):
        if args.action == "exit":
            ended = stop_warm_engine()
            messages.status("The engine is ended." if ended else "The engine had ended before.")
            return 0
        take_assigned_gpus()
        with cancelled_by_signals("came before the engine was up."):
            engine = start_warm_engine(idle_timeout=args.idle_timeout)
            pid = engine.info.pid
            engine.close()
        messages.status(f"The engine runs as process {pid}.")
    return 0


def in_session() -> bool:
    """Whether a farm session surrounds this process: then it has an engine of its own, and a lost one is replaced."""
    return bool(os.environ.get("GVM_ENGINE_FILE"))


def keep_session_engine() -> None:
    """Starts the session's warm engine where it is lost, with the time that the job gives it when nobody ends it.

    Raises:
        EngineStartError, EngineTimeoutError, ProtocolError: it does not come up.
    """
    try:
        idle = float(os.environ.get("GVM_ENGINE_IDLE", IDLE_SECONDS))
    except ValueError:
        idle = IDLE_SECONDS
    start_warm_engine(idle_timeout=idle).close()


class OpenJdProgress:
    """Follows a render and tells the session."""

    def __init__(self, messages: OpenJdMessages) -> None:
        self._messages = messages
        self._done = self._total = 0

    def update(self, message: Message) -> None:
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

    def finished(self, count: int, kept: int) -> None:
        """The end, also of a render that kept every frame."""
        self._messages.progress(1, 1)
        self._messages.status(f"{count} frames rendered, {kept} kept")


@contextmanager
def failing(messages: OpenJdMessages) -> Iterator[None]:
    """Around work: an error of ours is told to the session as well, in its one sentence."""
    try:
        yield
    except GvmMatteError as exc:
        messages.fail(exc.message)
        raise
