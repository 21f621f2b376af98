"""Qt as this Python has it: PySide6, or PySide2 inside Nuke 14 and 15. Everything in ui/ takes Qt from here.

Names of enums are written in full (`Qt.AlignmentFlag.AlignLeft`): both know them so. What the two have in different
places or under different names is here: `QAction`, `QActionGroup`, `QShortcut`, `run_loop`, `place_of`.
"""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any, Tuple

if TYPE_CHECKING:
    from PySide6 import QtCore, QtGui, QtWidgets
    from PySide6.QtGui import QAction, QActionGroup, QShortcut

    PYSIDE = 6
else:
    try:
        from PySide6 import QtCore, QtGui, QtWidgets
        from PySide6.QtGui import QAction, QActionGroup, QShortcut

        PYSIDE = 6
    except ImportError:
        from PySide2 import QtCore, QtGui, QtWidgets
        from PySide2.QtWidgets import QAction, QActionGroup, QShortcut

        PYSIDE = 2


def _hold_constants() -> None:
    """Keeps None and its like alive under PySide6 6.12, whose wheels trust that they are immortal, as from Python 3.12 on.

    There, each call that gives back None (or True) takes a reference away that it never took; where Python still counts,
    3.11 and before, the process aborts after some thousand calls ("deallocating None"). Measured with 6.12.0; 6.11.3 has
    no such fault. Like 3.12 itself this gives them a count that no fault reaches.
    """
    for constant in (None, True, False, NotImplemented):
        ctypes.c_ssize_t.from_address(id(constant)).value += 1 << (40 if sys.maxsize > 1 << 32 else 28)


def _version() -> Tuple[int, ...]:
    return tuple(int(part) for part in QtCore.qVersion().split(".")[:2])


if sys.version_info < (3, 12) and sys.implementation.name == "cpython" and _version() >= (6, 12):
    _hold_constants()


def run_loop(loop: Any) -> int:
    """Runs an application, an event loop or a dialog to its end: `exec`, which is `exec_` in PySide2."""
    return int((getattr(loop, "exec", None) or loop.exec_)())


def place_of(event: Any) -> Tuple[float, float]:
    """Where a mouse's or wheel's event was, in the widget's units."""
    at = event.position() if hasattr(event, "position") else event.localPos()
    return float(at.x()), float(at.y())


__all__ = ["PYSIDE", "QAction", "QActionGroup", "QShortcut", "QtCore", "QtGui", "QtWidgets", "place_of", "run_loop"]
