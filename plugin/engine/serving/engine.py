"""What all connections share: the queue of jobs, what the engine does now, its monitors, and its end."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Callable, List, Union

from ... import __version__
from ...core.errors import CancelledError
from ...protocol.messages import Failed, Status
from ..jobs.job import CANCELLED_WORDS, Job
from ..jobs.queue import JobQueue
from ..jobs.resident import resident_bytes
from ..jobs.status import EngineStatus
from ..watch.hub import WatchHub


@dataclass(frozen=True, eq=False)
class ReleaseModel:
    """In the queue of jobs: the worker lets go of the model, then calls `done`."""

    done: Callable[[], None]


class Engine:
    """The engine behind its connections; any thread may call it.

    Args:
        idle_timeout: seconds after which it ends without a job or a client; 0: never.
    """

    def __init__(self, idle_timeout: float = 0.0) -> None:
        self.idle_timeout = idle_timeout
        self.status = EngineStatus()
        self.watch = WatchHub(self.status, self.waiting_jobs)
        self.jobs: JobQueue[Union[Job, ReleaseModel]] = JobQueue(self.watch.queue_changed)
        self.stop_reason = ""
        self._stopping = threading.Event()

    def stop(self, reason: str) -> None:
        """Asks for the engine's end."""
        self.stop_reason = self.stop_reason or reason
        self.status.stopping = True
        self._stopping.set()

    def stops_within(self, seconds: float) -> bool:
        """Waits that long for `stop`, and says whether it was called."""
        return self._stopping.wait(seconds)

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

    def tell(self, request: int) -> Status:
        """What the engine does now, as the answer to a request of this id."""
        status = self.status
        return Status(
            id=request,
            state=status.state,
            pid=os.getpid(),
            package=__version__,
            device=status.device,
            model=status.model,
            jobs_waiting=len(self.waiting_jobs()),
            jobs_done=status.jobs_done,
            frames_done=status.frames_done,
            uptime=status.uptime,
            resident_bytes=resident_bytes(),
            idle_timeout=self.idle_timeout,
        )
