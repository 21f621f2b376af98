"""Between the watch's thread and the window's: whatever an engine sends, the window has a bounded amount to look at.

    watch's thread ── put ──▶ mailbox ── take, a few milliseconds' worth at a time ──▶ window's thread

A newer state of the same job or engine stands in for the older one that was not taken yet, log lines join, and beyond
`LIMIT` the oldest goes. So an engine that floods costs the window what it can show, and no more. What is dropped is given
back: pictures own slots of shared memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Optional, Tuple

from ...client.watch.watch import Connected, Event, Lost, PictureView
from ...protocol.watching import EngineState, FrameState, JobState, LogLines

LIMIT = 4000
LOG_LINES = 2000
_Key = Tuple[object, ...]


class Mailbox:
    """Events that wait; any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[_Key, Event] = OrderedDict()
        self._link = 0  # counts connections: states of an engine that has gone never stand in for those of the next
        self._counter = 0
        self._closed = False

    def put(self, event: Event) -> bool:
        """Adds an event; whether there was none before, so that the window must be told."""
        dropped: Optional[Event] = None
        with self._lock:
            if self._closed:
                dropped, woken = event, False
            else:
                woken = not self._waiting
                key = self._key(event)
                before = self._waiting.get(key)
                if isinstance(event, LogLines) and isinstance(before, LogLines):
                    event = LogLines((*before.lines, *event.lines)[-LOG_LINES:])
                self._waiting[key] = event
                if len(self._waiting) > LIMIT:
                    _, dropped = self._waiting.popitem(last=False)
        if isinstance(dropped, PictureView):
            dropped.release()
        return woken

    def take(self) -> Optional[Event]:
        """The oldest event; None where nothing waits."""
        with self._lock:
            return self._waiting.popitem(last=False)[1] if self._waiting else None

    def __len__(self) -> int:
        with self._lock:
            return len(self._waiting)

    def close(self) -> None:
        """Lets go of all that waits, and of all that still comes."""
        with self._lock:
            self._closed = True
            left = list(self._waiting.values())
            self._waiting.clear()
        for event in left:
            if isinstance(event, PictureView):
                event.release()

    def _key(self, event: Event) -> _Key:
        if isinstance(event, (Connected, Lost)):
            self._link += 1
        elif isinstance(event, JobState):
            return (self._link, "job", event.number)
        elif isinstance(event, FrameState):
            return (self._link, "frame", event.number, event.frame)
        elif isinstance(event, (EngineState, LogLines)):
            return (self._link, type(event).__name__)
        self._counter += 1
        return (self._link, "one", self._counter)
