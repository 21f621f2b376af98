"""One client of the engine: a thread that reads and answers, and one that sends.

The reading thread never touches torch, so it answers within a thread switch while a model loads or computes; with a sending
one, a host that does not read holds up no other.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import Any, Callable, ClassVar, Dict, List, Optional, Type, Union

from ... import __version__
from ...core.errors import ConnectionLostError, FrameBufferError, GvmMatteError, ProtocolError
from ...protocol.channel import Channel
from ...protocol.frame_buffer import FrameRing
from ...protocol.message import HOST, WATCHER
from ...protocol.messages import (
    AUTHENTICATION_SECONDS,
    PROTOCOL_VERSION,
    AlphaTaken,
    Attach,
    Attached,
    Cancel,
    Failed,
    Hello,
    HelloReply,
    Message,
    Ping,
    PlateFailed,
    PlateReady,
    Pong,
    Render,
    Shutdown,
    StatusRequest,
)
from ..jobs.job import Job, Rings
from ..jobs.log import log
from .engine import Engine
from .monitor_requests import MonitorRequests

LAST_WORDS_SECONDS = 1.0  # what is said last may take so long to go out
MAX_OUTBOX = 10_000  # messages that a host may leave unread before it counts as gone


class Client:
    """One authenticated connection: a reading thread (`serve`) and a sending one."""

    def __init__(self, *, channel: Channel, engine: Engine) -> None:
        self._channel = channel
        self._engine = engine
        self._rings = Rings()
        self._outbox: queue.SimpleQueue[Optional[Message]] = queue.SimpleQueue()
        self._jobs: Dict[int, Job] = {}
        self._pid = 0  # as it says in its hello
        self._monitor = MonitorRequests(engine, send=self.send, backlog=self._outbox.qsize, take_rings=self._take_rings)

    def serve(self) -> None:
        """Reads and answers until the client goes away or breaks the protocol."""
        sender = threading.Thread(target=self._send_all, name="outbox", daemon=True)
        sender.start()
        try:
            hello = self._channel.receive(AUTHENTICATION_SECONDS)
            self.send(HelloReply(PROTOCOL_VERSION, __version__, os.getpid(), self._engine.status.device))
            if not isinstance(hello, Hello):
                raise ProtocolError(f"The first message is {type(hello).__name__}; a connection begins with Hello.")
            if hello.protocol != PROTOCOL_VERSION:
                raise ProtocolError(f"A host speaks protocol {hello.protocol}, this engine {PROTOCOL_VERSION}.")
            self._pid = hello.pid
            while True:
                self._answer(self._channel.receive())
        except ConnectionLostError:
            pass
        except GvmMatteError as exc:
            log(f"a client was dropped: {exc}")
            self.send(Failed(0, exc.code, exc.message))
        finally:
            self._outbox.put(None)
            sender.join(LAST_WORDS_SECONDS)  # the last words: which version, which error

    def send(self, message: Message) -> None:
        """Puts a message on its way; never blocks. A host that reads nothing for too long is dropped."""
        if self._outbox.qsize() > MAX_OUTBOX:
            self.close()
            return
        self._outbox.put(message)

    @property
    def watches(self) -> bool:
        """Whether it is a monitor."""
        return self._monitor.watcher is not None

    def cancel_jobs(self) -> None:
        """Cancels all that it asked for."""
        for job in list(self._jobs.values()):
            self._engine.cancel(job)

    def close(self) -> None:
        """Closes the connection; its threads end by themselves."""
        self._channel.close()
        self._rings.close()
        self._monitor.close()

    def _send_all(self) -> None:
        """The sending thread: ends, and closes the connection, after the last message or when the peer is gone."""
        while True:
            message = self._outbox.get()
            if message is None:
                break
            try:
                self._channel.send(message)
            except (GvmMatteError, OSError):
                break
        self._channel.close()

    def _answer(self, message: Message) -> None:
        if message.sender == HOST and message.scope == WATCHER:
            self._monitor.answer(message)
        elif type(message) in self._handlers:
            self._handlers[type(message)](self, message)
        else:
            raise ProtocolError(f"{type(message).__name__} is not expected from a host.")

    def _pong(self, message: Ping) -> None:
        self.send(Pong(message.id))

    def _status(self, message: StatusRequest) -> None:
        self.send(self._engine.tell(message.id))

    def _feed(self, message: Union[PlateReady, PlateFailed, AlphaTaken]) -> None:
        job = self._jobs.get(message.job)
        if job is None:  # it ended while the message was on its way
            return
        try:
            job.feed(message)
        except FrameBufferError as exc:
            raise ProtocolError(f"A slot was given back that is not out: {exc}") from exc

    def _cancel(self, message: Cancel) -> None:
        job = self._jobs.get(message.job)
        if job is None:
            self.send(Failed(message.job, "cancelled", "There is no such job any more."))
        else:
            self._engine.cancel(job)

    def _shutdown(self, message: Shutdown) -> None:
        self._engine.stop("a client asked for it")

    def _attach(self, message: Attach) -> None:
        specs = (message.plates, message.alphas)
        handles = self._channel.receive_handles(sum(spec is not None for spec in specs))
        self._rings.close()
        self._rings = Rings()
        rings: List[Optional[FrameRing]] = []
        waiting = list(handles)
        try:
            for spec in specs:
                rings.append(None if spec is None else FrameRing.attach(spec, waiting.pop(0) if waiting else None))
        except GvmMatteError as exc:
            for handle in waiting:
                os.close(handle)
            self.send(Failed(message.id, exc.code, exc.message))
            return
        self._rings = Rings(*rings)
        self.send(Attached(message.id))

    def _take_rings(self) -> Rings:
        """The rings that were attached last; they are the caller's from now on."""
        rings, self._rings = self._rings, Rings()
        return rings

    def _queue(self, message: Render) -> None:
        if message.id in self._jobs:
            raise ProtocolError(f"The job id {message.id} is in use.")
        register = self._engine.watch.register
        record = None if message.dry_run else register.add(message, self._pid)  # hosts look at what is on disk all the time
        job = Job(request=message, rings=self._take_rings(), send=self.send, forget=self._forget, record=record)
        if record is not None:
            record.job = job
        self._jobs[message.id] = job
        self._engine.jobs.put(job)

    def _forget(self, job: int) -> None:
        self._jobs.pop(job, None)

    _handlers: ClassVar[Dict[Type[Message], Callable[[Client, Any], None]]] = {
        Ping: _pong,
        StatusRequest: _status,
        Attach: _attach,
        Render: _queue,
        PlateReady: _feed,
        PlateFailed: _feed,
        AlphaTaken: _feed,
        Cancel: _cancel,
        Shutdown: _shutdown,
    }
