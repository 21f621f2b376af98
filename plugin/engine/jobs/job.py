"""One render as the engine holds it: what was asked, where answers go, and the plates that the host has pushed.

A job belongs to the connection that asked for it. The connection's thread feeds it (`plate_ready`, `alpha_taken`), the
worker's threads use it up; `cancel` may come from anywhere.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Protocol, Union

from ...core.errors import CancelledError
from ...protocol.frame_buffer import FrameRing
from ...protocol.messages import AlphaTaken, Message, PlateFailed, PlateReady, Progress, Render

CANCELLED_WORDS = "The render was cancelled; frames that were finished stay."
PROGRESS_SECONDS = 0.1  # at most so often, so that a fast job does not drown its host in messages


@dataclass
class Rings:
    """The rings that a host attached for a job; None for what travels as files."""

    plates: Optional[FrameRing] = None
    alphas: Optional[FrameRing] = None

    def close(self) -> None:
        """Unmaps both."""
        for ring in (self.plates, self.alphas):
            if ring is not None:
                ring.close()


class Record(Protocol):
    """What follows a job for monitors.

    Attributes:
        number: of the job, unique in the engine.
        missing: frames whose plates are not there.
    """

    number: int
    missing: List[int]

    def begin(self) -> None:
        """The worker takes the job up."""

    def computes(self, stages: Callable[[], Dict[str, float]]) -> None:
        """The first frame is begun; `stages` tells seconds by stage whenever it is called."""

    def told(self, message: Message) -> None:
        """The job says this to its host."""


class Job:
    """A render in the queue or under way.

    Args:
        record: what monitors are told of it; None: nothing.
    """

    def __init__(
        self,
        *,
        request: Render,
        rings: Rings,
        send: Callable[[Message], None],
        forget: Callable[[int], None],
        record: Optional[Record] = None,
    ) -> None:
        self.request = request
        self.rings = rings
        self.record = record
        self._send = send
        self._forget = forget
        self.pushed: queue.SimpleQueue[Union[PlateReady, PlateFailed]] = queue.SimpleQueue()
        self.delivered = 0
        self.total = 0
        self.stage = ""
        self.started = time.monotonic()
        self._cancelled = threading.Event()
        self._last_progress = 0.0

    @property
    def id(self) -> int:
        """The id of the request, unique on its connection."""
        return self.request.id

    @property
    def cancelled(self) -> bool:
        """Whether its end was asked for."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Asks for the job's end; its threads see it within one layer of the network or one file."""
        self._cancelled.set()

    def check(self) -> None:
        """Raises CancelledError once `cancel` was called."""
        if self._cancelled.is_set():
            raise CancelledError(CANCELLED_WORDS)

    def send(self, message: Message) -> None:
        """Tells the host something; never blocks."""
        if self.record is not None:
            self.record.told(message)
        self._send(message)

    def end(self, last: Message) -> None:
        """Sends the job's last message and lets go of its rings; nothing more is sent of it."""
        self._forget(self.id)
        self.send(last)
        self.rings.close()

    def feed(self, message: Union[PlateReady, PlateFailed, AlphaTaken]) -> None:
        """Takes what the host says about this job's slots; a slot that is not out is an error of the host's."""
        if isinstance(message, AlphaTaken):
            if self.rings.alphas is not None:
                self.rings.alphas.release(message.slot)
        else:
            self.pushed.put(message)

    def progress(self, stage: str, *, always: bool = False) -> None:
        """Tells the host how far the job is, not too often."""
        now = time.monotonic()
        self.stage = stage
        if always or now - self._last_progress >= PROGRESS_SECONDS:
            self._last_progress = now
            self.send(Progress(self.id, stage, self.delivered, self.total, now - self.started))
