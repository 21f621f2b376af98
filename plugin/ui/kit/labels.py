"""A label whose text is cut with an ellipsis where it does not fit: for what an engine says, which has any length."""

from __future__ import annotations

from typing import Any, Optional

from .qt import QtCore, QtGui, QtWidgets


class ElidedLabel(QtWidgets.QLabel):
    """One line; the whole text is in its tool tip while it does not fit."""

    def __init__(self, text: str = "", parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QtCore.QSize:
        """A few letters."""
        return QtCore.QSize(self.fontMetrics().horizontalAdvance("xxxx"), self.fontMetrics().height())

    def paintEvent(self, event: Any) -> None:
        """The text as far as it goes."""
        line = " ".join(self.text().split())
        shown = self.fontMetrics().elidedText(line, QtCore.Qt.TextElideMode.ElideRight, self.width())
        tip = self.text() if shown != line else ""
        if self.toolTip() != tip:
            self.setToolTip(tip)
        painter = QtGui.QPainter(self)
        flags = QtCore.Qt.AlignmentFlag
        self.style().drawItemText(
            painter, self.rect(), int(flags.AlignLeft | flags.AlignVCenter), self.palette(), self.isEnabled(), shown,
            self.foregroundRole(),
        )  # fmt: skip
        painter.end()
