"""The GPUs that a farm gave to this task, in the words that CUDA understands, and as a list of devices."""

from __future__ import annotations

import os
from typing import Mapping, MutableMapping, Optional, Sequence

from ..core.devices import devices_of
from ..core.errors import DeviceError
from .engines import ENGINES


def assigned_gpus(environment: Optional[Mapping[str, str]] = None) -> str:
    """The GPUs that a farm engine gave to this task in a variable of its own; empty: none, or in no such variable.

    Args:
        environment: None: this process's.
    """
    here = os.environ if environment is None else environment
    found = (here.get(engine.gpu_variable, "").strip() for engine in ENGINES.values() if engine.gpu_variable)
    return next(filter(None, found), "")


def take_assigned_gpus(environment: Optional[MutableMapping[str, str]] = None) -> None:
    """They become `CUDA_VISIBLE_DEVICES`, which engines inherit; one that is set already stays.

    Args:
        environment: None: this process's.
    """
    here = os.environ if environment is None else environment
    if cores := assigned_gpus(here):
        here.setdefault("CUDA_VISIBLE_DEVICES", cores)


def check_assigned_gpus(devices: Sequence[str], environment: Optional[Mapping[str, str]] = None) -> None:
    """That a list of devices fits what the farm gave to this task; GPUs are counted among those.

    Args:
        environment: after `take_assigned_gpus`; None: this process's.

    Raises:
        DeviceError: the task has fewer GPUs than its job was made for.
    """
    here = os.environ if environment is None else environment
    shown = here.get("CUDA_VISIBLE_DEVICES")
    if shown is None or len(devices) < 2:
        return
    count = len([name for name in shown.split(",") if name.strip()])
    beyond = [device for device in devices if device.startswith("cuda:") and int(device[5:]) >= count]
    if beyond:
        raise DeviceError(
            f"The job asks for {','.join(devices)}, and this task has {count} GPU{'s' * (count != 1)} "
            f"(CUDA_VISIBLE_DEVICES is {shown!r}), so there is no {beyond[0]}. Ask the farm for more GPUs a worker "
            "(--gpus), or name fewer devices."
        )


def gpus_of(device: str) -> int:
    """How many GPUs a worker needs for a value of the parameter `device`: as many as it names; one for `auto`.

    Raises:
        ParamError: it is no such value.
    """
    named = {"cuda:0" if name == "cuda" else name for name in devices_of(device)}
    return len(named - {"cpu"})


def device_for(device: str, gpus: int) -> str:
    """What a job's tasks are told to render on where a worker has so many GPUs: all of them, unless the user chose.

    A farm shows a task its own GPUs alone, so they are counted from `cuda:0` on every worker.

    Args:
        device: the parameter's value; gpus: of a worker.
    """
    return ",".join(f"cuda:{index}" for index in range(gpus)) if device in ("auto", "cuda") and gpus > 1 else device
