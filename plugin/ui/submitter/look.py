"""A look at a shot: `farm bundle` into a temporary folder. What it finds wrong is told, what it makes is looked at."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Set, Tuple

from ...core.errors import GvmMatteError
from ...farm import FarmJob, read_bundle
from ..kit.qt import QtCore
from .process import did_not_start, last_sentence, not_started, start, text_of
from .shot import Shot

SETTLE_MS = 400  # no look at every letter that is typed
CLOSE_MS = 500


@dataclass(frozen=True)
class Looked:
    """What a look found: the job as `farm bundle` makes it, the GPU memory that it estimates, and its notices."""

    job: FarmJob
    gpus: int
    gpu_memory: int
    notices: Tuple[str, ...]


class Look(QtCore.QObject):
    """Looks at shots, the newest alone. `found` carries a `Looked`, `failed` a sentence."""

    begun = QtCore.Signal()
    found = QtCore.Signal(object)
    failed = QtCore.Signal(str)

    def __init__(self, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._start)
        self._wanted: Optional[Tuple[Shot, str]] = None
        self._process: Optional[QtCore.QProcess] = None
        self._folders: Set[str] = set()  # of looks that have not ended, forgotten ones, too

    @property
    def looking(self) -> bool:
        """Whether a look goes on, or is about to."""
        return self._timer.isActive() or self._process is not None

    def want(self, shot: Shot, frames: str) -> None:
        """Looks at these frames of a shot, as soon as nothing else was wanted for a moment."""
        self.stop()
        self._wanted = (shot, frames)
        self._timer.start()

    def stop(self) -> None:
        """Forgets the look that goes on; it is not waited for."""
        self._timer.stop()
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def close(self) -> None:
        """Ends the look that goes on and takes every look's folder away: the window is closing, maybe the program."""
        process = self._process
        self.stop()
        if process is not None:
            process.waitForFinished(CLOSE_MS)  # it was killed, so this takes no time to speak of
        for folder in list(self._folders):
            self._forget(folder)

    def _forget(self, folder: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folders.discard(folder)

    def _start(self) -> None:
        assert self._wanted is not None, "the timer runs behind a wish"
        shot, frames = self._wanted
        folder = tempfile.mkdtemp(prefix="gvm-look-")
        self._folders.add(folder)
        keys = str(Path(folder, "keys.json"))
        try:
            shot.write_keys(keys)
            words = [*shot.words(keys), *([f"--frames={frames}"] if frames else [])]
            words = ["farm", "bundle", *words, "--bundle", str(Path(folder, "bundle")), "--json"]
            process = self._process = start(words)
        except GvmMatteError as exc:
            self._forget(folder)
            self.failed.emit(exc.message)
            return
        process.finished.connect(lambda *_: self._ended(process, folder))
        process.errorOccurred.connect(lambda error: self._ended(process, folder) if did_not_start(error) else None)
        self.begun.emit()

    def _ended(self, process: QtCore.QProcess, folder: str) -> None:
        wanted = process is self._process
        found: Optional[Looked] = None
        trouble = ""
        try:
            if wanted:
                self._process = None
                found = self._read(process, folder)
        except (GvmMatteError, ValueError, KeyError, TypeError) as exc:
            trouble = str(exc)
        finally:
            process.deleteLater()
            self._forget(folder)
        if found is not None:
            self.found.emit(found)
        elif wanted:
            self.failed.emit(trouble)

    def _read(self, process: QtCore.QProcess, folder: str) -> Looked:
        if process.error() == QtCore.QProcess.ProcessError.FailedToStart:
            raise GvmMatteError(not_started(process))
        if process.exitCode() or process.exitStatus() != QtCore.QProcess.ExitStatus.NormalExit:
            said = text_of(process.readAllStandardError())
            raise GvmMatteError(last_sentence(said) or f"The look failed (exit code {process.exitCode()}).")
        report: Dict[str, Any] = json.loads(text_of(process.readAllStandardOutput()))
        job = read_bundle(str(Path(folder, "bundle")))
        return Looked(job, job.settings.gpus, job.settings.gpu_memory, tuple(report["notices"]))
