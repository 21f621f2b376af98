"""The few icons of the transport, drawn in the palette's own colour: the styles' are black on dark hosts."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from ..kit.qt import QtCore, QtGui

Shape = Sequence[Tuple[float, float]]  # corners in a square of 16 by 16
_BACK: Shape = ((11, 3), (4, 8), (11, 13))
_NEXT: Shape = ((5, 3), (12, 8), (5, 13))
SHAPES: Dict[str, List[Shape]] = {
    "first": [((3, 3), (5, 3), (5, 13), (3, 13)), ((13, 3), (6, 8), (13, 13))],
    "previous": [_BACK],
    "play": [((4, 2), (14, 8), (4, 14))],
    "pause": [((4, 3), (7, 3), (7, 13), (4, 13)), ((9, 3), (12, 3), (12, 13), (9, 13))],
    "next": [_NEXT],
    "last": [((11, 3), (13, 3), (13, 13), (11, 13)), ((3, 3), (10, 8), (3, 13))],
}
EDGE = 16


def icon(name: str, palette: QtGui.QPalette) -> QtGui.QIcon:
    """An icon for screens of usual, double and triple density."""
    found = QtGui.QIcon()
    modes, group = QtGui.QIcon.Mode, QtGui.QPalette.ColorGroup
    for mode, which in ((modes.Normal, group.Active), (modes.Disabled, group.Disabled)):
        colour = palette.color(which, QtGui.QPalette.ColorRole.ButtonText)
        for ratio in (1, 2, 3):
            found.addPixmap(_drawn(SHAPES[name], colour, ratio), mode)
    return found


def _drawn(shapes: List[Shape], colour: QtGui.QColor, ratio: int) -> QtGui.QPixmap:
    pixmap = QtGui.QPixmap(EDGE * ratio, EDGE * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(pixmap)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for shape in shapes:
        painter.drawPolygon(QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in shape]))
    painter.end()
    return pixmap
