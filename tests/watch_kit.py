"""What the tests of watches share: the events of one, in order, and pixels."""

from __future__ import annotations

import queue
import time
from typing import Any, Callable, Dict, List, Type, TypeVar

import numpy as np
import OpenImageIO as oiio
from gvm_matte.client import Answer, EngineWatch, Event, PictureView

E = TypeVar("E")


class Heard:
    """A watch and what it told."""

    def __init__(self, **more: Any) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.watch = EngineWatch(on_event=self._events.put, largest=(128, 128), **more)

    def next(self, kind: Type[E], wanted: Callable[[E], bool] = lambda event: True, seconds: float = 120.0) -> E:
        """The next event of this kind that is wanted; those before it are gone, and their pictures released."""
        deadline = time.monotonic() + seconds
        while True:
            event = self._events.get(timeout=max(0.01, deadline - time.monotonic()))
            if isinstance(event, kind) and wanted(event):
                return event
            if isinstance(event, PictureView):
                event.release()

    def all(self, kind: Type[E], last: Callable[[E], bool], seconds: float = 120.0) -> List[E]:
        """The events of this kind up to one that is the last."""
        found = [self.next(kind, seconds=seconds)]
        while not last(found[-1]):
            found.append(self.next(kind, seconds=seconds))
        return found

    def answer(self, request: int) -> str:
        """What became of a request."""
        return self.next(Answer, lambda answer: answer.request == request).error


SHOWN: Dict[str, Any] = {"plates": "/p.####.exr", "mattes": "", "frame": 5, "params": {}}


def pixels(view: PictureView) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(plate [h,w,4] uint8, alpha [h,w] uint16), copied."""
    plate = np.frombuffer(view.plate, np.uint8).reshape(view.height, view.width, 4)
    alpha = np.frombuffer(view.alpha, np.uint16).reshape(view.height, view.width)
    return plate.copy(), alpha.copy()


def raw_plate(pattern: str, frame: int) -> np.ndarray[Any, Any]:
    """[h,w,3] as `raw` reads it."""
    found: np.ndarray[Any, Any] = np.asarray(oiio.ImageBuf(pattern.replace("####", str(frame))).get_pixels(oiio.FLOAT))
    return found.clip(0.0, 1.0)
