"""The engine page: facts, memory, stages, log, and the buttons that start and end the engine."""

from __future__ import annotations

import time
from typing import Dict, Optional

from ...client.watch.watch import Connected
from ...protocol.watching import EngineState, JobState
from ..kit import words
from ..kit.actions import action, button
from ..kit.labels import ElidedLabel
from ..kit.qt import QtCore, QtWidgets
from ..monitor.engine_control import RESTART, START, STOP, EngineControl
from ..monitor.model import MonitorModel
from .log_view import LogView
from .memory_plot import MemoryPlot, Sample
from .stage_bar import StageBar


class EnginePage(QtWidgets.QWidget):
    """One engine: `model` tells of it, `control` starts and ends it."""

    def __init__(self, *, model: MonitorModel, control: EngineControl, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._model, self._control = model, control
        self._timed, self._frames = 0, 0  # the job whose stages are shown, and its frames so far
        self._facts: Dict[str, QtWidgets.QLabel] = {}
        self.plot, self.stages, self.log = MemoryPlot(), StageBar(), LogView()
        self._make_actions()
        self._lay_out()
        model.connected.connect(self._connected)
        model.lost.connect(lambda _: self._show())
        model.engine_changed.connect(self._changed)
        model.job_changed.connect(self._job)
        model.log.connect(self.log.add)
        control.changed.connect(self._show)
        self._show()

    # -- how it is made

    def _make_actions(self) -> None:
        tip = self.tr("Starts an engine that keeps the model loaded between renders")
        self.start = action(self, self.tr("&Start Engine"), lambda: self._control.do(START), name="start_engine", tip=tip)
        tip = self.tr("Lets go of the model and its memory; a render loads it again")
        self.release = action(
            self, self.tr("Release &GPU"), self._model.release, name="release", shortcut="Ctrl+Shift+G", tip=tip
        )
        tip = self.tr("Ends the engine and starts another")
        self.restart = action(self, self.tr("Re&start"), lambda: self._end(RESTART), name="restart", tip=tip)
        tip = self.tr("Ends the engine; a render starts one when it needs it")
        self.stop = action(self, self.tr("S&top"), lambda: self._end(STOP), name="stop", tip=tip)
        self.actions_ = [self.start, self.release, self.restart, self.stop]

    def _lay_out(self) -> None:
        facts = QtWidgets.QFormLayout()
        facts.setLabelAlignment(QtCore.Qt.AlignmentFlag.AlignRight)
        facts.setHorizontalSpacing(12)
        for name, title in (
            ("state", self.tr("State")), ("device", self.tr("Device")), ("model", self.tr("Model")),
            ("weights", self.tr("Weights")), ("precision", self.tr("Precision")), ("warm", self.tr("Loaded for")),
            ("uptime", self.tr("Up for")), ("memory", self.tr("Memory")), ("process", self.tr("Process")),
        ):  # fmt: skip
            label = self._facts[name] = ElidedLabel(words.NOTHING)
            label.setObjectName(f"fact_{name}")
            facts.addRow(title, label)
        left, right = QtWidgets.QWidget(), QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(left)
        column.addLayout(self._buttons())
        column.addLayout(facts)
        column.addSpacing(self.fontMetrics().height() // 2)
        column.addWidget(self.stages)
        column.addStretch(1)
        column = QtWidgets.QVBoxLayout(right)
        column.addWidget(self.plot, 1)
        column.addWidget(self.log, 2)
        split = QtWidgets.QSplitter()
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.setChildrenCollapsible(False)
        outer = QtWidgets.QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(split)

    def _buttons(self) -> QtWidgets.QHBoxLayout:
        row = QtWidgets.QHBoxLayout()
        for one in self.actions_:
            row.addWidget(button(one, self))
        row.addStretch(1)
        return row

    # -- what is heard

    def _connected(self, _: Connected) -> None:
        self.plot.clear()
        self.log.clear()
        self._timed = self._frames = 0
        self.stages.set_stages({}, 0)
        self._show()

    def _changed(self, state: EngineState) -> None:
        used = state.memory_used or state.resident_bytes
        self.plot.add(Sample(time.monotonic(), used, state.memory_total))
        self.stages.set_stages(state.stages, self._frames)
        self._show()

    def _job(self, job: JobState) -> None:
        if job.state == words.RUNNING:
            self._timed = job.number
        if job.number == self._timed:
            self._frames = words.frames_in(job.finished) or job.done

    def _show(self) -> None:
        """Facts and buttons as they are now."""
        link, state = self._model.link, self._model.engine
        there, idle = link is not None, not self._control.doing
        self.start.setEnabled(idle and not there)
        self.restart.setEnabled(idle and there)
        self.stop.setEnabled(idle and there)
        self.release.setEnabled(idle and there and state is not None and state.warm_since > 0 and not self._model.open_jobs)
        shown = dict.fromkeys(self._facts, words.NOTHING)
        shown["state"] = self.state_words()
        if link is not None:
            shown.update(process=f"{link.pid} (GVM Matte {link.package})", device=link.device or words.NOTHING)
        if there and state is not None:
            shown.update(
                device=state.device or shown["device"], model=state.model or self.tr("none loaded"),
                weights=state.weights or words.NOTHING, precision=state.precision or words.NOTHING,
                warm=words.duration(state.warm_since) if state.warm_since > 0 else words.NOTHING,
                uptime=words.duration(state.uptime), memory=self._memory_words(state),
            )  # fmt: skip
        for name, text in shown.items():
            if self._facts[name].text() != text:
                self._facts[name].setText(text)

    def state_words(self) -> str:
        """What the engine does, for people."""
        doing = {START: self.tr("starting …"), STOP: self.tr("stopping …"), RESTART: self.tr("restarting …")}
        if self._control.doing:
            return doing[self._control.doing]
        if self._model.link is None:
            return self.tr("no engine runs")
        state = self._model.engine
        return {
            "idle": self.tr("idle"),
            "loading": self.tr("loading the model"),
            "rendering": self.tr("rendering"),
            "stopping": self.tr("stopping"),
        }.get(state.state if state is not None else "idle", self.tr("idle"))

    def _memory_words(self, state: EngineState) -> str:
        used, total = words.size(state.memory_used), words.size(state.memory_total)
        return self.tr("{0} of {1}, process {2}").format(used, total, words.size(state.resident_bytes))

    # -- ending it

    def _end(self, what: str) -> None:
        """Stops or restarts; where jobs run, a person has to say so twice."""
        jobs = self._model.open_jobs
        if not jobs:
            self._control.do(what)
            return
        text = self.tr("Stop the engine?") if what == STOP else self.tr("Restart the engine?")
        box = QtWidgets.QMessageBox(
            QtWidgets.QMessageBox.Icon.Question, self.tr("GVM Matte"), text,
            QtWidgets.QMessageBox.StandardButton.Cancel, self,
        )  # fmt: skip
        box.setObjectName("confirm_end")
        box.setInformativeText(
            self.tr("{0} jobs run or wait, also of other programs. They are cancelled; finished frames stay.").format(
                len(jobs)
            )
            if len(jobs) > 1
            else self.tr("A job runs. It is cancelled; its finished frames stay.")
        )
        role = QtWidgets.QMessageBox.ButtonRole.DestructiveRole
        yes = box.addButton(self.tr("&Stop") if what == STOP else self.tr("&Restart"), role)
        yes.clicked.connect(lambda: self._control.do(what))
        box.setDefaultButton(QtWidgets.QMessageBox.StandardButton.Cancel)
        box.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
