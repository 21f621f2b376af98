"""What monitors ask for, answered in their connection's thread."""

from __future__ import annotations

from typing import Any, Callable, ClassVar, Dict, Optional, Type

from ...core.errors import FrameBufferError, GvmMatteError, ProtocolError, UsageError
from ...protocol.messages import Failed, Message
from ...protocol.watching import CancelJob, MoveJob, Ordered, PictureTaken, Release, Show, Watch, Watching
from ..jobs.job import Rings
from ..watch.register import JobRecord
from ..watch.watcher import Watcher
from .engine import Engine


class MonitorRequests:
    """The requests of one connection, which watches from its first `Watch` on.

    Args:
        send: puts a message on its way to the monitor and never blocks.
        backlog: messages on their way.
        take_rings: the rings that the monitor attached last.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        send: Callable[[Message], None],
        backlog: Callable[[], int],
        take_rings: Callable[[], Rings],
    ) -> None:
        self._engine, self._send, self._backlog, self._take_rings = engine, send, backlog, take_rings
        self.watcher: Optional[Watcher] = None

    def answer(self, message: Message) -> None:
        """Answers one message, or puts its answer on its way.

        Raises:
            ProtocolError: slots were given back that were not out.
        """
        if isinstance(message, PictureTaken):
            self._taken(message)
            return
        try:
            self._handlers[type(message)](self, message)
        except GvmMatteError as exc:
            self._send(Failed(getattr(message, "id", 0), exc.code, exc.message, exc.frame, exc.path))

    def close(self) -> None:
        """The connection is gone: its monitor is told nothing more."""
        if self.watcher is not None:
            self._engine.watch.remove(self.watcher)
            self.watcher.close()

    def _watch(self, message: Watch) -> None:
        if self.watcher is not None:
            raise UsageError("This connection watches already.")
        rings = self._take_rings() if message.pictures else None
        if rings is not None and (rings.plates is None or rings.alphas is None):
            rings.close()
            raise FrameBufferError("Pictures need two rings: attach one for plates and one for alphas first.")
        self.watcher = Watcher(self._send, self._backlog, rings, max(0, message.longest))
        self._send(Watching(message.id))
        self._engine.watch.add(self.watcher)

    def _taken(self, message: PictureTaken) -> None:
        try:
            if self.watcher is None:
                raise FrameBufferError("this connection does not watch")
            self.watcher.taken(message)
        except FrameBufferError as exc:
            raise ProtocolError(f"A slot was given back that is not out: {exc}") from exc

    def _open_record(self, number: int) -> JobRecord:
        record = self._engine.watch.register.find(number)
        if record is None:
            raise UsageError(f"The engine knows of no job {number}.")
        if record.job is None:
            raise UsageError(f"Job {number} has ended already.")
        return record

    def _cancel(self, message: CancelJob) -> None:
        job = self._open_record(message.number).job
        if job is not None:  # else: it ended just now
            self._engine.cancel(job)
        self._send(Ordered(message.id))

    def _move(self, message: MoveJob) -> None:
        job = self._open_record(message.number).job
        before = self._open_record(message.before).job if message.before else None
        gone = job is None or (message.before and before is None)
        if gone or job is None or not self._engine.jobs.move(job, before):
            raise UsageError("Only jobs that wait can change places; one of these runs or has ended.")
        self._send(Ordered(message.id))

    def _release(self, message: Release) -> None:
        if self._engine.status.current is not None or self._engine.waiting_jobs():
            raise UsageError("The model is in use: a job runs or waits. Release it when the engine is idle.")
        self._engine.release_model(lambda: self._send(Ordered(message.id)))

    def _show(self, message: Show) -> None:
        if self.watcher is None or self.watcher.rings is None:
            raise UsageError("Only a connection that watches pictures can be shown one.")
        if message.source.type != "files":
            raise UsageError("Only plates in files can be shown; these come from a host.")
        self._engine.watch.showing.ask(message, self.watcher)

    _handlers: ClassVar[Dict[Type[Message], Callable[[MonitorRequests, Any], None]]] = {
        Watch: _watch,
        CancelJob: _cancel,
        MoveJob: _move,
        Release: _release,
        Show: _show,
    }
