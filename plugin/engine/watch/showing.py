"""`Show`: frames on disk for monitors, on a thread of its own that is there while something is asked for."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from typing import TYPE_CHECKING, Deque, Optional, Tuple

from ...core.errors import EngineBugError, FrameBufferError, GvmMatteError, UsageError
from ...params.keys import ShotParams
from ...protocol.messages import Failed
from ...protocol.watching import Show
from ..jobs.log import log

if TYPE_CHECKING:
    from .reading import DiskFrames
    from .watcher import Watcher

MAX_WAITING = 64
SLOT_SECONDS = 2.0  # a monitor that gives no slot back for so long gets no picture


class Showing:
    """Answers `Show`, first come first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Deque[Tuple[Show, Watcher]] = deque()
        self._busy = False
        self._frames: Optional[DiskFrames] = None

    def ask(self, show: Show, watcher: Watcher) -> None:
        """Puts a request on its way; never blocks.

        Raises:
            UsageError: too many wait already.
        """
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                raise UsageError(f"{MAX_WAITING} pictures are asked for already; wait for them.")
            self._waiting.append((show, watcher))
            if not self._busy:
                self._busy = True
                threading.Thread(target=self._run, name="show", daemon=True).start()

    def forget(self, watcher: Watcher) -> None:
        """Drops what a monitor asked for that went away."""
        with self._lock:
            self._waiting = deque(entry for entry in self._waiting if entry[1] is not watcher)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._busy = False
                    return
                show, watcher = self._waiting.popleft()
            try:
                self._show(show, watcher)
            except GvmMatteError as exc:
                watcher.send(Failed(show.id, exc.code, exc.message, exc.frame, exc.path))
            except Exception as exc:
                log(traceback.format_exc())
                watcher.send(Failed(show.id, EngineBugError.code, f"The picture could not be made: {exc!r}."))

    def _show(self, show: Show, watcher: Watcher) -> None:
        import numpy as np

        from .reading import DiskFrames
        from .watcher import Shown

        self._frames = self._frames or DiskFrames()
        params = ShotParams.of(show.params).at(show.frame)
        plate, display = self._frames.plate(show.source.path, show.frame, params)
        alpha = self._frames.matte(show.matte, show.frame, params, display)
        mean = -1.0 if alpha is None else float(alpha.mean())
        if alpha is None:
            alpha = np.zeros((display.height, display.width), np.float32)
        slots = watcher.acquire(SLOT_SECONDS)
        if slots is None:
            raise FrameBufferError("There is no room for the picture: give pictures back that were shown.")
        watcher.show(slots, Shown(show.frame, display, plate, alpha, False, mean, -1.0, request=show.id))
