"""What monitors ask for, answered in their connection's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import FrameBufferError, GvmMatteError, ProtocolError, UsageError
from ...protocol.messages import Failed, Message
from ...protocol.watching import CancelJob, MoveJob, Ordered, PictureTaken, Release, Show, Watch, Watching
from ..watch.register import JobRecord
from ..watch.watcher import Watcher

if TYPE_CHECKING:
    from .client import Client
    from .server import Server


def answer(message: Message, *, client: Client, server: Server) -> None:
    """Answers one message of a monitor, or puts its answer on its way.

    Raises:
        ProtocolError: slots were given back that were not out.
    """
    if isinstance(message, PictureTaken):
        _taken(message, client)
        return
    assert isinstance(message, (Watch, CancelJob, MoveJob, Release, Show))
    try:
        if isinstance(message, Watch):
            _watch(message, client, server)
        elif isinstance(message, CancelJob):
            _cancel(message, server)
            client.send(Ordered(message.id))
        elif isinstance(message, MoveJob):
            _move(message, server)
            client.send(Ordered(message.id))
        elif isinstance(message, Release):
            _release(message, client, server)
        else:
            _show(message, client, server)
    except GvmMatteError as exc:
        client.send(Failed(message.id, exc.code, exc.message, exc.frame, exc.path))


def _watch(message: Watch, client: Client, server: Server) -> None:
    if client.watcher is not None:
        raise UsageError("This connection watches already.")
    rings = client.take_rings() if message.pictures else None
    if rings is not None and (rings.plates is None or rings.alphas is None):
        rings.close()
        raise FrameBufferError("Pictures need two rings: attach one for plates and one for alphas first.")
    client.watcher = Watcher(client.send, client.backlog, rings, max(0, message.longest))
    client.send(Watching(message.id))
    server.watch.add(client.watcher)


def _taken(message: PictureTaken, client: Client) -> None:
    try:
        if client.watcher is None:
            raise FrameBufferError("this connection does not watch")
        client.watcher.taken(message)
    except FrameBufferError as exc:
        raise ProtocolError(f"A slot was given back that is not out: {exc}") from exc


def _open_record(number: int, server: Server) -> JobRecord:
    record = server.watch.register.find(number)
    if record is None:
        raise UsageError(f"The engine knows of no job {number}.")
    if record.job is None:
        raise UsageError(f"Job {number} has ended already.")
    return record


def _cancel(message: CancelJob, server: Server) -> None:
    job = _open_record(message.number, server).job
    if job is not None:  # else: it ended just now
        server.cancel(job)


def _move(message: MoveJob, server: Server) -> None:
    job = _open_record(message.number, server).job
    before = _open_record(message.before, server).job if message.before else None
    gone = job is None or (message.before and before is None)
    if gone or job is None or not server.jobs.move(job, before):
        raise UsageError("Only jobs that wait can change places; one of these runs or has ended.")


def _release(message: Release, client: Client, server: Server) -> None:
    if server.current is not None or server.waiting_jobs():
        raise UsageError("The model is in use: a job runs or waits. Release it when the engine is idle.")
    server.release_model(lambda: client.send(Ordered(message.id)))


def _show(message: Show, client: Client, server: Server) -> None:
    if client.watcher is None or client.watcher.rings is None:
        raise UsageError("Only a connection that watches pictures can be shown one.")
    if message.source.type != "files":
        raise UsageError("Only plates in files can be shown; these come from a host.")
    server.watch.showing.ask(message, client.watcher)
