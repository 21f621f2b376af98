"""A ring of frames in shared memory: plates on their way to the engine, alphas on their way back.

    region    ┌────────────────┬─────────────────────────────┬─────────────────────────────┬───
              │ ring header    │ slot 0                      │ slot 1                      │ …
              │ 4096 bytes     │ header 4096 │ payload       │ header 4096 │ payload       │
              └────────────────┴─────────────────────────────┴─────────────────────────────┴───
    ring      magic "GVMRING\\0" · u32 version · u32 slots · u64 slot_bytes · u64 stride
    slot      u32 magic "SLOT" · u32 dtype · u64 sequence · i64 frame · 4×i32 box · u32 channels · u32 0 · u64 row_stride

All numbers are little-endian. A payload starts at a multiple of 4096 and holds rows from the top down, channels
interleaved; `slot_bytes` is its capacity, `stride` = 4096 + slot_bytes rounded up to 4096.

Who owns what: a slot belongs to one side at a time. The producer keeps the account (`acquire`, `publish`, `release`), and
messages carry a slot across: PlateReady and AlphaReady give it to the consumer, SlotFree and AlphaTaken give it back.
The sequence number in the header is the one in the message, so a slot that was written again is noticed.

Cleaning up is not needed. On POSIX the region is a file that never keeps a name (O_TMPFILE, or unlinked at once); its
descriptor passes over the connection, and the memory goes when the last side closes or dies, however it dies. On
Windows it is a named mapping, which the system counts in the same way. `multiprocessing.shared_memory` is not used:
before Python 3.13 the tracker of a process that attaches unlinks the segment of the one that made it.

The memory is reserved at creation: a full tmpfs is an error there, and never a SIGBUS in the midst of a frame.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import secrets
import stat
import struct
import sys
import tempfile
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Deque, List, Optional, Set, Tuple

from ..core.errors import FrameBufferError, UsageError
from ..core.image import Box
from .parts import RingSpec

VERSION = 1
PAGE = 4096
DTYPES = {"half": 2, "float": 4, "uint8": 1, "uint16": 2}  # bytes of one value
MAX_SLOTS = 1024
MAX_SLOT_BYTES = 1 << 35
MAX_EDGE = 1 << 17  # pixels
MAX_COORDINATE = 1 << 24

_RING = struct.Struct("<8sIIQQ")
_RING_MAGIC = b"GVMRING\0"
_SLOT = struct.Struct("<4sIQq4iIIQ")
_SLOT_MAGIC = b"SLOT"
_CODES = {name: code for code, name in enumerate(DTYPES)}
_NAMES = dict(enumerate(DTYPES))
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM}


@dataclass(frozen=True)
class SlotInfo:
    """What a slot holds: pixels of `box`, rows `row_stride` bytes apart, top row first, channels interleaved."""

    frame: int
    box: Box
    channels: int  # 1 to 4
    dtype: str  # half, float, uint8 or uint16
    row_stride: int  # bytes
    sequence: int

    @property
    def nbytes(self) -> int:
        """Size of the payload."""
        return self.row_stride * self.box.height


def slot_bytes(box: Box, channels: int, dtype: str) -> int:
    """Payload capacity that an image needs when its rows lie close together."""
    return box.width * box.height * channels * _itemsize(dtype)


class FrameRing:
    """One ring, made with `create` on the producer's or host's side and mapped with `attach` on the other. Thread-safe."""

    def __init__(self, region: mmap.mmap, spec: RingSpec, handle: Optional[int]) -> None:
        """Not for callers: takes over a mapping that has its ring header, and the descriptor behind it."""
        self.spec = spec
        self.handle = handle
        self._region: Optional[mmap.mmap] = region
        self._view = memoryview(region)
        self._changed = threading.Condition()
        self._free: Deque[int] = deque(range(spec.slots))
        self._out: Set[int] = set()
        self._sequence = 0

    @classmethod
    def create(cls, *, slots: int, slot_bytes: int, folder: Optional[str] = None) -> FrameRing:
        """Makes a ring and reserves its memory.

        Args:
            slots: 1 to `MAX_SLOTS`.
            slot_bytes: payload capacity of each, see the function of this name.
            folder: where the region lies; None: /dev/shm, or the temp folder where that is missing or too full.

        Raises:
            FrameBufferError: sizes that make no sense, or there is not enough room; the message names the sizes.
        """
        size = _total(slots, slot_bytes)
        header = _RING.pack(_RING_MAGIC, VERSION, slots, slot_bytes, _stride(slot_bytes))
        if sys.platform == "win32":
            name = f"gvm-matte-{os.getpid()}-{secrets.token_hex(16)}"
            try:
                region, handle = mmap.mmap(-1, size, tagname=name), None
            except OSError as exc:
                raise FrameBufferError(f"There is no memory for a frame buffer of {_words(slots, slot_bytes)}.") from exc
        else:
            name, handle = "", _reserve(slots, slot_bytes, folder)
            region = _map(handle, size)
        region[: len(header)] = header
        return cls(region, RingSpec(slots, slot_bytes, name), handle)

    @classmethod
    def attach(cls, spec: RingSpec, handle: Optional[int]) -> FrameRing:
        """Maps a ring that the other side made.

        Args:
            spec: as it came in `Attach`.
            handle: the descriptor that came with it, which is taken over, also on failure; None on Windows.

        Raises:
            FrameBufferError: the region is not what the spec says, or is too small for it.
        """
        with contextlib.ExitStack() as closing:
            if handle is not None:
                closing.callback(os.close, handle)
            size = _total(spec.slots, spec.slot_bytes)
            if sys.platform == "win32":
                region = mmap.mmap(-1, size, tagname=spec.name)
            elif handle is None:
                raise FrameBufferError("A frame buffer came without its descriptor.")
            else:
                info = os.fstat(handle)
                if not stat.S_ISREG(info.st_mode) or info.st_size < size:
                    raise FrameBufferError(f"A frame buffer has {info.st_size:,} bytes; {size:,} are needed.")
                region = _map(handle, size)
            expected = (_RING_MAGIC, VERSION, spec.slots, spec.slot_bytes, _stride(spec.slot_bytes))
            found = _RING.unpack_from(region)
            if found != expected:
                region.close()
                raise FrameBufferError(f"A frame buffer's header is {found}, not {expected}.")
        return cls(region, spec, None)

    def drop_handle(self) -> None:
        """Lets go of the descriptor once the other side has the region; the mapping stays."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None

    # -- producer

    def acquire(self, timeout: Optional[float]) -> Optional[int]:
        """A free slot, or None if none became free within `timeout` seconds (None waits for ever).

        Raises:
            FrameBufferError: the ring is closed; a thread that waits gets this, too.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._region is None, timeout)
            self._check_open()
            if not self._free:
                return None
            slot = self._free.popleft()
            self._out.add(slot)
            return slot

    def release(self, slot: int) -> None:
        """Takes a slot back that `acquire` gave out.

        Raises:
            FrameBufferError: it was not out, or there is no such slot.
        """
        with self._changed:
            if slot not in self._out:
                raise FrameBufferError(f"Slot {slot} was given back and was not out; the ring has {self.spec.slots}.")
            self._out.discard(slot)
            self._free.append(slot)
            self._changed.notify()

    def payload(self, slot: int, nbytes: Optional[int] = None) -> memoryview:
        """The payload's bytes (or their first `nbytes`) in place: writable, starting at a multiple of 4096.

        Raises:
            FrameBufferError: there is no such slot, it is smaller than that, or the ring is closed.
        """
        wanted = self.spec.slot_bytes if nbytes is None else nbytes
        if not 0 <= wanted <= self.spec.slot_bytes:
            raise FrameBufferError(f"{wanted:,} bytes do not fit into a slot of {self.spec.slot_bytes:,} bytes.")
        start = self._offset(slot) + PAGE
        with self._changed:
            self._check_open()
            return self._view[start : start + wanted]

    def publish(
        self, slot: int, *, frame: int, box: Box, channels: int, dtype: str, row_stride: Optional[int] = None
    ) -> SlotInfo:
        """Describes the payload that has been written, under the next sequence number; then the message may go out.

        Args:
            row_stride: bytes from one row to the next; None: rows lie close together.

        Raises:
            FrameBufferError: the slot is not out, or what is described does not fit into it.
        """
        packed = box.width * channels * _itemsize(dtype)
        with self._changed:
            if slot not in self._out:
                raise FrameBufferError(f"Slot {slot} is published and was not acquired.")
            self._check_open()
            info = SlotInfo(frame, box, channels, dtype, packed if row_stride is None else row_stride, self._sequence + 1)
            self._check(info)
            values = (_SLOT_MAGIC, _CODES[dtype], info.sequence, frame, *box.as_tuple, channels, 0, info.row_stride)
            try:
                header = _SLOT.pack(*values)
            except struct.error as exc:
                raise FrameBufferError(f"Frame {frame} cannot be described in a slot: {exc}.", frame=frame) from exc
            start = self._offset(slot)
            self._view[start : start + len(header)] = header
            self._sequence = info.sequence
            return info

    # -- consumer

    def open(self, slot: int, sequence: int) -> Tuple[SlotInfo, memoryview]:
        """What a slot holds, and its pixels in place, to be read until the slot is given back.

        Everything is checked before it is used: the other side may be broken.

        Raises:
            FrameBufferError: no such slot, another frame than was announced, a header that makes no sense, a closed ring.
        """
        start = self._offset(slot)
        with self._changed:
            self._check_open()
            header = bytes(self._view[start : start + _SLOT.size])
            whole = self._view[start + PAGE : start + PAGE + self.spec.slot_bytes].toreadonly()
        magic, code, found, frame, x0, y0, x1, y1, channels, _, row_stride = _SLOT.unpack(header)
        if magic != _SLOT_MAGIC:
            raise FrameBufferError(f"Slot {slot} holds no frame.")
        if found != sequence:
            raise FrameBufferError(f"Slot {slot} holds number {found}; number {sequence} was announced.")
        if code not in _NAMES:
            raise FrameBufferError(f"Slot {slot} has values of an unknown type ({code}).")
        try:
            info = SlotInfo(frame, Box(x0, y0, x1, y1), channels, _NAMES[code], row_stride, found)
        except UsageError as exc:
            raise FrameBufferError(f"Slot {slot}: {exc}") from exc
        self._check(info)
        return info, whole[: info.nbytes]

    # -- both

    def close(self) -> None:
        """Ends this side's use of the ring and wakes who waits. May be called again.

        Pixels of which a view is held stay readable: their memory goes with the last view of it.
        """
        with self._changed:
            region, self._region = self._region, None
            if region is None:
                return
            self._view.release()
            self._changed.notify_all()
        self.drop_handle()
        with contextlib.suppress(BufferError):
            region.close()

    def __enter__(self) -> FrameRing:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._region is None:
            raise FrameBufferError("The frame buffer is closed.")

    def _offset(self, slot: int) -> int:
        if not 0 <= slot < self.spec.slots:
            raise FrameBufferError(f"There is no slot {slot}; the ring has {self.spec.slots}.")
        return PAGE + slot * _stride(self.spec.slot_bytes)

    def _check(self, info: SlotInfo) -> None:
        """Raises FrameBufferError unless a slot can hold this."""
        box, size = info.box, _itemsize(info.dtype)
        if max(box.width, box.height) > MAX_EDGE or max(map(abs, box.as_tuple)) > MAX_COORDINATE:
            raise FrameBufferError(f"An image of {box} is larger than any plate.", frame=info.frame)
        if not 1 <= info.channels <= 4:
            raise FrameBufferError(f"A slot has {info.channels} channels; 1 to 4 are possible.", frame=info.frame)
        if info.row_stride < box.width * info.channels * size or info.row_stride % size:
            raise FrameBufferError(f"Rows {info.row_stride:,} bytes apart cannot hold {box}.", frame=info.frame)
        if info.nbytes > self.spec.slot_bytes:
            raise FrameBufferError(
                f"An image of {box} ({info.nbytes:,} bytes) does not fit into a slot of {self.spec.slot_bytes:,} bytes.",
                frame=info.frame,
            )


def _itemsize(dtype: str) -> int:
    try:
        return DTYPES[dtype]
    except KeyError:
        raise FrameBufferError(f"A slot holds {', '.join(DTYPES)}, not {dtype!r}.") from None


def _stride(slot_bytes: int) -> int:
    return PAGE + -(-slot_bytes // PAGE) * PAGE


def _total(slots: int, slot_bytes: int) -> int:
    """Size of the region; checks that the numbers make sense, since they may come from the other side."""
    if not (1 <= slots <= MAX_SLOTS and 1 <= slot_bytes <= MAX_SLOT_BYTES):
        raise FrameBufferError(f"A frame buffer cannot have {slots} slots of {slot_bytes:,} bytes.")
    return PAGE + slots * _stride(slot_bytes)


def _words(slots: int, slot_bytes: int) -> str:
    return f"{slots} × {slot_bytes / 1e6:,.1f} MB"


def _map(handle: int, size: int) -> mmap.mmap:
    try:
        return mmap.mmap(handle, size)
    except (OSError, ValueError) as exc:
        raise FrameBufferError(f"A frame buffer of {size:,} bytes cannot be mapped: {exc}.") from exc


def _reserve(slots: int, slot_bytes: int, folder: Optional[str]) -> int:
    """The descriptor of a nameless file with all of its memory reserved, in the first folder that has the room."""
    size = _total(slots, slot_bytes)
    folders = [folder] if folder is not None else ["/dev/shm", tempfile.gettempdir()]
    problems: List[str] = []
    for place in folders:
        try:
            free = _free_bytes(place)
            if free >= size:
                return _reserve_in(place, size)
            problems.append(f"{place} has {free / 1e6:,.1f} MB free")
        except OSError as exc:
            problems.append(f"{place} is full" if exc.errno in _FULL else str(exc))
    raise FrameBufferError(
        f"There is no room for a frame buffer of {_words(slots, slot_bytes)}: {'; '.join(problems)}. "
        "Free some space there, or work on smaller plates."
    )


def _free_bytes(folder: str) -> int:
    info = os.statvfs(folder)
    return info.f_bavail * info.f_frsize


def _reserve_in(folder: str, size: int) -> int:
    handle = _nameless(folder)
    try:
        os.ftruncate(handle, size)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, size)
        else:  # macOS: writing is the only reservation
            zeros = bytes(1 << 20)
            for start in range(0, size, len(zeros)):
                os.pwrite(handle, zeros[: size - start], start)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _nameless(folder: str) -> int:
    """A file of mode 0600 without a name; where the system has no such thing, with one for an instant."""
    if hasattr(os, "O_TMPFILE"):
        with contextlib.suppress(OSError):  # a file system that cannot; the way below gives the real error
            return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_EXCL | os.O_CLOEXEC, 0o600)
    handle, path = tempfile.mkstemp(prefix=f"gvm-matte-{os.getpid()}-", dir=folder)  # O_EXCL, 0600
    Path(path).unlink()
    return handle
