"""One render of one node: a thread that talks to the engine, and what the main thread does for it.

    thread           one job ─▶ engine, whose events it follows
    thread "plates"  for branches alone: see `feeding`

Cancelling sets one event that every wait looks at. Nothing here asks Nuke anything off the main thread.
"""

from __future__ import annotations

import functools
import threading
import time
from typing import Callable, List, Mapping, Optional, Sequence, Tuple

import nuke

from ..client import EngineChoice, RenderResult, session_for
from ..core.devices import devices_of
from ..core.errors import CancelledError, EngineBugError, GvmMatteError, UsageError
from ..core.frames import FrameRange
from ..params.keys import ShotParams
from ..protocol.messages import Accepted, FrameKept, FrameWritten, Message, Notice
from ..protocol.messages import Progress as ProgressMessage
from . import matte_state
from .branch_feeder import Feeder, held_by
from .branch_plates import RamPlates
from .main_thread import MainThread
from .order import Order


class MatteRender:
    """A render; `start` once. Threads set the attributes, the main thread reads them.

    Args:
        order: what; frames: of the script.
        main: how the main thread is asked.
        ended: called on the main thread at the end, however it came.
        heard: called on the main thread with each message of the render, in the script's frames.

    Raises:
        UsageError: several devices, where Nuke renders the plates one after the other.
    """

    def __init__(
        self,
        order: Order,
        frames: Sequence[int],
        *,
        main: MainThread,
        ended: Callable[[MatteRender], None],
        heard: Optional[Callable[[Message], None]] = None,
    ) -> None:
        check_devices(order)
        self.order = order
        self.frames = tuple(sorted(frames))
        self.cancel = threading.Event()
        self.error: Optional[GvmMatteError] = None
        self.written: List[int] = []
        self.kept: List[int] = []
        self.notices: List[str] = []
        self.result: Optional[RenderResult] = None  # of a render that ended well
        self.stage, self.done = "loading", 0
        self.finished = threading.Event()  # the threads have ended; `ended` may still be to come
        self._main, self._ended, self._heard = main, ended, heard
        self._feeder: Optional[Feeder] = None
        self._began = time.monotonic()
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
                self._with_branches()
            else:
                self._ask({})
        except GvmMatteError as exc:
            self.error = exc
        except Exception as exc:  # a mistake of ours must not leave a node that renders for ever
            self.error = EngineBugError(f"The render failed: {type(exc).__name__}: {exc}")
            self.error.__cause__ = exc
        finally:
            self._main.post(lambda: self._ended(self))
            self.finished.set()

    def _ask(self, rendered: Mapping[int, str], *, data: Tuple[int, ...] = ()) -> None:
        job = self.order.job(self.frames, rendered, data=data)
        with session_for(device_of(self.order), engine=EngineChoice.WARM) as session:
            result = session.render(job, on_event=self._event, cancel=self.cancel)
        self.result = self.order.result_in_script(result)

    def _event(self, message: Message) -> None:
        message = self.order.in_script(message)
        if isinstance(message, Accepted):
            self._feed(sorted({*FrameRange.parse(message.frames)} - {*FrameRange.parse(message.kept)}))
        elif isinstance(message, FrameWritten):
            self.written.append(message.frame)
            self._delivered(message.frame)
        elif isinstance(message, FrameKept):
            self.kept.append(message.frame)
            self._delivered(message.frame)
        elif isinstance(message, Notice):
            self.notices.append(message.text)
        elif isinstance(message, ProgressMessage):
            self.stage, self.done = message.stage, message.done
        if self._heard is not None:
            self._main.post(functools.partial(self._heard, message))

    def _with_branches(self) -> None:
        plates = RamPlates(self.order, held_by(self.order))
        feeder = self._feeder = Feeder(self.order, plates, self._main, self.cancel)
        try:
            feeder.start()
            data = self._known_area()
            if self.order.by_data and not data:
                self._feeder = None
                feeder.begin(self.order.frames)
                feeder.join()
                if feeder.error is not None:
                    raise feeder.error
            self._ask(plates.patterns, data=data)
        except CancelledError:
            if feeder.error is not None:
                raise feeder.error from None
            raise
        finally:
            feeder.stop()
            plates.close()

    def _known_area(self) -> Tuple[int, ...]:
        """The union of the data windows, where it counts and nothing upstream changed; else plates must tell it first."""
        if not self.order.by_data or matte_state.surveyed(self.order).kind != matte_state.FRESH:
            return ()
        return matte_state.area_of_mattes(self.order)

    def _feed(self, frames: Sequence[int]) -> None:
        if self._feeder is not None:
            self._feeder.begin(frames)

    def _delivered(self, frame: int) -> None:
        if self._feeder is not None:
            self._feeder.delivered(frame)


def device_of(order: Order) -> str:
    """The Device knob's value."""
    return ShotParams.of(order.params).base.device


def check_devices(order: Order) -> None:
    """Raises UsageError where there are several devices for plates that come one by one."""
    device = device_of(order)
    if order.branches and len(devices_of(device)) > 1:
        raise UsageError(
            f"Nuke renders the plates of {order.name} one after the other, and several devices ({device}) would wait for "
            "them: set Device to one, or render the branch to disk and connect a Read."
        )


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
