"""What the engine does now: the worker and its renderer write it, the clients' threads and the monitors' hub read it."""

from __future__ import annotations

import time
from typing import Callable, Optional, Tuple

from ...protocol.messages import IDLE, STOPPING
from .job import Job
from .resident import machine_memory


class EngineStatus:
    """Plain attributes, each written by one thread alone; a reader may see one a moment before the other.

    Attributes:
        doing: the worker's state, one of `protocol.messages`.
        stopping: the engine has been asked to end.
        current: the job that runs.
        loaded_at: when the model was loaded, on the monotonic clock.
        memory: gives (used, total) bytes of the device; any thread may call it.
    """

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.doing = IDLE
        self.stopping = False
        self.current: Optional[Job] = None
        self.device = self.model = self.weights = self.precision = ""
        self.loaded_at = 0.0
        self.memory: Callable[[], Tuple[int, int]] = machine_memory
        self.jobs_done = self.frames_done = 0

    @property
    def state(self) -> str:
        """What clients are told that the engine does."""
        return STOPPING if self.stopping else self.doing

    @property
    def uptime(self) -> float:
        """Seconds since the engine started."""
        return time.monotonic() - self.started
