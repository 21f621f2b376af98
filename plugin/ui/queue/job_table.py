"""The engine's jobs as a Qt model: what runs, then what waits in its order, then what has ended, the newest first.

A job's change is a change of its row; only where that moves it the order is made anew, and Qt's persistent indices go
along: what is selected stays selected, and nothing flickers at ten changes a second.
"""

from __future__ import annotations

import os
from enum import IntEnum
from typing import Any, Dict, List, Optional, Tuple

from ...protocol.messages import STAGE_WORDS
from ...protocol.watching import JobState
from ..kit import theme, words
from ..kit.qt import QtCore, QtWidgets
from ..monitor import requests

JOB_ROLE = int(QtCore.Qt.ItemDataRole.UserRole)
_RANKS = {words.RUNNING: 0, words.WAITING: 1}
_STATE_COLOURS = {words.RUNNING: "busy", words.DONE: "ok", words.FAILED: "fail"}
Index = QtCore.QModelIndex


class Column(IntEnum):
    """Columns, in their order."""

    NUMBER, PLATES, FRAMES, STATE, PROGRESS, RATE, ETA, WHO = range(8)


_RIGHT = (Column.NUMBER, Column.RATE, Column.ETA, Column.WHO)


class JobTable(QtCore.QAbstractTableModel):
    """Rows of `JobState`."""

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._jobs: List[JobState] = []
        self._live = False
        self._own = os.getpid()

    # -- what is shown

    def put(self, job: JobState) -> None:
        """A job that is new, or has changed."""
        row = self.row_of(job.number)
        if row < 0:
            row = len([one for one in self._jobs if _rank(one) < _rank(job)])
            self.beginInsertRows(Index(), row, row)
            self._jobs.insert(row, job)
            self.endInsertRows()
            return
        moved = _rank(self._jobs[row]) != _rank(job)
        self._jobs[row] = job
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(Column) - 1))
        if moved:
            self._order()

    def clear(self) -> None:
        """No jobs: another engine is there, which tells its own."""
        self.beginResetModel()
        self._jobs.clear()
        self.endResetModel()

    def set_live(self, live: bool) -> None:
        """Whether the engine of these jobs is there; else what ran or waited is shown as lost."""
        self._live = live
        if self._jobs:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._jobs) - 1, len(Column) - 1))

    def row_of(self, number: int) -> int:
        """A job's row; -1 where it is not known."""
        return next((row for row, job in enumerate(self._jobs) if job.number == number), -1)

    def job(self, row: int) -> Optional[JobState]:
        """The job of a row."""
        return self._jobs[row] if 0 <= row < len(self._jobs) else None

    def waiting(self) -> List[JobState]:
        """What waits, in its order."""
        return [job for job in self._jobs if job.state == words.WAITING]

    def _order(self) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        numbers = [self._jobs[index.row()].number for index in before]
        self._jobs.sort(key=_rank)
        rows: Dict[int, int] = {job.number: row for row, job in enumerate(self._jobs)}
        after = [self.index(rows[number], index.column()) for number, index in zip(numbers, before)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    # -- Qt's questions

    def rowCount(self, parent: Any = None) -> int:
        """Jobs."""
        return 0 if parent is not None and parent.isValid() else len(self._jobs)

    def columnCount(self, parent: Any = None) -> int:
        """Columns."""
        return 0 if parent is not None and parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:
        """Titles."""
        if orientation != QtCore.Qt.Orientation.Horizontal:
            return None
        column, roles = Column(section), QtCore.Qt.ItemDataRole
        if role == roles.DisplayRole:
            return (
                self.tr("Job"), self.tr("Plates"), self.tr("Frames"), self.tr("State"), self.tr("Progress"),
                self.tr("Frames/s"), self.tr("Left"), self.tr("Process"),
            )[column]  # fmt: skip
        if role == roles.TextAlignmentRole:
            return _aligned(column)
        return None

    def data(self, index: Any, role: int = 0) -> Any:
        """One cell."""
        job, roles = self.job(index.row()), QtCore.Qt.ItemDataRole
        if job is None:
            return None
        column = Column(index.column())
        if role in (roles.DisplayRole, roles.AccessibleTextRole):
            return self._text(job, column)
        if role == JOB_ROLE:
            return job
        if role == roles.TextAlignmentRole:
            return _aligned(column)
        if role == roles.ToolTipRole:
            return self._tip(job, column)
        if role == roles.ForegroundRole and column == Column.STATE and (self._live or job.state not in words.OPEN):
            what = _STATE_COLOURS.get(job.state)
            return theme.meaning(QtWidgets.QApplication.palette(), what) if what else None
        return None

    def _text(self, job: JobState, column: Column) -> str:
        if column == Column.NUMBER:
            return str(job.number)
        if column == Column.PLATES:
            name = words.name_of(job)
            return self.tr("{0} (try)").format(name) if requests.is_try(job) else name
        if column == Column.FRAMES:
            return job.frames or ("-".join(map(str, job.shot)) if job.shot else self.tr("all"))
        if column == Column.PROGRESS:
            return f"{job.done}/{job.total}" if job.total else ""
        if column == Column.RATE:
            return words.rate(job.rate) if job.state == words.RUNNING and self._live else words.NOTHING
        if column == Column.ETA:
            return words.duration(words.eta(job)) if self._live else words.NOTHING
        if column == Column.STATE:
            return self.state_words(job)
        return self.tr("this one") if job.client == self._own else str(job.client)

    def state_words(self, job: JobState) -> str:
        """A job's state for people."""
        if job.state in words.OPEN and not self._live:
            return self.tr("lost")
        if job.state == words.WAITING:
            return self.tr("waiting ({0})").format(job.position) if job.position > 0 else self.tr("waiting")
        if job.state == words.RUNNING:
            return self.tr(STAGE_WORDS.get(job.stage, "running"))
        known = {words.DONE: self.tr("done"), words.FAILED: self.tr("failed"), words.CANCELLED: self.tr("cancelled")}
        return known.get(job.state, job.state)

    def _tip(self, job: JobState, column: Column) -> str:
        if column == Column.PLATES:
            return "\n".join(path for path in (job.plates, job.mattes) if path)
        if column == Column.FRAMES:
            return self.tr("Asked for: {0}\nFinished: {1}\nKept: {2}").format(
                job.frames or self.tr("all"), job.finished or words.NOTHING, job.kept or words.NOTHING
            )
        if column == Column.STATE and job.message:
            return job.message
        if column == Column.WHO:
            return self.tr("The process that asked for it; it ends when that process does.")
        return ""


def _rank(job: JobState) -> Tuple[int, int, int]:
    rank = _RANKS.get(job.state, 2)
    return (rank, job.position if rank == 1 else 0, job.number if rank < 2 else -job.number)


def _aligned(column: Column) -> int:
    flag = QtCore.Qt.AlignmentFlag
    return int((flag.AlignRight if column in _RIGHT else flag.AlignLeft) | flag.AlignVCenter)  # PySide2 takes only numbers
