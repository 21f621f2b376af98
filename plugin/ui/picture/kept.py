"""Pictures that are kept: copies of what came in shared memory, within a bound.

The engine's slots are few and its own, so a picture is copied once, plate and alpha in one piece each, and its view goes
back at once. All that is shown or read out later is made over these bytes without another copy.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Dict, FrozenSet, Iterable, List, Optional, Tuple

from ...client.watch.watch import PictureView
from ...core.errors import FrameBufferError
from ...core.image import Box
from ..kit.qt import QtGui

MIB = 1 << 20
DEFAULT_MIB = 1024
WHITE = 65535  # of a raw alpha
Rgb = Tuple[int, int, int]


@dataclass(frozen=True)
class KeptPicture:
    """A copy of one finished frame, and images over its bytes.

    Attributes:
        raw: whether the alpha is the model's, before the edge treatment.
        box: the data window, in the plate's own pixels; a reduced picture is smaller.
        plate: rows of RGBX, 8 bits, display-referred.
        alpha: rows of uint16 in the machine's byte order; 65535 is 1.
    """

    job: int
    frame: int
    raw: bool
    width: int
    height: int
    box: Box
    plate: bytes = field(repr=False)
    plate_stride: int
    alpha: bytes = field(repr=False)
    alpha_stride: int
    plate_image: QtGui.QImage = field(init=False, repr=False, compare=False)
    alpha_image: QtGui.QImage = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        formats = QtGui.QImage.Format
        for name, pixels, stride, kind in (
            ("plate_image", self.plate, self.plate_stride, formats.Format_RGBX8888),
            ("alpha_image", self.alpha, self.alpha_stride, formats.Format_Grayscale16),
        ):
            image = QtGui.QImage(pixels, self.width, self.height, stride, kind)  # over the bytes, which live as long
            object.__setattr__(self, name, image)

    @classmethod
    def of(cls, view: PictureView, *, job: int) -> KeptPicture:
        """Copies a view, which stays the caller's to release.

        Raises:
            FrameBufferError: the view is dead, or smaller than it says.
        """
        rows = ((view.plate, view.plate_stride, 4), (view.alpha, view.alpha_stride, 2))
        try:
            plate, alpha = (_copy(view, pixels, stride, size) for pixels, stride, size in rows)
        except ValueError as exc:  # a memoryview that was released, or whose ring has gone
            raise FrameBufferError(f"Frame {view.frame} went away before it was shown.", frame=view.frame) from exc
        size = (view.width, view.height, view.box)
        return cls(job, view.frame, view.raw, *size, plate, view.plate_stride, alpha, view.alpha_stride)

    @property
    def nbytes(self) -> int:
        """What it takes of the bound."""
        return len(self.plate) + len(self.alpha)

    def holds(self, x: int, y: int) -> bool:
        """Whether there is such a pixel."""
        return 0 <= x < self.width and 0 <= y < self.height

    def plate_at(self, x: int, y: int) -> Rgb:
        """The plate's pixel, 0 to 255."""
        start = y * self.plate_stride + 4 * x
        return self.plate[start], self.plate[start + 1], self.plate[start + 2]

    def alpha_at(self, x: int, y: int) -> float:
        """The alpha's pixel, 0 to 1."""
        (value,) = struct.unpack_from("=H", self.alpha, y * self.alpha_stride + 2 * x)
        return float(value / WHITE)

    def plate_pixel(self, x: int, y: int) -> Tuple[int, int]:
        """Where a pixel lies in the plate itself, which may be larger and has an origin of its own."""
        across = self.box.x0 + int((x + 0.5) * self.box.width / self.width)
        down = self.box.y0 + int((y + 0.5) * self.box.height / self.height)
        return across, down


def _copy(view: PictureView, pixels: memoryview, stride: int, size: int) -> bytes:
    needed = stride * (view.height - 1) + view.width * size
    # Qt takes rows that lie a multiple of 4 bytes apart or not, but never closer than their pixels.
    if view.width < 1 or view.height < 1 or stride < view.width * size or pixels.nbytes < needed:
        raise FrameBufferError(f"The picture of frame {view.frame} is smaller than it says.", frame=view.frame)
    return bytes(pixels)


class PictureCache:
    """Pictures by job and frame, within `mib`; the one that was looked at last is always kept.

    What goes first: pictures of jobs that are not compared, then those farthest from the frame on the screen, of which the
    ones behind go before the ones ahead.
    """

    def __init__(self, mib: int = DEFAULT_MIB) -> None:
        self.mib = mib
        self._pictures: Dict[Tuple[int, int], KeptPicture] = {}
        self._bytes = 0
        self._frame = 0
        self._jobs: FrozenSet[int] = frozenset()
        self._order: Dict[int, List[int]] = {}  # frames of a job, ascending; made again after a change

    @property
    def nbytes(self) -> int:
        """Bytes that are kept now."""
        return self._bytes

    def resize(self, mib: int) -> None:
        """Sets another bound, at once."""
        self.mib = mib
        self._shrink()

    def attend(self, frame: int, jobs: Iterable[int]) -> None:
        """Says what is on the screen, and which jobs are compared: the measure of what is needed least."""
        self._frame, self._jobs = frame, frozenset(jobs)

    def wants(self, job: int, frame: int, nbytes: int) -> bool:
        """Whether a picture of this size would stay: what would go at once need not be copied."""
        if self._bytes + nbytes <= self.mib * MIB or not self._pictures:
            return True
        own = self._needlessness((job, frame))
        return any(self._needlessness(key) >= own for key in self._pictures)

    @property
    def has_room(self) -> bool:
        """Whether one more picture, as large as the largest, would let none go."""
        largest = max((picture.nbytes for picture in self._pictures.values()), default=0)
        return self._bytes + largest <= self.mib * MIB

    def put(self, picture: KeptPicture) -> None:
        """Keeps a picture, in place of an earlier one of this job and frame."""
        self._drop((picture.job, picture.frame))
        self._pictures[picture.job, picture.frame] = picture
        self._bytes += picture.nbytes
        self._order.pop(picture.job, None)
        self._shrink()

    def get(self, job: int, frame: int) -> Optional[KeptPicture]:
        """The picture, or None."""
        return self._pictures.get((job, frame))

    def frames(self, jobs: Iterable[int]) -> List[int]:
        """Frames of which any of these jobs has a picture, ascending."""
        found = [self._frames_of(job) for job in jobs]
        found = [frames for frames in found if frames]
        return found[0] if len(found) == 1 else sorted({frame for frames in found for frame in frames})

    def clear(self) -> None:
        """Lets go of all."""
        self._pictures.clear()
        self._order.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._pictures)

    def _frames_of(self, job: int) -> List[int]:
        if job not in self._order:
            self._order[job] = sorted(frame for number, frame in self._pictures if number == job)
        return self._order[job]

    def _drop(self, key: Tuple[int, int]) -> None:
        gone = self._pictures.pop(key, None)
        if gone is not None:
            self._bytes -= gone.nbytes
            self._order.pop(key[0], None)

    def _shrink(self) -> None:
        while self._bytes > self.mib * MIB and len(self._pictures) > 1:
            self._drop(max(self._pictures, key=self._needlessness))

    def _needlessness(self, key: Tuple[int, int]) -> Tuple[bool, int, bool]:
        job, frame = key
        return job not in self._jobs, abs(frame - self._frame), frame < self._frame
