"""One monitor as the engine sees it: what it has not been told yet, and its rings for pictures."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

from ...core.errors import FrameBufferError
from ...core.image import Box
from ...protocol.messages import Message
from ...protocol.watching import Picture, PictureTaken
from ..jobs.job import Rings

if TYPE_CHECKING:
    from .images import Alpha, Bytes

BACKLOG = 200  # unread messages up to which states are sent


@dataclass(frozen=True)
class Shown:
    """A frame to be shown.

    Attributes:
        data: what it covers, in the plate's pixels.
        plate: [h,w,3], display-referred.
        alpha: [h,w] in [0,1].
    """

    frame: int
    data: Box
    plate: Bytes
    alpha: Alpha
    raw: bool
    mean: float
    change: float
    job: int = 0
    request: int = 0


@dataclass(eq=False)
class Watcher:
    """One monitor; the hub's thread tells it, its own connection's thread gives slots back.

    Args:
        send: puts a message on its way and never blocks.
        backlog: messages on their way.
        rings: for pictures; None: it wants none.
        longest: edge of its pictures, in pixels; 0: no limit.
    """

    send: Callable[[Message], None]
    backlog: Callable[[], int]
    rings: Optional[Rings]
    longest: int
    log_at: int = 0
    _changed: Dict[int, None] = field(default_factory=dict)  # the last change last
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_slow(self) -> bool:
        """Whether it has not read what it was told; states wait for it then, and come as they are by that time."""
        return self.backlog() > BACKLOG

    def note(self, number: int) -> None:
        """A job changed."""
        with self._lock:
            self._changed.pop(number, None)
            self._changed[number] = None

    def take_changed(self) -> List[int]:
        """The jobs that changed since this was called last, in the order of their last changes."""
        with self._lock:
            changed, self._changed = self._changed, {}
            return list(changed)

    def acquire(self, timeout: float = 0.0) -> Optional[Tuple[int, int]]:
        """A slot of each ring, or None where one has none that is free."""
        if self.rings is None or self.rings.plates is None or self.rings.alphas is None:
            return None
        try:
            plate = self.rings.plates.acquire(timeout)
            if plate is None:
                return None
            alpha = self.rings.alphas.acquire(timeout)
            if alpha is None:
                self.rings.plates.release(plate)
                return None
        except FrameBufferError:  # it went away
            return None
        return plate, alpha

    def show(self, slots: Tuple[int, int], shown: Shown) -> None:
        """Copies a frame into these slots and tells of it; without effect for one that went away."""
        from .images import picture_size, put_alpha, put_plate, resized, within  # numpy, which reading threads do without

        assert self.rings is not None and self.rings.plates is not None and self.rings.alphas is not None
        plates, alphas = self.rings.plates, self.rings.alphas
        width, height = picture_size(shown.data.width, shown.data.height, self.longest)
        width, height = within(width, height, min(plates.spec.slot_bytes // 4, alphas.spec.slot_bytes // 2))
        box = Box(0, 0, width, height)
        try:
            put_plate(plates.payload(slots[0]), resized(shown.plate, width, height))
            put_alpha(alphas.payload(slots[1]), resized(shown.alpha, width, height))
            plate = plates.publish(slots[0], frame=shown.frame, box=box, channels=4, dtype="uint8")
            alpha = alphas.publish(slots[1], frame=shown.frame, box=box, channels=1, dtype="uint16")
        except FrameBufferError:
            return
        self.send(
            Picture(
                id=shown.request,
                job=shown.job,
                frame=shown.frame,
                plate_slot=slots[0],
                plate_sequence=plate.sequence,
                alpha_slot=slots[1],
                alpha_sequence=alpha.sequence,
                raw=shown.raw,
                mean=shown.mean,
                change=shown.change,
                data=shown.data.as_tuple,
            )
        )

    def drop(self, slots: Tuple[int, int]) -> None:
        """Gives slots back that were acquired in vain."""
        if self.rings is not None and self.rings.plates is not None and self.rings.alphas is not None:
            self.rings.plates.release(slots[0])
            self.rings.alphas.release(slots[1])

    def taken(self, message: PictureTaken) -> None:
        """Takes slots back.

        Raises:
            FrameBufferError: one was not out.
        """
        if self.rings is None:
            raise FrameBufferError("Slots of a picture were given back, but none were handed out.")
        self.drop((message.plate_slot, message.alpha_slot))

    def close(self) -> None:
        """Unmaps its rings."""
        if self.rings is not None:
            self.rings.close()
