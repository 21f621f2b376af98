"""One render of one node: a thread that talks to the engine, and what the main thread does for it.

    plain Read      thread: one job ─▶ engine
    branch          thread "plates": asks the main thread for the plates of block after block, one block ahead
                    thread: the job of each block, as soon as its plates are there ─▶ engine

The engine cuts the shot by the same block plan, so block by block gives the frames that one job would give. Cancelling
sets one event that every wait looks at. Nothing here asks Nuke anything off the main thread.
"""

from __future__ import annotations

import functools
import threading
import time
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import nuke

from ..client import MatteSession, RenderResult
from ..errors import CancelledError, EngineBugError, GvmMatteError, UsageError
from ..frames import Block, FrameRange
from ..keys import ShotParams
from ..protocol import FrameKept, FrameWritten, Message, Notice
from ..protocol import Progress as ProgressMessage
from . import branch_log, names
from .main_thread import MainThread
from .order import Order
from .ram_plates import RamPlates

AHEAD = 1  # blocks whose plates are rendered before the engine asks for them
HELD_WINDOWS = 4  # windows whose plates lie in memory at the same time


class MatteRender:
    """A render; `start` once. Threads set the attributes, the main thread reads them.

    Args:
        order: what; frames: of the script.
        main: how the main thread is asked.
        ended: called on the main thread at the end, however it came.
    """

    def __init__(
        self, order: Order, frames: Sequence[int], *, main: MainThread, ended: Callable[[MatteRender], None]
    ) -> None:
        self.order = order
        self.frames = tuple(sorted(frames))
        self.cancel = threading.Event()
        self.error: Optional[GvmMatteError] = None
        self.written: List[int] = []
        self.kept: List[int] = []
        self.notices: List[str] = []
        self.engine_seconds = 0.0
        self.stage, self.done = "loading", 0
        self.finished = threading.Event()  # the threads have ended; `ended` may still be to come
        self._main, self._ended = main, ended
        self._before, self._began = 0, time.monotonic()
        self._thread = threading.Thread(target=self._run, name="gvm-matte-render", daemon=True)

    def start(self) -> None:
        """Begins, in a thread of its own."""
        self._began = time.monotonic()
        self._thread.start()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    # -- the thread

    def _run(self) -> None:
        try:
            if self.order.branches:
                self._by_blocks()
            else:
                self._ask(self.frames, {})
        except GvmMatteError as exc:
            self.error = exc
        except Exception as exc:  # a mistake of ours must not leave a node that renders for ever
            self.error = EngineBugError(f"The render failed: {type(exc).__name__}: {exc}")
            self.error.__cause__ = exc
        finally:
            self._main.post(lambda: self._ended(self))
            self.finished.set()

    def _ask(self, frames: Sequence[int], rendered: Mapping[int, str]) -> None:
        began = time.monotonic()
        with MatteSession(warm=True) as session:
            result: RenderResult = session.render(
                self.order.job(frames, rendered), on_event=self._event, cancel=self.cancel
            )
        self.engine_seconds += time.monotonic() - began
        self._before += len(result.written) + len(result.kept)
        self.done = self._before
        if rendered:
            branch_log.note(self.order, [frame + self.order.offset for frame in (*result.written, *result.kept)])

    def _event(self, message: Message) -> None:
        if isinstance(message, FrameWritten):
            self.written.append(message.frame + self.order.offset)
        elif isinstance(message, FrameKept):
            self.kept.append(message.frame + self.order.offset)
        elif isinstance(message, Notice):
            self.notices.append(message.text)
        elif isinstance(message, ProgressMessage):
            self.stage, self.done = message.stage, self._before + message.done

    def _by_blocks(self) -> None:
        blocks = _blocks(self.order, self.frames)
        at_once = ShotParams.of(self.order.params).base.area == "data"  # the union of all plates' windows is needed
        plan = self.order.plan
        held = plan.length if at_once else min(plan.length, HELD_WINDOWS * plan.window)
        plates = RamPlates(self.order, held)
        feeder = _Feeder(self.order, blocks, plates, self._main, self.cancel, ahead=len(blocks) if at_once else AHEAD)
        try:
            feeder.start()
            for number, (_, frames) in enumerate(blocks):
                feeder.wait(len(blocks) - 1 if at_once else number)
                self._ask(frames, plates.patterns)
                feeder.used(number)
        finally:
            self._stop(feeder)
            plates.close()

    def _stop(self, feeder: _Feeder) -> None:
        feeder.stopped.set()
        feeder.join()


class _Feeder(threading.Thread):
    """Has the plates of blocks rendered, in order, and removes those that no block needs any more."""

    def __init__(
        self,
        order: Order,
        blocks: List[Tuple[Block, List[int]]],
        plates: RamPlates,
        main: MainThread,
        cancel: threading.Event,
        *,
        ahead: int,
    ) -> None:
        super().__init__(name="gvm-matte-plates", daemon=True)
        self.stopped = threading.Event()
        self._order, self._blocks, self._plates = order, blocks, plates
        self._main, self._cancel = main, cancel
        self._room = threading.Semaphore(ahead + 1)
        self._ready = [threading.Event() for _ in blocks]
        self._needs = [list(order.plan.plates(frames)) for _, frames in blocks]
        self._error: Optional[BaseException] = None

    def run(self) -> None:
        try:
            for needs, ready in zip(self._needs, self._ready):
                while not self._room.acquire(timeout=0.05):
                    self._check()
                for index in self._order.branches:
                    self._render(index, self._plates.missing(index, needs))
                ready.set()
        except BaseException as exc:
            self._error = exc

    def _render(self, index: int, frames: List[int]) -> None:
        """Frame by frame, so that the GUI breathes between two of them."""
        for frame in frames:
            self._check()
            self._main.ask(functools.partial(self._write, index, frame), self._over)

    def _write(self, index: int, frame: int) -> None:
        node = names.find(self._order.node_id)
        if node is None:
            raise UsageError(f"{self._order.name} was deleted while it rendered.")
        self._plates.write(node, index, [frame])

    def _over(self) -> bool:
        return self._cancel.is_set() or self.stopped.is_set()

    def _check(self) -> None:
        if self._over():
            raise CancelledError("The render was cancelled; frames that were finished stay.")

    def wait(self, number: int) -> None:
        """Waits for the plates of a block.

        Raises:
            What went wrong with them, or CancelledError.
        """
        while not self._ready[number].wait(0.05):
            if self._error is not None and not self._ready[number].is_set():
                raise self._error
            self._check()

    def used(self, number: int) -> None:
        """The engine is through with a block."""
        self._room.release()
        later = [min(needs) for needs in self._needs[number + 1 :]]
        if later:
            self._plates.forget(min(later))


def _blocks(order: Order, frames: Sequence[int]) -> List[Tuple[Block, List[int]]]:
    """The blocks that deliver the frames, in order, each with those that are wanted of it."""
    plan = order.plan
    found: Dict[int, List[int]] = {}
    for frame in frames:
        found.setdefault(plan.block_of(frame).index, []).append(frame)
    return [(plan.block(index), found[index]) for index in sorted(found)]


def frames_of(order: Order, wanted: Optional[Sequence[int]]) -> Tuple[int, ...]:
    """The frames that are asked for, inside the shot.

    Raises:
        UsageError: none of them is.
    """
    most = ShotParams.of(order.params).base.max_frames
    if wanted is None:
        return order.frames.frames[:most]
    inside = tuple(frame for frame in wanted if order.span[0] <= frame <= order.span[1])
    if not inside:
        given = FrameRange.of(wanted) if wanted else "no frame"
        raise UsageError(f"{given}: not in the range {order.span[0]}-{order.span[1]} of {order.name}.")
    return inside[:most]


def main_thread(*, wait: bool) -> MainThread:
    """How a render's threads ask: through the event loop, or, where the caller waits or there is none, through `serve`."""
    return MainThread(serves=wait or not nuke.GUI)


__all__ = ["MatteRender", "frames_of", "main_thread"]
