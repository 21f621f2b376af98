"""One render as the host sees it."""

from __future__ import annotations

import contextlib
import queue
from typing import TYPE_CHECKING, Optional, Union

from ..core.errors import ConnectionLostError, GvmMatteError, from_code
from ..protocol.messages import (
    Accepted,
    AlphaReady,
    Cancel,
    Done,
    Failed,
    FrameKept,
    FrameWritten,
    Message,
    Notice,
    Progress,
    SlotFree,
    Surveyed,
)

if TYPE_CHECKING:
    from .connection import EngineConnection

JobMessage = Union[
    Accepted, SlotFree, AlphaReady, FrameWritten, FrameKept, Surveyed, Notice, Progress, Done, Failed,
]  # fmt: skip
JOB_MESSAGES = (
    Accepted, SlotFree, AlphaReady, FrameWritten, FrameKept, Surveyed, Notice, Progress, Done, Failed,
)  # fmt: skip


class EngineJob:
    """One render as the host sees it; made by `EngineConnection.render`. Used by one thread."""

    def __init__(
        self, *, connection: EngineConnection, number: int, inbox: queue.SimpleQueue[Union[JobMessage, GvmMatteError]]
    ) -> None:
        self.id = number
        self._connection = connection
        self._inbox = inbox

    def next(self, timeout: float) -> Optional[JobMessage]:
        """The job's next message, or None if none came within `timeout` seconds.

        Raises:
            EngineTimeoutError: the engine hangs.
            ConnectionLostError: it is gone.
            ProtocolError: it broke the protocol.
        """
        try:
            found = self._inbox.get(timeout=timeout)
        except queue.Empty:
            self._connection.check_alive()
            return None
        if isinstance(found, GvmMatteError):
            raise again(found)
        return found

    def send(self, message: Message) -> None:
        """Sends a message of this job.

        Raises:
            ConnectionLostError: the engine is gone.
        """
        self._connection.send(message)

    def cancel(self) -> None:
        """Asks for the job's end; its last message tells of it. An engine that is gone is no error here."""
        with contextlib.suppress(ConnectionLostError):
            self._connection.send(Cancel(self._connection.new_id(), self.id))

    def forget(self) -> None:
        """Drops what still comes of this job."""
        self._connection.forget(self.id)


def again(error: GvmMatteError) -> GvmMatteError:
    """The same error for one more thread: an exception object belongs to one traceback."""
    copy = from_code(error.code, error.message, frame=error.frame, path=error.path)
    copy.__cause__ = error
    return copy
