"""The engine's front: connections, requests, the queue of jobs, and the engine's end. Standard library alone.

    accept thread ──► a thread a client: authenticate, hello, then read messages ──► answers at once (ping, status, cancel)
                                             │ Render                               ▲ a sending thread a client, so that a
                                             ▼                                      │ host that does not read stops nobody
                                        queue of jobs ──► worker thread (worker.py): torch, one job at a time

The reading threads never touch torch, so they answer within a thread switch while a model loads or computes. A client
that goes away takes its own jobs with it and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any, Dict, List, Optional

from .. import __version__
from ..channel import Channel, Listener, authenticate_client
from ..errors import ConnectionLostError, FrameBufferError, GvmMatteError, ProtocolError
from ..frame_buffer import FrameRing
from ..protocol import (
    AUTHENTICATION_SECONDS,
    IDLE,
    PROTOCOL_VERSION,
    STOPPING,
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
    Status,
    StatusRequest,
)  # fmt: skip
from .jobs import Job, Rings
from .resident import resident_bytes

STOP_SECONDS = 1.0  # what a running job gets to finish its files; an owner's death must end the engine within 2 s
MAX_OUTBOX = 10_000  # messages that a host may leave unread before it counts as gone


class Server:
    """Serves clients until `stop`."""

    def __init__(self, *, listener: Listener, key: bytes, idle_timeout: float = 0.0) -> None:
        self._listener = listener
        self._key = key
        self._idle_timeout = idle_timeout
        self._stopping = threading.Event()
        self._reason = ""
        self._lock = threading.Lock()
        self._clients: List[Client] = []
        self._last_busy = self._started = time.monotonic()
        self.jobs: queue.Queue[Optional[Job]] = queue.Queue()
        self.current: Optional[Job] = None
        # What the worker tells about itself; plain attributes, each written by the worker alone.
        self.state = IDLE
        self.device = ""
        self.model = ""
        self.jobs_done = 0
        self.frames_done = 0

    def run(self) -> int:
        """Serves; returns the exit code. Call it on the main thread: it sets signal handlers."""
        from .worker import Worker

        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda number, _frame: self.stop(f"signal {number}"))
        threading.Thread(target=self._accept, name="accept", daemon=True).start()
        worker = Worker(self)
        worker.start()
        log(f"engine {__version__}, protocol {PROTOCOL_VERSION}, pid {os.getpid()}, listens")
        while not self._stopping.wait(0.25):
            self._check_idle()
        self.state = STOPPING
        log(f"engine ends: {self._reason}")
        self._finish(worker)
        return 0

    def stop(self, reason: str) -> None:
        """Asks for the engine's end."""
        self._reason = self._reason or reason
        self._stopping.set()

    def _check_idle(self) -> None:
        with self._lock:
            if self._clients or self.current is not None or not self.jobs.empty():
                self._last_busy = time.monotonic()
        if self._idle_timeout and time.monotonic() - self._last_busy > self._idle_timeout:
            self.stop(f"idle for {self._idle_timeout:g} s")

    def _finish(self, worker: Any) -> None:
        """Cancels everything, lets files in writing be finished, and leaves nothing behind."""
        self._listener.close()
        current = self.current
        self.cancel_jobs(None)
        self.jobs.put(None)
        worker.join(STOP_SECONDS)
        if worker.is_alive() and current is not None:  # deep in one layer: its half-written files go with it
            worker.discard_files()
        for client in list(self._clients):
            client.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection = self._listener.accept()
            except ConnectionLostError:  # closed: the engine ends
                return
            threading.Thread(target=self._serve, args=(connection,), name="client", daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        try:
            channel = authenticate_client(connection, self._key)
            client = Client(channel=channel, server=self)
        except (GvmMatteError, OSError) as exc:
            log(f"a connection was refused: {exc}")
            return
        with self._lock:
            self._clients.append(client)
        try:
            client.serve()
        finally:
            with self._lock:
                self._clients.remove(client)
            self.cancel_jobs(client)
            client.close()

    def cancel_jobs(self, client: Optional[Client]) -> None:
        """Cancels the jobs of one client, or all."""
        with self.jobs.mutex:
            waiting = [job for job in self.jobs.queue if job is not None]
        for job in [*waiting, self.current]:
            if job is not None and (client is None or client.jobs.get(job.id) is job):
                job.cancel()

    def status(self, request: int) -> Status:
        """What the engine is doing now."""
        return Status(
            id=request,
            state=STOPPING if self._stopping.is_set() else self.state,
            pid=os.getpid(),
            package=__version__,
            device=self.device,
            model=self.model,
            jobs_waiting=self.jobs.qsize(),
            jobs_done=self.jobs_done,
            frames_done=self.frames_done,
            uptime=time.monotonic() - self._started,
            resident_bytes=resident_bytes(),
            idle_timeout=self._idle_timeout,
        )


class Client:
    """One authenticated connection: a reading thread (`serve`) and a sending one."""

    def __init__(self, *, channel: Channel, server: Server) -> None:
        self._channel = channel
        self._server = server
        self._rings = Rings()
        self._outbox: queue.SimpleQueue[Optional[Message]] = queue.SimpleQueue()
        self.jobs: Dict[int, Job] = {}

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
            while True:
                self._answer(self._channel.receive())
        except ConnectionLostError:
            pass
        except GvmMatteError as exc:
            log(f"a client was dropped: {exc}")
            self.send(Failed(0, exc.code, exc.message))
        finally:
            self._outbox.put(None)
            sender.join(STOP_SECONDS)  # the last words: which version, which error

    def send(self, message: Message) -> None:
        """Puts a message on its way; never blocks. A host that reads nothing for too long is dropped."""
        if self._outbox.qsize() > MAX_OUTBOX:
            self.close()
            return
        self._outbox.put(message)

    def close(self) -> None:
        """Closes the connection; its threads end by themselves."""
        self._channel.close()
        self._rings.close()

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
        elif isinstance(message, Cancel):
            job = self.jobs.get(message.job)
            if job is None:
                self.send(Failed(message.job, "cancelled", "There is no such job any more."))
            else:
                job.cancel()
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
        rings, self._rings = self._rings, Rings()
        job = Job(request=message, rings=rings, send=self.send, forget=self._forget)
        self.jobs[message.id] = job
        self._server.jobs.put(job)

    def _forget(self, job: int) -> None:
        self.jobs.pop(job, None)


def log(text: str) -> None:
    """One line of the engine's log: its stdout, which is nothing else. Nobody may be there to read it any more."""
    with contextlib.suppress(OSError, ValueError):
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True, file=sys.stdout)
