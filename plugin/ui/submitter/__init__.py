"""The submitter: range, tasks, worker and farm engine of a job, and the commands that save and submit it."""

from __future__ import annotations

from typing import Any, List, Optional

from ..kit.qt import QtCore, QtWidgets
from .choices import Choices
from .dialog import SubmitterDialog
from .shot import Shot

_open: List[SubmitterDialog] = []  # Python's garbage collection must not close a window


def can_open() -> bool:
    """Whether there is a program with windows."""
    return isinstance(QtCore.QCoreApplication.instance(), QtWidgets.QApplication)


def open_submitter(shot: Shot, parent: Optional[QtWidgets.QWidget] = None, **choices: Any) -> SubmitterDialog:
    """Opens a submitter and comes back at once.

    Args:
        shot: what is submitted.
        parent: the host's window; None: the one that is in use.
        choices: fields of `Choices`, whatever stuck from the last time.
    """
    dialog = SubmitterDialog(shot, parent or QtWidgets.QApplication.activeWindow(), **choices)
    dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.destroyed.connect(lambda *_: _open.remove(dialog))
    _open.append(dialog)
    dialog.show()
    dialog.raise_()
    return dialog


__all__ = ["Choices", "Shot", "SubmitterDialog", "can_open", "open_submitter"]
