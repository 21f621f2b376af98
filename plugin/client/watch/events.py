"""What a watch tells: the engine's own messages, and what is made of them here."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import Callable, Optional, Union

from ...core.errors import FrameBufferError
from ...core.image import Box
from ...protocol.frame_buffer import FrameRing
from ...protocol.watching import EngineState, FrameState, JobState, LogLines, Picture


@dataclass(frozen=True)
class Connected:
    """An engine was found; its states follow."""

    pid: int
    package: str
    device: str  # empty until it is known


@dataclass(frozen=True)
class Lost:
    """There is no engine, or it went; the watch keeps looking for one every second."""

    message: str


@dataclass(frozen=True)
class Answer:
    """What became of a request of this watch."""

    request: int
    error: str  # a sentence; empty: it is done


@dataclass(eq=False)
class PictureView:
    """One finished frame in the shared memory itself; the views are dead after `release`.

    A client that does not release pictures gets no more of them once all slots are out.
    """

    job: int  # its number; 0 for a `show`
    request: int  # of the `show`; 0 for a frame of a job
    frame: int
    raw: bool  # the model's alpha before the edge treatment; else the matte as delivered
    mean: float  # of the alpha; -1 where there is none
    change: float  # mean |alpha - alpha of the frame before|; -1 where it is not known
    width: int  # of both images
    height: int
    box: Box  # what they show, in pixels of the plate
    plate: memoryview  # uint8 RGBX rows
    plate_stride: int  # bytes
    alpha: memoryview  # uint16 rows, as bytes
    alpha_stride: int  # bytes
    give_back: Optional[Callable[[], None]] = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def release(self) -> None:
        """Gives the slots back; may be called again, from any thread."""
        with self._lock:
            give_back, self.give_back = self.give_back, None
        for view in (self.plate, self.alpha):
            with contextlib.suppress(BufferError):  # a view of it is still held: the memory stays until then
                view.release()
        if give_back is not None:
            give_back()


Event = Union[Connected, Lost, JobState, FrameState, EngineState, PictureView, LogLines, Answer]


def open_picture(
    message: Picture, *, plates: FrameRing, alphas: FrameRing, request: int, give_back: Callable[[], None]
) -> PictureView:
    """The picture that a message announces.

    Raises:
        FrameBufferError: its slots are not what the message says.
    """
    plate_info, plate = plates.open(message.plate_slot, message.plate_sequence)
    alpha_info, alpha = alphas.open(message.alpha_slot, message.alpha_sequence)
    kinds = (plate_info.channels, plate_info.dtype, alpha_info.channels, alpha_info.dtype)
    if kinds != (4, "uint8", 1, "uint16") or plate_info.box != alpha_info.box:
        raise FrameBufferError(f"A picture of frame {message.frame} is not of a plate and its alpha.", frame=message.frame)
    if not plate_info.frame == alpha_info.frame == message.frame:
        raise FrameBufferError(f"A picture of frame {message.frame} holds another frame.", frame=message.frame)
    if len(message.data) not in (0, 4):
        raise FrameBufferError(f"A picture of frame {message.frame} has no data window.", frame=message.frame)
    return PictureView(
        job=message.job,
        request=request,
        frame=message.frame,
        raw=message.raw,
        mean=message.mean,
        change=message.change,
        width=plate_info.box.width,
        height=plate_info.box.height,
        box=Box(*message.data) if message.data else plate_info.box,
        plate=plate,
        plate_stride=plate_info.row_stride,
        alpha=alpha,
        alpha_stride=alpha_info.row_stride,
        give_back=give_back,
    )
