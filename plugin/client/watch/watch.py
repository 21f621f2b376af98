"""Watching an engine, for monitors: what it does, whose jobs it has, and finished frames as pictures.

    any thread ── cancel, move, show …, release ──▶ inbox ──▶ the watch's thread ──▶ engine
    receiving thread of the connection ───────────▶ inbox ──▶      │ on_event
                                                                   ▼
One inbox for both, so that the thread waits in one place, and nothing here blocks who calls. The thread looks for an engine
each second, follows it until one of the two goes, and looks again. What an engine says that is wrong ends the
conversation with it, as everywhere: the pictures' slots are checked before a pixel is touched.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional, Tuple, Type, Union, cast

from ...core.errors import ConnectionLostError, FrameBufferError, GvmMatteError, ProtocolError
from ...protocol.frame_buffer import FrameRing
from ...protocol.message import WATCHER
from ...protocol.messages import Message
from ...protocol.parts import Source
from ...protocol.watching import CancelJob, LogLines, MoveJob, Ordered, Picture, PictureTaken, Release, Show
from ..connection import EngineConnection
from ..warm import find_warm_engine
from .events import Answer, Connected, Event, Lost, PictureView, open_picture

__all__ = ["Answer", "Connected", "EngineWatch", "Event", "Lost", "PictureView"]

LOOK_SECONDS = 1.0  # between two looks for an engine
QUIET_SECONDS = 5.0  # an engine says how it is each second: one that is quiet for so long is asked whether it hangs
ANSWER_SECONDS = 5.0
CLOSE_SECONDS = 1.0
MAX_INBOX = 5_000  # messages; an engine that floods its monitors must not fill their memory


@dataclass(frozen=True)
class _Order:
    """A request of this watch: `make` has its message, None for the engine's end."""

    request: int
    make: Optional[Callable[[int], Message]]
    answer: Type[Message] = Ordered


@dataclass(frozen=True)
class _Taken:
    """A picture was released."""

    engine: EngineConnection
    message: PictureTaken


@dataclass(frozen=True)
class _Heard:
    """What an engine said: 0 and a message, the id of an order and its answer, or 0 and what ended the conversation."""

    engine: EngineConnection
    number: int
    what: Union[Message, GvmMatteError]


_Item = Union[_Order, _Taken, _Heard, None]
_Rings = Tuple[FrameRing, FrameRing]  # for plates and for alphas


class EngineWatch:
    """Watches the warm engine, and the next one when that has gone, on a thread of its own.

    Args:
        on_event: called on the watch's thread, for each event in order; it should return soon and raise nothing.
        find: a connection to the engine, or None where there is none.
        pictures: whether finished frames are shown.
        longest: longer edge of the pictures, in pixels; 0: as large as the plates.
        slots: pictures that may be out at a time.
        largest: width and height that a picture may have, in pixels; larger ones come reduced.
    """

    def __init__(
        self,
        *,
        on_event: Callable[[Event], None],
        find: Callable[[], Optional[EngineConnection]] = find_warm_engine,
        pictures: bool = True,
        longest: int = 0,
        slots: int = 3,
        largest: Tuple[int, int] = (4096, 2304),
    ) -> None:
        self._on_event, self._find = on_event, find
        self._pictures, self._longest, self._slots, self._largest = pictures, longest, slots, largest
        self._inbox: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._requests = itertools.count(1)
        self._closing = threading.Event()
        self._engine: Optional[EngineConnection] = None
        self._lost = ""  # what was told last, so that it is told once
        self._thread = threading.Thread(target=self._run, name="gvm-matte-watch", daemon=True)
        self._thread.start()

    def cancel(self, number: int) -> int:
        """Stops a job of any client; the number of the request, whose `Answer` follows."""
        return self._order(lambda id_: CancelJob(id_, number))

    def move(self, number: int, before: int = 0) -> int:
        """Puts a waiting job before another waiting one, or last; as `cancel`."""
        return self._order(lambda id_: MoveJob(id_, number, before))

    def release(self) -> int:
        """Lets the engine drop its model, where no job runs or waits; as `cancel`."""
        return self._order(Release)

    def shutdown(self) -> int:
        """Ends the engine; as `cancel`."""
        return self._order(None)

    def show(self, *, plates: str, mattes: str, frame: int, params: Dict[str, Any]) -> int:
        """Asks for a plate on disk and its matte as a `PictureView`; an `Answer` comes behind it, or in its place.

        Args:
            plates, mattes: patterns or paths; `mattes` may be empty.
            params: as for a render; those that say how plates are read count.
        """
        return self._order(lambda id_: Show(id_, Source("files", plates), mattes, frame, params), Picture)

    def close(self) -> None:
        """Ends the watch within a second; the engine and its jobs go on. May be called again."""
        self._closing.set()
        self._inbox.put(None)
        if threading.current_thread() is self._thread:  # by on_event: it ends when that returns
            return
        self._thread.join(CLOSE_SECONDS / 2)
        engine = self._engine
        if self._thread.is_alive() and engine is not None:  # it is sending to an engine that takes nothing in
            engine.close()
            self._thread.join(CLOSE_SECONDS / 2)

    # -- the thread

    def _order(self, make: Optional[Callable[[int], Message]], answer: Type[Message] = Ordered) -> int:
        order = _Order(next(self._requests), make, answer)
        self._inbox.put(order)
        return order.request

    def _run(self) -> None:
        while not self._closing.is_set():
            looked = time.monotonic()
            try:
                engine = self._find()
                if engine is None:
                    raise ConnectionLostError("No engine runs; one starts with the first render.")
                with engine:
                    self._follow(engine)
            except GvmMatteError as exc:
                if exc.message != self._lost and not self._closing.is_set():
                    self._lost = exc.message
                    self._on_event(Lost(exc.message))
            self._wait_until(looked + LOOK_SECONDS)

    def _wait_until(self, deadline: float) -> None:
        """Answers requests while there is no engine."""
        while not self._closing.is_set() and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                item = self._inbox.get(timeout=left)
                if isinstance(item, _Order):
                    self._on_event(Answer(item.request, self._lost or "There is no engine."))

    def _follow(self, engine: EngineConnection) -> None:
        """Watches one engine to its end, or this watch's.

        Raises:
            GvmMatteError: what ended it.
        """
        engine.quiet_seconds, engine.answer_seconds = QUIET_SECONDS, ANSWER_SECONDS
        pending: Dict[int, int] = {}  # ids of orders, and what they are called here
        with contextlib.ExitStack() as closing:
            rings = self._rings(closing)
            if rings is not None:
                engine.attach(plates=rings[0], alphas=rings[1])
            self._engine = engine
            self._lost = ""
            self._on_event(Connected(engine.info.pid, engine.info.package, engine.info.device))
            engine.watch(lambda number, what: self._hear(engine, number, what), pictures=bool(rings), longest=self._longest)
            try:
                while not self._closing.is_set():
                    try:
                        item = self._inbox.get(timeout=LOOK_SECONDS)
                    except queue.Empty:
                        engine.check_alive()
                        continue
                    self._take(item, engine, rings, pending)
            except GvmMatteError as exc:
                for request in pending.values():
                    self._on_event(Answer(request, exc.message))
                raise
            finally:
                self._engine = None

    def _rings(self, closing: contextlib.ExitStack) -> Optional[_Rings]:
        """Rings for plates and alphas; None where no pictures are wanted, or there is no memory for them."""
        if not self._pictures:
            return None
        pixels = self._largest[0] * self._largest[1]
        if self._longest > 0:
            pixels = min(pixels, self._longest**2)
        try:
            plates = closing.enter_context(FrameRing.create(slots=self._slots, slot_bytes=4 * pixels))
            return plates, closing.enter_context(FrameRing.create(slots=self._slots, slot_bytes=2 * pixels))
        except FrameBufferError as exc:
            self._on_event(LogLines((f"There are no pictures: {exc.message}",)))
            return None

    def _hear(self, engine: EngineConnection, number: int, what: Union[Message, GvmMatteError]) -> None:
        """Called on the connection's receiving thread."""
        if self._inbox.qsize() > MAX_INBOX and not isinstance(what, GvmMatteError):
            raise ProtocolError(f"The engine (process {engine.info.pid}) says more than can be taken in.")
        self._inbox.put(_Heard(engine, number, what))

    def _take(self, item: _Item, engine: EngineConnection, rings: Optional[_Rings], pending: Dict[int, int]) -> None:
        if isinstance(item, _Taken):
            if item.engine is engine:
                engine.send(item.message)
        elif isinstance(item, _Order):
            self._ask(item, engine, pending)
        elif isinstance(item, _Heard) and item.engine is engine:
            what, request = item.what, pending.pop(item.number, 0)
            if isinstance(what, Picture):
                self._show(what, engine, rings, request)
            if request:
                self._on_event(Answer(request, what.message if isinstance(what, GvmMatteError) else ""))
            elif isinstance(what, GvmMatteError):
                raise what
            elif what.scope == WATCHER and not isinstance(what, Picture):
                self._on_event(cast(Event, what))

    def _ask(self, order: _Order, engine: EngineConnection, pending: Dict[int, int]) -> None:
        try:
            if order.make is None:
                engine.shutdown()
                self._on_event(Answer(order.request, ""))
            else:
                pending[engine.order(order.make, order.answer)] = order.request
        except GvmMatteError as exc:
            self._on_event(Answer(order.request, exc.message))

    def _show(self, message: Picture, engine: EngineConnection, rings: Optional[_Rings], request: int) -> None:
        if rings is None:
            raise ProtocolError("The engine sent a picture to a monitor that wants none.")
        taken = _Taken(engine, PictureTaken(message.plate_slot, message.alpha_slot))
        self._on_event(
            open_picture(
                message, plates=rings[0], alphas=rings[1], request=request, give_back=lambda: self._inbox.put(taken)
            )
        )
