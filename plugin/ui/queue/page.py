"""The queue page: the table of jobs, what can be done with the chosen one, and what it has to say."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional

from ...client.watch.watch import Connected
from ...core.errors import GvmMatteError
from ...protocol.watching import JobState
from ..kit import theme, words
from ..kit.actions import action, button, say
from ..kit.qt import QAction, QtCore, QtGui, QtWidgets
from ..monitor import requests
from ..monitor.model import MonitorModel
from ..monitor.renders import Renders
from .job_table import Column, JobTable
from .progress_delegate import ProgressDelegate

_SAMPLES: Dict[Column, str] = {  # the widest text that a column must hold without moving
    Column.NUMBER: "9999", Column.PLATES: "sh0010_comp_plate", Column.FRAMES: "1001-1048", Column.PROGRESS: "10000/10000 ",
    Column.RATE: "Frames/s", Column.ETA: "00:00:00", Column.STATE: "loading the model", Column.WHO: "00000000",
}  # fmt: skip


class QueuePage(QtWidgets.QWidget):
    """Every job of the engine.

    Args:
        model: the engine; renders: where retries go.
    """

    job_chosen = QtCore.Signal(object)  # JobState: its pictures and params are wanted

    def __init__(self, *, model: MonitorModel, renders: Renders, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._model, self._renders = model, renders
        self.table = JobTable(self)
        self.view = self._make_view()
        self._make_actions()
        self.detail = QtWidgets.QLabel()
        self.detail.setWordWrap(True)
        self.detail.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.detail.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.detail.setMinimumHeight(self.fontMetrics().lineSpacing() * 2 + 4)
        self.detail.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop | QtCore.Qt.AlignmentFlag.AlignLeft)
        column = QtWidgets.QVBoxLayout(self)
        column.addLayout(self._make_buttons())
        column.addWidget(self.view, 1)
        column.addWidget(self.detail)
        model.job_changed.connect(self._changed)
        model.connected.connect(self._connected)
        model.lost.connect(self._lost)
        for job in model.jobs.values():
            self.table.put(job)
        self.table.set_live(model.link is not None)
        self._show_chosen()

    # -- how it is made

    def _make_view(self) -> QtWidgets.QTreeView:
        view = QtWidgets.QTreeView()
        view.setObjectName("jobs")
        view.setAccessibleName(self.tr("Jobs"))
        view.setModel(self.table)
        view.setItemDelegateForColumn(int(Column.PROGRESS), ProgressDelegate(view))
        view.setRootIsDecorated(False)
        view.setUniformRowHeights(True)
        view.setAlternatingRowColors(True)
        view.setAllColumnsShowFocus(True)
        view.setTextElideMode(QtCore.Qt.TextElideMode.ElideMiddle)
        view.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.ActionsContextMenu)
        header = view.header()
        header.setStretchLastSection(False)
        for which, sample in _SAMPLES.items():
            header.resizeSection(int(which), theme.digits_width(view, sample) + 8)
        header.setSectionResizeMode(int(Column.PLATES), QtWidgets.QHeaderView.ResizeMode.Stretch)
        header.setSectionsMovable(False)
        view.selectionModel().selectionChanged.connect(lambda *_: self._show_chosen())
        view.selectionModel().currentChanged.connect(lambda *_: self._choose())
        view.activated.connect(lambda *_: self._choose())
        return view

    def _make_actions(self) -> None:
        def make(text: str, call: Any, shortcut: str, tip: str, name: str) -> QAction:
            made = action(self, text, call, shortcut=shortcut, tip=tip, name=name, local=True)
            self.view.addAction(made)
            return made

        self.cancel = make(
            self.tr("&Cancel"), self._cancel, "Del", self.tr("Stops the chosen jobs; finished frames stay"), "cancel"
        )
        self.up = make(self.tr("Move &Up"), lambda: self._move(-1), "Ctrl+Up", self.tr("One place up in the queue"), "up")
        self.down = make(
            self.tr("Move &Down"), lambda: self._move(1), "Ctrl+Down", self.tr("One place down in the queue"), "down"
        )
        self.top = make(self.tr("To the &Top"), self._to_top, "Ctrl+Shift+Up", self.tr("Next of all that wait"), "top")
        self.retry = make(self.tr("&Retry Missing"), self._retry, "Ctrl+R", self._retry_tip(), "retry")
        self.open_folder = make(
            self.tr("Open &Folder"), self._open, "Ctrl+O", self.tr("Shows the folder with the job's mattes"), "open_folder"
        )
        self.actions_ = [self.cancel, self.up, self.down, self.top, self.retry, self.open_folder]

    def _make_buttons(self) -> QtWidgets.QHBoxLayout:
        row = QtWidgets.QHBoxLayout()
        for one in self.actions_:
            row.addWidget(button(one, self))
        row.addStretch(1)
        return row

    def _retry_tip(self) -> str:
        return self.tr("Renders what is missing of the job; frames on disk that are still right are kept")

    # -- what is chosen

    @property
    def chosen(self) -> List[JobState]:
        """The selected jobs, from the top."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        return [job for job in map(self.table.job, rows) if job is not None]

    def choose(self, number: int) -> None:
        """Selects a job and makes it the one that is shown."""
        row = self.table.row_of(number)
        if row >= 0:
            self.view.setCurrentIndex(self.table.index(row, 0))

    def _choose(self) -> None:
        job = self.table.job(self.view.currentIndex().row())
        if job is not None:
            self.job_chosen.emit(job)

    def _changed(self, job: JobState) -> None:
        self.table.put(job)
        self._show_chosen()

    def _connected(self, _: Connected) -> None:
        self.table.clear()
        self.table.set_live(True)
        self._show_chosen()

    def _lost(self, _: str) -> None:
        self.table.set_live(False)
        self._show_chosen()

    def _show_chosen(self) -> None:
        """Which actions make sense, and what the chosen job has to say."""
        jobs, waiting = self.chosen, [job.number for job in self.table.waiting()]
        live = self._model.link is not None
        one = jobs[0] if len(jobs) == 1 else None
        place = waiting.index(one.number) if one is not None and one.number in waiting else -1
        self.cancel.setEnabled(live and any(job.state in words.OPEN for job in jobs))
        self.up.setEnabled(live and place > 0)
        self.top.setEnabled(live and place > 0)
        self.down.setEnabled(live and 0 <= place < len(waiting) - 1)
        ended = one is not None and (one.state not in words.OPEN or not live)
        trouble = requests.why_not_again(one) if one is not None else ""
        self.retry.setEnabled(ended and not trouble)
        say(self.retry, trouble or self._retry_tip())
        self.open_folder.setEnabled(one is not None and bool(one.mattes))
        self.detail.setText(self._words(one) if one is not None else self._summary(len(jobs)))

    def _summary(self, chosen: int) -> str:
        if chosen > 1:
            return self.tr("{0} jobs are chosen.").format(chosen)
        if self.table.rowCount():
            return self.tr("Choose a job to see its frames.")
        return self.tr("No jobs yet. Renders of the node, of gvm-matte render and of other programs appear here.")

    def _words(self, job: JobState) -> str:
        lines = [f"{job.plates or words.name_of(job)} → {job.mattes or self.tr('memory')}"]
        if job.message:
            lines.append(job.message)
        if job.missing_plates:
            lines.append(self.tr("Missing plates: {0}.").format(job.missing_plates))
        return "\n".join(lines)

    # -- what is done

    def _cancel(self) -> None:
        for job in self.chosen:
            if job.state in words.OPEN:
                self._model.cancel(job.number)

    def _move(self, by: int) -> None:
        waiting, jobs = [job.number for job in self.table.waiting()], self.chosen
        if len(jobs) != 1 or jobs[0].number not in waiting:
            return
        number, place = jobs[0].number, waiting.index(jobs[0].number)
        if not 0 <= place + by < len(waiting):
            return
        behind = place + by if by < 0 else place + by + 1
        self._model.move(number, waiting[behind] if behind < len(waiting) else 0)

    def _to_top(self) -> None:
        waiting, jobs = self.table.waiting(), self.chosen
        if len(jobs) == 1 and waiting and waiting[0].number != jobs[0].number:
            self._model.move(jobs[0].number, waiting[0].number)

    def _retry(self) -> None:
        for job in self.chosen[:1]:
            try:
                self._renders.start(requests.again(job), words.name_of(job))
            except GvmMatteError as exc:
                self._model.said.emit(exc.message)

    def _open(self) -> None:
        for job in self.chosen[:1]:  # not looked for here: a disk in the network may take its time
            folder = os.path.dirname(job.mattes)
            if not QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(folder)):
                self._model.said.emit(self.tr("{0} cannot be opened from here.").format(folder))
