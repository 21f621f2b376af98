"""Plays the frames that are there at the shot's rate: late frames are left out, so that time does not lag."""

from __future__ import annotations

import bisect
import time
from collections import deque
from typing import Callable, Deque, Optional, Sequence

from ..kit.qt import QtCore

DEFAULT_RATE = 24.0
SPAN = 1.0  # seconds over which `Speed` counts


def due(frames: Sequence[int], current: int, steps: int, *, loop: bool) -> Optional[int]:
    """The frame to show `steps` frames on.

    Args:
        frames: those that are there, ascending.
        current: on the screen; it need not be among them.
        steps: 1 and up.

    Returns:
        None: there is nothing to play, or the end was reached.
    """
    if not frames:
        return None
    position = bisect.bisect_right(frames, current) - 1 + steps
    if loop:
        return frames[position % len(frames)]
    if frames[-1] <= current:
        return None
    return frames[min(position, len(frames) - 1)]


class Playback(QtCore.QObject):
    """The clock of the picture page.

    Args:
        frames: asked at each step which frames are there.
        current: asked which is on the screen.
        clock: seconds that only grow.
    """

    stepped = QtCore.Signal(int)
    playing_changed = QtCore.Signal(bool)

    def __init__(
        self,
        *,
        frames: Callable[[], Sequence[int]],
        current: Callable[[], int],
        parent: Optional[QtCore.QObject] = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._frames, self._current, self._clock = frames, current, clock
        self.loop = True
        self._rate = DEFAULT_RATE
        self._playing = False
        self._started = 0.0
        self._steps = 0  # since the start
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.step)

    @property
    def playing(self) -> bool:
        """Whether it runs."""
        return self._playing

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self._rate

    def set_loop(self, on: bool) -> None:
        """Begins again at the end, or stops there."""
        self.loop = on

    def set_rate(self, rate: float) -> None:
        """Sets frames per second, above 0, also while it runs."""
        self._rate = rate
        self._begin()

    def start(self) -> None:
        """Plays from the frame on the screen; from the first where that is the last and nothing loops.

        Where there are no frames yet it waits for them.
        """
        frames = self._frames()
        if frames and not self.loop and self._current() >= frames[-1]:
            self.stepped.emit(frames[0])
        self._set(True)
        self._begin()

    def stop(self) -> None:
        """Stays where it is."""
        self._timer.stop()
        self._set(False)

    def step(self) -> None:
        """Shows what is due by the clock, and waits for the next."""
        if not self._playing:
            return
        steps = int((self._clock() - self._started) * self._rate + 1e-6) - self._steps
        if steps > 0:
            self._steps += steps
            frames = self._frames()
            frame = due(frames, self._current(), steps, loop=self.loop)
            if frame is not None:
                self.stepped.emit(frame)
            elif frames:
                self.stop()
                return
        self._wait()

    def _begin(self) -> None:
        self._started, self._steps = self._clock(), 0
        if self._playing:
            self._wait()

    def _wait(self) -> None:
        left = (self._steps + 1) / self._rate - (self._clock() - self._started)
        self._timer.start(max(round(left * 1000), 0))

    def _set(self, playing: bool) -> None:
        if playing != self._playing:
            self._playing = playing
            self.playing_changed.emit(playing)


class Speed:
    """How many frames a second reach the screen: counts what is noted."""

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
