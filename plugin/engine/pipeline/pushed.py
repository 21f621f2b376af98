"""Plates out of the host's ring, in the order in which the engine said that it wants them."""

from __future__ import annotations

import queue
from typing import Any, Callable, Optional, Union

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ...core.errors import FrameBufferError, PlateMissingError
from ...params.fields import MatteParams
from ...protocol.frame_buffer import SlotInfo
from ...protocol.messages import PlateFailed, PlateReady, SlotFree
from ..colour import InputColour
from ..jobs.job import Job
from ..plates.finite import make_finite
from .extras import KeptPlates, Seen
from .feed import WAIT_SECONDS
from .prepare import Preparer

NUMPY = {"half": np.float16, "float": np.float32, "uint8": np.uint8, "uint16": np.uint16}


def from_buffers(
    *, job: Job, colour: InputColour, preparer: Preparer, params: MatteParams, kept: KeptPlates, again: bool
) -> Callable[[int], Tensor]:
    """A fetch that waits for the host's next plate; its slot goes back once the pixels are on the device.

    Args:
        kept: takes a copy of each plate, where it is needed again.
        again: whether any is.
    """

    def next_message() -> Union[PlateReady, PlateFailed]:
        while True:
            job.check()
            try:
                return job.pushed.get(timeout=WAIT_SECONDS)
            except queue.Empty:
                continue

    last: Optional[tuple[Tensor, Seen]] = None

    def fetch(frame: int) -> Tensor:
        nonlocal last
        message = next_message()
        if message.frame != frame:
            raise FrameBufferError(f"The host pushed frame {message.frame}; frame {frame} is next.", frame=frame)
        if isinstance(message, PlateFailed):
            if params.missing == "error":
                raise PlateMissingError(message.message, frame=frame)
            if job.record is not None:
                job.record.missing.append(frame)
            held, seen = last if params.missing == "nearest" and last is not None else (preparer.black(), None)
            kept.put(frame, seen)
            return held
        ring = job.rings.plates
        if ring is None:
            raise FrameBufferError("A plate was pushed, but no ring of plates is attached.", frame=frame)
        try:
            info, _ = ring.open(message.slot, message.sequence)
            if info.frame != frame:
                raise FrameBufferError(f"Slot {message.slot} holds frame {info.frame}, not {frame}.", frame=frame)
            pixels = in_place(info, ring.payload(message.slot, info.nbytes))
        except FrameBufferError:
            job.check()  # the host went away and its rings with it: that is a cancel
            raise
        transform = colour.resolve(hint=job.request.source.colorspace, dtype=pixels.dtype)
        plate = preparer.plate(frame, pixels, info.box, transform)
        seen = Seen(make_finite(pixels.copy()) if again else pixels[:0], info.box, transform)
        kept.put(frame, seen)
        job.send(SlotFree(job.id, message.slot))
        last = plate, seen
        return plate

    return fetch


def in_place(info: SlotInfo, payload: memoryview) -> npt.NDArray[Any]:
    """The slot's pixels, [h,w,c], without a copy."""
    dtype = np.dtype(NUMPY[info.dtype])
    shape = (info.box.height, info.box.width, info.channels)
    strides = (info.row_stride, info.channels * dtype.itemsize, dtype.itemsize)
    pixels: npt.NDArray[Any] = np.ndarray(shape, dtype, buffer=payload, strides=strides)
    return pixels
