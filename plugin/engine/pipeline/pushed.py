"""Plates out of the host's ring, in the order in which the engine said that it wants them."""

from __future__ import annotations

import queue
from typing import Any, Optional, Union

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ...core.errors import FrameBufferError, PlateMissingError
from ...protocol.frame_buffer import SlotInfo
from ...protocol.messages import PlateFailed, PlateReady, SlotFree
from ..colour import InputColour
from ..jobs.job import Job
from ..plates.finite import make_finite
from .extras import KeptPlates, Seen
from .feed import WAIT_SECONDS
from .prepare import Preparer

NUMPY = {"half": np.float16, "float": np.float32, "uint8": np.uint8, "uint16": np.uint16}


class PushedPlates:
    """The host's plates as the model wants them.

    Args:
        kept: takes a copy of each plate; None: none is needed again.
    """

    def __init__(
        self, job: Job, *, colour: InputColour, preparer: Preparer, missing: str, kept: Optional[KeptPlates]
    ) -> None:
        self._job, self._colour, self._preparer, self._missing, self._kept = job, colour, preparer, missing, kept
        self._last: Optional[tuple[Tensor, Optional[Seen]]] = None

    def fetch(self, frame: int) -> Tensor:
        """Waits for the host's next plate, [1,3,H',W'] on the device; its slot goes back once the pixels are there.

        Raises:
            FrameBufferError: it is another frame's, or its slot does not hold it.
            PlateMissingError: the host has none, and the policy is `error`.
        """
        message = self._next_message()
        if message.frame != frame:
            raise FrameBufferError(f"The host pushed frame {message.frame}; frame {frame} is next.", frame=frame)
        plate, seen = self._instead(message) if isinstance(message, PlateFailed) else self._taken(message)
        if self._kept is not None:
            self._kept.put(frame, seen)
        if isinstance(message, PlateReady):
            self._last = plate, seen
            self._job.send(SlotFree(self._job.id, message.slot))
        return plate

    def _next_message(self) -> Union[PlateReady, PlateFailed]:
        while True:
            self._job.check()
            try:
                return self._job.pushed.get(timeout=WAIT_SECONDS)
            except queue.Empty:
                continue

    def _instead(self, message: PlateFailed) -> tuple[Tensor, Optional[Seen]]:
        """What stands in for a plate that the host could not give."""
        if self._missing == "error":
            raise PlateMissingError(message.message, frame=message.frame)
        if self._job.record is not None:
            self._job.record.missing.append(message.frame)
        if self._missing == "nearest" and self._last is not None:
            return self._last
        return self._preparer.black(), None

    def _taken(self, message: PlateReady) -> tuple[Tensor, Optional[Seen]]:
        job, frame, ring = self._job, message.frame, self._job.rings.plates
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
        transform = self._colour.resolve(hint=job.request.source.colorspace, dtype=pixels.dtype)
        plate = self._preparer.plate(frame, pixels, info.box, transform)
        seen = None if self._kept is None else Seen(make_finite(pixels.copy()), info.box, transform)
        return plate, seen


def in_place(info: SlotInfo, payload: memoryview) -> npt.NDArray[Any]:
    """The slot's pixels, [h,w,c], without a copy."""
    dtype = np.dtype(NUMPY[info.dtype])
    shape = (info.box.height, info.box.width, info.channels)
    strides = (info.row_stride, info.channels * dtype.itemsize, dtype.itemsize)
    pixels: npt.NDArray[Any] = np.ndarray(shape, dtype, buffer=payload, strides=strides)
    return pixels
