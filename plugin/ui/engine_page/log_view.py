"""The engine's log, with a filter."""

from __future__ import annotations

import collections
from typing import Deque, List, Optional

from ..kit import theme
from ..kit.qt import QShortcut, QtCore, QtGui, QtWidgets
from ..monitor.mailbox import LOG_LINES


class LogView(QtWidgets.QWidget):
    """Lines, the newest last; those that hold the filter's text, in whatever case."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._lines: Deque[str] = collections.deque(maxlen=LOG_LINES)
        self.filter = QtWidgets.QLineEdit()
        self.filter.setObjectName("log_filter")
        self.filter.setPlaceholderText(self.tr("Filter"))
        self.filter.setToolTip(self.tr("Shows the lines with this text (Ctrl+F)"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(lambda _: self._again())
        self.text = QtWidgets.QPlainTextEdit()
        self.text.setObjectName("log")
        self.text.setAccessibleName(self.tr("The engine's log"))
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(theme.mono_font())
        self.text.setMaximumBlockCount(LOG_LINES)
        self.text.setLineWrapMode(QtWidgets.QPlainTextEdit.LineWrapMode.NoWrap)
        find = QtGui.QKeySequence(QtGui.QKeySequence.StandardKey.Find)
        shortcut = QShortcut(find, self)
        shortcut.setContext(QtCore.Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.filter.setFocus)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.filter)
        column.addWidget(self.text, 1)

    def add(self, lines: List[str]) -> None:
        """New lines."""
        self._lines.extend(lines)
        shown = [line for line in lines[-LOG_LINES:] if self._passes(line)]
        if shown:
            self.text.appendPlainText("\n".join(shown))

    def clear(self) -> None:
        """Another engine, another log."""
        self._lines.clear()
        self.text.clear()

    def _passes(self, line: str) -> bool:
        return self.filter.text().casefold() in line.casefold()

    def _again(self) -> None:
        self.text.setPlainText("\n".join(line for line in self._lines if self._passes(line)))
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())
