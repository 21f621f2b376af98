"""What is on disk of a job's frames: asked of the engine on a thread, once nothing has changed for a moment.

An engine does one thing after another, and a survey would wait behind a render; while jobs run their own states tell.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any, List, Mapping, Optional, Tuple

from ...client import EngineChoice, MatteJob, session_for
from ...core.errors import GvmMatteError
from ...protocol.messages import Message, Surveyed
from ...protocol.watching import JobState
from ..kit.qt import QtCore
from . import requests

DELAY_MS = 400


class Survey(QtCore.QObject):
    """One survey at a time, the newest question first; lives on the window's thread."""

    seen = QtCore.Signal(object)  # Surveyed, of the newest question
    _over = QtCore.Signal(int, object)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._wanted: Optional[Tuple[JobState, Mapping[str, Any]]] = None
        self._number = 0
        self._busy = False
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._begin)
        self._over.connect(self._end, QtCore.Qt.ConnectionType.QueuedConnection)

    def want(self, job: JobState, params: Mapping[str, Any]) -> None:
        """Asks soon; older questions are void."""
        self._wanted = (job, dict(params))
        self._number += 1
        self._timer.start()

    def forget(self) -> None:
        """Drops the question."""
        self._wanted = None
        self._number += 1
        self._timer.stop()

    def _begin(self) -> None:
        if self._busy or self._wanted is None:
            return
        job, params = self._wanted
        self._wanted = None
        try:
            question = requests.survey_of(job, params)
        except GvmMatteError:  # out of reach, or values that the panel calls wrong already
            return
        self._busy = True
        threading.Thread(target=self._run, args=(question, self._number), name="gvm-matte-survey", daemon=True).start()

    def _run(self, question: MatteJob, number: int) -> None:
        found: List[Surveyed] = []

        def note(message: Message) -> None:
            if isinstance(message, Surveyed):
                found.append(message)

        with contextlib.suppress(GvmMatteError), session_for(engine=EngineChoice.WARM) as session:
            session.render(question, on_event=note)
        with contextlib.suppress(RuntimeError):  # the window is gone
            self._over.emit(number, found[-1] if found else None)

    def _end(self, number: int, found: Optional[Surveyed]) -> None:
        self._busy = False
        if number == self._number and found is not None:
            self.seen.emit(found)
        if self._wanted is not None:
            self._timer.start()
