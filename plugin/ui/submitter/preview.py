"""What will be done, to be read and copied: the commands, the template that the farm gets, and what the commands say."""

from __future__ import annotations

import shlex
from typing import List, Optional, Sequence

from ..kit import theme
from ..kit.qt import QtGui, QtWidgets

MOST_LINES = 5000


class Preview(QtWidgets.QTabWidget):
    """Three pages of text that cannot be edited."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.command, self.template, self.output = _text("command_text"), _text("template_text"), _text("output_text")
        self.command.setLineWrapMode(QtWidgets.QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.command.setAccessibleName(self.tr("Command"))
        self.output.setMaximumBlockCount(MOST_LINES)
        self.copy = QtWidgets.QPushButton(self.tr("&Copy"))
        self.copy.setAutoDefault(False)
        self.copy.setToolTip(self.tr("Copies the commands, for a terminal."))
        self.copy.clicked.connect(lambda *_: QtWidgets.QApplication.clipboard().setText(self.command.toPlainText()))
        page = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.command, 1)
        beneath = QtWidgets.QHBoxLayout()
        beneath.addStretch(1)
        beneath.addWidget(self.copy)
        column.addLayout(beneath)
        self.addTab(page, self.tr("Command"))
        self.addTab(self.template, self.tr("Template"))
        self.addTab(self.output, self.tr("Output"))

    def show_commands(self, commands: Sequence[Sequence[str]]) -> None:
        """Shows commands as a terminal takes them."""
        lines = [shlex.join(["gvm-matte", *words]) for words in commands]
        _set(self.command, "\n".join(lines))
        self.copy.setEnabled(bool(lines))

    def show_template(self, text: str) -> None:
        """Shows the template."""
        _set(self.template, text)

    def commands(self) -> List[str]:
        """The lines that are shown."""
        return self.command.toPlainText().splitlines()

    def begin_output(self, text: str) -> None:
        """A command begins: its output is what one wants to see."""
        self.setCurrentWidget(self.output)
        self.output.appendPlainText(f"{text} …\n")

    def add_output(self, text: str) -> None:
        """What a command said; the end stays in view where it was."""
        bar = self.output.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - bar.singleStep()
        cursor = QtGui.QTextCursor(self.output.document())
        cursor.movePosition(QtGui.QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        if at_end:
            bar.setValue(bar.maximum())


def _text(name: str) -> QtWidgets.QPlainTextEdit:
    edit = QtWidgets.QPlainTextEdit()
    edit.setObjectName(name)
    edit.setReadOnly(True)
    edit.setTabChangesFocus(True)
    edit.setFont(theme.mono_font())
    edit.setLineWrapMode(QtWidgets.QPlainTextEdit.LineWrapMode.NoWrap)
    return edit


def _set(edit: QtWidgets.QPlainTextEdit, text: str) -> None:
    """Sets a text; one that is the same stays as it is scrolled and selected."""
    if edit.toPlainText() != text:
        edit.setPlainText(text)
