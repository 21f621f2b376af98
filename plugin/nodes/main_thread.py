"""How a thread asks Nuke's main thread to do something.

With a GUI's event loop calls are queued with `nuke.executeInMainThread`. Where the main thread itself waits for the render
(a terminal session, a render that asks for its mattes) it serves a queue of ours meanwhile, and then for all renders that
go on: the engine does one job at a time, so a main thread that waits for the engine while another render's job waits for a
plate would wait for itself. No thread waits without end: `executeInMainThreadWithResult`, which has none, is not used.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import Any, Callable, List, Optional, Tuple, TypeVar

import nuke

from ..core.errors import CancelledError

Call = Callable[[], Any]
T = TypeVar("T")
LOOK_SECONDS = 0.05
_serving: List[MainThread] = []  # whose `serve` runs, the innermost last


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
                return  # the caller has given up waiting
            try:
                answers.append((call(), None))
            except BaseException as exc:
                answers.append((None, exc))
            finally:
                done.set()

        self.post(run)
        asked: List[MainThread] = [self]
        while not done.wait(LOOK_SECONDS):
            if stop() and begun.acquire(blocking=False):
                raise CancelledError("The render was cancelled.")
            for other in _serving[-1:]:
                if other not in asked:  # whoever comes to it first makes the call
                    asked.append(other)
                    other.post(run)
        value, error = answers[0]
        if error is not None:
            raise error
        return value

    def serve(self, until: Callable[[], bool], tick: Call) -> None:
        """Makes the calls that threads ask for until `until()`; on the main thread, which waits here."""
        assert self._queue is not None
        _serving.append(self)
        try:
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
        finally:
            _serving.remove(self)


def meanwhile_serving(call: Callable[[], T]) -> T:
    """Makes a call in a thread and waits for it on the main thread, which serves renders meanwhile.

    Raises:
        What the call raised.
    """
    server, done = MainThread(serves=True), threading.Event()
    answers: List[Tuple[Any, Optional[BaseException]]] = []

    def run() -> None:
        try:
            answers.append((call(), None))
        except BaseException as exc:
            answers.append((None, exc))
        done.set()
        server.post(lambda: None)  # wakes it

    threading.Thread(target=run, name="gvm-matte-survey", daemon=True).start()
    server.serve(done.is_set, lambda: None)
    value, error = answers[0]
    if error is not None:
        raise error
    result: T = value
    return result
