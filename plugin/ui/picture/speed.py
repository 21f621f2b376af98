"""How many frames a second reach the screen."""

from __future__ import annotations

import time
from collections import deque
from typing import Callable, Deque

SPAN = 1.0  # seconds that are looked back


class Speed:
    """Counts what is noted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: Deque[float] = deque(maxlen=512)

    def clear(self) -> None:
        """Begins anew."""
        self._times.clear()

    def note(self) -> None:
        """A frame was painted."""
        self._times.append(self._clock())

    def per_second(self) -> float:
        """Frames a second over the last second; 0 before there are two."""
        now = self._clock()
        while self._times and now - self._times[0] > SPAN:
            self._times.popleft()
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) / max(self._times[-1] - self._times[0], 1e-6)

    def words(self) -> str:
        """`23.9`; empty before there are two frames."""
        found = self.per_second()
        return f"{found:.1f}" if found else ""
