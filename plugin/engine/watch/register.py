"""All jobs of an engine under their numbers, from waiting to ended, for monitors.

A record follows its job by the messages that the job sends to its host, so that the pipeline need not know of it.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional

from ...core.frames import FrameRange
from ...protocol.messages import Accepted, AlphaReady, Done, Failed, FrameWritten, Message, Render
from ...protocol.watching import CANCELLED, DONE, ENDED, FAILED, RUNNING, WAITING, JobState
from ..jobs.job import Job

KEPT_ENDED = 50  # ended jobs that are remembered
RATE_FRAMES = 64  # the rate is that of so many frames
ROOM = 900_000  # bytes that ranges and parameters of a state may take: with the rest it must fit into a message


class JobRecord:
    """One job, for monitors. Its worker and its writers tell, the hub reads."""

    def __init__(
        self,
        number: int,
        client: int,
        request: Render,
        *,
        changed: Callable[[int], None],
        begun: Callable[[JobRecord], None],
    ) -> None:
        self.number, self.client, self.request = number, client, request
        self.job: Optional[Job] = None  # while it has not ended
        self.state = WAITING
        self.missing: List[int] = []  # frames whose plates are not there
        self.stages: Callable[[], Dict[str, float]] = dict  # seconds by stage, live
        self._changed, self._begun = changed, begun
        self._accepted: Optional[Accepted] = None
        self._finished: Dict[int, None] = {}
        self._began = self._ended = 0.0
        self._times: Deque[float] = deque(maxlen=RATE_FRAMES + 1)  # when frames came, behind when computing began
        self._stage, self._done, self._total = "", 0, 0
        self._end: Optional[Failed] = None
        self._params: Dict[str, Any] = request.params
        self._params_size = len(json.dumps(request.params))

    def begin(self) -> None:
        """The worker takes the job up."""
        self.state, self._began = RUNNING, time.monotonic()
        self._begun(self)
        self._changed(self.number)

    def computes(self, stages: Callable[[], Dict[str, float]]) -> None:
        """The model is there and the first frame is begun; `stages` tells seconds by stage whenever it is called."""
        self.stages = stages
        self._times.append(time.monotonic())

    def told(self, message: Message) -> None:
        """Takes note of what the job says to its host."""
        if isinstance(message, (FrameWritten, AlphaReady)) and message.frame not in self._finished:
            self._finished[message.frame] = None
            self._times.append(time.monotonic())
        elif isinstance(message, Accepted):
            self._accepted = message
        elif isinstance(message, (Done, Failed)):
            self._close(message)
        self._changed(self.number)

    def _close(self, message: Message) -> None:
        self._follow()
        self.job, self._ended = None, time.monotonic()
        self.stages = self.stages().copy
        if isinstance(message, Failed):
            self._end = message
            self.state = CANCELLED if message.code == "cancelled" else FAILED
        else:
            self.state = DONE

    def _follow(self) -> None:
        job = self.job
        if job is not None:
            self._stage, self._done, self._total = job.stage, job.delivered, job.total

    def tell(self, position: int) -> JobState:
        """The job as it is now.

        Args:
            position: in the queue, from 1; 0 for one that does not wait.
        """
        self._follow()
        request, accepted, end = self.request, self._accepted, self._end
        frames, kept = (accepted.frames, accepted.kept) if accepted else (request.frames, "")
        finished, missing = str(FrameRange.of(self._finished)), str(FrameRange.of(self.missing))
        params = self._params
        if self._params_size + sum(map(len, (frames, kept, finished, missing))) > ROOM:
            frames = kept = finished = missing = ""
            params = {}
        return JobState(
            number=self.number,
            client=self.client,
            state=self.state,
            position=position if self.state == WAITING else 0,
            plates=request.source.path,
            mattes=request.sink.path,
            shot=accepted.shot if accepted else request.shot,
            frames=frames,
            kept=kept,
            finished=finished,
            done=self._done,
            total=self._total,
            stage=self._stage,
            seconds=(self._ended or time.monotonic()) - self._began if self._began else 0.0,
            rate=self._rate(),
            params=params,
            code=end.code if end else "",
            message=end.message if end else "",
            missing_plates=missing,
        )

    def _rate(self) -> float:
        times = list(self._times)
        spent = times[-1] - times[0] if times else 0.0
        return (len(times) - 1) / spent if spent > 0.0 else 0.0


class Register:
    """The records; any thread.

    Args:
        changed: called with a job's number whenever it changed.

    Attributes:
        latest: the job that runs, or the last one that ran.
    """

    def __init__(self, changed: Callable[[int], None]) -> None:
        self.latest: Optional[JobRecord] = None
        self._changed = changed
        self._lock = threading.Lock()
        self._records: Dict[int, JobRecord] = {}
        self._next = 1

    def add(self, request: Render, client: int) -> JobRecord:
        """A record for a new job, which is told of from now on."""
        with self._lock:
            record = JobRecord(self._next, client, request, changed=self._changed, begun=self._begun)
            self._records[self._next] = record
            self._next += 1
            ended = [number for number, one in self._records.items() if one.state in ENDED]
            for number in ended[: max(0, len(ended) - KEPT_ENDED)]:
                del self._records[number]
        return record

    def _begun(self, record: JobRecord) -> None:
        self.latest = record

    def find(self, number: int) -> Optional[JobRecord]:
        """The record of this number; None: there was no such job, or it is forgotten."""
        with self._lock:
            return self._records.get(number)

    def numbers(self) -> List[int]:
        """Of all jobs known, ascending."""
        with self._lock:
            return list(self._records)
