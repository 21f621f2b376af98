"""A box for an action that is on or off."""

from __future__ import annotations

from .qt import QAction, QtWidgets


def switch(made: QAction) -> QtWidgets.QCheckBox:
    """The box, which follows its action: whether a button is pressed cannot be seen in every style."""
    box = QtWidgets.QCheckBox(made.text())
    box.setObjectName(f"{made.objectName()}_switch")
    box.setChecked(made.isChecked())
    box.setEnabled(made.isEnabled())
    box.setToolTip(made.toolTip())
    box.toggled.connect(made.setChecked)
    made.toggled.connect(box.setChecked)
    made.changed.connect(lambda: box.setEnabled(made.isEnabled()))
    return box
