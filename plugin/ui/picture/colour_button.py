"""A button that shows a colour and asks Qt's dialog for another, which changes the picture while it is open."""

from __future__ import annotations

from typing import Optional

from ..kit import theme
from ..kit.qt import QtCore, QtGui, QtWidgets
from .display import Rgb

SWATCH = 16


class ColourButton(QtWidgets.QToolButton):
    """One colour."""

    changed = QtCore.Signal()

    def __init__(self, colour: Rgb, *, name: str, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.colour = self._before = colour
        self._dialog: Optional[QtWidgets.QColorDialog] = None
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self.ask)
        self._refresh()

    def set_colour(self, colour: Rgb) -> None:
        """Takes another colour."""
        if colour != self.colour:
            self.colour = colour
            self._refresh()
            self.changed.emit()

    def ask(self) -> None:
        """Opens the dialog, beside which the window goes on; Cancel brings the colour back."""
        if self._dialog is None:
            self._dialog = QtWidgets.QColorDialog(self)
            self._dialog.setWindowTitle(self.accessibleName())
            self._dialog.currentColorChanged.connect(self._chosen)
            self._dialog.rejected.connect(self._back)
        self._before = self.colour
        self._dialog.setCurrentColor(QtGui.QColor(*self.colour))
        self._dialog.open()

    def _back(self) -> None:
        self.set_colour(self._before)

    def _chosen(self, colour: QtGui.QColor) -> None:
        if colour.isValid():
            self.set_colour((colour.red(), colour.green(), colour.blue()))

    def _refresh(self) -> None:
        self.setIcon(QtGui.QIcon(theme.swatch(QtGui.QColor(*self.colour), SWATCH, self.devicePixelRatioF())))
        self.setAccessibleDescription("#{:02x}{:02x}{:02x}".format(*self.colour))
