"""The monitor as one of Nuke's panels: it can be put into any pane, and workspaces remember it.

Nuke makes such a panel from the text of an expression; `MonitorPanel` is what that gives. Only Nuke imports this.
"""

from __future__ import annotations

from typing import Any, Optional

import nukescripts  # type: ignore[import-not-found, unused-ignore]

from ..kit.qt import QtCore, QtWidgets
from .window import MonitorWindow

NAME, ID = "GVM Matte Monitor", "com.gvm_matte.monitor"
_EXPRESSION = f"__import__({__name__!r}, fromlist=['MonitorPanel']).MonitorPanel"


class MonitorPanel(QtWidgets.QWidget):
    """The window without a frame of its own. It watches from when it is first seen; behind another tab it goes on."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._window: Optional[MonitorWindow] = None
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def showEvent(self, event: Any) -> None:
        """Begins to watch."""
        if self._window is None:
            window = self._window = MonitorWindow(parent=self)
            window.setWindowFlags(QtCore.Qt.WindowType.Widget)
            self._column.addWidget(window)
            model = window.model
            self.destroyed.connect(lambda *_: model.close())  # renders that were started here go on
            window.show_and_watch()
        super().showEvent(event)


def register() -> None:
    """Adds the panel to Nuke's pane menus (Windows > Custom)."""
    nukescripts.panels.registerWidgetAsPanel(_EXPRESSION, NAME, ID)
