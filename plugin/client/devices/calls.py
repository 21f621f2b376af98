"""Calls into the thread that called `render`, from those that render: a host is promised that its callbacks run there."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, wait
from typing import Callable, Optional, Tuple

from ...core.errors import CancelledError

ABANDONED_SECONDS = 0.5


class Calls:
    """Calls that threads ask for; `serve` makes them, one at a time."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Tuple[Callable[[], None], Optional[Future[None]]]] = queue.SimpleQueue()
        self._shut = threading.Event()

    def ask(self, call: Callable[[], None]) -> None:
        """Has a call made, and waits for its end.

        Raises:
            What it raised; CancelledError once nothing is served any more.
        """
        done: Future[None] = Future()
        self._queue.put((call, done))
        while not wait([done], ABANDONED_SECONDS).done:
            if self._shut.is_set():
                raise CancelledError("The render was cancelled; frames that were finished stay.")
        done.result()

    def tell(self, call: Callable[[], None]) -> None:
        """Has a call made, without waiting; what it raises comes out of `serve`."""
        self._queue.put((call, None))

    def serve(self, timeout: float) -> None:
        """Makes one call; none where none was asked for in time."""
        try:
            call, done = self._queue.get(timeout=timeout)
        except queue.Empty:
            return
        if done is None:
            call()
            return
        try:
            call()
        except BaseException as exc:  # raised where it was asked for, and comes back as that render's error
            done.set_exception(exc)
        else:
            done.set_result(None)

    def shut(self) -> None:
        """Nothing is served any more."""
        self._shut.set()
