"""Several devices: a session with an engine of its own for each; `render` gives them the blocks of a shot, run by run.

Engines are owned by their sessions, so they end with a render's program. Within a farm session, whose tasks are programs
one after the other, they are warm ones: `$GVM_ENGINE_DEVICES` names the devices that have one each.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ...core.devices import devices_of
from ...core.errors import DeviceError, UsageError
from ...protocol.frame_buffer import SlotInfo
from ...protocol.messages import Message
from ..connection import EngineConnection
from ..job import Buffers, Callbacks, MatteJob, PlateData, RenderResult
from ..session import MatteSession, check_callbacks
from ..warm import start_warm_engine
from .render import Device, DeviceRender

SESSION_DEVICES = "GVM_ENGINE_DEVICES"


class DeviceSessions:
    """Renders one job at a time on several engines that it keeps between them; a context manager that ends them.

    Args:
        devices: names as in the parameter `device`, of one kind; one that is named twice has two engines.
        warm: use the warm engines named by the devices' numbers, started where none run; they stay.
        log: called with every line of owned engines' logs, the device in front, from threads.
        options: for each `MatteSession`: command, python, warm_command, idle_timeout, restarts, start_seconds,
            quiet_seconds, answer_seconds.

    Raises:
        ParamError: devices that do not go together.
        DeviceError: a GPU that `$CUDA_VISIBLE_DEVICES` does not show.
    """

    def __init__(
        self, devices: Sequence[str], *, warm: bool = False, log: Optional[Callable[[str], None]] = None, **options: Any
    ) -> None:
        self.devices = devices_of(",".join(devices))
        self.warm = warm
        self._sessions: List[MatteSession] = []
        for number, device in enumerate(self.devices, 1):
            options.update(warm_name=str(number), environment=environment_of(device, len(self.devices)))
            self._sessions.append(MatteSession(warm=warm, log=_named(device, log), **options))
        self._busy = threading.Lock()

    def render(
        self,
        job: MatteJob,
        *,
        plates: Optional[Callable[[int], PlateData]] = None,
        on_event: Optional[Callable[[Message], None]] = None,
        take_alpha: Optional[Callable[[int, SlotInfo, memoryview], None]] = None,
        cancel: Optional[threading.Event] = None,
        buffers: Optional[Buffers] = None,
    ) -> RenderResult:
        """Renders a job to its end, as `MatteSession.render`, whatever device its parameters name. What is different:

        Args:
            plates: is called from several threads, one at a time, in no order over all, and more than once for a plate
                that the windows of two runs need. The first call sizes the rings and comes from this thread.
            on_event: a message's `job` is the number of the device that it is about, from 1 on, and 0 where it is about
                the whole. Accepted and Done come once; Progress counts over all.
            take_alpha: frames come in no order.

        Raises:
            UsageError: plates that the host is still writing; or as `MatteSession.render`.
            CancelledError, EngineDiedError, EngineTimeoutError, GvmMatteError: as `MatteSession.render`, of the engine
                that failed first.
        """
        check_callbacks(job, plates, take_alpha)
        if job.source.growing:
            raise UsageError(
                "Plates that the host renders meanwhile come one after the other: name one device, not "
                f"{','.join(self.devices)}, or render them to disk first."
            )
        if not self._busy.acquire(blocking=False):
            raise UsageError("A session renders one job at a time.")
        callbacks = Callbacks(plates, take_alpha, on_event or (lambda message: None), cancel or threading.Event())
        devices = [
            Device(number, name, engine_device(name), session)
            for number, (name, session) in enumerate(zip(self.devices, self._sessions), 1)
        ]
        try:
            return DeviceRender(job, devices, callbacks, buffers or Buffers()).run()
        finally:
            self._busy.release()

    def engines(self) -> List[EngineConnection]:
        """The engines, in the order of the devices; started where there are none.

        Raises:
            EngineStartError, EngineTimeoutError, ProtocolError: one does not come up.
        """
        return [session.engine() for session in self._sessions]

    def close(self) -> None:
        """Ends all engines of its own, side by side. May be called again."""
        closing = [threading.Thread(target=_close, args=(session,), name="gvm-matte-close") for session in self._sessions]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()

    def __enter__(self) -> DeviceSessions:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def session_devices() -> Tuple[str, ...]:
    """The devices for which the farm session around this process keeps a warm engine each; `auto` where there is none.

    Raises:
        ParamError: `$GVM_ENGINE_DEVICES` is no value of the parameter `device`.
    """
    return devices_of(os.environ.get(SESSION_DEVICES) or "auto")


def start_warm_engines(devices: Sequence[str], *, idle_timeout: Optional[float] = None) -> List[EngineConnection]:
    """Connections to the warm engines of some devices, started where none run: the only one for one, else numbered ones.

    Raises:
        DeviceError: a GPU that `$CUDA_VISIBLE_DEVICES` does not show.
        EngineStartError, EngineTimeoutError, ProtocolError: one does not come up; those before it stay.
    """
    if len(devices) == 1:
        return [start_warm_engine(idle_timeout=idle_timeout)]
    environments = [environment_of(device, len(devices)) for device in devices]
    found: List[EngineConnection] = []
    try:
        for number, environment in enumerate(environments, 1):
            found.append(start_warm_engine(name=str(number), idle_timeout=idle_timeout, environment=environment))
    except BaseException:
        for engine in found:
            engine.close()
        raise
    return found


def environment_of(device: str, engines: int) -> Dict[str, str]:
    """What an engine of several has in its environment on top of this process's.

    A GPU's engine sees its GPU alone, so that nothing of it is set up on another's. Engines on the CPU share out the cores,
    unless `$OMP_NUM_THREADS` says otherwise.

    Raises:
        DeviceError: `$CUDA_VISIBLE_DEVICES` shows fewer GPUs.
    """
    kind, _, number = device.partition(":")
    if kind == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        return {"OMP_NUM_THREADS": str(max(cores() // engines, 1))}
    if kind != "cuda":
        return {}
    index, shown = int(number or 0), os.environ.get("CUDA_VISIBLE_DEVICES")
    if shown is None:
        return {"CUDA_VISIBLE_DEVICES": str(index)}
    names = [name.strip() for name in shown.split(",") if name.strip()]
    if index >= len(names):
        raise DeviceError(
            f"{device} cannot be used: CUDA_VISIBLE_DEVICES ({shown}) shows {len(names)} of this computer's GPUs, and they "
            "are counted from cuda:0."
        )
    return {"CUDA_VISIBLE_DEVICES": names[index]}


def engine_device(device: str) -> str:
    """How an engine of several names its device: a GPU is the only one that it sees."""
    return "cuda:0" if device.startswith("cuda") else device


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _named(device: str, log: Optional[Callable[[str], None]]) -> Optional[Callable[[str], None]]:
    if log is None:
        return None
    write = log
    return lambda line: write(f"{device}: {line}")


def _close(session: MatteSession) -> None:
    with contextlib.suppress(Exception):  # in a driver, beyond reach; the others shall end all the same
        session.close()


def numbered(devices: Sequence[str]) -> List[str]:
    """Names for people: a device that has two engines has them numbered (`cpu 1`, `cpu 2`)."""
    return [
        f"{device} {devices[: index + 1].count(device)}" if devices.count(device) > 1 else device
        for index, device in enumerate(devices)
    ]
