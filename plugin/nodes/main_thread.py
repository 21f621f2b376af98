"""How a thread asks Nuke's main thread to do something.

With a GUI's event loop calls are queued with `nuke.executeInMainThread`. Where the main thread itself waits for the render
(a terminal session, a render that asks for its mattes) it serves a queue of ours meanwhile. Nobody waits without end:
`executeInMainThreadWithResult` has no time-out, so it is not used.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import Any, Callable, List, Optional

import nuke

from ..errors import CancelledError

Call = Callable[[], Any]
LOOK_SECONDS = 0.05


class MainThread:
    """The main thread, seen from others.

    Args:
        serves: the main thread waits in `serve`; otherwise its event loop runs.
    """

    def __init__(self, *, serves: bool) -> None:
        self._queue: Optional[queue.SimpleQueue[Call]] = queue.SimpleQueue() if serves else None

    @property
    def serves(self) -> bool:
        """Whether the main thread waits in `serve`."""
        return self._queue is not None

    def post(self, call: Call) -> None:
        """Has it called, some time; what it raises is lost."""
        if self._queue is None:
            with contextlib.suppress(RuntimeError):  # Nuke is closing
                nuke.executeInMainThread(call, ())
        else:
            self._queue.put(call)

    def ask(self, call: Call, stop: Callable[[], bool]) -> Any:
        """Has it called and waits for what comes of it.

        Raises:
            CancelledError: `stop()` came true first; the call is not made then, unless it has begun.
            Exception: what the call raised.
        """
        done, begun = threading.Event(), threading.Lock()
        answers: List[Any] = []

        def run() -> None:
            if not begun.acquire(blocking=False):
                return  # nobody waits any more
            try:
                answers.append((call(), None))
            except BaseException as exc:
                answers.append((None, exc))
            finally:
                done.set()

        self.post(run)
        while not done.wait(LOOK_SECONDS):
            if stop() and begun.acquire(blocking=False):
                raise CancelledError("The render was cancelled.")
        value, error = answers[0]
        if error is not None:
            raise error
        return value

    def serve(self, until: Callable[[], bool], tick: Call) -> None:
        """Makes the calls that threads ask for until `until()`; on the main thread, which waits here."""
        assert self._queue is not None
        while True:
            ended = until()
            try:
                call = self._queue.get(timeout=0.0 if ended else LOOK_SECONDS)
            except queue.Empty:
                if ended:
                    return
                tick()
                continue
            call()
