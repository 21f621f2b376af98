"""The shot as a strip under the frame slider: what is known of each frame, its mean alpha, and how much it changes.

    marks    full bar: done · lower half: stale · hollow: missing · cross: failed. Shape tells as much as colour does.
    line     mean alpha, 0 to 1
    bars     change to the frame before, as high as the largest; what stands out (a flicker, a seam) is in another colour,
             with a triangle above it
    dotted   where a block begins

A click goes to that frame. The drawing is kept until data, size or colours change; playing only moves the line over it.
"""

from __future__ import annotations

from typing import Callable, Dict, FrozenSet, List, Optional, Tuple

from ..kit import theme
from ..kit.qt import QtCore, QtGui, QtWidgets, place_of
from .shot import FLICKER_LEAST, Mark, Measures, flickers

# Okabe and Ito's colours ("Color Universal Design", 2008), on light and on dark.
COLOURS: Dict[str, Tuple[str, str]] = {
    "done": ("#0072b2", "#56b4e9"),
    "stale": ("#e69f00", "#e69f00"),
    "missing": ("#808080", "#8c8c8c"),
    "failed": ("#c03000", "#ff7f50"),
    "mean": ("#00735a", "#3cc9a0"),
    "change": ("#bcbcbc", "#5e5e5e"),
    "flicker": ("#b0307e", "#f08cc8"),
}
MARKS, GAP, CURVES, FOOT = 9, 3, 44, 2  # heights, in Qt's units
BLOCK_WIDTH = 12  # blocks that are narrower are not told apart
FAILED_WIDTH = 7  # a cross is seen in the longest shot, too
LEGEND = 10  # pixels of its letters
HEADROOM = 6  # above the highest bar, for its triangle


class ShotStrip(QtWidgets.QWidget):
    """Draws a shot; where a frame lies across is asked of the slider above, so that the two agree.

    Args:
        x_of: the middle of a frame, in this widget's units.
        frame_at: the frame at a place.
        tip: what is said of a frame under the cursor.
    """

    clicked = QtCore.Signal(int)
    menu_wanted = QtCore.Signal(int, QtCore.QPoint)

    def __init__(
        self,
        *,
        x_of: Callable[[float], float],
        frame_at: Callable[[float], int],
        tip: Callable[[int], str],
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self._x_of, self._frame_at, self._tip = x_of, frame_at, tip
        self._range = (0, 0)
        self._frame = 0
        self._marks: Dict[int, Mark] = {}
        self._measures: Measures = {}
        self._blocks: List[int] = []
        self._flickers: FrozenSet[int] = frozenset()
        self._drawn: Optional[QtGui.QPixmap] = None
        self.setFixedHeight(MARKS + GAP + CURVES + FOOT)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
        self.setCursor(QtCore.Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Shot: marks, mean alpha and change of each frame"))

    @property
    def flickers(self) -> FrozenSet[int]:
        """Frames whose change stands out."""
        return self._flickers

    def set_shot(self, span: Tuple[int, int], marks: Dict[int, Mark], measures: Measures, blocks: List[int]) -> None:
        """Sets all that is drawn."""
        if (span, marks, measures, blocks) == (self._range, self._marks, self._measures, self._blocks):
            return
        self._range, self._marks, self._measures, self._blocks = span, marks, measures, blocks
        self._flickers = flickers(measures)
        self.redraw()

    def set_frame(self, frame: int) -> None:
        """Moves the line."""
        if frame != self._frame:
            self._frame = frame
            self.update()

    def redraw(self) -> None:
        """The drawing is no longer right."""
        self._drawn = None
        self.update()

    # -- events

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        """Goes to the frame."""
        if event.button() == QtCore.Qt.MouseButton.LeftButton:
            self.clicked.emit(self._frame_at(place_of(event)[0]))

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        """Goes along with the button held."""
        if event.buttons() & QtCore.Qt.MouseButton.LeftButton:
            self.clicked.emit(self._frame_at(place_of(event)[0]))

    def contextMenuEvent(self, event: QtGui.QContextMenuEvent) -> None:
        """What can be done with this frame."""
        self.menu_wanted.emit(self._frame_at(event.pos().x()), event.globalPos())

    def event(self, event: QtCore.QEvent) -> bool:
        """Tool tips are about the frame under the cursor."""
        if isinstance(event, QtGui.QHelpEvent) and event.type() == QtCore.QEvent.Type.ToolTip:
            QtWidgets.QToolTip.showText(event.globalPos(), self._tip(self._frame_at(event.pos().x())), self)
            return True
        return bool(super().event(event))

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Draws anew."""
        self.redraw()

    def changeEvent(self, event: QtCore.QEvent) -> None:
        """Draws anew where the host's colours or style are others."""
        if event.type() in (QtCore.QEvent.Type.PaletteChange, QtCore.QEvent.Type.StyleChange):
            self.redraw()

    # -- painting

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """The drawing, and the line of the frame on the screen."""
        ratio = self.devicePixelRatioF()
        if self._drawn is None or self._drawn.devicePixelRatio() != ratio:
            self._drawn = QtGui.QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(QtCore.Qt.GlobalColor.transparent)
            drawing = QtGui.QPainter(self._drawn)
            self._draw(drawing)
            drawing.end()
        painter = QtGui.QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        x = round(self._x_of(self._frame) * ratio) / ratio
        painter.fillRect(
            QtCore.QRectF(x - 1 / ratio, 0, 2 / ratio, self.height()),
            self.palette().color(QtGui.QPalette.ColorRole.WindowText),
        )
        painter.end()

    def _colour(self, name: str) -> QtGui.QColor:
        return QtGui.QColor(COLOURS[name][1 if theme.is_dark(self.palette()) else 0])

    def _draw(self, painter: QtGui.QPainter) -> None:
        top, foot = MARKS + GAP, MARKS + GAP + CURVES
        left, right = self._x_of(self._range[0] - 0.5), self._x_of(self._range[1] + 0.5)
        ground = QtCore.QRectF(left, top, max(right - left, 1), CURVES)
        painter.fillRect(ground, self.palette().color(QtGui.QPalette.ColorRole.Base))
        painter.setPen(QtGui.QPen(theme.faint(self.palette(), 0.35), 1, QtCore.Qt.PenStyle.DotLine))
        apart = self._x_of(self._blocks[1]) - self._x_of(self._blocks[0]) if len(self._blocks) > 1 else BLOCK_WIDTH
        for frame in self._blocks if apart >= BLOCK_WIDTH else []:
            x = self._x_of(frame - 0.5)
            painter.drawLine(QtCore.QPointF(x, top), QtCore.QPointF(x, foot))
        self._draw_marks(painter)
        self._draw_changes(painter, top, foot)
        self._draw_means(painter, top, foot)
        self._draw_legend(painter, max(left, 0) + 4, top + 1)

    def _draw_legend(self, painter: QtGui.QPainter, x: float, top: float) -> None:
        """What line and bars are, and how high the highest bar is."""
        changes = [change for _, change in self._measures.values() if change >= 0]
        texts = [(self.tr("mean alpha, 0 to 1"), "mean")] if self._measures else []
        if changes:
            texts.append((self.tr("change, at most {0}").format(f"{max(changes):.4f}"), "change"))
        font = self.font()
        font.setPixelSize(LEGEND)
        painter.setFont(font)
        ground = self.palette().color(QtGui.QPalette.ColorRole.Base)
        ground.setAlpha(200)
        for text, name in texts:
            width = painter.fontMetrics().horizontalAdvance(text)
            box = QtCore.QRectF(x, top, width + 6, LEGEND + 3)
            painter.fillRect(box, ground)
            painter.setPen(self._colour(name) if name == "mean" else theme.faint(self.palette(), 0.75))
            painter.drawText(box, int(QtCore.Qt.AlignmentFlag.AlignCenter), text)
            x += width + 14

    def _span(self, first: int, last: int) -> Tuple[float, float]:
        """(left, width) of frames, with a gap to the next where there is room for one."""
        left, right = self._x_of(first - 0.5), self._x_of(last + 0.5)
        one = (right - left) / (last - first + 1)
        return (left + 0.5, right - left - 1) if one > 4 else (left, max(right - left, 0.5))

    def _draw_marks(self, painter: QtGui.QPainter) -> None:
        wide = self._x_of(1) - self._x_of(0) > 4
        for mark, first, last in runs(self._marks, single=wide):
            left, width = self._span(first, last)
            colour = self._colour(mark.value)
            if mark is Mark.DONE:
                painter.fillRect(QtCore.QRectF(left, 0, width, MARKS), colour)
            elif mark is Mark.STALE:
                painter.fillRect(QtCore.QRectF(left, MARKS * 0.55, width, MARKS * 0.45), colour)
            elif mark is Mark.MISSING:
                painter.setPen(QtGui.QPen(colour, 1))
                painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
                painter.drawRect(QtCore.QRectF(left + 0.5, 0.5, max(width - 1, 1), MARKS - 1))
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtGui.QPen(self._colour("failed"), 2))
        ground = self.palette().color(QtGui.QPalette.ColorRole.Window)
        reach, taken = FAILED_WIDTH / 2 - 1, float("-inf")
        for frame in sorted(frame for frame, mark in self._marks.items() if mark is Mark.FAILED):
            x = self._x_of(frame)
            if x >= taken:  # crosses side by side, none over another, each on a ground of its own
                painter.fillRect(QtCore.QRectF(x - reach - 2, 0, 2 * reach + 4, MARKS), ground)
                painter.drawLine(QtCore.QPointF(x - reach, 1.5), QtCore.QPointF(x + reach, MARKS - 1.5))
                painter.drawLine(QtCore.QPointF(x + reach, 1.5), QtCore.QPointF(x - reach, MARKS - 1.5))
                taken = x + FAILED_WIDTH
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)

    def _draw_changes(self, painter: QtGui.QPainter, top: float, foot: float) -> None:
        changes = {frame: change for frame, (_, change) in self._measures.items() if change >= 0}
        if not changes:
            return
        highest = max(max(changes.values()), FLICKER_LEAST)
        room = foot - top - HEADROOM
        usual, striking = self._colour("change"), self._colour("flicker")
        for frame, change in sorted(changes.items(), key=lambda item: item[0] in self._flickers):
            left, width = self._span(frame, frame)
            height = change / highest * room
            stands_out = frame in self._flickers
            width = max(width, 1.5) if stands_out else width
            painter.fillRect(QtCore.QRectF(left, foot - height, width, height), striking if stands_out else usual)
            if stands_out:
                self._triangle(painter, left + width / 2, foot - height - 1, striking)

    @staticmethod
    def _triangle(painter: QtGui.QPainter, x: float, y: float, colour: QtGui.QColor) -> None:
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(
            QtGui.QPolygonF([QtCore.QPointF(x, y), QtCore.QPointF(x - 3, y - 5), QtCore.QPointF(x + 3, y - 5)])
        )
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)

    def _draw_means(self, painter: QtGui.QPainter, top: float, foot: float) -> None:
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtGui.QPen(self._colour("mean"), 1.5))
        room = foot - top - HEADROOM
        line: List[QtCore.QPointF] = []
        before: Optional[int] = None
        for frame in sorted(self._measures):
            point = QtCore.QPointF(self._x_of(frame), foot - 1 - self._measures[frame][0] * (room - 1))
            if before is not None and frame != before + 1:
                _polyline(painter, line)
                line = []
            line.append(point)
            before = frame
        _polyline(painter, line)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)


def _polyline(painter: QtGui.QPainter, points: List[QtCore.QPointF]) -> None:
    """A line, or a dot where there is one point."""
    if len(points) == 1:
        painter.drawEllipse(points[0], 1, 1)
    elif points:
        painter.drawPolyline(QtGui.QPolygonF(points))


def runs(marks: Dict[int, Mark], *, single: bool) -> List[Tuple[Mark, int, int]]:
    """(mark, first, last) of frames side by side with one mark; each frame by itself where `single`."""
    found: List[Tuple[Mark, int, int]] = []
    for frame in sorted(marks):
        mark = marks[frame]
        if not single and found and found[-1][0] is mark and found[-1][2] == frame - 1:
            found[-1] = (mark, found[-1][1], frame)
        else:
            found.append((mark, frame, frame))
    return found
