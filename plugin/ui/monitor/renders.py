"""Renders that were started in the monitor: each on a thread of its own, as the node and the commands do them.

They belong to this process: an engine ends the jobs of a client that goes. So the window asks before it closes, and where
they are to go on, the process (or the host) keeps them until they are done.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Callable, Dict, Optional, Set

from ...client import MatteJob, MatteSession
from ...core.errors import CancelledError, GvmMatteError
from ..kit.qt import QtCore

Session = Callable[[], MatteSession]
_alive: Set[Renders] = set()  # what still runs is kept, though its window has gone


class Renders(QtCore.QObject):
    """What renders here; lives on the window's thread.

    Args:
        session: makes the session of one render.
    """

    ended = QtCore.Signal(str, str)  # the render's title; what went wrong, empty for nothing
    changed = QtCore.Signal()  # one began or ended
    _over = QtCore.Signal(int, str)

    def __init__(self, *, session: Optional[Session] = None) -> None:
        super().__init__()
        self._session = session or (lambda: MatteSession(warm=True))
        self._running: Dict[int, _Render] = {}
        self._count = 0
        self._over.connect(self._end, QtCore.Qt.ConnectionType.QueuedConnection)

    def __len__(self) -> int:
        return len(self._running)

    def start(self, job: MatteJob, title: str) -> None:
        """Begins; `ended` tells of the end."""
        self._count += 1
        render = _Render(job, title, self._session, self._count, self._over.emit)
        self._running[self._count] = render
        _alive.add(self)
        render.thread.start()
        self.changed.emit()

    def cancel_all(self) -> None:
        """Cancels every one; finished frames stay."""
        for render in self._running.values():
            render.cancel.set()

    def wait(self, seconds: Optional[float] = None) -> bool:
        """Waits until all threads have ended, for a process whose window is closed; whether they have."""
        until = None if seconds is None else time.monotonic() + seconds
        for render in list(self._running.values()):
            render.thread.join(None if until is None else max(until - time.monotonic(), 0.0))
        return not any(render.thread.is_alive() for render in self._running.values())

    def _end(self, number: int, error: str) -> None:
        render = self._running.pop(number)
        if not self._running:
            _alive.discard(self)
        self.ended.emit(render.title, error)
        self.changed.emit()


class _Render:
    """One render and its thread."""

    def __init__(self, job: MatteJob, title: str, session: Session, number: int, over: Callable[[int, str], None]) -> None:
        self.title = title
        self.cancel = threading.Event()
        self.thread = threading.Thread(target=self._run, name="gvm-matte-render", daemon=True)
        self._job, self._session, self._number, self._over = job, session, number, over

    def _run(self) -> None:
        error = ""
        try:
            with self._session() as session:
                session.render(self._job, cancel=self.cancel)
        except CancelledError:
            pass
        except GvmMatteError as exc:
            error = exc.message
        except Exception as exc:  # a mistake of ours must not leave a render that never ends
            error = f"{type(exc).__name__}: {exc}"
        with contextlib.suppress(RuntimeError):  # the application is gone
            self._over(self._number, error)
