"""Actions: each once, for menu, button, shortcut and tool tip alike."""

from __future__ import annotations

from typing import Callable, Optional

from .qt import QAction, QtCore, QtGui, QtWidgets


def action(
    owner: QtWidgets.QWidget,
    text: str,
    call: Callable[[], object],
    *,
    shortcut: str = "",
    tip: str = "",
    name: str = "",
    local: bool = False,
) -> QAction:
    """An action of a widget.

    Args:
        text: with a mnemonic, e.g. `&Cancel`.
        call: what it does.
        shortcut: portable, e.g. `Ctrl+Up`; the tool tip says it in the system's way.
        tip: what it does in a sentence; empty: its text.
        name: by which tests and styles find it.
        local: the shortcut works while the owner or something in it has the keyboard, so that pages may share keys.
    """
    made = QAction(text, owner)
    made.setObjectName(name)
    made.triggered.connect(lambda *_: call())
    if shortcut:
        made.setShortcut(QtGui.QKeySequence(shortcut))
        context = QtCore.Qt.ShortcutContext
        made.setShortcutContext(context.WidgetWithChildrenShortcut if local else context.WindowShortcut)
    say(made, tip or text.replace("&", "").rstrip("…"))
    owner.addAction(made)
    return made


def say(made: QAction, tip: str) -> None:
    """Sets an action's tool tip; its shortcut is part of it."""
    keys = made.shortcut().toString(QtGui.QKeySequence.SequenceFormat.NativeText)
    made.setToolTip(f"{tip} ({keys})" if keys else tip)
    made.setStatusTip(tip)


def button(made: QAction, parent: Optional[QtWidgets.QWidget] = None) -> QtWidgets.QToolButton:
    """A button that is an action."""
    found = QtWidgets.QToolButton(parent)
    found.setDefaultAction(made)
    found.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextOnly)
    found.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
    found.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Fixed)
    return found
