"""Where a job's time goes: one bar whose parts are the stages, and a table of them below.

Stages overlap (reading and writing go on while the model computes), so their sum is work, not waiting.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from ..kit import theme
from ..kit.qt import QtCore, QtGui, QtWidgets

_ORDER = tuple(theme.STAGE_COLOURS)


class StageBar(QtWidgets.QWidget):
    """The stages of the running or last job."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._bar = _Bar(self)
        self._rows: Dict[str, Tuple[QtWidgets.QLabel, QtWidgets.QLabel]] = {}
        self._grid = QtWidgets.QGridLayout()
        self._grid.setColumnStretch(1, 1)
        flags = QtCore.Qt.AlignmentFlag
        for column, title in ((2, self.tr("seconds")), (3, self.tr("s per frame"))):
            head = QtWidgets.QLabel(title)
            head.setForegroundRole(QtGui.QPalette.ColorRole.PlaceholderText)
            self._grid.addWidget(head, 0, column, flags.AlignRight)
            self._grid.setColumnMinimumWidth(column, theme.digits_width(self, "s per frame"))
        rows = QtWidgets.QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._bar)
        rows.addLayout(self._grid)

    @property
    def shown(self) -> Dict[str, Tuple[str, str]]:
        """Seconds, and seconds per frame, as they are written, by stage."""
        return {stage: (total.text(), each.text()) for stage, (total, each) in self._rows.items()}

    def set_stages(self, stages: Mapping[str, Any], frames: int) -> None:
        """Seconds by stage, and the frames that they were spent on."""
        known = {
            name: float(spent)
            for name, spent in stages.items()
            if name != "total" and isinstance(spent, (int, float)) and spent >= 0
        }
        names = sorted(known, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
        self._bar.set_parts([(name, known[name]) for name in names])
        for name in names:
            if name not in self._rows:
                self._add(name)
            total, each = self._rows[name]
            total.setText(f"{known[name]:.2f}")
            each.setText(f"{known[name] / frames:.3f}" if frames else "")
        for name, labels in self._rows.items():
            if name not in known:
                for label in labels:
                    label.setText("")

    def _add(self, stage: str) -> None:
        row, flags = len(self._rows) + 1, QtCore.Qt.AlignmentFlag
        colour = QtWidgets.QLabel()
        edge = self.fontMetrics().ascent()
        colour.setPixmap(theme.swatch(colour_of(stage), edge, self.devicePixelRatioF()))
        total, each = QtWidgets.QLabel(), QtWidgets.QLabel()
        self._grid.addWidget(colour, row, 0)
        self._grid.addWidget(QtWidgets.QLabel(self._name(stage)), row, 1)
        self._grid.addWidget(total, row, 2, flags.AlignRight)
        self._grid.addWidget(each, row, 3, flags.AlignRight)
        self._rows[stage] = (total, each)

    def _name(self, stage: str) -> str:
        return {
            "loading": self.tr("Loading the model"), "reading": self.tr("Reading plates"),
            "encoding": self.tr("Encoding (VAE)"), "denoising": self.tr("Denoising (UNet)"),
            "decoding": self.tr("Decoding (VAE)"), "delivering": self.tr("Writing mattes"),
            "writing": self.tr("Writing mattes"), "finishing": self.tr("Finishing"),
            "making movies": self.tr("Making movies"),
        }.get(stage, stage.capitalize())  # fmt: skip


class _Bar(QtWidgets.QWidget):
    """The bar itself."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self._parts: List[Tuple[str, float]] = []
        self.setFixedHeight(self.fontMetrics().height() + 6)
        self.setAccessibleName(self.tr("Time by stage"))

    def set_parts(self, parts: List[Tuple[str, float]]) -> None:
        self._parts = parts
        self.update()

    def paintEvent(self, event: Any) -> None:
        """Parts side by side, in proportion; those wide enough say their share."""
        painter = QtGui.QPainter(self)
        role, whole = QtGui.QPalette.ColorRole, sum(spent for _, spent in self._parts)
        painter.fillRect(self.rect(), self.palette().color(role.Base))
        left, width = 0.0, float(self.width())
        for stage, spent in self._parts if whole > 0 else []:
            part = QtCore.QRectF(left, 0, width * spent / whole, self.height())
            colour = colour_of(stage)
            painter.fillRect(part, colour)
            text = f"{spent / whole:.0%}"
            if part.width() > self.fontMetrics().horizontalAdvance(text) + 6:
                painter.setPen(QtGui.QColor("black" if colour.lightnessF() > 0.42 else "white"))
                painter.drawText(part, int(QtCore.Qt.AlignmentFlag.AlignCenter), text)
            left += part.width()
        painter.setPen(theme.faint(self.palette(), 0.3))
        painter.drawRect(QtCore.QRectF(0.5, 0.5, width - 1, self.height() - 1))
        painter.end()


def colour_of(stage: str) -> QtGui.QColor:
    """A stage's colour; grey for an unknown one."""
    return QtGui.QColor(theme.STAGE_COLOURS.get(stage, "#888888"))
