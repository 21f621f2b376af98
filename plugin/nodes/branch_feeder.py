"""Plates of branches for one job that runs meanwhile: rendered in the engine's order, removed when no frame needs them.

    engine: Accepted ──────▶ begin: which frames will be rendered, so which plates, window by window
    main thread ◀─────────── one plate after the other, as long as there is room
    engine: FrameWritten ──▶ delivered: plates go that only frames before the first unfinished one needed

An engine that dies is followed by one that asks for the unfinished frames: their plates are there still, or yet to come.
There is always room for what the engine waits for: no frame depends on more than two windows.
"""

from __future__ import annotations

import functools
import threading
from collections import deque
from typing import Deque, Iterable, Iterator, Optional, Set, Tuple

from ..core.errors import CancelledError, UsageError
from . import names
from .branch_plates import RamPlates
from .main_thread import MainThread
from .order import Order

HELD_WINDOWS = 4  # windows whose plates lie in memory at the same time; at least 2
LOOK_SECONDS = 0.05


def held_by(order: Order) -> int:
    """How many frames of a branch lie in memory at the same time, at most."""
    return order.plan.length if order.by_data else min(order.plan.length, HELD_WINDOWS * order.plan.window)


class Feeder(threading.Thread):
    """Has the plates rendered.

    Args:
        main: how the main thread is asked.
        cancel: set by whoever wants the render to end, and here where a plate cannot be rendered.

    Attributes:
        error: what went wrong with a plate.
    """

    def __init__(self, order: Order, plates: RamPlates, main: MainThread, cancel: threading.Event) -> None:
        super().__init__(name="gvm-matte-plates", daemon=True)
        self.error: Optional[BaseException] = None
        self._order, self._plates, self._main, self._cancel = order, plates, main, cancel
        self._begun, self._stopped, self._room = threading.Event(), threading.Event(), threading.Event()
        self._frames: Tuple[int, ...] = ()
        self._left: Deque[int] = deque()  # unfinished frames, ascending
        self._finished: Set[int] = set()

    def begin(self, frames: Iterable[int]) -> None:
        """Says which frames will be rendered."""
        self._frames = tuple(sorted(frames))
        self._left.extend(self._frames)
        self._begun.set()

    def delivered(self, frame: int) -> None:
        """A frame's matte is on disk."""
        self._finished.add(frame)
        before = len(self._left)
        while self._left and self._left[0] in self._finished:
            self._left.popleft()
        if len(self._left) == before:
            return
        plan, end = self._order.plan, self._order.span[1] + 1
        first = self._left[0] if self._left else end
        needed = plan.plates_of(*plan.group_of(first))[0] if self._left else end
        for index in self._order.branches:
            self._plates.forget(index, needed if index == names.PLATE else first)
        self._room.set()

    def stop(self) -> None:
        """Ends it, after the plate in hand."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        try:
            self._wait_for(self._begun)
            for index, frame in self._queue():
                while not self._plates.has_room(index):
                    self._room.clear()
                    if not self._plates.has_room(index):
                        self._wait_for(self._room)
                self._main.ask(functools.partial(self._write, index, frame), self._over)
        except BaseException as exc:
            if not self._stopped.is_set():
                self.error = exc
                self._cancel.set()

    def _queue(self) -> Iterator[Tuple[int, int]]:
        """Inputs and frames, in the order in which the engine wants them."""
        branches, wanted = self._order.branches, set(self._frames)
        for step in self._order.plan.steps(wanted):
            if names.PLATE in branches:
                yield from ((names.PLATE, frame) for frame in step.plates)
            for index in branches:
                if index != names.PLATE:
                    yield from ((index, frame) for frame in step.block.frames if frame in wanted)

    def _write(self, index: int, frame: int) -> None:
        node = names.find(self._order.node_id)
        if node is None:
            raise UsageError(f"{self._order.name} was deleted while it rendered.")
        self._plates.write(node, index, frame)

    def _over(self) -> bool:
        return self._cancel.is_set() or self._stopped.is_set()

    def _wait_for(self, event: threading.Event) -> None:
        while not event.wait(LOOK_SECONDS):
            if self._over():
                raise CancelledError("The render was cancelled; frames that were finished stay.")


__all__ = ["Feeder", "held_by"]
