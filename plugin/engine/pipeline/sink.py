"""Where mattes go: EXR files, slots of the host's alpha ring, or both; by threads, while the next windows compute.

A matte leaves the device without holding it up: its copy into pinned memory is queued behind the computation, and the
thread that writes it waits for that copy alone.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any, Callable, Optional

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...core.errors import FrameBufferError
from ...core.image import Box
from ...core.paths import frame_path
from ...params.fields import MatteParams
from ...protocol.frame_buffer import slot_bytes
from ...protocol.messages import AlphaReady, FrameWritten
from ..jobs.job import Job
from ..mattes import MatteFile, write_matte

WRITERS = 2
WAIT_SECONDS = 0.05


class Sink:
    """Takes mattes in order and delivers them.

    Args:
        area: what the mattes cover.
        pattern: of the files; empty: none are written.
        file_of: what a frame's file says; called once for each, in the writing thread.
        done: called after each frame.
    """

    def __init__(
        self,
        *,
        job: Job,
        params: MatteParams,
        area: Box,
        pattern: str,
        file_of: Callable[[int], MatteFile],
        done: Callable[[], None],
    ) -> None:
        self._job, self._params, self._area, self._pattern = job, params, area, pattern
        self._file_of, self._done = file_of, done
        self._pool = ThreadPoolExecutor(WRITERS if pattern else 1, thread_name_prefix="mattes")
        self._room = threading.Semaphore(2 * WRITERS)  # mattes in flight: bounds the memory
        self._running: set[Future[None]] = set()
        self._lock = threading.Lock()

    def put(self, frame: int, matte: Tensor) -> None:
        """Takes a matte, [H,W] or [H,W,4] on the device; waits while too many are in flight.

        Raises:
            What went wrong with a matte before this one.
        """
        while not self._room.acquire(timeout=WAIT_SECONDS):
            self._job.check()
            self._raise_first()
        self._raise_first()
        ready: Optional[torch.cuda.Event] = None
        if matte.device.type == "cuda":
            host = torch.empty(matte.shape, dtype=matte.dtype, pin_memory=True)
            host.copy_(matte, non_blocking=True)
            ready = torch.cuda.Event()
            ready.record(torch.cuda.current_stream(matte.device))  # of this GPU, which need not be the first
            matte = host
        self._running.add(self._pool.submit(self._deliver, frame, matte.cpu(), ready))

    def finish(self) -> None:
        """Waits until everything is delivered.

        Raises:
            What went wrong with a matte.
        """
        while self._running:
            wait(self._running, timeout=WAIT_SECONDS, return_when=FIRST_EXCEPTION)
            self._raise_first()
            self._job.check()

    def close(self) -> None:
        """Lets files in writing be finished, drops the rest and ends the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _raise_first(self) -> None:
        for future in [future for future in self._running if future.done()]:
            self._running.discard(future)
            future.result()

    def _deliver(self, frame: int, matte: Tensor, ready: Optional[torch.cuda.Event]) -> None:
        try:
            if ready is not None:
                ready.synchronize()
            pixels = matte.numpy()
            if self._pattern:
                self._job.check()
                self._write(frame, pixels)
            if self._job.request.sink.buffers:  # the host's ring is one of alphas, whatever the files hold
                self._publish(frame, pixels if pixels.ndim == 2 else pixels[..., 3])
            with self._lock:
                self._job.delivered += 1
                self._done()
            self._job.progress("writing")
        finally:
            self._room.release()

    def _write(self, frame: int, pixels: npt.NDArray[Any]) -> None:
        path = frame_path(self._pattern, frame)
        write_matte(path, pixels, self._file_of(frame), frame=frame)
        self._job.send(FrameWritten(self._job.id, frame, path))

    def _publish(self, frame: int, pixels: npt.NDArray[Any]) -> None:
        ring, box = self._job.rings.alphas, self._area
        if ring is None:
            raise FrameBufferError("Alphas were asked for in buffers, but no ring for them is attached.", frame=frame)
        try:
            slot = None
            while slot is None:
                self._job.check()
                slot = ring.acquire(WAIT_SECONDS)
            size = slot_bytes(box, 1, self._params.datatype)
            np.copyto(np.frombuffer(ring.payload(slot, size), pixels.dtype).reshape(pixels.shape), pixels)
            info = ring.publish(slot, frame=frame, box=box, channels=1, dtype=self._params.datatype)
        except FrameBufferError:
            self._job.check()  # the host went away and its rings with it: that is a cancel
            raise
        self._job.send(AlphaReady(self._job.id, slot, frame, info.sequence))
