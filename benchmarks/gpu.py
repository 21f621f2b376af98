"""Seconds, bytes and operations on a device; a CPU serves to try the code."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from gvm_matte.core.errors import GvmMatteError, OutOfMemoryError
from torch.utils.flop_counter import FlopCounterMode

T = TypeVar("T")
FAILURES = (torch.OutOfMemoryError, GvmMatteError)  # full memory, or half precision that overflowed


def failure(exc: Exception, device: torch.device) -> dict[str, str]:
    """What stands in the JSON in place of figures; gives cached memory back, so that the next case has all of it."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    full = isinstance(exc, (torch.OutOfMemoryError, OutOfMemoryError))
    return {"failed": "out of memory" if full else str(exc).splitlines()[0][:120]}


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """Seconds that the device took, by its own clock where it has one."""
    if device.type != "cuda":
        started = time.perf_counter()
        work()
        return time.perf_counter() - started
    new: Any = torch.cuda.Event
    start, end = new(enable_timing=True), new(enable_timing=True)
    torch.cuda.synchronize(device)
    start.record()
    work()
    end.record()
    end.synchronize()
    return float(start.elapsed_time(end)) / 1e3


def wall_of(work: Callable[[], object], device: torch.device) -> float:
    """Seconds until the work and all that it gave to the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


def allocated(device: torch.device) -> int:
    """Bytes that tensors hold; 0 where torch does not count."""
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else 0


def peak_of(work: Callable[[], object], device: torch.device) -> int:
    """Bytes that the work needed beside what was there before; 0 where torch does not count."""
    before = allocated(device)
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    work()
    return torch.cuda.max_memory_allocated(device) - before if device.type == "cuda" else 0


def weighed(make: Callable[[], T], device: torch.device) -> tuple[T, int]:
    """What `make` makes, and the bytes it holds on the device."""
    before = allocated(device)
    made = make()
    return made, allocated(device) - before


def flops_of(work: Callable[[], object]) -> int:
    """Floating-point operations of its matrix products, convolutions and attention; others do not count."""
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def peak_flops(device: torch.device, dtype: torch.dtype, *, edge: int = 8192, rounds: int = 20) -> float:
    """What the device reaches in a large square matrix product on random data, in operations a second.

    The measured figure, not the data sheet's: power and clocks of the card at hand count.
    """
    a, b = (torch.randn(edge, edge, device=device, dtype=dtype) for _ in range(2))
    for _ in range(5):
        a @ b
    return 2 * edge**3 / statistics.median(seconds_of(lambda: a @ b, device) for _ in range(rounds))


def top_operations(work: Callable[[], object], device: torch.device, count: int = 12) -> list[dict[str, Any]]:
    """The operations that took longest, by torch's profiler: name, calls and seconds on the device."""
    from torch.profiler import ProfilerActivity, profile

    cuda = device.type == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if cuda else ProfilerActivity.CPU]) as found:
        work()
        if cuda:
            torch.cuda.synchronize(device)
    name = "self_device_time_total" if cuda else "self_cpu_time_total"
    events = sorted(found.key_averages(), key=lambda event: getattr(event, name), reverse=True)
    return [
        {"name": event.key[:120], "calls": event.count, "seconds": getattr(event, name) / 1e6} for event in events[:count]
    ]
