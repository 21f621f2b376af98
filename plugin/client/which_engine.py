"""Which engine does the work: one rule for the node, the monitor, the command line and the farm.

    WARM      the warm engine, started where none runs         the node, the monitor, the tasks of a farm session
    RUNNING   the warm engine where one runs, else an own one  the command line
    OWN       an engine that ends with its session             --own-engine, tasks on GPUs of their own

Several devices have an engine each, which are the session's own; but a farm session keeps a warm one for each, and what
renders on the same devices within it uses those.
"""

from __future__ import annotations

import enum
from typing import Callable, Optional, Union

from ..core.devices import devices_of
from .devices.sessions import DeviceSessions, session_devices
from .session import MatteSession
from .warm import find_warm_engine


class EngineChoice(enum.Enum):
    """Whose engine: see the table above."""

    WARM = "warm"
    RUNNING = "running"
    OWN = "own"


def session_for(
    device: str = "auto", *, engine: EngineChoice = EngineChoice.OWN, log: Optional[Callable[[str], None]] = None
) -> Union[MatteSession, DeviceSessions]:
    """A session for a value of the parameter `device`.

    Args:
        log: called with every line of owned engines' logs.

    Raises:
        ParamError, DeviceError: as `DeviceSessions`.
        EngineTimeoutError, ProtocolError: RUNNING, and what runs does not answer as an engine.
    """
    devices = devices_of(device)
    if len(devices) > 1:
        return DeviceSessions(devices, warm=engine is not EngineChoice.OWN and devices == session_devices(), log=log)
    return MatteSession(warm=takes_warm_engine(engine), log=log)


def takes_warm_engine(engine: EngineChoice) -> bool:
    """Whether the warm engine does the work of one device.

    Raises:
        EngineTimeoutError, ProtocolError: as `session_for`.
    """
    if engine is not EngineChoice.RUNNING:
        return engine is EngineChoice.WARM
    found = find_warm_engine()
    if found is not None:
        found.close()
    return found is not None
