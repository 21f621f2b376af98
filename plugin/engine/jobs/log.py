"""The engine's log: its stdout, which is nothing else. The last lines are kept for monitors."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import deque
from typing import Deque, List, Tuple

KEPT_LINES = 500
LONGEST_LINE = 1000  # characters; what is kept of one line, so that many of them fit into a message


class LogRing:
    """The last lines, each under a number that counts from 1; any thread."""

    def __init__(self) -> None:
        self._lines: Deque[str] = deque(maxlen=KEPT_LINES)
        self._count = 0
        self._lock = threading.Lock()

    def add(self, text: str) -> None:
        """Keeps a text, line by line."""
        with self._lock:
            for line in text.splitlines():
                self._lines.append(line[:LONGEST_LINE])
                self._count += 1

    def since(self, number: int) -> Tuple[int, List[str]]:
        """(number of the last line, the lines after `number` that are still there)."""
        with self._lock:
            new = min(self._count - number, len(self._lines))
            return self._count, list(self._lines)[len(self._lines) - new :]


RING = LogRing()


def log(text: str) -> None:
    """One line of the log. Its reader may be gone."""
    line = f"{time.strftime('%H:%M:%S')} {text}"
    RING.add(line)
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True, file=sys.stdout)
