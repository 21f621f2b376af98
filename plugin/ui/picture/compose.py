"""From a kept picture to what is on the screen: cropped and scaled first, so that 4K costs what the screen has.

    plate   RGBX8888, over the kept bytes ──▶ the screen's pixels ─────────────┐
    alpha   Grayscale16, over the kept bytes ──▶ Grayscale8 ── table ── matte ─┴─▶ composition ── table ──▶ RGB32

Qt has no function that sends 8 bit values through a table, but it has images whose bytes are indices into a table of
colours. So bytes of a grey image, or of an RGB888 image taken as one three times as wide, are read as such indices and
converted to grey: every byte is looked up, in C++ and without numpy.

Comps are made in display-referred values, as the plate came: over · alpha + ground · (1 − alpha).
Where the picture is larger than the screen's pixels, it is averaged (bilinear) before the edge treatment, which the engine
does at the plate's size: at 1:1 and nearer the two are the same.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import List, Optional, Tuple

from ..kit.qt import QtCore, QtGui
from .display import Display, Rgb, View, alpha_table, light_table
from .kept import KeptPicture
from .mapping import Mapping, Rect

_Format = QtGui.QImage.Format
_Mode = QtGui.QPainter.CompositionMode
CHECKS = (96, 160)  # greys of the checkerboard
CHECK_EDGE = 12  # in units of a screen of usual density


def looked_up(image: QtGui.QImage, table: bytes) -> QtGui.QImage:
    """Every byte of a Grayscale8 or RGB888 image through a table of 256; a new image of the same format."""
    across = image.width() * image.depth() // 8
    stride, rows = image.bytesPerLine(), image.height()
    indices = QtGui.QImage(image.constBits(), across, rows, stride, _Format.Format_Indexed8)
    indices.setColorTable(_greys(table))
    grey = indices.convertToFormat(_Format.Format_Grayscale8)
    if image.format() == _Format.Format_Grayscale8:
        return grey
    return QtGui.QImage(grey.constBits(), image.width(), rows, grey.bytesPerLine(), image.format()).copy()


@lru_cache(maxsize=64)
def _greys(table: bytes) -> List[int]:
    return [0xFF000000 | value * 0x010101 for value in table]


@lru_cache(maxsize=64)
def _veil(table: bytes, colour: Rgb, opacity: float) -> List[int]:
    """ARGB for each alpha: one colour, as opaque as the alpha says."""
    red, green, blue = colour
    rgb = red << 16 | green << 8 | blue
    return [int(value * opacity + 0.5) << 24 | rgb for value in table]


IDENTITY = bytes(range(256))


def sampled(image: QtGui.QImage, kind: QtGui.QImage.Format, part: Rect, mapping: Mapping) -> QtGui.QImage:
    """The pixels of the screen in `part`, all of which the image covers; averaged where it is made smaller."""
    left, top = mapping.origin
    zoom, width, height = mapping.zoom, image.width(), image.height()
    # Only the image's pixels that are seen, and those beside them: numbers far outside are beyond a rasteriser.
    x0 = min(max(math.floor((part[0] - left) / zoom) - 1, 0), width - 1)
    y0 = min(max(math.floor((part[1] - top) / zoom) - 1, 0), height - 1)
    x1 = min(math.ceil((part[0] + part[2] - left) / zoom) + 1, width)
    y1 = min(math.ceil((part[1] + part[3] - top) / zoom) + 1, height)
    source = QtCore.QRectF(x0, y0, max(x1 - x0, 1), max(y1 - y0, 1))
    target = QtCore.QRectF(
        left + x0 * zoom - part[0], top + y0 * zoom - part[1], source.width() * zoom, source.height() * zoom
    )
    if zoom < 1:  # the last pixel of the screen may be covered by less than half
        target = target.united(QtCore.QRectF(0, 0, part[2], part[3]))
    found = QtGui.QImage(part[2], part[3], kind)
    found.fill(0)
    painter = QtGui.QPainter(found)
    painter.setCompositionMode(_Mode.CompositionMode_Source)
    painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform, zoom < 1)
    painter.drawImage(target, image, source)
    painter.end()
    return found


class Composer:
    """Makes what is on the screen of a picture.

    Attributes:
        backdrop: the picture of `View.PICTURE`; None: not read yet, black instead.
        ratio: pixels of the screen for one of Qt's units.
    """

    def __init__(self) -> None:
        self.backdrop: Optional[QtGui.QImage] = None
        self.ratio = 1.0

    def compose(
        self, picture: KeptPicture, display: Display, edges: Optional[bytes], part: Rect, mapping: Mapping
    ) -> QtGui.QImage:
        """One image of `part`.

        Args:
            edges: the edge treatment's table; None, and for a matte that has it already: as it is.
            part: pixels of the screen that the picture covers, see `Mapping.covered`.

        Returns:
            As large as `part`, opaque.
        """
        table = IDENTITY if edges is None or not picture.raw else edges
        light = light_table(display.exposure, display.gamma)
        if display.view is View.ALPHA:
            shown = alpha_table(display.exposure, display.gamma)
            both = table if shown is None else table.translate(shown)
            return looked_up(sampled(picture.alpha_image, _Format.Format_Grayscale8, part, mapping), both)
        if display.view in (View.PLATE, View.OVERLAY):
            plate = _lit(sampled(picture.plate_image, _Format.Format_RGB32, part, mapping), light)
            if display.view is View.OVERLAY:
                _draw(plate, self._matte(picture, _veil(table, display.overlay, display.opacity), part, mapping))
            return plate
        ground = self._ground(display, part, mapping, (picture.width, picture.height))
        subject = sampled(picture.plate_image, _Format.Format_ARGB32_Premultiplied, part, mapping)
        matte = self._matte(picture, _veil(table, (255, 255, 255), 1.0), part, mapping)
        _draw(subject, matte, _Mode.CompositionMode_DestinationIn)
        _draw(ground, subject)
        return _lit(ground, light)

    def _matte(self, picture: KeptPicture, colours: List[int], part: Rect, mapping: Mapping) -> QtGui.QImage:
        grey = sampled(picture.alpha_image, _Format.Format_Grayscale8, part, mapping)
        stride = grey.bytesPerLine()
        indices = QtGui.QImage(grey.constBits(), part[2], part[3], stride, _Format.Format_Indexed8)
        indices.setColorTable(colours)
        return indices.convertToFormat(_Format.Format_ARGB32_Premultiplied)

    def _ground(self, display: Display, part: Rect, mapping: Mapping, size: Tuple[int, int]) -> QtGui.QImage:
        ground = QtGui.QImage(part[2], part[3], _Format.Format_RGB32)
        if display.view is View.COLOUR:
            ground.fill(QtGui.QColor(*display.ground))
        elif display.view is View.PICTURE:
            ground.fill(QtGui.QColor(0, 0, 0))
            if self.backdrop is not None:
                _cover(ground, self.backdrop, part, mapping, size)
        else:
            painter = QtGui.QPainter(ground)
            painter.setBrushOrigin(mapping.origin[0] - part[0], mapping.origin[1] - part[1])
            painter.fillRect(ground.rect(), QtGui.QBrush(_checks(max(round(CHECK_EDGE * self.ratio), 1))))
            painter.end()
        return ground


def _lit(image: QtGui.QImage, table: Optional[bytes]) -> QtGui.QImage:
    return image if table is None else looked_up(image.convertToFormat(_Format.Format_RGB888), table)


def _draw(
    onto: QtGui.QImage,
    image: QtGui.QImage,
    mode: QtGui.QPainter.CompositionMode = _Mode.CompositionMode_SourceOver,
) -> None:
    painter = QtGui.QPainter(onto)
    painter.setCompositionMode(mode)
    painter.drawImage(0, 0, image)
    painter.end()


def _cover(ground: QtGui.QImage, backdrop: QtGui.QImage, part: Rect, mapping: Mapping, size: Tuple[int, int]) -> None:
    """Fills the picture's whole area with the backdrop, its middle, cut where the proportions differ."""
    scale = max(size[0] / backdrop.width(), size[1] / backdrop.height())
    width, height = size[0] / scale, size[1] / scale  # of the backdrop's own pixels
    source = QtCore.QRectF((backdrop.width() - width) / 2, (backdrop.height() - height) / 2, width, height)
    zoom, (left, top) = mapping.zoom, mapping.origin
    target = QtCore.QRectF(left - part[0], top - part[1], size[0] * zoom, size[1] * zoom)
    painter = QtGui.QPainter(ground)
    painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(target, backdrop, source)
    painter.end()


@lru_cache(maxsize=8)
def _checks(edge: int) -> QtGui.QImage:
    tile = QtGui.QImage(2 * edge, 2 * edge, _Format.Format_RGB32)
    dark, bright = (QtGui.QColor(grey, grey, grey) for grey in CHECKS)
    tile.fill(dark)
    painter = QtGui.QPainter(tile)
    painter.fillRect(edge, 0, edge, edge, bright)
    painter.fillRect(0, edge, edge, edge, bright)
    painter.end()
    return tile
