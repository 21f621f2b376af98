"""Threads: what only the main thread may do, and how the others ask it.

Calls wait in a queue until the main thread pumps it: Host.process_events, or Host.run_until while it waits for a thread.
"""

from __future__ import annotations

import functools
import queue
import traceback
from typing import Any, Callable, Dict, List, Optional

from . import state


class MainThreadQueue:
    """What waits for the main thread."""

    def __init__(self) -> None:
        self._calls: queue.Queue[Callable[[], Any]] = queue.Queue()

    def put(self, call: Callable[..., Any], args: Any, kwargs: Dict[str, Any]) -> None:
        """Adds a call; args that are no tuple are one argument."""
        self._calls.put(functools.partial(call, *(args if isinstance(args, tuple) else (args,)), **kwargs))

    def pump(self, timeout: float = 0.0) -> int:
        """Runs what waits, at most what was there at the start and one more; waits up to `timeout` s for a first call.

        Returns:
            The number of calls that ran.
        """
        ran = 0
        for _ in range(self._calls.qsize() + 1):
            try:
                item = self._calls.get(timeout=timeout) if timeout > 0 and not ran else self._calls.get_nowait()
            except queue.Empty:
                break
            try:
                item()
            except Exception:  # printed only, as in Nuke
                traceback.print_exc()
            ran += 1
        return ran


def executeInMainThread(call: Callable[..., Any], args: Any = (), kwargs: Optional[Dict[str, Any]] = None) -> None:
    """Queues a call for the main thread and returns at once; any thread may."""
    state.any_thread().queue.put(call, args, kwargs or {})


class ProgressTask:
    """A progress bar. The host keeps each one: `Host.progress`; `Host.on_progress` sees every change and may cancel it."""

    def __init__(self, name: str = "") -> None:
        session = state.current()
        self.name, self.percent, self.cancelled = name, 0, False
        self.texts: List[str] = []
        session.progress.append(self)

    def setProgress(self, percent: int) -> None:
        """0 to 100.

        Raises:
            TypeError: no whole number, as in Nuke.
        """
        session = state.current()
        if not isinstance(percent, int):
            raise TypeError(f"ProgressTask.setProgress takes a whole number, not {percent!r}.")
        self.percent = max(0, min(100, percent))
        if session.on_progress is not None:
            session.on_progress(self)

    def setMessage(self, message: str) -> None:
        """The text under the bar."""
        session = state.current()
        self.texts.append(str(message))
        if session.on_progress is not None:
            session.on_progress(self)

    def isCancelled(self) -> bool:
        """Whether the user pressed Cancel."""
        return self.cancelled or state.current().cancelled

    def cancel(self) -> None:
        """Presses Cancel; the host's own, Nuke has no such method."""
        self.cancelled = True
