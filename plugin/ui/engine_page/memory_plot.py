"""The device's memory over time, drawn with the host's colours: Qt Essentials has no plot widget."""

from __future__ import annotations

import collections
from dataclasses import dataclass
from typing import Any, Deque, List, Optional, Tuple

from ..kit import theme, words
from ..kit.qt import QtCore, QtGui, QtWidgets

SPAN = 300.0  # seconds that are shown
_STEPS = (2**28, 2**29, 2**30, 2**31, 2**32, 2**33, 2**34, 2**35, 2**36, 2**37, 2**38)  # bytes between two lines


@dataclass(frozen=True)
class Sample:
    """One moment: `at` in seconds of any clock, memory in bytes; `total` 0 where it is not known."""

    at: float
    used: int
    total: int


class MemoryPlot(QtWidgets.QWidget):
    """The last five minutes: used as an area, the device's whole memory as the upper edge."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.samples: Deque[Sample] = collections.deque()
        self.setAccessibleName(self.tr("Memory over time"))
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QtCore.QSize:
        """Wide and low."""
        return QtCore.QSize(360, self.fontMetrics().height() * 8)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Three lines' room."""
        return QtCore.QSize(160, self.fontMetrics().height() * 5)

    def add(self, sample: Sample) -> None:
        """One more moment; what is older than the plot's span goes."""
        self.samples.append(sample)
        while self.samples[0].at < sample.at - SPAN - 10:
            self.samples.popleft()
        text = self.tr("{0} of {1} in use").format(words.size(sample.used), words.size(sample.total))
        self.setToolTip(text)
        self.setAccessibleDescription(text)
        self.update()

    def clear(self) -> None:
        """Another engine, another device."""
        self.samples.clear()
        self.setToolTip("")
        self.update()

    def paintEvent(self, event: Any) -> None:
        """Lines and their sizes, then the area."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        area = self._area()
        if self.samples:
            top = self._top()
            self._lines(painter, area, top)
            self._curve(painter, area, top)
        else:
            painter.setPen(theme.faint(self.palette()))
            painter.drawText(self.rect(), int(QtCore.Qt.AlignmentFlag.AlignCenter), self.tr("Nothing measured yet"))
        painter.end()

    def _area(self) -> QtCore.QRectF:
        height, left = self.fontMetrics().height(), theme.digits_width(self, "000.0 GiB")
        return QtCore.QRectF(left, height / 2, self.width() - left - 2, self.height() - 2.0 * height)

    def _top(self) -> float:
        """Bytes at the upper edge: the whole memory, or what was used at most where that is not known."""
        last = self.samples[-1]
        return float(last.total or max(sample.used for sample in self.samples) * 1.25 or 1)

    def _lines(self, painter: QtGui.QPainter, area: QtCore.QRectF, top: float) -> None:
        height = self.fontMetrics().height()
        most = max(int(area.height() / (height * 1.5)), 1)
        step = next((step for step in _STEPS if top / step <= most), _STEPS[-1])
        flags = QtCore.Qt.AlignmentFlag
        for at in [*range(0, int(top) - step // 2, step), int(top)]:
            y = area.bottom() - area.height() * at / top
            painter.setPen(QtGui.QPen(theme.faint(self.palette(), 0.2), 1))
            painter.drawLine(QtCore.QPointF(area.left(), y), QtCore.QPointF(area.right(), y))
            painter.setPen(theme.faint(self.palette(), 0.75))
            place = QtCore.QRectF(0, y - height / 2, area.left() - 6, height)
            painter.drawText(place, int(flags.AlignRight | flags.AlignVCenter), words.size(at) if at else "0")
        below = QtCore.QRectF(area.left(), area.bottom() + 2, area.width(), height)
        ago, now = self.tr("5 minutes ago"), self.tr("now")
        painter.drawText(below, int(flags.AlignRight), now)
        if self.fontMetrics().horizontalAdvance(ago + "  " + now) < area.width():
            painter.drawText(below, int(flags.AlignLeft), ago)

    def _curve(self, painter: QtGui.QPainter, area: QtCore.QRectF, top: float) -> None:
        now = self.samples[-1].at
        points: List[Tuple[float, float]] = [
            (
                max(area.right() - area.width() * (now - sample.at) / SPAN, area.left()),
                area.bottom() - area.height() * min(sample.used / top, 1.0),
            )
            for sample in self.samples
        ]
        path = QtGui.QPainterPath(QtCore.QPointF(*points[0]))
        for point in points[1:]:
            path.lineTo(*point)
        colour = self.palette().color(QtGui.QPalette.ColorRole.Highlight)
        ground = QtGui.QPainterPath(path)
        ground.lineTo(points[-1][0], area.bottom())
        ground.lineTo(points[0][0], area.bottom())
        ground.closeSubpath()
        soft = QtGui.QColor(colour)
        soft.setAlpha(90)
        painter.fillPath(ground, soft)
        painter.setPen(QtGui.QPen(colour, 1.6))
        painter.drawPath(path)
