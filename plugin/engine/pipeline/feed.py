"""Plates in the order in which the windows need them, read and prepared ahead by threads.

    order ──► threads: fetch(frame) = read + prepare ──► at most `ahead` plates wait ──► take()

A plate is fetched once. Errors come out of `take`, at the plate that they are about, so that what was ready before is
still delivered.
"""

from __future__ import annotations

import queue
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Callable, Deque, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ...errors import FrameBufferError, PlateError, PlateMissingError, UsageError
from ...frame_buffer import SlotInfo
from ...image import Box
from ...params import MatteParams
from ...protocol import PlateFailed, PlateReady, SlotFree
from ..colour import resolve_input
from ..jobs import Job
from ..plates import Plate, PlateSource
from .prepare import Preparer

NUMPY = {"half": np.float16, "float": np.float32, "uint8": np.uint8, "uint16": np.uint16}
WAIT_SECONDS = 0.05  # how soon a cancel is seen while nothing happens
Fetch = Callable[[int], Tensor]


class Feed:
    """Reads ahead.

    Args:
        order: frames, as `take` will ask for them.
        fetch: called in a thread for each.
        threads: that fetch at the same time; 1 for sources with an order of their own.
        ahead: plates that may wait; bounds the memory.
        check: raises when the job is cancelled.
    """

    def __init__(self, *, order: Sequence[int], fetch: Fetch, threads: int, ahead: int, check: Callable[[], None]) -> None:
        self._left: Deque[int] = deque(order)
        self._fetch = fetch
        self._ahead = ahead
        self._check = check
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="plates")
        self._coming: Deque[tuple[int, Future[Tensor]]] = deque()
        self._fill()

    def _fill(self) -> None:
        while self._left and len(self._coming) < self._ahead:
            frame = self._left.popleft()
            self._coming.append((frame, self._pool.submit(self._fetch, frame)))

    def take(self, frame: int) -> Tensor:
        """The next plate, [1,3,H',W'] on the device; `frame` says which the caller believes it to be."""
        expected, future = self._coming.popleft()
        assert expected == frame, (expected, frame)
        while True:
            self._check()
            try:
                plate = future.result(WAIT_SECONDS)
            except NotYet:
                if future.done():  # a time-out of the fetch itself
                    raise
                continue
            self._fill()
            return plate

    def close(self) -> None:
        """Lets go of what was read in vain and ends the threads."""
        self._left.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)


def from_files(
    *,
    source: PlateSource,
    chosen: dict[int, Optional[int]],
    preparer: Preparer,
    params: MatteParams,
    display: Box,
    check: Callable[[], None],
    remember: Callable[[int, Plate], None],
) -> Fetch:
    """A fetch that reads `source`.

    Args:
        chosen: which frame stands in for one that is missing (None: black).
        display: that every plate must have: a proxy among full plates is an error of the one who asked.
        remember: told which plate serves a frame, for what the matte's file keeps of it.
    """

    def fetch(frame: int) -> Tensor:
        check()
        instead = chosen[frame]
        tried = set()
        while instead is not None:
            try:
                plate = source.read(instead)
            except PlateError as exc:  # what only shows on reading: truncated, damaged
                if params.missing == "error":
                    raise
                tried.add(instead)
                usable = [n for n in source.frames if n not in tried]
                if params.missing == "black":
                    break
                if not usable:
                    raise exc
                instead = min(usable, key=lambda n: (abs(n - frame), n))
                continue
            if plate.display != display:
                raise UsageError(
                    f"{source.path}: frame {plate.frame} is {plate.display}, the shot is {display}. All plates of a shot "
                    "have one size; are there proxies among them?",
                    frame=plate.frame,
                )
            remember(frame, plate)
            transform = resolve_input(params.input_colorspace, hint=plate.colorspace, dtype=plate.pixels.dtype)
            return preparer.plate(plate.pixels, plate.data, transform)
        return preparer.black()

    return fetch


def from_buffers(*, job: Job, preparer: Preparer, params: MatteParams) -> Fetch:
    """A fetch that waits for the host's next plate; its slot goes back once the pixels are on the device."""

    def pushed() -> Union[PlateReady, PlateFailed]:
        while True:
            job.check()
            try:
                return job.pushed.get(timeout=WAIT_SECONDS)
            except queue.Empty:
                continue

    last: list[Optional[Tensor]] = [None]

    def fetch(frame: int) -> Tensor:
        message = pushed()
        if message.frame != frame:
            raise FrameBufferError(f"The host pushed frame {message.frame}; frame {frame} is next.", frame=frame)
        if isinstance(message, PlateFailed):
            if params.missing == "error":
                raise PlateMissingError(message.message, frame=frame)
            held = last[0] if params.missing == "nearest" else None
            return preparer.black() if held is None else held
        ring = job.rings.plates
        if ring is None:
            raise FrameBufferError("A plate was pushed, but no ring of plates is attached.", frame=frame)
        try:
            info, _ = ring.open(message.slot, message.sequence)
            if info.frame != frame:
                raise FrameBufferError(f"Slot {message.slot} holds frame {info.frame}, not {frame}.", frame=frame)
            pixels = _in_place(info, ring.payload(message.slot, info.nbytes))
        except FrameBufferError:
            job.check()  # the host went away and its rings with it: that is a cancel
            raise
        hint = job.request.source.colorspace
        transform = resolve_input(params.input_colorspace, hint=hint, dtype=pixels.dtype)
        plate = preparer.plate(pixels, info.box, transform)
        job.send(SlotFree(job.id, message.slot))
        last[0] = plate
        return plate

    return fetch


def _in_place(info: SlotInfo, payload: memoryview) -> npt.NDArray[Any]:
    """The slot's pixels, [h,w,c], without a copy."""
    dtype = np.dtype(NUMPY[info.dtype])
    shape = (info.box.height, info.box.width, info.channels)
    strides = (info.row_stride, info.channels * dtype.itemsize, dtype.itemsize)
    pixels: npt.NDArray[Any] = np.ndarray(shape, dtype, buffer=payload, strides=strides)
    return pixels
