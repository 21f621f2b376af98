"""The shown commands, one behind the other."""

from __future__ import annotations

from typing import List, Optional, Sequence

from ...core.errors import GvmMatteError
from ..kit.qt import QtCore
from .process import Decoder, did_not_start, last_sentence, not_started, start

KEPT_CHARACTERS = 1 << 16


class Runner(QtCore.QObject):
    """Runs commands. `said` is what they say; `ended` an error's sentence, empty where all went well."""

    begun = QtCore.Signal(str)
    said = QtCore.Signal(str)
    ended = QtCore.Signal(str)

    def __init__(self, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self._left: List[List[str]] = []
        self._process: Optional[QtCore.QProcess] = None
        self._stopped = False
        self._errors = ""

    @property
    def running(self) -> bool:
        """Whether a command runs."""
        return self._process is not None

    def run(self, commands: Sequence[Sequence[str]]) -> None:
        """Runs commands of `gvm-matte`; the first that fails is the last."""
        if not self.running:
            self._left = [list(words) for words in commands]
            self._stopped = False
            self._next()

    def stop(self) -> None:
        """Ends what runs, in good order: a job that runs here is cancelled, its finished frames stay."""
        self._stopped, self._left = True, []
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """Ends what runs at once: the program is closing."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.terminate()
            if not process.waitForFinished(2000):
                process.kill()
                process.waitForFinished(500)

    def _next(self) -> None:
        words = self._left.pop(0)
        self._errors = ""
        self.begun.emit(" ".join(words[:2]))
        try:
            process = self._process = start(words)
        except GvmMatteError as exc:
            self.ended.emit(exc.message)
            return
        out, err = Decoder(), Decoder()
        process.readyReadStandardOutput.connect(lambda: self._told(out.decode(process.readAllStandardOutput())))
        process.readyReadStandardError.connect(lambda: self._erred(err.decode(process.readAllStandardError())))
        process.finished.connect(lambda *_: self._finished())
        process.errorOccurred.connect(lambda error: self._finished() if did_not_start(error) else None)

    def _told(self, text: str) -> None:
        self.said.emit(text)

    def _erred(self, text: str) -> None:
        self._errors = (self._errors + text)[-KEPT_CHARACTERS:]
        self.said.emit(text)

    def _finished(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.deleteLater()
        trouble = ""
        if process.error() == QtCore.QProcess.ProcessError.FailedToStart:
            trouble = not_started(process)
        elif self._stopped:
            trouble = self.tr("Stopped.")
        elif process.exitCode() or process.exitStatus() != QtCore.QProcess.ExitStatus.NormalExit:
            trouble = last_sentence(self._errors) or self.tr("The command failed (exit code {0}).").format(
                process.exitCode()
            )
        if trouble or not self._left:
            self._left = []
            self.ended.emit(trouble)
        else:
            self._next()
