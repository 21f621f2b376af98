"""What a matte is made of beside the model's alpha: the plate at its own size, garbage and core.

The plate is needed twice, then: by the model, and a window later, when its alpha comes. Plates in between are kept up to
`KEEP_BYTES`, at their own precision; what does not fit is read again, so that memory does not grow with windows and
sizes. Plates that a host pushed cannot be read again and are kept whatever they take.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Callable, Optional

import numpy.typing as npt
from torch import Tensor

from ...core.image import Box
from ..colour import InputTransform
from .feed import WAIT_SECONDS

KEEP_BYTES = 1 << 30


@dataclass(frozen=True)
class Extras:
    """All on the device; None is what nothing needs.

    Attributes:
        guide: [1,c,h,w] of the region's crop, display-referred, in half, for guided upsampling.
        values: [3,h,w] of the region's crop in the plate's own values, for the foreground's colours.
        garbage, core: [H,W] over the processed area, in [0,1].
    """

    guide: Optional[Tensor] = None
    values: Optional[Tensor] = None
    garbage: Optional[Tensor] = None
    core: Optional[Tensor] = None


@dataclass(frozen=True)
class Seen:
    """A plate as it was read: pixels [h,w,c] over `box`, and how they become display-referred."""

    pixels: npt.NDArray[Any]
    box: Box
    transform: InputTransform


class KeptPlates:
    """Plates between their two uses.

    Args:
        wanted: frames whose plates are used twice.
        limit: bytes that may be kept; None: all there are.
    """

    def __init__(self, wanted: Iterable[int], limit: Optional[int] = KEEP_BYTES) -> None:
        self._expected = set(wanted)  # those whose first use is still to come
        self._limit = limit
        self._plates: dict[int, Optional[Seen]] = {}
        self._bytes = 0
        self._changed = threading.Condition()

    def put(self, frame: int, plate: Optional[Seen]) -> None:
        """After the first use: keeps the plate, where it is wanted and fits. None is a plate that is black."""
        size = 0 if plate is None else plate.pixels.nbytes
        with self._changed:
            if frame not in self._expected:
                return
            self._expected.discard(frame)
            if self._limit is None or self._bytes + size <= self._limit:
                self._plates[frame] = plate
                self._bytes += size
            self._changed.notify_all()

    def take(self, frame: int, check: Callable[[], None]) -> tuple[bool, Optional[Seen]]:
        """For the second use: whether the plate was kept, and the plate, which is kept no longer.

        Waits for the first use, so that one who reads ahead does not read what is about to be there.

        Args:
            check: called now and then; raises when the job is cancelled.
        """
        with self._changed:
            while frame in self._expected:
                check()
                self._changed.wait(WAIT_SECONDS)
            if frame not in self._plates:
                return False, None
            plate = self._plates.pop(frame)
            self._bytes -= 0 if plate is None else plate.pixels.nbytes
            return True, plate
