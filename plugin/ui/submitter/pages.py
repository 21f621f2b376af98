"""The submitter's pages: the job, what a worker must have, and which farm engine takes it."""

from __future__ import annotations

from typing import Dict, Optional

from ...farm.cost import MOST_TWICE
from ...farm.engine import FarmEngine
from ...farm.engines import ENGINES
from ...farm.settings import BLOCKS, JOB_SETTINGS, WORKER_SETTINGS
from ..kit import theme
from ..kit.qt import QtCore, QtWidgets
from .fields import Fields, align, note, page, row, sentence
from .figures import Figures


class JobPage(QtCore.QObject):
    """Name, range, frames per task snapped to blocks, retries, priority, and what becomes of a job whose task fails."""

    def __init__(self, fields: Fields, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self._stride = 0
        self.widget, form = page()
        tip = self.tr("What people see. Empty: the plates', or the script's and its node's.")
        row(form, self.tr("&Name"), fields.line("name"), tip)
        tip = self.tr("E.g. 1001-1048 or 1-10,15,20-30x2; rounded out to whole blocks.")
        row(form, self.tr("&Frames"), fields.line("frames", self.tr("the whole shot")), tip)
        self.frames_per_task = QtWidgets.QSpinBox()
        self.frames_per_task.setObjectName("frames_per_task")
        self.frames_per_task.setKeyboardTracking(False)  # 48 is not first 4
        self.frames_per_task.setLocale(QtCore.QLocale(QtCore.QLocale.Language.C))
        self.frames_per_task.setRange(1, 2**31 - 1)
        self.frames_per_task.setSuffix(self.tr(" frames"))
        self.frames_per_task.setEnabled(False)
        self.frames_per_task.valueChanged.connect(self._snap)
        self._blocks = fields.number(BLOCKS)
        self._blocks.valueChanged.connect(lambda _value: self._follow())
        fewer = self.tr(sentence(BLOCKS.help))
        row(
            form,
            self.tr("Frames per &task"),
            self.frames_per_task,
            self.tr("Snaps to whole blocks, since a block is computed at once. ") + fewer,
            self._blocks,
        )
        self._blocks.setToolTip(fewer)
        self._blocks.setAccessibleName(self.tr(BLOCKS.label))
        self.waste = note(2)
        self.waste.setObjectName("waste")
        form.addRow("", self.waste)
        fields.numbers(form, JOB_SETTINGS)
        self.on_error = fields.switch("continue_on_error", self.tr("Continue on &error"))
        self.on_error_note = note(2)
        form.addRow("", self.on_error)
        form.addRow("", self.on_error_note)
        self.form = form

    def show_figures(self, figures: Optional[Figures]) -> None:
        """Shows what the job comes to; None: it is not known yet."""
        self._stride = figures.stride if figures is not None else 0
        self.frames_per_task.setEnabled(figures is not None)
        self._follow()
        if figures is None:
            self.waste.setText(" ")
            return
        share = round(100 * figures.repeated)
        rounded = self.tr("{0}, rounded out from {1}").format(figures.frames, figures.asked)
        self.waste.setText(
            self.tr("{0} frames ({1}) in {2} tasks; {3} % of the windows are computed twice.").format(
                figures.count, rounded if figures.rounded else figures.frames, figures.tasks, share
            )
        )
        self.waste.setToolTip(self.waste.text())
        theme.colour_text(self.waste, "warn" if figures.repeated > MOST_TWICE else "")

    def show_engine(self, engine: FarmEngine) -> None:
        """Says what the engine does when a task fails."""
        words = self.tr(engine.on_error)
        self.on_error.setEnabled(engine.stops_on_error)  # the others have a way of their own
        self.on_error_note.setText(words)
        self.on_error_note.setToolTip(words)

    def _snap(self, frames: int) -> None:
        """To the nearest number of whole blocks, one at least."""
        if self._stride:
            self._blocks.setValue(max(1, round(frames / self._stride)))
            self._follow()

    def _follow(self) -> None:
        """The frames of the blocks."""
        blocker = QtCore.QSignalBlocker(self.frames_per_task)
        self.frames_per_task.setSingleStep(max(self._stride, 1))
        self.frames_per_task.setValue(self._blocks.value() * max(self._stride, 1))
        blocker.unblock()


class WorkerPage(QtCore.QObject):
    """What a worker must have, and when a task counts as hung."""

    def __init__(self, fields: Fields, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self.widget, form = page()
        fields.numbers(form, WORKER_SETTINGS)
        self._fields = fields
        row(form, self.tr("&Command"), fields.line("command"), self.tr("What starts gvm-matte on a worker."))
        chunking = fields.switch("chunking", self.tr("The queue knows TASK_CHUNKING"))
        chunking.setToolTip(self.tr("Without it tasks are written out one by one, at most 1,024 of them."))
        form.addRow("", chunking)
        self.form = form

    def show_estimate(self, gpus: Optional[int], memory: Optional[int]) -> None:
        """Shows what the command makes of numbers that are left to it; None: the shot was not looked at yet."""
        estimate = "" if memory is None else self.tr("{0} MiB (estimated)").format(f"{memory:,}")
        for setting, text in zip(WORKER_SETTINGS, ("" if gpus is None else str(gpus), estimate)):
            spin = self._fields.widgets[setting.name]
            assert isinstance(spin, QtWidgets.QSpinBox)
            spin.setSpecialValueText(text or self.tr(setting.unset))


class EnginePage(QtCore.QObject):
    """Which engine takes the job, and how it is reached: a page for each, made of what it is."""

    def __init__(self, fields: Fields, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self.widget, form = page()
        entries = [(engine.name, self.tr(engine.label)) for engine in ENGINES.values()]
        row(form, self.tr("&Engine"), fields.choice("engine", entries), self.tr("What takes the saved bundle."))
        self._pages: Dict[str, QtWidgets.QWidget] = {}
        forms = [form]
        for engine in ENGINES.values():
            self._pages[engine.name], lines = page(flush=True)
            self._fill(lines, engine, fields)
            forms.append(lines)
        for widget in self._pages.values():
            form.addRow(widget)
        align(forms)
        self.form = form

    def _fill(self, form: QtWidgets.QFormLayout, engine: FarmEngine, fields: Fields) -> None:
        for option in engine.fields:
            if option.type is bool:
                form.addRow("", fields.switch(option.name, self.tr(option.label)))
            else:
                edit = fields.line(option.name, self.tr(option.unset or engine.unset))
                row(form, self.tr(option.label), edit, self.tr(sentence(option.help)))
        if engine.note:
            told = note()
            told.setText(self.tr(engine.note))
            form.addRow(told)

    def show_engine(self, engine: str) -> None:
        """Shows the fields of one engine."""
        for name, widget in self._pages.items():
            widget.setVisible(name == engine)
