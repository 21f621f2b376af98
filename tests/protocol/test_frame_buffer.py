"""The ring of frames: layout, ownership, checks, and that no end of either side leaves anything behind."""

from __future__ import annotations

import array
import gc
import mmap
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import namedtuple
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import pytest
from gvm_matte.core.errors import FrameBufferError
from gvm_matte.core.image import Box
from gvm_matte.protocol import frame_buffer
from gvm_matte.protocol.frame_buffer import MAX_SLOT_BYTES, MAX_SLOTS, FrameRing, SlotInfo, slot_bytes
from gvm_matte.protocol.parts import RingSpec
from support import shared_leftovers

BOX = Box(-2, 3, 6, 5)  # 8×2
FLOAT_RGB = slot_bytes(BOX, 3, "float")


@pytest.fixture
def ring() -> Iterator[FrameRing]:
    with FrameRing.create(slots=3, slot_bytes=FLOAT_RGB) as made:
        yield made


def other_side(ring: FrameRing) -> FrameRing:
    assert ring.handle is not None
    return FrameRing.attach(ring.spec, os.dup(ring.handle))


def publish(ring: FrameRing, **more: Any) -> SlotInfo:
    values: Dict[str, Any] = {"frame": 1001, "box": BOX, "channels": 3, "dtype": "float", **more}
    slot = ring.acquire(1)
    assert slot is not None
    return ring.publish(slot, **values)


def test_capacity_of_an_image() -> None:
    assert slot_bytes(Box(0, 0, 1920, 1080), 3, "half") == 1920 * 1080 * 6
    assert slot_bytes(Box(-1, -1, 1, 1), 1, "uint8") == 4
    with pytest.raises(FrameBufferError, match="double"):
        slot_bytes(BOX, 3, "double")


def test_a_frame_passes_without_a_copy(ring: FrameRing) -> None:
    pixels = array.array("f", range(48)).tobytes()
    slot = ring.acquire(1)
    assert slot is not None
    ring.payload(slot, len(pixels))[:] = pixels
    info = ring.publish(slot, frame=-7, box=BOX, channels=3, dtype="float")
    assert info == SlotInfo(-7, BOX, 3, "float", 96, 1) and info.nbytes == 192
    with other_side(ring) as theirs:
        found, view = theirs.open(slot, info.sequence)
        assert found == info
        assert view.readonly and bytes(view) == pixels
        ring.payload(slot)[0:4] = b"\xff" * 4
        assert bytes(view[0:4]) == b"\xff" * 4  # the same memory
        view.release()


def test_payloads_are_aligned(ring: FrameRing) -> None:
    import ctypes

    for slot in range(3):
        address = ctypes.addressof(ctypes.c_char.from_buffer(ring.payload(slot)))
        assert address % 4096 == 0
    gc.collect()


def test_the_layout_is_as_documented(ring: FrameRing) -> None:
    info = publish(ring, frame=-5)
    assert ring.handle is not None
    raw = os.pread(ring.handle, 3 * 8192 + 4096, 0)
    assert struct.unpack_from("<8sIIQQ", raw) == (b"GVMRING\0", 1, 3, FLOAT_RGB, 8192)
    assert struct.unpack_from("<4sIQq4iIIQ", raw, 4096) == (b"SLOT", 1, info.sequence, -5, -2, 3, 6, 5, 3, 0, 96)
    assert os.fstat(ring.handle).st_size == len(raw)


def test_sequence_numbers_never_repeat(ring: FrameRing) -> None:
    numbers = []
    for _ in range(10):
        slot = ring.acquire(1)
        assert slot is not None
        numbers.append(ring.publish(slot, frame=1, box=BOX, channels=1, dtype="uint8").sequence)
        ring.release(slot)
    assert numbers == list(range(1, 11))


# -- who owns a slot


def test_slots_are_given_out_once(ring: FrameRing) -> None:
    slots = [ring.acquire(0) for _ in range(3)]
    assert sorted(slot for slot in slots if slot is not None) == [0, 1, 2]
    started = time.monotonic()
    assert ring.acquire(0.05) is None
    assert 0.04 < time.monotonic() - started < 1
    ring.release(1)
    assert ring.acquire(None) == 1


@pytest.mark.parametrize("slot", [-1, 0, 3, 1000])
def test_a_slot_that_is_not_out_cannot_come_back(ring: FrameRing, slot: int) -> None:
    with pytest.raises(FrameBufferError, match="not out"):
        ring.release(slot)
    with pytest.raises(FrameBufferError, match="not acquired"):
        ring.publish(slot, frame=1, box=BOX, channels=1, dtype="float")


def test_a_released_slot_wakes_who_waits_and_so_does_closing(ring: FrameRing) -> None:
    for _ in range(3):
        ring.acquire(0)
    threading.Timer(0.05, ring.release, [2]).start()
    assert ring.acquire(5) == 2
    threading.Timer(0.05, ring.close).start()
    with pytest.raises(FrameBufferError, match="closed"):
        ring.acquire(5)


def test_many_threads_share_the_slots(ring: FrameRing) -> None:
    out, clash = set(), []

    def work() -> None:
        for _ in range(200):
            slot = ring.acquire(5)
            assert slot is not None
            clash.append(slot in out)
            out.add(slot)
            out.discard(slot)
            ring.release(slot)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(clash) == 1200 and not any(clash)


# -- what the other side may say


def header(**more: Any) -> bytes:
    values = {"magic": b"SLOT", "dtype": 1, "sequence": 5, "frame": 1, "box": (0, 0, 8, 2), "channels": 3, "stride": 96}
    values.update(more)
    box: Any = values["box"]
    front = [values[name] for name in ("magic", "dtype", "sequence", "frame")]
    return struct.pack("<4sIQq4iIIQ", *front, *box, values["channels"], 0, values["stride"])


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"magic": b"NONE"}, "holds no frame"),
        ({"sequence": 6}, "was announced"),
        ({"dtype": 4}, "unknown type"),
        ({"dtype": 2**32 - 1}, "unknown type"),
        ({"box": (0, 0, 0, 2)}, "no pixel"),
        ({"box": (5, 0, 0, 2)}, "no pixel"),
        ({"box": (-(2**31), -(2**31), 2**31 - 1, 2**31 - 1)}, "larger than any plate"),
        ({"box": (2**30, 0, 2**30 + 8, 2)}, "larger than any plate"),
        ({"channels": 0}, "channels"),
        ({"channels": 5, "stride": 160}, "channels"),
        ({"stride": 95}, "cannot hold"),
        ({"stride": 92}, "cannot hold"),
        ({"stride": 98}, "cannot hold"),
        ({"stride": 0}, "cannot hold"),
        ({"stride": 100}, "does not fit"),
        ({"stride": 2**64 - 4}, "does not fit"),
        ({"box": (0, 0, 8, 3)}, "does not fit"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused_before_it_is_used(
    ring: FrameRing, bad: Dict[str, Any], words: str
) -> None:
    assert ring.handle is not None
    os.pwrite(ring.handle, header(), 4096)
    assert ring.open(0, 5)[0].nbytes == 192
    os.pwrite(ring.handle, header(**bad), 4096)
    with pytest.raises(FrameBufferError, match=words):
        ring.open(0, 5)


@pytest.mark.parametrize("slot", [-1, 3, 2**40])
def test_slots_that_are_not_there(ring: FrameRing, slot: int) -> None:
    with pytest.raises(FrameBufferError, match="There is no slot"):
        ring.open(slot, 1)
    with pytest.raises(FrameBufferError, match="There is no slot"):
        ring.payload(slot)


@pytest.mark.parametrize("nbytes", [-1, FLOAT_RGB + 1, 2**62])
def test_payloads_that_do_not_fit(ring: FrameRing, nbytes: int) -> None:
    with pytest.raises(FrameBufferError, match="do not fit"):
        ring.payload(0, nbytes)


@pytest.mark.parametrize(
    "bad",
    [
        {"channels": 0}, {"channels": 5}, {"dtype": "double"}, {"row_stride": 10}, {"row_stride": 97}, {"row_stride": 200},
        {"box": Box(0, 0, 8, 3)}, {"frame": 2**63}, {"box": Box(0, 0, 2**20, 1)},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not_published(ring: FrameRing, bad: Dict[str, Any]) -> None:
    with pytest.raises(FrameBufferError):
        publish(ring, **bad)
    with pytest.raises(FrameBufferError, match="holds no frame"):
        ring.open(0, 1)
    ring.release(0)
    assert publish(ring).sequence == 1


# -- creating and attaching


@pytest.mark.parametrize(
    ("slots", "size"), [(0, 10), (-1, 10), (MAX_SLOTS + 1, 10), (1, 0), (1, -5), (1, MAX_SLOT_BYTES + 1), (2**40, 2**40)]
)
def test_sizes_that_make_no_sense(slots: int, size: int) -> None:
    with pytest.raises(FrameBufferError, match="cannot have"):
        FrameRing.create(slots=slots, slot_bytes=size)
    with pytest.raises(FrameBufferError, match="cannot have"):
        FrameRing.attach(RingSpec(slots, size, ""), os.open(os.devnull, os.O_RDWR))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda handle: os.ftruncate(handle, 3 * 8192), "are needed"),
        (lambda handle: os.ftruncate(handle, 0), "are needed"),
        (lambda handle: os.pwrite(handle, b"X", 0), "header"),
        (lambda handle: os.pwrite(handle, struct.pack("<I", 2), 8), "header"),
        (lambda handle: os.pwrite(handle, struct.pack("<I", 4), 12), "header"),
        (lambda handle: os.pwrite(handle, struct.pack("<Q", 1), 16), "header"),
        (lambda handle: os.pwrite(handle, struct.pack("<Q", 4096), 24), "header"),
    ],
)
def test_a_region_that_is_not_what_the_spec_says(change: Callable[[int], Any], words: str) -> None:
    with FrameRing.create(slots=3, slot_bytes=100) as ring:
        assert ring.handle is not None
        change(ring.handle)
        before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(FrameBufferError, match=words):
            other_side(ring)
        assert len(os.listdir("/proc/self/fd")) == before


def test_what_is_no_file_cannot_be_attached() -> None:
    reading, writing = os.pipe()
    with pytest.raises(FrameBufferError, match="are needed"):
        FrameRing.attach(RingSpec(1, 100, ""), reading)
    os.close(writing)
    with pytest.raises(OSError):
        os.fstat(reading)  # it was taken over
    with pytest.raises(FrameBufferError, match="without its descriptor"):
        FrameRing.attach(RingSpec(1, 100, ""), None)


def test_the_region_is_this_users_alone_has_no_name_and_is_reserved(ring: FrameRing) -> None:
    assert ring.handle is not None
    info = os.fstat(ring.handle)
    assert info.st_mode & 0o777 == 0o600
    assert info.st_nlink == 0
    assert info.st_blocks * 512 >= info.st_size
    assert not os.get_inheritable(ring.handle)


def test_a_folder_of_ones_own_and_a_file_system_without_nameless_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FrameRing.create(slots=1, slot_bytes=100, folder=str(tmp_path)) as ring:
        assert publish_one(ring) == 1
        assert list(tmp_path.iterdir()) == []
    monkeypatch.delattr(os, "O_TMPFILE")
    with FrameRing.create(slots=1, slot_bytes=100, folder=str(tmp_path)) as ring:
        assert publish_one(ring) == 1
        assert ring.handle is not None and os.fstat(ring.handle).st_mode & 0o777 == 0o600
        assert list(tmp_path.iterdir()) == []


def test_memory_is_reserved_where_the_system_cannot_do_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    with FrameRing.create(slots=1, slot_bytes=3_000_000, folder=str(tmp_path)) as ring:
        assert ring.handle is not None
        info = os.fstat(ring.handle)
        assert info.st_blocks * 512 >= info.st_size == 4096 * 2 + 3_002_368


def publish_one(ring: FrameRing) -> int:
    return publish(ring, box=Box(0, 0, 2, 2), channels=1).sequence


Space = namedtuple("Space", "f_bavail f_frsize")


def test_where_shared_memory_is_full_the_temp_folder_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    real = os.statvfs
    monkeypatch.setattr(os, "statvfs", lambda path: Space(1, 4096) if path == "/dev/shm" else real(path))
    with FrameRing.create(slots=2, slot_bytes=5000) as ring:
        assert ring.handle is not None
        assert os.fstat(ring.handle).st_dev == tmp_path.stat().st_dev
    monkeypatch.setattr(os, "statvfs", lambda path: Space(1, 4096))
    with pytest.raises(FrameBufferError) as caught:
        FrameRing.create(slots=2, slot_bytes=5_000_000)
    for words in ("2 × 5.0 MB", "/dev/shm has 0.0 MB free", str(tmp_path), "smaller plates"):
        assert words in str(caught.value)


def test_a_folder_that_fills_up_meanwhile_is_an_error_and_no_signal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(handle: int, offset: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FrameBufferError, match="is full"):
        FrameRing.create(slots=2, slot_bytes=5000, folder=str(tmp_path))
    with pytest.raises(FrameBufferError, match="No such file"):
        FrameRing.create(slots=2, slot_bytes=5000, folder=str(tmp_path / "none"))
    assert len(os.listdir("/proc/self/fd")) == before


# -- the end


def test_a_closed_ring_refuses(ring: FrameRing) -> None:
    ring.close()
    ring.close()
    assert ring.handle is None
    for use in (lambda: ring.acquire(0), lambda: ring.payload(0), lambda: ring.open(0, 1)):
        with pytest.raises(FrameBufferError, match="closed"):
            use()


def test_pixels_that_somebody_looks_at_outlive_the_ring() -> None:
    ring = FrameRing.create(slots=1, slot_bytes=100)
    view = ring.payload(0)
    view[:5] = b"hello"
    ring.close()
    assert bytes(view[:5]) == b"hello"


def regions() -> int:
    return Path("/proc/self/maps").read_text().count("(deleted)")


def test_fifty_rings_leak_no_descriptor_and_no_mapping(ring: FrameRing) -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd")), regions()
    for _ in range(50):
        with FrameRing.create(slots=2, slot_bytes=10_000) as mine, other_side(mine) as theirs:
            info = publish(mine)
            theirs.open(0, info.sequence)[1].release()
            mine.drop_handle()
    gc.collect()
    assert (len(os.listdir("/proc/self/fd")), regions()) == before and shared_leftovers() == []


def test_a_process_that_is_killed_leaves_nothing() -> None:
    script = (
        "import os, signal; from gvm_matte.protocol.frame_buffer import FrameRing\n"
        "ring = FrameRing.create(slots=4, slot_bytes=1_000_000); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    assert shared_leftovers() == []


def test_the_header_is_smaller_than_a_page() -> None:
    assert mmap.PAGESIZE == 4096 or mmap.PAGESIZE % 4096 == 0
    assert frame_buffer._RING.size <= 4096 and frame_buffer._SLOT.size <= 4096
