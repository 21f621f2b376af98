"""Whose picture is whose: numbers of jobs over several engines, and which frames were asked for.

An engine counts its jobs from 1, so after a restart a number means another job. Inside the page a job has a take instead:
the engine's turn and the number in one. What has no number (an answer from disk) belongs to the job that was asked about.
"""

from __future__ import annotations

import time
from typing import Dict, List, Optional, Tuple

_TURN = 1 << 32
PATIENCE = 10.0  # seconds after which a frame that did not come may be asked for again


class Takes:
    """Numbers of jobs that stay unlike each other when engines come and go."""

    def __init__(self) -> None:
        self._turn = 0
        self._asked: Dict[Tuple[int, int], float] = {}

    def new_engine(self) -> None:
        """From now on numbers are another engine's."""
        self._turn += 1
        self._asked.clear()

    def of(self, number: int) -> int:
        """The take of a job of the engine that is there."""
        return self._turn * _TURN + number

    def number(self, take: int) -> Optional[int]:
        """The engine's number; None for a job of an engine that has gone."""
        return take % _TURN if take // _TURN == self._turn else None

    def ask(self, take: int, frame: int) -> bool:
        """Notes that a frame is asked for; False where it was a moment ago."""
        if self.asked(take, frame):
            return False
        self._asked[take, frame] = time.monotonic()
        return True

    def asked(self, take: Optional[int], frame: int) -> bool:
        """Whether a frame was asked for a moment ago, and has not come."""
        return take is not None and time.monotonic() - self._asked.get((take, frame), float("-inf")) < PATIENCE

    def answered(self, frame: int) -> Optional[int]:
        """The take that this frame was asked for longest ago; None: it was not."""
        waiting: List[Tuple[float, int]] = [(when, take) for (take, asked), when in self._asked.items() if asked == frame]
        if not waiting:
            return None
        take = min(waiting)[1]
        del self._asked[take, frame]
        return take
