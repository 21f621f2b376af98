"""One try of one job on one engine: rings, the pusher of plates, and the job's messages until its end.

    1  rings are made, and handed over with Attach
    2  Render goes out; Accepted says which plates are wanted
    3  the pusher pushes them; alphas are taken as they come; everything is noted in the ledger
    4  Done, or an error

It goes wrong in three ways: the job fails (the engine's Failed, or an error in a callback: the engine is sound), the
engine dies or hangs (ConnectionLostError, EngineTimeoutError: another one may go on), the engine breaks the protocol (any
other ProtocolError, or a slot that cannot be). The caller (`session`) reads `engine_is_sound` and `may_retry`.

Who cleans up: the rings live as long as the try. However it ends, the pusher is stopped and both rings are closed.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any, Callable, ClassVar, Dict, Iterator, List, Optional, Type

from ..core.errors import (
    CancelledError,
    ConnectionLostError,
    EngineTimeoutError,
    FrameBufferError,
    GvmMatteError,
    PlateError,
    ProtocolError,
)
from ..core.frames import FrameRange
from ..core.image import Box
from ..protocol.frame_buffer import FrameRing, slot_bytes
from ..protocol.messages import (
    Accepted,
    AlphaReady,
    AlphaTaken,
    Done,
    Failed,
    FrameKept,
    FrameWritten,
    Message,
    Notice,
    Progress,
    SlotFree,
)
from .connection import EngineConnection, EngineJob
from .job import Buffers, Callbacks, PlateData
from .ledger import Ledger, frames_of
from .plate_pusher import PlatePusher

LOOK_SECONDS = 0.05  # how soon a cancel is seen
CANCEL_SECONDS = 1.0  # what an engine gets to answer one
UNKNOWN_ALPHA_BYTES = 4096 * 4096 * 4


class Attempt:
    """One try; `run` once."""

    def __init__(self, *, engine: EngineConnection, ledger: Ledger, callbacks: Callbacks, buffers: Buffers) -> None:
        self.engine_is_sound = True
        self.may_retry = False
        self._engine = engine
        self._ledger = ledger
        self._callbacks = callbacks
        self._buffers = buffers
        self._job = ledger.remaining()
        self._handle: Optional[EngineJob] = None
        self._pusher: Optional[PlatePusher] = None
        self._plates: Optional[FrameRing] = None
        self._alphas: Optional[FrameRing] = None
        self._first: Dict[int, PlateData] = {}
        self._before = len(ledger.delivered)
        self._in_callback = False
        self._ended = False  # the engine is done with the job, or was told to be

    @property
    def job_id(self) -> int:
        """The job's id on its connection; 0 before it was asked for."""
        return 0 if self._handle is None else self._handle.id

    def run(self) -> None:
        """Works until the job is done; the ledger has what came of it, also after an error.

        Raises:
            CancelledError: `cancel` was set.
            GvmMatteError: see the top of this file; and whatever a callback raised.
        """
        with contextlib.ExitStack() as closing:
            closing.callback(self._close)
            self._make_rings()
            try:
                if self._plates is not None or self._alphas is not None:
                    self._engine.attach(plates=self._plates, alphas=self._alphas)
                self._handle = self._engine.render(self._job.render)
                self._follow(self._handle)
            except BaseException as exc:
                self._judge(exc)
                raise

    def _judge(self, exc: BaseException) -> None:
        """Whose fault it is, and so whether this engine can go on, or another one should."""
        if self._ended:
            return
        if self._in_callback or not isinstance(exc, GvmMatteError):  # the host's, or Ctrl-C: the engine is told
            self.engine_is_sound = self._handle is None or self._call_off(self._handle)
            return
        self.engine_is_sound = self._handle is None and isinstance(exc, FrameBufferError)  # it could not map a ring
        self.may_retry = isinstance(exc, (ConnectionLostError, EngineTimeoutError))

    def _close(self) -> None:
        if self._handle is not None:
            self._handle.forget()
        if self._pusher is not None:
            self._pusher.stop()
        for ring in (self._plates, self._alphas):
            if ring is not None:
                ring.close()

    # -- 1

    def _make_rings(self) -> None:
        if self._job.dry_run:  # no pixel travels
            return
        source, slots = self._job.source, self._buffers.slots
        windows = [Box(*window) for window in (source.display, source.data) if window]
        if source.type == "buffers":
            size = self._buffers.plate_bytes or self._plate_bytes(windows)
            self._plates = FrameRing.create(slots=slots, slot_bytes=size)
        if self._job.sink.buffers:
            known = max((slot_bytes(window, 1, "float") for window in windows), default=UNKNOWN_ALPHA_BYTES)
            self._alphas = FrameRing.create(slots=slots, slot_bytes=self._buffers.alpha_bytes or known)

    def _plate_bytes(self, windows: List[Box]) -> int:
        """Room for the first plate, and for one like it that fills a window."""
        assert self._callbacks.plates is not None
        frame = self._job.asked.first if self._job.asked else self._job.shot[0]
        try:
            plate = self._first[frame] = self._callbacks.plates(frame)
        except PlateError:  # its turn comes; the engine then applies the policy for missing plates
            return room_for(None, windows)
        return room_for(plate, windows)

    # -- 3

    def _follow(self, job: EngineJob) -> None:
        while not self._ended:
            if self._callbacks.cancel.is_set():
                self._cancel(job)
                return
            if self._pusher is not None and self._pusher.error is not None:
                self._in_callback = True
                raise self._pusher.error
            message = job.next(LOOK_SECONDS)
            if message is not None:
                self._handlers.get(type(message), Attempt._tell)(self, message)

    def _accept(self, message: Accepted) -> None:
        first = self._ledger.accept(message)
        self._start_pusher(message)
        if first:
            self._tell(message)

    def _free(self, message: SlotFree) -> None:
        if self._plates is None:
            raise ProtocolError("The engine gave a plate's slot back; there are none.")
        self._plates.release(message.slot)

    def _written(self, message: FrameWritten) -> None:
        self._ledger.note(self._ledger.written, message.frame)
        self._tell(message)

    def _kept(self, message: FrameKept) -> None:
        self._ledger.keep({message.frame})
        self._tell(message)

    def _notice(self, message: Notice) -> None:
        self._ledger.notices.append(message)
        self._tell(message)

    def _progress(self, message: Progress) -> None:
        """Of what is left; a user wants to see the whole."""
        done, total = self._before + message.done, self._before + message.total
        self._tell(Progress(message.job, message.stage, done, total, message.seconds))

    def _start_pusher(self, message: Accepted) -> None:
        if self._plates is None or not message.plates:
            return
        if self._pusher is not None or self._callbacks.plates is None:
            raise ProtocolError("The engine accepted a job twice.")
        self._pusher = PlatePusher(
            send=self._engine.send,
            ring=self._plates,
            job=message.job,
            frames=frames_of(message.plates),
            plates=self._callbacks.plates,
            first=self._first,
        )
        self._pusher.start()

    def _take_alpha(self, message: AlphaReady) -> None:
        if self._alphas is None or self._callbacks.take_alpha is None:
            raise ProtocolError("The engine sent an alpha through a ring; there is none.")
        info, pixels = self._alphas.open(message.slot, message.sequence)
        if info.frame != message.frame:
            raise FrameBufferError(f"Slot {message.slot} holds frame {info.frame}; {message.frame} was announced.")
        self._ledger.note(self._ledger.taken, message.frame)
        try:
            with self._host():
                self._callbacks.take_alpha(message.frame, info, pixels)
        except BaseException:
            self._ledger.taken.discard(message.frame)
            raise
        finally:
            with contextlib.suppress(BufferError):  # the callback kept a view: it will see another frame there
                pixels.release()
        self._engine.send(AlphaTaken(message.job, message.slot))

    def _tell(self, message: Message) -> None:
        with self._host():
            self._callbacks.on_event(message)

    @contextlib.contextmanager
    def _host(self) -> Iterator[None]:
        """Around a callback: what it raises is the host's own error."""
        self._in_callback = True
        yield
        self._in_callback = False

    # -- 4

    def _finish(self, message: Done) -> None:
        self._ended = True
        missing = self._ledger.missing
        if missing or not self._ledger.begun:
            self.engine_is_sound = False
            frames = FrameRange.of(missing) if missing else "all"
            raise ProtocolError(f"The engine says that it is done, and frames are missing: {frames}.")
        self._ledger.stages.update(message.seconds)
        self._ledger.windows += message.windows
        self._tell(message)

    def _fail(self, message: Failed) -> None:
        self._ended = True
        raise message.error

    def _cancel(self, job: EngineJob) -> None:
        self._ended = True
        self.engine_is_sound = self._call_off(job)
        if not self._ledger.complete:  # else: the last frame was faster
            raise CancelledError("The render was cancelled; frames that were finished stay.")

    def _call_off(self, job: EngineJob) -> bool:
        """Cancels the job and waits a moment for its end, noting files that are still finished; whether it came."""
        deadline = time.monotonic() + CANCEL_SECONDS
        try:
            job.cancel()
            while time.monotonic() < deadline:
                message = job.next(LOOK_SECONDS)
                if isinstance(message, (Done, Failed)):
                    return True
                if isinstance(message, FrameWritten):
                    self._ledger.note(self._ledger.written, message.frame)
        except GvmMatteError:
            pass
        return False

    # What is not named here is for the host alone.
    _handlers: ClassVar[Dict[Type[Message], Callable[[Attempt, Any], None]]] = {
        Accepted: _accept,
        SlotFree: _free,
        AlphaReady: _take_alpha,
        FrameWritten: _written,
        FrameKept: _kept,
        Notice: _notice,
        Progress: _progress,
        Done: _finish,
        Failed: _fail,
    }


def room_for(plate: Optional[PlateData], windows: List[Box]) -> int:
    """Bytes of a slot for plates like this one that fill a window; of any kind of plate where there is none to go by."""
    if plate is None:
        return max(slot_bytes(window, 4, "float") for window in windows)
    rows = plate.row_stride or 0
    return max(rows * plate.box.height, *(slot_bytes(box, plate.channels, plate.dtype) for box in [plate.box, *windows]))
