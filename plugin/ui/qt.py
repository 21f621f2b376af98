"""Qt as this Python has it: PySide6, or PySide2 inside Nuke 14 and 15. Everything in ui/ takes Qt from here.

Names of enums are written in full (`Qt.AlignmentFlag.AlignLeft`): both know them so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6 import QtCore, QtGui, QtWidgets

    PYSIDE = 6
else:
    try:
        from PySide6 import QtCore, QtGui, QtWidgets

        PYSIDE = 6
    except ImportError:
        from PySide2 import QtCore, QtGui, QtWidgets

        PYSIDE = 2

__all__ = ["PYSIDE", "QtCore", "QtGui", "QtWidgets"]
