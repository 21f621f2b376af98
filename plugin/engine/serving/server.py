"""The engine's front: its connections, from the first to the last. Standard library alone.

    accept thread ──► two threads a client (client.py): authenticate, hello, then read messages, and answer at once
                                             │ Render                                      ▲ what monitors are told
                                             ▼                                             │
                              engine.py: queue of jobs ──► worker thread (worker.py) ···▶ watch/hub.py
                                                           torch, one job at a time

A client that goes away takes its own jobs with it and nothing else.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from typing import List

from ... import __version__
from ...core.errors import ConnectionLostError, GvmMatteError
from ...protocol.channel import Listener, authenticate_client
from ...protocol.messages import PROTOCOL_VERSION
from ..jobs.log import log
from .client import Client
from .engine import Engine
from .worker import Worker

IDLE_CHECK_SECONDS = 0.25
STOP_SECONDS = 1.0  # what a running job gets to finish its files; an owner's death must end the engine within 2 s


class Server:
    """Serves clients until the engine is stopped."""

    def __init__(self, *, listener: Listener, key: bytes, idle_timeout: float = 0.0) -> None:
        self.engine = Engine(idle_timeout)
        self._listener = listener
        self._key = key
        self._lock = threading.Lock()
        self._clients: List[Client] = []
        self._last_busy = time.monotonic()

    def run(self) -> int:
        """Serves; returns the exit code. Call it on the main thread: it sets signal handlers."""
        engine = self.engine
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda number, _frame: engine.stop(f"signal {number}"))
        threading.Thread(target=self.accept, name="accept", daemon=True).start()
        worker = Worker(engine)
        worker.start()
        log(f"engine {__version__}, protocol {PROTOCOL_VERSION}, pid {os.getpid()}, listens")
        while not engine.stops_within(IDLE_CHECK_SECONDS):
            self._check_idle()
        log(f"engine ends: {engine.stop_reason}")
        self._finish(worker)
        return 0

    def accept(self) -> None:
        """Takes connections, each on a thread of its own, until the listener is closed or the engine is stopped."""
        while not self.engine.stops_within(0):
            try:
                connection = self._listener.accept()
            except ConnectionLostError:  # closed: the engine ends
                return
            threading.Thread(target=self._serve, args=(connection,), name="client", daemon=True).start()

    def _check_idle(self) -> None:
        engine = self.engine
        with self._lock:
            clients = [client for client in self._clients if not client.watches]  # a monitor keeps no engine alive
            if clients or engine.status.current is not None or engine.jobs.waiting():
                self._last_busy = time.monotonic()
        if engine.idle_timeout and time.monotonic() - self._last_busy > engine.idle_timeout:
            engine.stop(f"idle for {engine.idle_timeout:g} s")

    def _finish(self, worker: Worker) -> None:
        """Cancels everything, lets files in writing be finished, and leaves nothing behind."""
        self._listener.close()
        current = self.engine.status.current
        for client in list(self._clients):
            client.cancel_jobs()
        self.engine.jobs.close()
        worker.join(STOP_SECONDS)
        if worker.is_alive() and current is not None:  # deep in one layer: its half-written files go with it
            worker.discard_files()
        for client in list(self._clients):
            client.close()

    def _serve(self, connection: Connection) -> None:
        try:
            channel = authenticate_client(connection, self._key)
            client = Client(channel=channel, engine=self.engine)
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
            client.cancel_jobs()
            client.close()
