"""The engine's side of `benchmarks.monitor`: an engine process whose model is a constant.

Connections, rings, messages and the thread that tells monitors are the engine's own; there is no worker, and no torch. What
a render would have computed is there from the start and finished again and again, as fast as it is taken:

    engine    8-bit RGB plates and float alphas go through the engine's hub, which makes pictures of them
    buffers   pictures lie ready, and are copied into free slots: what the way behind the engine can take

The first pixel of each plate is its frame's number, so that the other side knows that it shows what was sent. Address and
key come on stdin, as for the engine; it ends when stdin ends.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from gvm_matte.core.image import Box
from gvm_matte.engine.serving.server import Server
from gvm_matte.engine.watch.hub import Finished
from gvm_matte.engine.watch.watcher import Watcher
from gvm_matte.protocol.channel import Listener
from gvm_matte.protocol.watching import Picture

from .plates import plate

JOB = 1
SHOT = (1001, 1048)
DIFFERENT = 2  # frames with pixels of their own
COARSE = 8
PAUSE = 0.0005  # while no client has room
Bytes = npt.NDArray[np.uint8]
Alpha = npt.NDArray[np.float32]


class ConstantEngine(Server):
    """An engine without a worker."""

    def run(self) -> int:
        """Serves until it is stopped."""
        threading.Thread(target=self.accept, name="accept", daemon=True).start()
        while not self.engine.stops_within(60.0):
            pass
        self._listener.close()
        return 0


def colour_of(frame: int) -> tuple[int, int]:
    """Red and green of a plate's first pixel."""
    return frame // 256, frame % 256


def frames() -> Iterator[int]:
    """The shot, again and again."""
    return itertools.cycle(range(SHOT[0], SHOT[1] + 1))


def pixels(width: int, height: int) -> list[tuple[Bytes, Alpha]]:
    """Plates [h,w,3] and alphas [h,w]: a disc, coarse, since nothing here depends on what is in them."""
    found = []
    for index in range(DIFFERENT):
        small = plate(index * 4, width=-(-width // COARSE), height=-(-height // COARSE)).astype(np.float32)
        large = small.clip(0, 1).repeat(COARSE, 0).repeat(COARSE, 1)[:height, :width]
        found.append(((np.sqrt(large) * 255 + 0.5).astype(np.uint8), (large[..., 0] * 1.4 - 0.4).clip(0, 1)))
    return found


def through_engine(server: Server, width: int, height: int) -> None:
    """Frames as a render finishes them, whenever the hub has room."""
    ready, box = pixels(width, height), Box(0, 0, width, height)
    for index, frame in enumerate(frames()):
        watcher, slots = _free(server)  # else the hub would pass the frame over
        assert watcher.rings is not None and watcher.rings.plates is not None and watcher.rings.alphas is not None
        watcher.rings.plates.release(slots[0])
        watcher.rings.alphas.release(slots[1])
        while not server.engine.watch.has_room(width, height):
            time.sleep(PAUSE)
        shown, alpha = ready[index % DIFFERENT]
        shown = shown.copy()
        shown[0, 0, :2] = colour_of(frame)
        server.engine.watch.finished(
            Finished(JOB, frame, box, lambda a=alpha: a[::8, ::8], lambda p=shown: p, lambda a=alpha: a)  # type: ignore[misc]
        )


def through_buffers(server: Server, width: int, height: int) -> None:
    """Ready pictures into free slots."""
    box = Box(0, 0, width, height)
    ready = []
    for shown, alpha in pixels(width, height):
        rgbx = np.full((height, width, 4), 255, np.uint8)
        rgbx[..., :3] = shown
        ready.append((rgbx.tobytes(), (alpha * 65535 + 0.5).astype(np.uint16).tobytes()))
    for index, frame in enumerate(frames()):
        watcher, slots = _free(server)
        assert watcher.rings is not None and watcher.rings.plates is not None and watcher.rings.alphas is not None
        rings = (watcher.rings.plates, watcher.rings.alphas)
        for ring, slot, data in zip(rings, slots, ready[index % DIFFERENT]):
            with ring.payload(slot, len(data)) as payload:
                payload[:] = data
                if ring is rings[0]:
                    payload[:2] = bytes(colour_of(frame))
        first = rings[0].publish(slots[0], frame=frame, box=box, channels=4, dtype="uint8")
        second = rings[1].publish(slots[1], frame=frame, box=box, channels=1, dtype="uint16")
        numbers = (slots[0], first.sequence, slots[1], second.sequence)
        watcher.send(Picture(0, JOB, frame, *numbers, raw=True, mean=0.3, change=0.01))


def _free(server: Server) -> tuple[Watcher, tuple[int, int]]:
    """A client that watches, and a slot of each of its rings."""
    while True:
        for watcher in server.engine.watch._watchers:
            slots = watcher.acquire(0.1)
            if slots is not None:
                return watcher, slots
        time.sleep(PAUSE)


def main() -> None:
    """Serves until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", choices=("engine", "buffers"), required=True)
    parser.add_argument("--size", required=True)
    options = parser.parse_args()
    width, height = (int(edge) for edge in options.size.split("x"))
    hand_over = json.loads(sys.stdin.buffer.readline())
    server = ConstantEngine(listener=Listener(address=hand_over["address"]), key=bytes.fromhex(hand_over["key"]))
    feed = through_engine if options.way == "engine" else through_buffers
    threading.Thread(target=feed, args=(server, width, height), daemon=True).start()

    def owner() -> None:
        sys.stdin.buffer.read()
        server.engine.stop("the benchmark is over")

    threading.Thread(target=owner, daemon=True).start()
    sys.exit(server.run())


if __name__ == "__main__":
    main()
