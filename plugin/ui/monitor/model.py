"""What the window knows of the engine: the watch's events, brought to the window's thread as signals.

    EngineWatch ── its thread ──▶ Mailbox ── `_wake`, queued ──▶ window's thread: `BUDGET` seconds' worth at a time

Nothing here waits: requests go out through the watch and are answered by `answered`; what takes time has a thread.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any, Callable, Dict, List, Optional

from ...client import EngineConnection, find_warm_engine
from ...client.watch.watch import Answer, Connected, EngineWatch, Event, Lost, PictureView
from ...protocol.watching import EngineState, FrameState, JobState, LogLines
from ..kit import words
from ..kit.qt import QtCore
from .mailbox import Mailbox

BUDGET = 0.008  # seconds of events in one turn of the window's loop; then it is the person's turn
ENDED_KEPT = 200  # of jobs that have ended, the newest; their engine keeps fewer

Find = Callable[[], Optional[EngineConnection]]


class MonitorModel(QtCore.QObject):
    """The engine as the window sees it; lives on the window's thread. `start` it once everything is connected.

    Args:
        find: a connection to the engine, as `EngineWatch` takes it.
        pictures: whether finished frames are shown.
    """

    connected = QtCore.Signal(object)  # Connected: an engine was found; its jobs follow, from none
    lost = QtCore.Signal(str)  # why
    job_changed = QtCore.Signal(object)  # JobState
    frame_done = QtCore.Signal(object)  # FrameState
    engine_changed = QtCore.Signal(object)  # EngineState
    picture = QtCore.Signal(object)  # PictureView; the receiver releases it
    log = QtCore.Signal(list)  # of str
    answered = QtCore.Signal(object)  # Answer
    said = QtCore.Signal(str)  # a sentence for the person
    totals_changed = QtCore.Signal()
    _wake = QtCore.Signal()

    def __init__(
        self, *, find: Find = find_warm_engine, pictures: bool = True, parent: Optional[QtCore.QObject] = None
    ) -> None:
        super().__init__(parent)
        self.jobs: Dict[int, JobState] = {}
        self.engine: Optional[EngineState] = None
        self.link: Optional[Connected] = None
        self.takes_pictures = False  # whether a page is connected to `picture`; else they are given back here
        self.problem = ""  # why there is no engine; empty while there is one, and before anybody looked
        self._find = find
        self._pictures = pictures
        self._mailbox = Mailbox()
        self._watch: Optional[EngineWatch] = None
        self._asked: Dict[int, str] = {}
        self._wake.connect(self._take, QtCore.Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Begins to watch."""
        if self._watch is None:
            self._watch = EngineWatch(on_event=self._put, find=self._find, pictures=self._pictures)

    def close(self) -> None:
        """Ends the watch, within a second; the engine and its jobs go on. May be called again."""
        watch, self._watch = self._watch, None
        self._mailbox.close()
        if watch is not None:
            watch.close()

    # -- what is asked of the engine: each comes back at once

    def cancel(self, number: int) -> None:
        """Stops a job, of whichever client."""
        self._ask(words.tr("Job {0} cannot be cancelled").format(number), lambda watch: watch.cancel(number))

    def move(self, number: int, before: int = 0) -> None:
        """Puts a waiting job before another, or to the end."""
        self._ask(words.tr("Job {0} cannot be moved").format(number), lambda watch: watch.move(number, before))

    def release(self) -> None:
        """Asks the engine to let go of the model and its memory."""
        self._ask(words.tr("The model stays loaded"), lambda watch: watch.release())

    def show(self, *, plates: str, mattes: str, frame: int, params: Dict[str, Any]) -> int:
        """Asks for a frame that is on disk, which comes as a `picture`; the request's number, 0 without an engine."""
        what = words.tr("Frame {0} cannot be shown").format(frame)
        return self._ask(what, lambda watch: watch.show(plates=plates, mattes=mattes, frame=frame, params=params))

    def _ask(self, trouble: str, order: Callable[[EngineWatch], int]) -> int:
        """Sends a request; `trouble` is what is said if it comes to nothing."""
        if self._watch is None or self.link is None:
            self.said.emit(words.tr("{0}: there is no engine.").format(trouble))
            return 0
        request = order(self._watch)
        self._asked[request] = trouble
        return request

    # -- what is known

    @property
    def open_jobs(self) -> List[JobState]:
        """Jobs that run or wait, of an engine that is there."""
        return [job for job in self.jobs.values() if job.state in words.OPEN] if self.link is not None else []

    @property
    def speed(self) -> float:
        """Frames per second of all that runs."""
        return sum(job.rate for job in self.open_jobs if job.state == words.RUNNING)

    @property
    def eta(self) -> float:
        """Seconds until the queue is empty; -1 where that is not known."""
        return words.total_eta(self.open_jobs)

    # -- events

    def _put(self, event: Event) -> None:
        """On the watch's thread."""
        if self._mailbox.put(event):
            with contextlib.suppress(RuntimeError):  # the window is gone
                self._wake.emit()

    def _take(self) -> None:
        """On the window's thread."""
        until = time.monotonic() + BUDGET
        while time.monotonic() < until:
            event = self._mailbox.take()
            if event is None:
                return
            self._dispatch(event)
        if len(self._mailbox):
            self._wake.emit()

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, JobState):
            self._job(event)
        elif isinstance(event, FrameState):
            self.frame_done.emit(event)
        elif isinstance(event, EngineState):
            self.engine = event
            self.engine_changed.emit(event)
        elif isinstance(event, PictureView):
            if self.takes_pictures:
                self.picture.emit(event)
            else:
                event.release()
        elif isinstance(event, LogLines):
            self.log.emit(list(event.lines))
        elif isinstance(event, Answer):
            self._answer(event)
        elif isinstance(event, Connected):
            self.jobs.clear()
            self.link, self.engine, self.problem = event, None, ""
            self.connected.emit(event)
            self.totals_changed.emit()
        elif isinstance(event, Lost):
            self.link, self.problem = None, event.message
            self.lost.emit(event.message)
            self.totals_changed.emit()

    def _job(self, job: JobState) -> None:
        self.jobs[job.number] = job
        ended = [number for number, one in self.jobs.items() if one.state not in words.OPEN]
        for number in sorted(ended)[: max(len(ended) - ENDED_KEPT, 0)]:
            del self.jobs[number]
        if job.number in self.jobs:
            self.job_changed.emit(job)
        self.totals_changed.emit()

    def _answer(self, answer: Answer) -> None:
        trouble = self._asked.pop(answer.request, "")
        if answer.error and trouble:
            self.said.emit(f"{trouble}: {answer.error}")
        self.answered.emit(answer)
