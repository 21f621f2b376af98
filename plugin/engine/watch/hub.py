"""The thread that tells monitors what the engine does. It runs while there is a monitor, and nothing waits for it."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

from ...core.image import Box
from ...protocol.watching import EngineState, FrameState, JobState, LogLines
from ..jobs.log import RING, log
from ..jobs.resident import resident_bytes
from ..jobs.status import EngineStatus
from .register import Register
from .showing import Showing

if TYPE_CHECKING:
    import numpy as np

    from ..jobs.job import Job
    from .images import Alpha, Bytes
    from .reading import DiskFrames
    from .watcher import Watcher

TICK_SECONDS = 0.1  # states of jobs go out so often
STATE_SECONDS = 1.0
LINES = 100  # in one message
MAX_BYTES = 128 << 20  # of finished frames that wait for this thread with all their pixels; two may wait of any size
PIXEL_BYTES = 7  # plate and alpha


@dataclass(frozen=True)
class Finished:
    """A frame that was just computed; what is called here may wait for the device.

    Attributes:
        number: of the job.
        data: what it covers, in the plate's pixels.
        small: the alpha reduced for its figures, [h,w].
        plate, alpha: what a picture shows; None where no monitor wanted it, or too many wait already.
    """

    number: int
    frame: int
    data: Box
    small: Callable[[], Alpha]
    plate: Optional[Callable[[], Bytes]] = None
    alpha: Optional[Callable[[], Alpha]] = None


# The last frame that had no free slot with some watchers: those, and its mean and change.
_Late = Tuple[Finished, Tuple["Watcher", ...], float, float]


class WatchHub:
    """All monitors of an engine.

    Args:
        waiting_jobs: those in the queue, the next one first.

    Attributes:
        watched: whether there is any; the one thing that a render looks at.
        longest: edge of the largest pictures that are wanted, in pixels, 0 for the plates' size; None: none is wanted.
        register: of jobs.
        showing: answers `Show`.
    """

    def __init__(self, status: EngineStatus, waiting_jobs: Callable[[], List[Job]] = list) -> None:
        self._status, self._waiting_jobs = status, waiting_jobs
        self.watched = False
        self.longest: Optional[int] = None
        self.register = Register(self._note)
        self.showing = Showing()
        self._lock = threading.Lock()
        self._watchers: Tuple[Watcher, ...] = ()
        self._running = False
        self._finished: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self._late: Optional[_Late] = None
        self._disk: Optional[DiskFrames] = None
        self._last: Optional[Tuple[int, int, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]] = None
        self._state: Optional[EngineState] = None
        self._state_at = 0.0

    def add(self, watcher: Watcher) -> None:
        """From now on it is told; first of all that is known already."""
        for number in self.register.numbers():
            watcher.note(number)
        with self._lock:
            self._set((*self._watchers, watcher))
            self._state = None
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="watch", daemon=True).start()

    def remove(self, watcher: Watcher) -> None:
        """It went away."""
        with self._lock:
            self._set(tuple(other for other in self._watchers if other is not watcher))
        self.showing.forget(watcher)

    def _set(self, watchers: Tuple[Watcher, ...]) -> None:
        self._watchers = watchers
        self.watched = bool(watchers)
        wanted = [watcher.longest for watcher in watchers if watcher.rings is not None]
        self.longest = None if not wanted else 0 if 0 in wanted else max(wanted)

    def queue_changed(self) -> None:
        """Jobs came, went or changed places."""
        if self.watched:
            for job in self._waiting_jobs():
                if job.record is not None:
                    self._note(job.record.number)

    def has_room(self, width: int, height: int) -> bool:
        """Whether a frame of this size may come with all of its pixels."""
        waiting = self._finished.qsize()
        return waiting < 2 or waiting * width * height * PIXEL_BYTES < MAX_BYTES

    def finished(self, frame: Finished) -> None:
        """Takes a frame; never waits."""
        self._finished.put(frame)

    def _note(self, number: int) -> None:
        for watcher in self._watchers:
            watcher.note(number)

    # -- its thread

    def disk(self) -> DiskFrames:
        """Reads plates for pictures, where they went by before there was a monitor; for this thread."""
        from .reading import DiskFrames

        self._disk = self._disk or DiskFrames()
        return self._disk

    def _run(self) -> None:
        while True:
            with self._lock:
                watchers = self._watchers
                if not watchers:
                    self._running = False
                    self._forget()
                    return
            try:
                self._tick(watchers)
            except Exception:  # of a picture, for instance where a device is lost: the render tells of that, not this
                log(traceback.format_exc())

    def _forget(self) -> None:
        """The last monitor is gone."""
        self._last = self._late = None
        while not self._finished.empty():
            self._finished.get()
        if self._disk is not None:
            self._disk.close()

    def _tick(self, watchers: Tuple[Watcher, ...]) -> None:
        until = time.monotonic() + TICK_SECONDS
        while True:
            try:
                frame = self._finished.get(timeout=max(0.0, until - time.monotonic()))
                self._show(frame, self._watchers)  # one who came just now, too
            except queue.Empty:
                break
            if time.monotonic() >= until:
                break
        late, self._late = self._late, None
        if late is not None:
            frame, left, mean, change = late
            self._picture(frame, tuple(watcher for watcher in left if watcher in watchers), mean, change)
        self._tell_log(watchers)
        self._tell_jobs(watchers)
        self._tell_state(watchers)

    def _tell_log(self, watchers: Tuple[Watcher, ...]) -> None:
        for watcher in watchers:
            if not watcher.is_slow:
                watcher.log_at, lines = RING.since(watcher.log_at)
                for start in range(0, len(lines), LINES):
                    watcher.send(LogLines(tuple(lines[start : start + LINES])))

    def _tell_jobs(self, watchers: Tuple[Watcher, ...]) -> None:
        waiting = [job.record.number for job in self._waiting_jobs() if job.record is not None]
        positions = {number: place for place, number in enumerate(waiting, 1)}
        told: Dict[int, Optional[JobState]] = {}
        for watcher in watchers:
            for number in watcher.take_changed() if not watcher.is_slow else ():
                if number not in told:
                    record = self.register.find(number)
                    told[number] = record.tell(positions.get(number, 0)) if record is not None else None
                state = told[number]
                if state is not None:
                    watcher.send(state)

    def _tell_state(self, watchers: Tuple[Watcher, ...]) -> None:
        status, before = self._status, self._state
        now = time.monotonic()
        said = (status.state, status.device, status.model, len(self._waiting_jobs()))
        same = before is not None and said == (before.state, before.device, before.model, before.jobs_waiting)
        if same and now - self._state_at < STATE_SECONDS:
            return
        self._state = state = self._health()
        self._state_at = now
        for watcher in watchers:
            if not watcher.is_slow:
                watcher.send(state)

    def _health(self) -> EngineState:
        status = self._status
        used, total = status.memory()
        latest = self.register.latest
        stages = latest.stages() if latest is not None else {}
        return EngineState(
            state=status.state,
            device=status.device,
            model=status.model,
            weights=status.weights,
            precision=status.precision,
            uptime=status.uptime,
            warm_since=time.monotonic() - status.loaded_at if status.model else 0.0,
            resident_bytes=resident_bytes(),
            memory_used=used,
            memory_total=total,
            stages={stage: round(seconds, 3) for stage, seconds in stages.items()},
            jobs_waiting=len(self._waiting_jobs()),
        )

    def _show(self, frame: Finished, watchers: Tuple[Watcher, ...]) -> None:
        import numpy as np

        # 1. its figures, for everybody
        small, last, change = frame.small(), self._last, -1.0
        if last is not None and last[:2] == (frame.number, frame.frame - 1) and last[2].shape == small.shape:
            change = float(np.abs(small - last[2]).mean())
        self._last = (frame.number, frame.frame, small)
        mean = float(small.mean())
        for watcher in watchers:
            watcher.send(FrameState(frame.number, frame.frame, mean, change))

        # 2. its picture, for those with room for one; the others get it once they have, unless a newer one comes
        self._picture(frame, watchers, mean, change)

    def _picture(self, frame: Finished, watchers: Tuple[Watcher, ...], mean: float, change: float) -> None:
        from .watcher import Shown

        plate, alpha = frame.plate, frame.alpha
        if plate is None or alpha is None:
            return
        free = [(watcher, slots) for watcher in watchers if (slots := watcher.acquire()) is not None]
        if free:
            try:
                shown = Shown(frame.frame, frame.data, plate(), alpha(), True, mean, change, job=frame.number)
            except BaseException:
                for watcher, slots in free:
                    watcher.drop(slots)
                raise
            for watcher, slots in free:
                watcher.show(slots, shown)
        served = {watcher for watcher, _ in free}
        left = tuple(watcher for watcher in watchers if watcher.rings is not None and watcher not in served)
        self._late = (frame, left, mean, change) if left else None
