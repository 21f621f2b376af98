"""One render on several devices; runs in the thread that called `render`.

    1  look     each engine a dry run: what is to be done, and whether the device is there   before anything is rendered
    2  render   a free device gets the next run of blocks (`runs`), an ordinary job; until all is there
    3  movies   by the first engine, from the files

One error ends all in good order; finished frames stay. An engine that dies is started again by its own session. A device
whose engines keep dying, or hanging, gives its run back, and the others finish it: with the last device the render fails.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set

from ...core.errors import (
    CancelledError,
    DeviceError,
    EngineBugError,
    EngineError,
    GvmMatteError,
    PlateError,
    ProtocolError,
)
from ...core.frames import BlockPlan, FrameRange
from ...core.image import Box
from ...params.keys import ShotParams
from ...protocol.frame_buffer import SlotInfo
from ...protocol.messages import Accepted, Done, FrameKept, FrameWritten, Message, Notice, Progress, Surveyed
from ..attempt import LOOK_SECONDS, room_for
from ..job import Buffers, Callbacks, MatteJob, PlateData, RenderResult
from ..ledger import Ledger, frames_of
from ..plate_pusher import copied
from ..session import MatteSession
from .calls import Calls
from .runs import Runs

UNWIND_SECONDS = 5.0  # for the devices' threads after an error here, Ctrl-C for instance


@dataclasses.dataclass(eq=False)
class Device:
    """One device in one render: `number` counts from 1, `name` is the user's, `engine_name` its engine's."""

    number: int
    name: str
    engine_name: str
    session: MatteSession
    busy: bool = False


class DeviceRender:
    """One render; `run` once."""

    def __init__(self, job: MatteJob, devices: Sequence[Device], callbacks: Callbacks, buffers: Buffers) -> None:
        self._job, self._callbacks, self._buffers = job, callbacks, buffers
        self._devices = list(devices)  # those that have not been given up
        self._calls = Calls()
        self._plates = None if callbacks.plates is None else one_at_a_time(callbacks.plates)
        self._stop = threading.Event()
        self._started = time.monotonic()
        self._error: Optional[BaseException] = None
        self._accepted: Optional[Accepted] = None
        self._surveyed: Optional[Surveyed] = None
        self._kept: List[FrameKept] = []
        self._runs: Optional[Runs] = None
        self._ledger = Ledger(job)
        self._told: Set[str] = set()
        self._restarts = 0

    def run(self) -> RenderResult:
        """Renders.

        Raises:
            What went wrong first; every device has stopped by then.
        """
        try:
            accepted, done = self._look(), Done(0, 0, 0, {})
            if self._job.dry_run:
                self._ledger.accept(accepted)
                for message in (accepted, *self._kept, self._surveyed):
                    if message is not None:
                        self._tell(dataclasses.replace(message, job=0))
            else:
                plates = self._render(accepted)
                self._movies(accepted)
                ledger = self._ledger
                done = Done(0, len(ledger.asked - ledger.kept), plates, ledger.stages, ledger.windows)
        except BaseException:
            self._unwind()
            raise
        self._tell(done)
        return self._ledger.result(time.monotonic() - self._started, self._restarts)

    # -- 1

    def _look(self) -> Accepted:
        """What is to be done, as the first engine says; the others look at one frame, for the sake of their device."""
        for device in self._devices:
            params = {**self._job.params, "device": device.engine_name}
            if device.number > 1:
                params["max_frames"] = 1
            self._start(device, dataclasses.replace(self._job, params=params, dry_run=True), self._on_look)
        self._wait()
        if self._accepted is None:
            raise ProtocolError("The engine looked at the shot and did not say what is to be done.")
        return self._accepted

    def _on_look(self, device: Device, message: Message) -> None:
        if isinstance(message, Notice):
            self._notice(device, message)
        elif device.number > 1:
            return
        elif isinstance(message, Accepted):
            self._accepted = message
        elif isinstance(message, FrameKept):
            self._kept.append(message)
        elif isinstance(message, Surveyed):
            self._surveyed = message

    # -- 2

    def _render(self, accepted: Accepted) -> int:
        """Renders all that is to be rendered; the number of plates that it takes."""
        base = ShotParams.of(self._job.params).base
        plan = BlockPlan.of(base, accepted.shot)
        keeps = self._job.source.type == "files" and not self._job.sink.buffers and base.existing != "overwrite"
        asked = set(frames_of(accepted.frames))
        kept = [message for message in self._kept if keeps and message.frame in asked]
        whole = dataclasses.replace(accepted, job=0, kept=str(FrameRange.of(message.frame for message in kept)))
        self._ledger.accept(whole)
        left = self._ledger.missing
        plates = plan.plates(left)
        self._tell(dataclasses.replace(whole, plates=str(plates)))
        for message in kept:
            self._tell(dataclasses.replace(message, job=0))
        self._size_rings(left)
        self._runs = Runs(plan, left, len(self._devices))
        self._hand_out()
        self._wait()
        if self._runs.left:
            raise CancelledError("The render was cancelled; frames that were finished stay.")
        return len(plates)

    def _size_rings(self, left: Set[int]) -> None:
        """Asks for the first plate, here, where a host expects its first call."""
        plates = self._callbacks.plates
        if self._job.source.type != "buffers" or plates is None or self._buffers.plate_bytes is not None or not left:
            return
        windows = [Box(*window) for window in (self._job.source.display, self._job.source.data) if window]
        try:
            size = room_for(plates(min(left)), windows)
        except PlateError:  # its turn comes; the engine then applies the policy for missing plates
            size = room_for(None, windows)
        self._buffers = dataclasses.replace(self._buffers, plate_bytes=size)

    def _hand_out(self) -> None:
        """A run for each device that has none."""
        if self._runs is None:
            return
        for device in self._devices:
            if device.busy or self._stop.is_set() or self._callbacks.cancel.is_set():
                continue
            frames = self._runs.take(device.number - 1, time.monotonic())
            if frames:
                self._start(device, self._part(device, frames), self._on_run)

    def _on_run(self, device: Device, message: Message) -> None:
        if isinstance(message, (FrameWritten, FrameKept)):
            if isinstance(message, FrameWritten):
                self._ledger.note(self._ledger.written, message.frame)
            else:  # another program has rendered it meanwhile
                self._ledger.keep({message.frame})
            self._delivered(device, message.frame)
            self._tell(dataclasses.replace(message, job=device.number))
        elif isinstance(message, Notice):
            self._notice(device, message)
        elif isinstance(message, Progress):
            if self._runs is not None and message.stage != "loading":
                self._runs.ready(device.number - 1, time.monotonic())
            self._progress(device, message)

    def _take_alpha(self, device: Device, frame: int, info: SlotInfo, pixels: memoryview) -> None:
        assert self._callbacks.take_alpha is not None
        self._callbacks.take_alpha(frame, info, pixels)
        self._ledger.note(self._ledger.taken, frame)
        self._delivered(device, frame)

    def _delivered(self, device: Device, frame: int) -> None:
        both, ledger = self._job.sink.path and self._job.sink.buffers, self._ledger
        if self._runs is not None and (not both or (frame in ledger.written and frame in ledger.taken)):
            self._runs.delivered(device.number - 1, frame, time.monotonic())

    # -- 3

    def _movies(self, accepted: Accepted) -> None:
        """The first device's engine makes them, of the files that are there now."""
        if not self._job.sink.movies:
            return
        job = self._part(self._devices[0], self._ledger.asked)
        sink = dataclasses.replace(self._job.sink, buffers=False)
        self._start(
            self._devices[0],
            dataclasses.replace(job, sink=sink, params={**job.params, "existing": "resume"}),
            self._on_movies,
        )
        self._wait()

    def _on_movies(self, device: Device, message: Message) -> None:
        if isinstance(message, FrameWritten):  # a plate or a matte has changed meanwhile
            self._tell(dataclasses.replace(message, job=device.number))
        elif isinstance(message, Notice):
            self._notice(device, message)
        elif isinstance(message, Progress):
            self._progress(device, message)

    # -- devices

    def _part(self, device: Device, frames: Iterable[int]) -> MatteJob:
        """The job for some of the frames, without the movies."""
        assert self._accepted is not None
        params: Dict[str, Any] = {**self._job.params, "device": device.engine_name}
        params.pop("max_frames", None)  # what it says is among the frames
        sink, shot = dataclasses.replace(self._job.sink, movies={}), tuple(self._accepted.shot)
        return dataclasses.replace(self._job, sink=sink, frames=FrameRange.of(frames), shot=shot, params=params)

    def _start(self, device: Device, job: MatteJob, on_event: Callable[[Device, Message], None]) -> None:
        """Renders a job on a device, in a thread of its own."""

        def event(message: Message) -> None:
            self._calls.ask(lambda: on_event(device, message))

        def alpha(frame: int, info: SlotInfo, pixels: memoryview) -> None:
            self._calls.ask(lambda: self._take_alpha(device, frame, info, pixels))

        def run() -> None:
            result: Optional[RenderResult] = None
            error: Optional[BaseException] = None
            plates, take, stop, buffers = self._plates, alpha if job.sink.buffers else None, self._stop, self._buffers
            try:
                result = device.session.render(
                    job, plates=plates, on_event=event, take_alpha=take, cancel=stop, buffers=buffers
                )
            except BaseException as exc:
                error = exc
            self._calls.tell(lambda: self._ended(device, result, error))

        device.busy = True
        threading.Thread(target=run, name=f"gvm-matte-engine-{device.number}", daemon=True).start()

    def _ended(self, device: Device, result: Optional[RenderResult], error: Optional[BaseException]) -> None:
        device.busy = False
        back = () if self._runs is None else self._runs.end(device.number - 1, time.monotonic())
        if result is not None:
            self._restarts += result.restarts
            self._ledger.windows += result.windows
            for name, seconds in result.stages.items():  # of all engines together
                self._ledger.stages[name] = round(self._ledger.stages.get(name, 0.0) + float(seconds), 3)
            if back and not self._stop.is_set():
                error = ProtocolError(f"The engine of {device.name} says that it is done, and frames are missing.")
        if error is not None and not self._give_up(device, error):
            if self._error is None:
                self._error = _named(error, device) if isinstance(error, DeviceError) else error
            self._stop.set()
        self._hand_out()

    def _give_up(self, device: Device, error: BaseException) -> bool:
        """Goes on without a device whose engines do not stay alive, while there is another; whether it does."""
        gone = isinstance(error, EngineError) and not isinstance(error, EngineBugError)
        if not gone or self._runs is None or len(self._devices) == 1 or self._stop.is_set():
            return False
        self._devices.remove(device)
        self._ledger.written -= self._ledger.missing  # half delivered: once more
        self._ledger.taken -= self._ledger.missing
        self._runs.retire(device.number - 1)
        text = f"{device.name} is given up, and the other devices go on without it. {error}"
        self._notice(device, Notice(device.number, "warning", text))
        return True

    def _wait(self) -> None:
        """Until no device is busy.

        Raises:
            The first error, once all have stopped for it.
        """
        while any(device.busy for device in self._devices):
            if self._callbacks.cancel.is_set():
                self._stop.set()
            self._calls.serve(LOOK_SECONDS)
        if self._error is not None:
            raise self._error

    def _unwind(self) -> None:
        """After an error here: no thread must wait for this one, which goes."""
        self._stop.set()
        deadline = time.monotonic() + UNWIND_SECONDS
        try:
            while any(device.busy for device in self._devices) and time.monotonic() < deadline:
                self._calls.serve(LOOK_SECONDS)
        finally:
            self._calls.shut()

    # -- what is told

    def _tell(self, message: Message) -> None:
        self._callbacks.on_event(message)

    def _progress(self, device: Device, message: Progress) -> None:
        left = 0 if self._runs is None else self._runs.left
        total, seconds = len(self._ledger.asked), time.monotonic() - self._started
        self._tell(Progress(device.number, message.stage, total - left, total, seconds))

    def _notice(self, device: Device, message: Notice) -> None:
        """Tells what all engines say once; of a warning every engine may have its own."""
        alone = message.level == "warning" and self._runs is not None
        key = f"{device.number} {message.text}" if alone else message.text
        if key in self._told or message.text in self._told:
            return
        self._told.add(key)
        told = dataclasses.replace(message, job=device.number if alone else 0)
        self._ledger.notices.append(told)
        self._tell(told)


def one_at_a_time(plates: Callable[[int], PlateData]) -> Callable[[int], PlateData]:
    """`plates` for several threads; each plate's pixels are copied before the host is asked for the next."""
    lock = threading.Lock()

    def plate(frame: int) -> PlateData:
        with lock:
            found = plates(frame)
            return dataclasses.replace(found, pixels=copied(found.pixels))

    return plate


def _named(error: DeviceError, device: Device) -> GvmMatteError:
    """The error with the device's name as the user knows it; where there is no such device, with what to do."""
    text = error.message.replace(device.engine_name, device.name)
    if type(error) is DeviceError:
        text += " `gvm-matte doctor` lists the devices that there are."
    return type(error)(text, frame=error.frame, path=error.path)
