"""The right end of the upper bar: what is compared, and how near."""

from __future__ import annotations

from typing import Dict, Optional

from ..kit import theme
from ..kit.actions import button
from ..kit.qt import QAction, QtCore, QtWidgets
from ..kit.switch import switch


class CompareBar(QtWidgets.QWidget):
    """Buttons of the page's actions, and the zoom."""

    def __init__(self, actions: Dict[str, QAction], parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.zoom = QtWidgets.QLabel()
        self.zoom.setAccessibleName(self.tr("Zoom"))
        self.zoom.setFixedWidth(theme.digits_width(self, "6400.0 %"))
        self.zoom.setAlignment(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(button(actions["keep"]))
        row.addWidget(switch(actions["wipe"]))
        for name in ("fit", "one_to_one"):
            row.addWidget(button(actions[name]))
        row.addWidget(self.zoom)

    def set_zoom(self, zoom: float) -> None:
        """Shows pixels of the screen for one of the picture, in percent."""
        percent = zoom * 100
        self.zoom.setText(f"{percent:.0f} %" if percent >= 100 else f"{percent:.1f} %")
