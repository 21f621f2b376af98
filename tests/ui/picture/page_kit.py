"""What tests of the picture page share: pictures in real rings, as an engine hands them over, and pixels of images."""

from __future__ import annotations

import os
import struct
from typing import Any, Callable, List, Tuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from gvm_matte.client.watch.events import open_picture
from gvm_matte.client.watch.watch import PictureView
from gvm_matte.core.image import Box
from gvm_matte.protocol.frame_buffer import FrameRing
from gvm_matte.protocol.watching import JobState, Picture
from gvm_matte.ui.kit.qt import QtGui
from gvm_matte.ui.picture.kept import KeptPicture

Rgb = Tuple[int, int, int]
PlateOf = Callable[[int, int], Rgb]
AlphaOf = Callable[[int, int], int]


def ramp(x: int, y: int) -> Rgb:
    """A plate whose every pixel is its own."""
    return (x * 31 + 5) % 256, (y * 17 + 40) % 256, (x * 7 + y * 3 + 90) % 256


def steps(x: int, y: int) -> int:
    """An alpha whose every pixel is its own, black and white among them."""
    return (0, 65535, 12345, 40000, 257, 33000)[(x + 2 * y) % 6]


class Sender:
    """An engine's side of two rings; `out` counts the slots that a monitor has."""

    def __init__(self, width: int = 7, height: int = 5, *, slots: int = 3, pad: int = 0) -> None:
        self.width, self.height = width, height
        self._strides = (4 * width + 4 * pad, 2 * width + 2 * pad)
        self._rings = [FrameRing.create(slots=slots, slot_bytes=stride * height) for stride in self._strides]
        self.out = 0

    def view(
        self, frame: int, *, job: int = 1, request: int = 0, raw: bool = True, plate: PlateOf = ramp,
        alpha: AlphaOf = steps, mean: float = 0.25, change: float = 0.01, data: Tuple[int, ...] = (),
    ) -> PictureView:  # fmt: skip
        """A finished frame, whose slots come back when it is released."""
        slots = []
        sequences = []
        rows = (self._rows(lambda x, y: bytes((*plate(x, y), 255)), 0), self._rows(lambda x, y: _u16(alpha(x, y)), 1))
        for ring, pixels, stride, (channels, dtype) in zip(self._rings, rows, self._strides, ((4, "uint8"), (1, "uint16"))):
            slot = ring.acquire(0.0)
            assert slot is not None, "the monitor does not give slots back"
            with ring.payload(slot, len(pixels)) as payload:
                payload[:] = pixels
            box = Box(0, 0, self.width, self.height)
            info = ring.publish(slot, frame=frame, box=box, channels=channels, dtype=dtype, row_stride=stride)
            slots.append(slot)
            sequences.append(info.sequence)
        self.out += 1

        def back() -> None:
            self.out -= 1
            for ring, slot in zip(self._rings, slots):
                ring.release(slot)

        message = Picture(
            request,
            job,
            frame,
            slots[0],
            sequences[0],
            slots[1],
            sequences[1],
            raw=raw,
            mean=mean,
            change=change,
            data=data,
        )
        return open_picture(message, plates=self._rings[0], alphas=self._rings[1], request=request, give_back=back)

    def _rows(self, pixel: Callable[[int, int], bytes], ring: int) -> bytes:
        packed = (b"".join(pixel(x, y) for x in range(self.width)) for y in range(self.height))
        return b"".join(row.ljust(self._strides[ring], b"\xee") for row in packed)

    def close(self) -> None:
        """The engine is gone."""
        for ring in self._rings:
            ring.close()


def _u16(value: int) -> bytes:
    return struct.pack("=H", value)


def kept(width: int = 7, height: int = 5, *, pad: int = 0, job: int = 1, frame: int = 1001, **more: Any) -> KeptPicture:
    """A picture as the page keeps it."""
    sender = Sender(width, height, pad=pad)
    view = sender.view(frame, job=job, **more)
    picture = KeptPicture.of(view, job=job)
    view.release()
    sender.close()
    return picture


def pixels(image: QtGui.QImage) -> List[List[Rgb]]:
    """Rows of (r, g, b)."""
    found = image.convertToFormat(QtGui.QImage.Format.Format_RGB32)
    colours = [[found.pixelColor(x, y) for x in range(found.width())] for y in range(found.height())]
    return [[(one.red(), one.green(), one.blue()) for one in row] for row in colours]


def near(found: List[List[Rgb]], expected: List[List[Rgb]], by: int) -> bool:
    """Whether no value is farther away: composition in 8 bits rounds once a step."""
    assert [len(row) for row in found] == [len(row) for row in expected]
    pairs = [(one, other) for rows in zip(found, expected) for one, other in zip(*rows)]
    return all(abs(a - b) <= by for one, other in pairs for a, b in zip(one, other))


def job(number: int = 1, state: str = "running", **more: Any) -> JobState:
    """A job's state; what is not named is as it may well be."""
    usual: dict[str, Any] = {
        "client": 4242, "position": 0, "plates": "/shots/sh010.####.exr", "mattes": "/mattes/sh010.####.exr",
        "shot": (1001, 1048), "frames": "1001-1048", "kept": "", "finished": "", "done": 0, "total": 48, "stage": "",
        "seconds": 1.0, "rate": 0.0, "params": {},
    }  # fmt: skip
    return JobState(number=number, state=state, **{**usual, **more})
