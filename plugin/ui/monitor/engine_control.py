"""Starting, stopping and restarting the warm engine, on a thread: each can take seconds, and an engine may hang."""

from __future__ import annotations

import contextlib
import threading
from typing import Optional, Sequence

from ...client import start_warm_engine, stop_warm_engine
from ...core.errors import GvmMatteError
from ..kit.qt import QtCore

IDLE_SECONDS = 1800.0  # as `gvm-matte engine start` has it
START, STOP, RESTART = "start", "stop", "restart"


class EngineControl(QtCore.QObject):
    """One thing at a time; lives on the window's thread.

    Args:
        command: the engine's whole command; None: as `start_warm_engine` has it.
    """

    changed = QtCore.Signal()  # `doing` changed
    ended = QtCore.Signal(str, str)  # what was done; what went wrong, empty for nothing
    _over = QtCore.Signal(str)

    def __init__(self, *, command: Optional[Sequence[str]] = None, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self.doing = ""  # start, stop or restart; empty while nothing is done
        self._command = command
        self._thread: Optional[threading.Thread] = None
        self._over.connect(self._end, QtCore.Qt.ConnectionType.QueuedConnection)

    def do(self, what: str) -> bool:
        """Begins to start, stop or restart; False while something else is being done."""
        if self.doing:
            return False
        self.doing = what
        self._thread = threading.Thread(target=self._run, args=(what,), name="gvm-matte-engine", daemon=True)
        self._thread.start()
        self.changed.emit()
        return True

    def wait(self, seconds: float) -> None:
        """Waits for the thread, at most so long: before the process ends."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, what: str) -> None:
        error = ""
        try:
            if what in (STOP, RESTART):
                stop_warm_engine()
            if what in (START, RESTART):
                start_warm_engine(idle_timeout=IDLE_SECONDS, command=self._command).close()
        except GvmMatteError as exc:
            error = str(exc)
        except Exception as exc:  # a mistake of ours must not leave buttons grey for ever
            error = f"{type(exc).__name__}: {exc}"
        with contextlib.suppress(RuntimeError):  # the window is gone
            self._over.emit(error)

    def _end(self, error: str) -> None:
        what, self.doing = self.doing, ""
        self.changed.emit()
        self.ended.emit(what, error)
