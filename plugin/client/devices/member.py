"""One engine of several, and how its thread speaks to the host.

    thread of a member   session.render(its share) ── ask ──▶ Inbox ── serve ──▶ the thread that called `render`:
                                                   ◀── done, or its error ──────  events and alphas, one at a time

A host is promised that its callbacks run where it called `render`. So a member's thread hands each over and waits for its
end; what a callback raises is raised there, where the session knows what to do about it. Whoever serves goes on until
every member has ended.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Callable, ContextManager, NamedTuple, Optional, Union

from ...core.errors import CancelledError
from ...protocol.frame_buffer import SlotInfo
from ...protocol.messages import FrameWritten, Message, Progress
from ..job import Buffers, MatteJob, PlateData, Recall, RenderResult
from ..session import MatteSession
from .shares import Steal

ABANDONED_SECONDS = 0.5


class Ended(NamedTuple):
    """A member's render is over: with a result, or with an error."""

    member: Member
    result: Optional[RenderResult]
    error: Optional[BaseException]


class _Call:
    def __init__(self, what: Callable[[], None]) -> None:
        self.what = what
        self.done = threading.Event()
        self.error: Optional[BaseException] = None


class Inbox:
    """What members' threads want of the thread that called `render`."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Union[_Call, Ended]] = queue.SimpleQueue()
        self._shut = threading.Event()

    def ask(self, what: Callable[[], None]) -> None:
        """In a member's thread: has `what` done, and waits for it.

        Raises:
            What it raised; CancelledError if nobody serves any more.
        """
        call = _Call(what)
        self._queue.put(call)
        while not call.done.wait(ABANDONED_SECONDS):
            if self._shut.is_set():
                raise CancelledError("The render was cancelled; frames that were finished stay.")
        if call.error is not None:
            raise call.error

    def tell(self, ended: Ended) -> None:
        """In a member's thread: its last word."""
        self._queue.put(ended)

    def serve(self, timeout: float) -> Optional[Ended]:
        """Does one thing that a member wants; one that has ended is returned, and None where nothing came in time."""
        try:
            found = self._queue.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(found, Ended):
            return found
        try:
            found.what()
        except BaseException as exc:  # it is raised in the member's thread, and comes back as that one's error
            found.error = exc
        finally:
            found.done.set()
        return None

    def shut(self) -> None:
        """Nobody serves any more: whoever asks is cancelled."""
        self._shut.set()


class Member:
    """One engine in one render; belongs to the thread that called `render`.

    Attributes:
        number: from 1 on; device: as the person named it; engine_device: as its engine names it.
        cancel, recall: of its session's render; each run has a recall of its own.
        asked: which frames it was asked to give up, and for whom; None once it has answered.
        busy: whether it renders; frames: how many it has delivered.
    """

    def __init__(self, number: int, device: str, engine_device: str, session: MatteSession, inbox: Inbox) -> None:
        self.number = number
        self.device = device
        self.engine_device = engine_device
        self.cancel = threading.Event()
        self.recall = Recall()
        self.asked: Optional[Steal] = None
        self.busy = False
        self.frames = 0
        self._session = session
        self._inbox = inbox
        self._seconds = 0.0  # of the runs that are over
        self._since: Optional[float] = None  # when the run at hand had its model

    @property
    def speed(self) -> float:
        """Frames a second while it rendered, without the time that its model took to load; 0 if not known yet."""
        return self.frames / self.seconds if self.frames and self.seconds > 0 else 0.0

    @property
    def seconds(self) -> float:
        """How long it has rendered, without the time that its model took to load."""
        return self._seconds + (0.0 if self._since is None else time.monotonic() - self._since)

    def note(self, message: Message) -> None:
        """Hears what its engine says of its share."""
        if isinstance(message, Progress) and message.stage != "loading" and self._since is None:
            self._since = time.monotonic()
        elif isinstance(message, FrameWritten):
            self.frames += 1

    def ended(self) -> None:
        """Its run is over."""
        self.busy = False
        if self._since is not None:
            self._seconds += time.monotonic() - self._since
            self._since = None

    def ask(self, steal: Steal) -> None:
        """Asks it to give frames up for somebody; its answer is the event `Shortened`, or its end."""
        self.asked = steal
        self.recall.shorten(steal.last)

    @property
    def index(self) -> int:
        """Its number among the shares, from 0 on."""
        return self.number - 1

    def begin(
        self,
        job: MatteJob,
        *,
        on_event: Callable[[Member, Message], None],
        plates: Optional[Callable[[int], PlateData]],
        take_alpha: Callable[[Member, int, SlotInfo, memoryview], None],
        buffers: Buffers,
        turn: ContextManager[object],
    ) -> None:
        """Renders a job in a thread of its own; the inbox hears of it until `Ended`."""
        recall = self.recall = Recall()
        self.busy = True

        def event(message: Message) -> None:
            self._inbox.ask(lambda: on_event(self, message))

        def alpha(frame: int, info: SlotInfo, pixels: memoryview) -> None:
            self._inbox.ask(lambda: take_alpha(self, frame, info, pixels))

        def run() -> None:
            result: Optional[RenderResult] = None
            error: Optional[BaseException] = None
            try:
                result = self._session.render(
                    job, plates=plates, on_event=event, take_alpha=alpha if job.sink.buffers else None, cancel=self.cancel,
                    buffers=buffers, recall=recall, turn=turn,
                )  # fmt: skip
            except BaseException as exc:
                error = exc
            self._inbox.tell(Ended(self, result, error))

        threading.Thread(target=run, name=f"gvm-matte-engine-{self.number}", daemon=True).start()
