"""Colours, out of the host's palette, so that the monitor looks right on light and on dark; and a grey of its own.

A picture is judged on neutral grey. Inside Nuke the host's palette is neutral already; alone, the monitor brings one.
"""

from __future__ import annotations

from typing import Dict, Tuple

from .qt import QtCore, QtGui, QtWidgets

# Hues that people with any kind of colour vision tell apart (Okabe and Ito, "Color Universal Design", 2008), by stage.
STAGE_COLOURS: Dict[str, str] = {
    "loading": "#999999",
    "reading": "#56b4e9",
    "encoding": "#0072b2",
    "denoising": "#e69f00",
    "decoding": "#009e73",
    "delivering": "#cc79a7",
    "writing": "#cc79a7",
    "finishing": "#f0e442",
    "making movies": "#d55e00",
}
_MEANINGS: Dict[str, Tuple[str, str]] = {  # on light, on dark; each has at least 4.5:1 on its ground
    "ok": ("#1b7537", "#63c987"),
    "warn": ("#8a5a00", "#e5b34f"),
    "fail": ("#b3261e", "#ff8a80"),
    "busy": ("#0b5cad", "#7cb8ff"),
}


def is_dark(palette: QtGui.QPalette) -> bool:
    """Whether texts of this palette are brighter than what they stand on."""
    role = QtGui.QPalette.ColorRole
    return palette.color(role.Text).lightness() > palette.color(role.Base).lightness()


def meaning(palette: QtGui.QPalette, what: str) -> QtGui.QColor:
    """A colour for `ok`, `warn`, `fail` or `busy` that can be read on this palette's ground."""
    light, dark = _MEANINGS[what]
    return QtGui.QColor(dark if is_dark(palette) else light)


def faint(palette: QtGui.QPalette, share: float = 0.5) -> QtGui.QColor:
    """The text's colour mixed into the ground: for lines and for what matters less."""
    role = QtGui.QPalette.ColorRole
    text, ground = palette.color(role.WindowText), palette.color(role.Window)
    pairs = ((text.red(), ground.red()), (text.green(), ground.green()), (text.blue(), ground.blue()))
    return QtGui.QColor(*[int(a * share + b * (1 - share)) for a, b in pairs])


def colour_text(widget: QtWidgets.QWidget, what: str) -> None:
    """Gives a widget's text a meaning's colour; an empty meaning is the host's own colour."""
    palette = QtGui.QPalette(QtWidgets.QApplication.palette(widget))
    if what:
        palette.setColor(QtGui.QPalette.ColorRole.WindowText, meaning(palette, what))
    widget.setPalette(palette)


def digits_width(widget: QtWidgets.QWidget, sample: str) -> int:
    """How wide a text of this shape is, with room beside it: for columns and labels that must not jump."""
    return int(widget.fontMetrics().horizontalAdvance(sample) + widget.fontMetrics().horizontalAdvance("0") * 2)


def grey_palette(*, dark: bool = True) -> QtGui.QPalette:
    """Neutral greys with a blue for what is chosen: the window's own colours where there is no host."""
    role = QtGui.QPalette.ColorRole
    tones = (50, 38, 62, 220, 130) if dark else (236, 252, 224, 24, 120)
    window, base, button, text, faded = (QtGui.QColor(tone, tone, tone) for tone in tones)
    palette = QtGui.QPalette(button, window)
    alternate = QtGui.QColor(*[tones[1] + (5 if dark else -6)] * 3)
    for which, colour in (
        (role.Window, window), (role.Base, base), (role.AlternateBase, alternate), (role.Button, button),
        (role.WindowText, text), (role.Text, text), (role.ButtonText, text), (role.ToolTipBase, button),
        (role.ToolTipText, text), (role.PlaceholderText, faded), (role.Highlight, QtGui.QColor("#2f6fb5")),
        (role.HighlightedText, QtGui.QColor("#ffffff")), (role.Link, meaning_of_link(dark)),
    ):  # fmt: skip
        palette.setColor(which, colour)
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, which, faded)
    return palette


def meaning_of_link(dark: bool) -> QtGui.QColor:
    """The colour of a link on dark or on light."""
    return QtGui.QColor(_MEANINGS["busy"][1 if dark else 0])


def mono_font() -> QtGui.QFont:
    """The system's font of one width, for logs and commands."""
    return QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont)


def swatch(colour: QtGui.QColor, edge: int, ratio: float) -> QtGui.QPixmap:
    """A small square of a colour, sharp on a screen of this pixel ratio."""
    pixmap = QtGui.QPixmap(QtCore.QSize(round(edge * ratio), round(edge * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(colour)
    return pixmap
