"""The first-run page: what `gvm-matte doctor` finds, each thing with what mends it, and a button that starts an engine.

The engine's own Python looks (it has torch and the weights, a host has not), in a process of its own: a look takes seconds.
"""

from __future__ import annotations

from typing import List, Optional, Sequence

from ...client import engine_command, engine_environment
from ...core.errors import GvmMatteError
from ...core.findings import FAIL, OK, WARN, Finding, command, read_report, worst
from ..kit import theme
from ..kit.actions import action, button
from ..kit.qt import QtCore, QtWidgets
from .engine_control import START, EngineControl

INSTALL = "python3 install engine"


class FirstRunPage(QtWidgets.QWidget):
    """What is there and what is missing.

    Args:
        control: starts the engine.
        looking: the command that looks; None: the doctor in the engine's Python.
    """

    looked = QtCore.Signal(list)  # of Finding

    def __init__(
        self,
        *,
        control: EngineControl,
        looking: Optional[Sequence[str]] = None,
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.findings: List[Finding] = []
        self._control, self._looking = control, looking
        self._process: Optional[QtCore.QProcess] = None
        self.headline = QtWidgets.QLabel(self.tr("Looking at what is there …"))
        self.headline.setWordWrap(True)
        font = self.headline.font()
        font.setBold(True)
        self.headline.setFont(font)
        tip = self.tr("Starts an engine that keeps the model loaded between renders")
        self.start = action(self, self.tr("&Start Engine"), lambda: control.do(START), name="first_start", tip=tip)
        tip = self.tr("Looks at everything once more")
        self.again = action(self, self.tr("&Look Again"), self.look, name="look_again", shortcut="F5", local=True, tip=tip)
        self._rows = QtWidgets.QVBoxLayout()
        self._lay_out()
        control.changed.connect(self._show_buttons)
        self.there = False  # whether an engine runs, as the window knows it

    def _lay_out(self) -> None:
        inside = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(inside)
        column.addLayout(self._rows)
        column.addStretch(1)
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(button(self.start, self))
        row.addWidget(button(self.again, self))
        row.addStretch(1)
        outer = QtWidgets.QVBoxLayout(self)
        outer.addWidget(self.headline)
        outer.addWidget(scroll, 1)
        outer.addLayout(row)

    # -- looking

    def look(self) -> None:
        """Looks; `looked` follows. While a look goes on this does nothing."""
        if self._process is not None:
            return
        try:
            words = list(self._looking or command(engine_command()[0]))
        except GvmMatteError as exc:  # a deployment that is damaged
            self._show([Finding(self.tr("engine's Python"), FAIL, exc.message, self.tr("Deploy GVM Matte again."))])
            return
        process = self._process = QtCore.QProcess(self)
        environment = QtCore.QProcessEnvironment()
        for name, value in engine_environment().items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.finished.connect(lambda *_: self._finished(""))
        process.errorOccurred.connect(self._failed)
        self.headline.setText(self.tr("Looking at what is there …"))
        self._show_buttons()
        process.start(words[0], words[1:])

    def close_process(self) -> None:
        """Ends a look that goes on: the window is closing."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(500)

    def _failed(self, error: QtCore.QProcess.ProcessError) -> None:
        if error == QtCore.QProcess.ProcessError.FailedToStart and self._process is not None:
            self._finished(self._process.errorString())

    def _finished(self, trouble: str) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        python = process.program()
        try:
            if trouble:
                raise GvmMatteError(trouble)
            found = read_report(bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace"))
        except GvmMatteError as exc:
            said = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip().splitlines()
            text = self.tr("{0} cannot run an engine: {1}").format(python, said[-1] if said else exc.message)
            advice = self.tr("Install the engine, or name another Python in GVM_ENGINE_PYTHON.")
            found = [Finding(self.tr("engine's Python"), FAIL, text, advice, INSTALL)]
        process.deleteLater()
        self._show(found)

    # -- showing

    def set_there(self, there: bool) -> None:
        """Whether an engine runs."""
        self.there = there
        self._show_headline()
        self._show_buttons()

    def _show(self, findings: List[Finding]) -> None:
        self.findings = findings
        while self._rows.count():
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for finding in sorted(findings, key=lambda one: (FAIL, WARN, OK).index(one.state)):
            self._rows.addWidget(_Row(finding))
        self._show_headline()
        self._show_buttons()
        self.looked.emit(findings)

    def _show_headline(self) -> None:
        if not self.findings:
            return
        if worst(self.findings) == FAIL:
            text = self.tr("Something is missing that every render needs.")
        elif self.there:
            text = self.tr("Everything is there, and an engine runs.")
        else:
            text = self.tr("Everything is there that a render needs. Start an engine, or just render: that starts one.")
        self.headline.setText(text)

    def _show_buttons(self) -> None:
        self.start.setEnabled(not self.there and not self._control.doing)
        self.again.setEnabled(self._process is None)


class _Row(QtWidgets.QFrame):
    """One finding: its state, what was found, what to do, and the command for it with a button that copies it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        grid = QtWidgets.QGridLayout(self)
        grid.setColumnStretch(1, 1)
        word = {OK: self.tr("ok"), WARN: self.tr("note"), FAIL: self.tr("missing")}[finding.state]
        state = QtWidgets.QLabel(word)
        state.setMinimumWidth(theme.digits_width(self, self.tr("missing")))
        theme.colour_text(state, finding.state)
        top = QtCore.Qt.AlignmentFlag.AlignTop
        grid.addWidget(state, 0, 0, top)
        text = f"{finding.subject[:1].upper()}{finding.subject[1:]}: {finding.found}"
        grid.addWidget(_text(text), 0, 1, 1, 2)
        if finding.advice:
            grid.addWidget(_text(finding.advice), 1, 1, 1, 2)
        if finding.command:
            self._add_command(grid, finding.command)

    def _add_command(self, grid: QtWidgets.QGridLayout, words: str) -> None:
        field = QtWidgets.QLineEdit(words)
        field.setReadOnly(True)
        field.setFont(theme.mono_font())
        field.setAccessibleName(self.tr("Command"))
        field.setCursorPosition(0)
        copy = QtWidgets.QPushButton(self.tr("Copy"))
        copy.setToolTip(self.tr("Puts the command on the clipboard"))
        copy.clicked.connect(lambda *_: QtWidgets.QApplication.clipboard().setText(words))
        grid.addWidget(field, 2, 1)
        grid.addWidget(copy, 2, 2)


def _text(words: str) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(words)
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
