"""The way of plates from host to engine: bytes a second through the ring against a plain copy; and empty requests.

plates   this process ── copy into a slot, publish, PlateReady ──▶ ring_consumer.py ── SlotFree ──▶ …
copy     the same bytes into memory of the same size, in the same rotation: no header, no message, no other process
pages    the same bytes into the ring's own memory, no process told: what is left of the difference is messages
ping     through a real engine: idle, while it brings torch up, loads a model and renders

python -m benchmarks.ring [--frames N] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gvm_matte.client import PlateData
from gvm_matte.client.plate_pusher import fill
from gvm_matte.core.errors import ConnectionLostError
from gvm_matte.core.image import Box
from gvm_matte.protocol.addresses import private_address, remove_address
from gvm_matte.protocol.channel import Channel, connect, new_key
from gvm_matte.protocol.frame_buffer import FrameRing, slot_bytes
from gvm_matte.protocol.messages import Attach, Attached, PlateReady, Shutdown, SlotFree

from .machine import facts
from .ping import ping_rows, pings
from .report import add_options, deliver
from .ring_consumer import page_sum
from .timing import clock, ratio, spread, take_turns

ROOT = Path(__file__).resolve().parent.parent
JOB = 1
SOURCES = 3  # different plates in turn: a host does not push the same memory over and over
WAIT_SECONDS = 60.0


class RingHost:
    """The host's side: a ring, a consumer process, and the thread that takes slots back."""

    def __init__(self, *, channel: Channel, box: Box, slots: int) -> None:
        self._channel, self._box = channel, box
        self._ring = FrameRing.create(slots=slots, slot_bytes=slot_bytes(box, 3, "half"))
        assert self._ring.handle is not None, "descriptors are how this benchmark hands a ring over"
        channel.send_attach(Attach(1, self._ring.spec, None), [self._ring.handle])
        assert isinstance(channel.receive(WAIT_SECONDS), Attached)
        self._ring.drop_handle()
        self._frame = 0
        self.expected = 0.0
        threading.Thread(target=self._take_back, name="slots", daemon=True).start()

    def _take_back(self) -> None:
        with contextlib.suppress(ConnectionLostError):
            while True:
                message = self._channel.receive()
                assert isinstance(message, SlotFree)
                self._ring.release(message.slot)

    def _acquire(self) -> int:
        slot: int | None = self._ring.acquire(WAIT_SECONDS)
        assert slot is not None, "the consumer does not give slots back"
        return slot

    def push(self, plates: list[npt.NDArray[np.float16]], frames: int) -> None:
        """Pushes `frames` plates, as fast as slots come back, and waits until the last is back."""
        for index in range(frames):
            slot = self._acquire()
            self._frame += 1
            pixels = plates[index % len(plates)]
            sequence = fill(self._ring, slot, self._frame, PlateData(pixels, self._box, 3, "half"))
            self._channel.send(PlateReady(JOB, slot, self._frame, sequence))
        for slot in [self._acquire() for _ in range(self._ring.spec.slots)]:
            self._ring.release(slot)

    def copy_in_place(self, plates: list[npt.NDArray[np.float16]], frames: int) -> None:
        """The copies alone, into the ring's memory."""
        for index in range(frames):
            with self._ring.payload(index % self._ring.spec.slots) as payload:
                payload[: plates[0].nbytes] = plates[index % len(plates)].data.cast("B")

    def close(self) -> None:
        """Ends the consumer and lets go of the ring."""
        self._channel.send(Shutdown(2))
        self._ring.close()


@contextlib.contextmanager
def consumer() -> Iterator[tuple[Channel, subprocess.Popen[str]]]:
    """A consumer process and the connection to it; it is reaped at the end."""
    address, key = private_address(), new_key()
    command = [sys.executable, "-m", "benchmarks.ring_consumer"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"address": address, "key": key.hex()}) + "\n")
        process.stdin.flush()
        with _connected(address, key, process) as channel:
            yield channel, process
    finally:
        process.kill()
        process.communicate()
        remove_address(address)


def _connected(address: str, key: bytes, process: subprocess.Popen[str]) -> Channel:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return connect(address, key, timeout=WAIT_SECONDS)
        except ConnectionLostError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def plates_through_ring(*, width: int, height: int, frames: int, slots: int, rounds: int) -> dict[str, Any]:
    """Bytes a second, the three ways in turn; checks that every plate arrived as it was sent."""
    random = np.random.default_rng(0)
    plates = [random.random((height, width, 3), np.float32).astype(np.float16) for _ in range(SOURCES)]
    total = plates[0].nbytes * frames
    plain = bytearray(slots * plates[0].nbytes)

    def copy() -> None:
        with memoryview(plain) as target:
            for index in range(frames):
                start = index % slots * plates[0].nbytes
                target[start : start + plates[0].nbytes] = plates[index % SOURCES].data.cast("B")

    with consumer() as (channel, process):
        host = RingHost(channel=channel, box=Box(0, 0, width, height), slots=slots)
        works: dict[str, Callable[[], float]] = {
            "ring": lambda: clock(lambda: host.push(plates, frames)),
            "copy": lambda: clock(copy),
            "pages": lambda: clock(lambda: host.copy_in_place(plates, frames)),
        }
        for work in works.values():  # the first lap pays for page faults on both sides
            work()
        seconds = take_turns(works, rounds)
        host.close()
        assert process.stdout is not None
        arrived = json.loads(process.stdout.readline())["sum"]
    sent = sum(page_sum(plates[index % SOURCES]) for index in range(frames)) * (rounds + 1)
    if abs(arrived - sent) > 1e-6 * abs(sent):
        raise AssertionError(f"what arrived is not what was sent: {arrived} against {sent}")
    speeds = {name: spread([total / value for value in values]) for name, values in seconds.items()}
    return {
        "bytes_per_plate": plates[0].nbytes,
        "bytes_per_second": speeds,
        "ratio_to_copy": ratio(seconds["ring"], seconds["copy"]),
        "ratio_of_pages_to_copy": ratio(seconds["pages"], seconds["copy"]),
    }


def main() -> None:
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ring", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--frames", type=int, default=48, help="plates in one lap")
    parser.add_argument("--size", default="3840x2160", metavar="WxH", help="of a plate")
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--pings", type=int, default=1000)
    add_options(parser)
    options = parser.parse_args()
    width, height = (int(edge) for edge in options.size.split("x"))

    machine = facts()
    ring = plates_through_ring(
        width=width, height=height, frames=options.frames, slots=options.slots, rounds=options.rounds
    )
    asked = pings(options.pings)
    settings = {name: getattr(options, name) for name in ("frames", "size", "slots", "rounds", "pings")}
    result = {"benchmark": "ring", "machine": machine, "settings": settings, "plates": ring, "pings": asked}

    speeds = {name: f"{value['median'] / 1e9:.2f} GB/s" for name, value in ring["bytes_per_second"].items()}
    rows = [
        [f"{options.size} RGB half plates through the ring", speeds["ring"], f"{ring['ratio_to_copy']:.2f}", "", ""],
        ["the copies alone, into the ring's memory", speeds["pages"], f"{ring['ratio_of_pages_to_copy']:.2f}", "", ""],
        ["a plain copy of the same bytes", speeds["copy"], "1", "", ""],
        *ping_rows(asked),
    ]
    deliver(result, options, columns=("what", "median", "ratio", "p99", "slowest"), rows=rows)


if __name__ == "__main__":
    main()
