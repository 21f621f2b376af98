"""One client of the engine: a thread that reads and answers, and one that sends.

The reading thread never touches torch, so it answers within a thread switch while a model loads or computes; the sending
one lets a host that does not read hold up nobody.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING, Dict, List, Optional

from ... import __version__
from ...core.errors import ConnectionLostError, FrameBufferError, GvmMatteError, ProtocolError
from ...protocol.channel import Channel
from ...protocol.frame_buffer import FrameRing
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
    Shorten,
    Shutdown,
    StatusRequest,
)
from ...protocol.watching import WATCHER_MESSAGES
from ..jobs.job import Job, Rings
from ..jobs.log import log
from . import monitor_requests as orders

if TYPE_CHECKING:
    from ..watch.watcher import Watcher
    from .server import Server

LAST_WORDS_SECONDS = 1.0  # what is said last may take so long to go out
MAX_OUTBOX = 10_000  # messages that a host may leave unread before it counts as gone


class Client:
    """One authenticated connection: a reading thread (`serve`) and a sending one."""

    def __init__(self, *, channel: Channel, server: Server) -> None:
        self._channel = channel
        self._server = server
        self._rings = Rings()
        self._outbox: queue.SimpleQueue[Optional[Message]] = queue.SimpleQueue()
        self.jobs: Dict[int, Job] = {}
        self.pid = 0  # as it says in its hello
        self.watcher: Optional[Watcher] = None

    def serve(self) -> None:
        """Reads and answers until the client goes away or breaks the protocol."""
        sender = threading.Thread(target=self._send_all, name="outbox", daemon=True)
        sender.start()
        try:
            hello = self._channel.receive(AUTHENTICATION_SECONDS)
            self.send(HelloReply(PROTOCOL_VERSION, __version__, os.getpid(), self._server.device))
            if not isinstance(hello, Hello):
                raise ProtocolError(f"The first message is {type(hello).__name__}; a connection begins with Hello.")
            if hello.protocol != PROTOCOL_VERSION:
                raise ProtocolError(f"A host speaks protocol {hello.protocol}, this engine {PROTOCOL_VERSION}.")
            self.pid = hello.pid
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

    def backlog(self) -> int:
        """Messages that it has not taken in yet."""
        return self._outbox.qsize()

    def take_rings(self) -> Rings:
        """The rings that it attached last; they are the caller's from now on."""
        rings, self._rings = self._rings, Rings()
        return rings

    def close(self) -> None:
        """Closes the connection; its threads end by themselves."""
        self._channel.close()
        self._rings.close()
        if self.watcher is not None:
            self.watcher.close()

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
        server = self._server
        if isinstance(message, Ping):
            self.send(Pong(message.id))
        elif isinstance(message, StatusRequest):
            self.send(server.status(message.id))
        elif isinstance(message, Attach):
            self._attach(message)
        elif isinstance(message, Render):
            self._queue(message)
        elif isinstance(message, (PlateReady, PlateFailed, AlphaTaken)):
            job = self.jobs.get(message.job)
            if job is not None:  # else: it ended while the message was on its way
                try:
                    job.feed(message)
                except FrameBufferError as exc:
                    raise ProtocolError(f"A slot was given back that is not out: {exc}") from exc
        elif isinstance(message, Shorten):
            job = self.jobs.get(message.job)
            if job is not None:  # else: its end is the answer
                job.shorten(message)
        elif isinstance(message, Cancel):
            job = self.jobs.get(message.job)
            if job is None:
                self.send(Failed(message.job, "cancelled", "There is no such job any more."))
            else:
                server.cancel(job)
        elif isinstance(message, WATCHER_MESSAGES):
            orders.answer(message, client=self, server=server)
        elif isinstance(message, Shutdown):
            server.stop("a client asked for it")
        else:
            raise ProtocolError(f"{type(message).__name__} is a message for hosts, not for engines.")

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

    def _queue(self, message: Render) -> None:
        if message.id in self.jobs:
            raise ProtocolError(f"The job id {message.id} is in use.")
        register = self._server.watch.register
        record = None if message.dry_run else register.add(message, self.pid)  # hosts look at what is on disk all the time
        job = Job(request=message, rings=self.take_rings(), send=self.send, forget=self._forget, record=record)
        if record is not None:
            record.job = job
        self.jobs[message.id] = job
        self._server.jobs.put(job)

    def _forget(self, job: int) -> None:
        self.jobs.pop(job, None)
