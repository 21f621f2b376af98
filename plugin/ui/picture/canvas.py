"""Where a picture is seen: paints it, or two of them with a wipe line between, and is zoomed, panned and asked for pixels.

    picture ─ Composer ─▶ image A ─┐
    picture ─ Composer ─▶ image B ─┴─▶ clipped at the wipe line ─▶ screen

Both images are kept until something changes that they show: a wipe line moves without work on pixels.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Optional, Tuple

from ..kit.qt import QtCore, QtGui, QtWidgets, place_of
from .compose import Composer
from .display import Display
from .kept import KeptPicture
from .mapping import Mapping, Rect, Size

GRAB = 6  # Qt's units to either side of the wipe line
NOTCH = 120  # of a wheel, as Qt counts
SMALL, USUAL = QtCore.QSize(160, 90), QtCore.QSize(960, 540)
_Key = Tuple[object, ...]


@dataclass
class _Side:
    """One of the two sides of the wipe line, and its image as it was composed last."""

    picture: Optional[KeptPicture] = None
    edges: Optional[bytes] = None
    message: str = ""  # instead of a picture
    key: Optional[_Key] = None
    image: QtGui.QImage = field(default_factory=QtGui.QImage)
    part: Rect = (0, 0, 0, 0)


class _Drag(enum.Enum):
    NOTHING = 0
    PAN = 1
    WIPE = 2


class Canvas(QtWidgets.QWidget):
    """The picture itself; everything is set from outside, nothing is read."""

    hovered = QtCore.Signal(int, int)  # the picture's pixel under the cursor, inside or not
    left = QtCore.Signal()  # the cursor went away
    mapping_changed = QtCore.Signal(float)  # the zoom
    wiped = QtCore.Signal(float)
    painted = QtCore.Signal(int)  # the frame that is on the screen now

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.composer = Composer()
        self.mapping = Mapping()
        self._fitted = True  # and stays so when the window is resized
        self._display = Display()
        self._sides = (_Side(), _Side())
        self._wiping = False
        self._wipe = 0.5  # of the picture's width
        self._backdrops = 0
        self._drag = _Drag.NOTHING
        self._grabbed = (0.0, 0.0)
        self._size: Size = (0, 0)
        self.setMouseTracking(True)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)
        self.setMinimumSize(SMALL)
        self.setAccessibleName(self.tr("Picture"))

    # -- what is shown

    def show_side(self, side: int, picture: Optional[KeptPicture], edges: Optional[bytes], message: str = "") -> None:
        """Sets what a side shows.

        Args:
            side: 0 is A, 1 is B, which is right of the wipe line.
            edges: a table of 256; None: alphas as they are.
            message: over the picture, or in its place.
        """
        target = self._sides[side]
        target.picture, target.edges, target.message = picture, edges, message
        if side == 0 and picture is not None and (picture.width, picture.height) != self._size:
            self._resize((picture.width, picture.height))
        self.update()

    def _resize(self, size: Size) -> None:
        before, self._size = self._size, size
        if self._fitted or before == (0, 0):
            self.fit()
        else:  # a picture that was reduced, or one that was not: the same part of the shot stays in sight
            self._map(Mapping(self.mapping.zoom * before[0] / size[0], self.mapping.x, self.mapping.y))

    def set_display(self, display: Display) -> None:
        """Sets view, colours, exposure and gamma."""
        self._display = display
        self.update()

    def set_backdrop(self, image: Optional[QtGui.QImage]) -> None:
        """Sets the picture of `View.PICTURE`."""
        self.composer.backdrop = image
        self._backdrops += 1
        self.update()

    # -- wipe

    @property
    def wiping(self) -> bool:
        """Whether side B is seen."""
        return self._wiping

    @property
    def wipe(self) -> float:
        """Where the line is, as a share of the picture's width."""
        return self._wipe

    def set_wiping(self, on: bool) -> None:
        """Shows side B right of the line, or side A alone."""
        self._wiping = on
        self.update()

    def set_wipe(self, share: float) -> None:
        """Moves the line, 0 to 1."""
        share = min(max(share, 0.0), 1.0)
        if share != self._wipe:
            self._wipe = share
            self.wiped.emit(share)
            self.update()

    def beyond_wipe(self, x: int) -> bool:
        """Whether a pixel of side A's picture is right of the line, where B is seen."""
        return self._wiping and x >= self._wipe * self._size[0]

    def pixel_of(self, picture: KeptPicture, at: Tuple[int, int]) -> Tuple[int, int]:
        """A pixel of side A's picture in another, which may have been reduced otherwise."""
        if self._size in ((0, 0), (picture.width, picture.height)):
            return at
        x, y = at[0] * picture.width // self._size[0], at[1] * picture.height // self._size[1]
        return x, y

    def _line(self) -> int:
        """The line's place, in pixels of the screen."""
        return self.mapping.origin[0] + round(self._wipe * self._size[0] * self.mapping.zoom)

    # -- zoom and pan

    def screen_size(self) -> Size:
        """Width and height in pixels of the screen."""
        ratio = self.devicePixelRatioF()
        return max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1)

    def fit(self) -> None:
        """Shows all of the picture, now and when the window changes."""
        self._fitted = True
        if self._size[0]:
            self._map(Mapping.fit(self.screen_size(), self._size))

    def zoom_to(self, zoom: float) -> None:
        """Zooms about the cursor, or the middle; 1 is a pixel for a pixel."""
        self._fitted = False
        self._map(self.mapping.zoomed(zoom, self._about()))

    def zoom_by(self, steps: float) -> None:
        """As many steps nearer, or farther."""
        self._fitted = False
        self._map(self.mapping.stepped(steps, self._about()))

    def pan(self, dx: float, dy: float) -> None:
        """Moves the picture by shares of what is seen."""
        width, height = self.screen_size()
        self._fitted = False
        self._map(self.mapping.moved(dx * width, dy * height))

    def _about(self) -> Tuple[float, float]:
        at = self.mapFromGlobal(QtGui.QCursor.pos())
        if self.underMouse() and self.rect().contains(at):
            return at.x() * self.devicePixelRatioF(), at.y() * self.devicePixelRatioF()
        width, height = self.screen_size()
        return width / 2, height / 2

    def _map(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.mapping_changed.emit(mapping.zoom)
        self.update()

    # -- events

    def sizeHint(self) -> QtCore.QSize:
        """Room for a small HD frame."""
        return USUAL

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """A fitted picture stays so."""
        if self._fitted:
            self.fit()

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:
        """Zooms about the cursor."""
        notches = event.angleDelta().y() / NOTCH
        if notches:
            self._fitted = False
            self._map(self.mapping.stepped(notches, self._screen(event)))
        event.accept()

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        """Takes the wipe line, or the picture."""
        buttons = QtCore.Qt.MouseButton
        if event.button() not in (buttons.LeftButton, buttons.MiddleButton):
            event.ignore()
            return
        self._grabbed = at = self._screen(event)
        near = self._wiping and abs(at[0] - self._line()) <= GRAB * self.devicePixelRatioF()
        self._drag = _Drag.WIPE if near and event.button() == buttons.LeftButton else _Drag.PAN

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        """Drags what was taken, and tells which pixel is under the cursor."""
        at = self._screen(event)
        if self._drag is _Drag.PAN:
            self._fitted = False
            self._map(self.mapping.moved(at[0] - self._grabbed[0], at[1] - self._grabbed[1]))
            self._grabbed = at
        elif self._drag is _Drag.WIPE and self._size[0]:
            self.set_wipe((at[0] - self.mapping.origin[0]) / (self._size[0] * self.mapping.zoom))
        near = self._wiping and abs(at[0] - self._line()) <= GRAB * self.devicePixelRatioF()
        shapes = QtCore.Qt.CursorShape
        self.setCursor(shapes.SplitHCursor if near or self._drag is _Drag.WIPE else shapes.CrossCursor)
        self.hovered.emit(*self.mapping.pixel(int(at[0]), int(at[1])))

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        """Lets go."""
        self._drag = _Drag.NOTHING

    def mouseDoubleClickEvent(self, event: QtGui.QMouseEvent) -> None:
        """Shows all of the picture."""
        self.fit()

    def leaveEvent(self, event: QtCore.QEvent) -> None:
        """No pixel is under the cursor any more."""
        self.left.emit()

    def _screen(self, event: Any) -> Tuple[float, float]:
        """Where an event of mouse or wheel was, in pixels of the screen."""
        x, y = place_of(event)
        ratio = self.devicePixelRatioF()
        return x * ratio, y * ratio

    # -- painting

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Composes what has changed, and paints."""
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), surround(self.palette()))
        first, other = self._sides
        if self._wiping:
            line = self._line() / self.devicePixelRatioF()
            left, right = QtCore.QRectF(self.rect()), QtCore.QRectF(self.rect())
            left.setRight(line)
            right.setLeft(line)
            self._paint_side(painter, first, left)
            self._paint_side(painter, other, right)
            _paint_line(painter, line, self.rect())
        else:
            self._paint_side(painter, first, QtCore.QRectF(self.rect()))
        painter.end()
        if first.picture is not None:
            self.painted.emit(first.picture.frame)

    def _paint_side(self, painter: QtGui.QPainter, side: _Side, area: QtCore.QRectF) -> None:
        if area.width() <= 0:
            return
        painter.save()
        painter.setClipRect(area)
        if side.picture is None:
            _paint_message(painter, side.message, area, self.palette())
        else:
            self._compose(side, side.picture)
            ratio = self.devicePixelRatioF()
            if not side.image.isNull():
                painter.drawImage(QtCore.QPointF(side.part[0] / ratio, side.part[1] / ratio), side.image)
            if side.message:
                _paint_note(painter, side.message, area)
        painter.restore()

    def _compose(self, side: _Side, picture: KeptPicture) -> None:
        mapping, screen, ratio = self.mapping, self.screen_size(), self.devicePixelRatioF()
        if picture.width != self._size[0]:  # B may have been reduced otherwise than A
            mapping = Mapping(mapping.zoom * self._size[0] / picture.width, *map(float, mapping.origin))
        key = (id(picture), self._display, side.edges, mapping, screen, ratio, self._backdrops)
        if key == side.key:
            return
        part = mapping.covered(screen, (picture.width, picture.height))
        self.composer.ratio = ratio
        side.image = QtGui.QImage()
        if part[2] > 0 and part[3] > 0:
            side.image = self.composer.compose(picture, self._display, side.edges, part, mapping)
            side.image.setDevicePixelRatio(ratio)
        side.key, side.part = key, part


def surround(palette: QtGui.QPalette) -> QtGui.QColor:
    """Neutral grey, whatever tint the host has, a little darker than its window: pictures are judged on it."""
    lightness = palette.color(QtGui.QPalette.ColorRole.Window).lightness()
    grey = int(lightness * 0.7)
    return QtGui.QColor(grey, grey, grey)


def _paint_message(painter: QtGui.QPainter, text: str, area: QtCore.QRectF, palette: QtGui.QPalette) -> None:
    ground = surround(palette).lightness()
    painter.setPen(QtGui.QColor("white" if ground < 128 else "black"))
    flags = QtCore.Qt.AlignmentFlag.AlignCenter | QtCore.Qt.TextFlag.TextWordWrap
    painter.drawText(area.adjusted(12, 12, -12, -12), int(flags), text)


def _paint_note(painter: QtGui.QPainter, text: str, area: QtCore.QRectF) -> None:
    """A line over the picture, at its foot, readable on any picture."""
    metrics = painter.fontMetrics()
    room = int(area.width()) - 24
    if room < metrics.averageCharWidth() * 4:
        return
    text = metrics.elidedText(text, QtCore.Qt.TextElideMode.ElideRight, room)
    box = QtCore.QRectF(area.left() + 6, area.bottom() - metrics.height() - 12, 0, metrics.height() + 6)
    box.setWidth(metrics.horizontalAdvance(text) + 12)
    painter.fillRect(box, QtGui.QColor(0, 0, 0, 170))
    painter.setPen(QtGui.QColor("white"))
    painter.drawText(box, int(QtCore.Qt.AlignmentFlag.AlignCenter), text)


def _paint_line(painter: QtGui.QPainter, x: float, area: QtCore.QRect) -> None:
    """White beside black, so that it is seen on every picture, and a letter on each side."""
    painter.fillRect(QtCore.QRectF(x - 1, area.top(), 1, area.height()), QtGui.QColor("black"))
    painter.fillRect(QtCore.QRectF(x, area.top(), 1, area.height()), QtGui.QColor("white"))
    metrics = painter.fontMetrics()
    edge = metrics.height() + 2
    for text, left in (("A", x - 4 - edge), ("B", x + 4)):
        box = QtCore.QRectF(left, area.top() + 4, edge, edge)
        painter.fillRect(box, QtGui.QColor(0, 0, 0, 170))
        painter.setPen(QtGui.QColor("white"))
        painter.drawText(box, int(QtCore.Qt.AlignmentFlag.AlignCenter), text)
