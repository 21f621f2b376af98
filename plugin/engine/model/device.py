"""Which device computes, and in which precision."""

from __future__ import annotations

import os
import platform
import re
import warnings
from typing import Callable

import torch

from ...core.errors import DeviceError, ParamError
from ..jobs.resident import machine_memory

PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def resolve_device(name: str = "auto") -> torch.device:
    """The device of this name, after a first computation on it.

    Args:
        name: `auto` (CUDA where it works, else Apple's GPU, else the CPU), `cpu`, `cuda`, `cuda:N` or `mps`.

    Raises:
        ParamError: no such name.
        DeviceError: there is no such device, or it does not compute; says what torch and which driver were found.
    """
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name):
        raise ParamError(f'The device is "auto", "cpu", "cuda", "cuda:N" or "mps", not "{name}".', name="device")
    if name == "auto":
        for candidate in ("cuda:0", "mps"):
            if not _fault(candidate):
                return torch.device(candidate)
        return torch.device("cpu")
    name = "cuda:0" if name == "cuda" else name
    fault = _fault(name)
    if fault:
        raise DeviceError(f"{name} cannot be used: {fault} --device cpu works everywhere, slowly.")
    return torch.device(name)


def _fault(name: str) -> str:
    """Why a device does not work, as a sentence; empty if it does."""
    if name == "cpu":
        return ""
    if name == "mps":
        return "" if torch.backends.mps.is_available() else f"{_build()} finds no Apple GPU on this {platform.system()}."
    if not torch.backends.cuda.is_built():
        return f"{_build()} is built without CUDA. Install the CUDA build of torch into the engine's environment."
    with warnings.catch_warnings(record=True) as said:  # torch says in a warning what is wrong with the driver
        warnings.simplefilter("always")
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        reason = str(said[0].message).split(". ")[0] + "." if said else "no NVIDIA driver or no GPU was found."
        return f"{_build()} sees no GPU: {reason}"
    index = int(name.partition(":")[2] or 0)
    if index >= count:
        names = ", ".join(f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(count))
        return f"there are {count} GPUs: {names}."
    try:
        torch.zeros(1, device=name).add_(1).item()
    except RuntimeError as exc:  # a GPU that this build has no kernels for, one that is taken, or a broken driver
        return f"{_build()} cannot compute on {torch.cuda.get_device_name(index)}: {str(exc).splitlines()[0]}."
    return ""


def _build() -> str:
    cuda = getattr(torch.version, "cuda", None)
    hip = getattr(torch.version, "hip", None)
    return f"torch {torch.__version__} ({f'CUDA {cuda}' if cuda else f'ROCm {hip}' if hip else 'no CUDA'})"


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """The precision of this name on a device.

    Args:
        name: `auto` (fp16 on CUDA, fp32 elsewhere), `fp32`, `fp16` or `bf16`.

    Raises:
        ParamError: no such name; fp16 on the CPU, where most processors emulate it, slower than fp32; bf16 on a GPU that
            has none.
    """
    if name == "auto":
        return torch.float16 if device.type == "cuda" else torch.float32
    if name not in PRECISIONS:
        raise ParamError(f'The precision is "auto", "fp32", "fp16" or "bf16", not "{name}".', name="precision")
    if name == "fp16" and device.type == "cpu":
        raise ParamError("fp16 is slower than fp32 on most CPUs: set precision to auto, fp32 or bf16.", name="precision")
    if name == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise ParamError(
            f"{torch.cuda.get_device_name(device)} has no bf16: set precision to auto, fp16 or fp32.", name="precision"
        )
    return PRECISIONS[name]


def memory_probe(device: torch.device) -> Callable[[], tuple[int, int]]:
    """What tells (used, total) bytes of a device's memory, by all processes; a CPU's and an Apple GPU's is the machine's.

    Any thread may call it, once something has been computed on the device.
    """
    if device.type != "cuda":
        return machine_memory

    def probe() -> tuple[int, int]:
        try:
            free, total = torch.cuda.mem_get_info(device)
        except RuntimeError:  # a device that is lost: the job tells of that
            return 0, 0
        return total - free, total

    return probe


def precision_name(dtype: torch.dtype) -> str:
    """A precision as `--precision` names it."""
    return next(name for name, known in PRECISIONS.items() if known == dtype)


def describe_devices() -> list[dict[str, object]]:
    """Every device that can compute, the best first: `device` (for --device), `name`, `total_memory`, `free_memory`.

    Memory is in bytes, or None where the system does not say.
    """
    found: list[dict[str, object]] = []
    if not _fault("cuda"):
        for index in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(index)
            found.append(_entry(f"cuda:{index}", torch.cuda.get_device_name(index), total, free))
    if not _fault("mps"):
        total = int(torch.mps.recommended_max_memory())
        found.append(_entry("mps", "Apple GPU", total, total - int(torch.mps.current_allocated_memory())))
    total_memory, free_memory = _host_memory()
    found.append(_entry("cpu", _cpu_name(), total_memory, free_memory))
    return found


def _entry(device: str, name: str, total: int | None, free: int | None) -> dict[str, object]:
    return {"device": device, "name": name, "total_memory": total, "free_memory": free}


def _cpu_name() -> str:
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def _host_memory() -> tuple[int | None, int | None]:
    """(total, available) bytes of the host."""
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = os.sysconf("SC_PHYS_PAGES") * page, os.sysconf("SC_AVPHYS_PAGES") * page
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf, macOS not every name
        return None, None
    return total, free
