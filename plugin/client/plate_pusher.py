"""Pushes a host's plates into the engine's ring, in the order in which the engine wants them.

    plates(frame) ──one copy──▶ slot ── PlateReady ──▶ engine ── SlotFree ──▶ slot is free
                                 ▲ no free slot: wait. That is all of the back-pressure.

A thread of its own, so that reading plates, computing and taking alphas overlap. It owns no slot longer than one copy
takes; the ring belongs to the attempt that started it, whose end closes the ring and so wakes it.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Any, Callable, Dict, Iterable, Optional

from ..core.errors import ConnectionLostError, FrameBufferError, PlateError
from ..protocol.frame_buffer import FrameRing, slot_bytes
from ..protocol.messages import Message, PlateFailed, PlateReady
from .job import PlateData


class PlatePusher(threading.Thread):
    """Calls `plates` for every frame in order. `error` holds what it raised, if it was no PlateError.

    Args:
        first: plates that were asked for before, to size the ring: they are not asked for again.
    """

    def __init__(
        self,
        *,
        send: Callable[[Message], None],
        ring: FrameRing,
        job: int,
        frames: Iterable[int],
        plates: Callable[[int], PlateData],
        first: Dict[int, PlateData],
    ) -> None:
        super().__init__(name="gvm-matte-plates", daemon=True)
        self.error: Optional[BaseException] = None
        self._send = send
        self._ring = ring
        self._job = job
        self._frames = list(frames)
        self._plates = plates
        self._first = first
        self._stopped = threading.Event()

    def run(self) -> None:
        """Pushes until done, stopped, or an error."""
        try:
            for frame in self._frames:
                if self._stopped.is_set():
                    return
                self._push(frame)
        except ConnectionLostError:
            pass  # the receiving thread sees it, too
        except BaseException as exc:
            if not self._stopped.is_set():
                self.error = exc

    def stop(self) -> None:
        """Ends it: after the plate at hand, or at once where it waits for a slot. Closes the ring."""
        self._stopped.set()
        self._ring.close()
        self.join(5.0)  # a host that never gives its plate back is left alone with it

    def _push(self, frame: int) -> None:
        slot = self._ring.acquire(None)
        assert slot is not None
        try:
            plate = self._first.pop(frame, None) or self._plates(frame)
        except PlateError as exc:
            self._ring.release(slot)
            self._send(PlateFailed(self._job, frame, exc.message))
            return
        self._send(PlateReady(self._job, slot, frame, fill(self._ring, slot, frame, plate)))


def fill(ring: FrameRing, slot: int, frame: int, plate: PlateData) -> int:
    """Copies a plate into a slot and publishes it; the sequence number.

    Raises:
        FrameBufferError: it does not fit, or its pixels are fewer than it says.
    """
    packed = slot_bytes(plate.box, plate.channels, plate.dtype)
    nbytes = packed if plate.row_stride is None else plate.row_stride * plate.box.height
    if nbytes > ring.spec.slot_bytes:
        raise FrameBufferError(
            f"The plate of frame {frame} ({plate.box}, {nbytes:,} bytes) is larger than the first one; the slots hold "
            f"{ring.spec.slot_bytes:,} bytes. Say how large plates get (plate_bytes).",
            frame=frame,
        )
    with memoryview(plate.pixels) as view:
        if not view.c_contiguous or view.nbytes < nbytes:
            raise FrameBufferError(
                f"The plate of frame {frame} needs {nbytes:,} bytes in one piece; {view.nbytes:,} came.", frame=frame
            )
        with view.cast("B") as pixels, ring.payload(slot, nbytes) as payload:
            copy(payload, pixels[:nbytes])
    info = ring.publish(
        slot, frame=frame, box=plate.box, channels=plate.channels, dtype=plate.dtype, row_stride=plate.row_stride
    )
    return info.sequence


def copy(target: memoryview, source: memoryview) -> None:
    """Copies bytes of equal number, without Python's lock where the source can be addressed.

    A slice assignment holds the lock for the milliseconds that a large plate takes, and with it the host's user interface.
    """
    if source.readonly:  # ctypes gives no address of it
        target[:] = source
        return
    address = ctypes.addressof(ctypes.c_char.from_buffer(source)) if source.nbytes else 0
    ctypes.memmove(ctypes.addressof(ctypes.c_char.from_buffer(target)), address, source.nbytes)


def copied(pixels: Any) -> Any:
    """Pixels in memory of their own; such as are not in one piece are left to `fill`, which says so."""
    with memoryview(pixels) as view:
        if not view.c_contiguous:
            return pixels
        own = bytearray(view.nbytes)
        with view.cast("B") as source, memoryview(own) as target:
            copy(target, source)
        return own
