"""What went wrong on the device, in words that help: memory that is full, numbers that are not finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from ...core.errors import GvmMatteError, OutOfMemoryError, ParamError, WeightsCorruptError

# What to lower, in this order, and the steps: as the users of the reference are told.
LADDER = (
    ("num_frames_per_batch", (8, 4, 2)),
    ("decode_chunk_size", (8, 4)),
    ("max_resolution", (960, 720, 512)),
)
# CUDA's own error is a class; the others are told by their text alone.
_TEXTS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "ALLOC_FAILED",
    "INSUFFICIENT_RESOURCES",
)


def is_out_of_memory(exc: BaseException) -> bool:
    """Whether torch says with this error that memory is full, on whatever device."""
    if isinstance(exc, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(exc, RuntimeError) and any(text in str(exc) for text in _TEXTS)


def advice(settings: Mapping[str, int]) -> str:
    """What to lower, from where to where; a setting that is at its least is left out.

    Args:
        settings: the current values by name; one that is not given is named without its value.
    """
    steps = []
    for name, values in LADDER:
        now = settings.get(name)
        lower = [str(value) for value in values if now is None or value < now]
        if lower:
            steps.append(f"{name}{'' if now is None else f' (now {now})'} to {', '.join(lower)}")
    if not steps:
        return "Every setting is at its least already: use a device with more memory, or --device cpu."
    return f"Lower, one after the other until it fits: {'; then '.join(steps)}."


@contextmanager
def explained(device: torch.device, settings: Mapping[str, int]) -> Iterator[None]:
    """Turns torch's errors for full memory into ours.

    Raises:
        OutOfMemoryError: in place of torch's; what was cached has been given back, so that smaller settings can be tried.
    """
    try:
        yield
    except GvmMatteError:
        raise
    except (RuntimeError, MemoryError) as exc:
        if not is_out_of_memory(exc):
            raise
        where = "The computer's memory is full."
        if device.type == "cuda":
            free, total = torch.cuda.mem_get_info(device)
            torch.cuda.empty_cache()
            name = torch.cuda.get_device_name(device)
            where = f"The memory of {name} is full ({free / 2**30:.1f} of {total / 2**30:.1f} GiB were free)."
        raise OutOfMemoryError(f"{where} {advice(settings)}") from exc


def check_finite(values: torch.Tensor, what: str) -> None:
    """One look at a whole window or decode group; on a GPU it waits for the work so far, once.

    Raises:
        ParamError: half precision overflowed.
        WeightsCorruptError: numbers are not finite though the precision has the range.
    """
    if bool(torch.isfinite(values).all()):
        return
    if values.dtype == torch.float16:
        raise ParamError(
            f"The {what} overflowed in fp16: this model needs a wider range. Set precision to bf16 or fp32.",
            name="precision",
        )
    raise WeightsCorruptError(
        f"The {what} holds numbers that are not finite, in {str(values.dtype).removeprefix('torch.')}: "
        f"the weights are damaged, or trained for something else. Copy them again, or use others."
    )
