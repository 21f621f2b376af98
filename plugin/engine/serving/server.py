"""The engine's front: connections, the queue of jobs, and the engine's end. Standard library alone.

    accept thread ──► two threads a client (attendant.py): authenticate, hello, then read messages, and answer at once
                                             │ Render                                      ▲ what monitors are told
                                             ▼                                             │
                                        queue of jobs ──► worker thread (worker.py) ···▶ watch/hub.py
                                                          torch, one job at a time

A client that goes away takes its own jobs with it and nothing else.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Callable, List, Optional, Tuple, Union

from ... import __version__
from ...core.errors import CancelledError, ConnectionLostError, GvmMatteError
from ...protocol.channel import Listener, authenticate_client
from ...protocol.messages import IDLE, PROTOCOL_VERSION, STOPPING, Failed, Status
from ..jobs.job import CANCELLED_WORDS, Job
from ..jobs.log import log
from ..jobs.queue import JobQueue
from ..jobs.resident import machine_memory, resident_bytes
from ..watch.hub import WatchHub
from .client import Client

STOP_SECONDS = 1.0  # what a running job gets to finish its files; an owner's death must end the engine within 2 s


@dataclass(frozen=True, eq=False)
class ReleaseModel:
    """In the queue of jobs: the worker lets go of the model, then calls `done`."""

    done: Callable[[], None]


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
        self._last_busy = self.started = time.monotonic()
        self.watch = WatchHub(self)
        self.jobs: JobQueue[Union[Job, ReleaseModel]] = JobQueue(self.watch.queue_changed)
        self.current: Optional[Job] = None
        # What the worker tells about itself; plain attributes, each written by the worker alone.
        self.state = IDLE
        self.device = ""
        self.model = ""
        self.weights = ""
        self.precision = ""
        self.loaded_at = 0.0
        self.memory: Callable[[], Tuple[int, int]] = machine_memory  # (used, total) bytes of the device; any thread
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
            clients = [client for client in self._clients if client.watcher is None]  # a monitor changes nothing
            if clients or self.current is not None or self.jobs.waiting():
                self._last_busy = time.monotonic()
        if self._idle_timeout and time.monotonic() - self._last_busy > self._idle_timeout:
            self.stop(f"idle for {self._idle_timeout:g} s")

    def _finish(self, worker: Any) -> None:
        """Cancels everything, lets files in writing be finished, and leaves nothing behind."""
        self._listener.close()
        current = self.current
        self._cancel_jobs(None)
        self.jobs.close()
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
            self._cancel_jobs(client)
            if client.watcher is not None:
                self.watch.remove(client.watcher)
            client.close()

    def _cancel_jobs(self, client: Optional[Client]) -> None:
        """Cancels the jobs of one client, or all."""
        for one in [client] if client is not None else list(self._clients):
            for job in list(one.jobs.values()):
                self.cancel(job)

    def cancel(self, job: Job) -> None:
        """Ends a job: one that waits at once, one that runs as soon as its threads see it."""
        if self.jobs.remove(job):
            job.end(Failed(job.id, CancelledError.code, CANCELLED_WORDS))
        else:
            job.cancel()

    def release_model(self, done: Callable[[], None]) -> None:
        """Lets the worker drop the model when it comes to it; `done` is called on its thread then."""
        self.jobs.put(ReleaseModel(done))

    def waiting_jobs(self) -> List[Job]:
        """The jobs in the queue, the next one first."""
        return [item for item in self.jobs.waiting() if isinstance(item, Job)]

    @property
    def current_state(self) -> str:
        """What the engine is doing: a state of `protocol`."""
        return STOPPING if self._stopping.is_set() else self.state

    def status(self, request: int) -> Status:
        """What the engine is doing now."""
        return Status(
            id=request,
            state=self.current_state,
            pid=os.getpid(),
            package=__version__,
            device=self.device,
            model=self.model,
            jobs_waiting=len(self.waiting_jobs()),
            jobs_done=self.jobs_done,
            frames_done=self.frames_done,
            uptime=time.monotonic() - self.started,
            resident_bytes=resident_bytes(),
            idle_timeout=self._idle_timeout,
        )
