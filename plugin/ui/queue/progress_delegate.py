"""A job's progress in its cell: the style's own progress bar, with the counts in it."""

from __future__ import annotations

from typing import Any

from ...protocol.watching import JobState
from ..kit import words
from ..kit.qt import QtCore, QtWidgets
from .job_table import JOB_ROLE

STEPS = 1000  # so that a bar of any length moves smoothly


class ProgressDelegate(QtWidgets.QStyledItemDelegate):
    """Draws a progress bar for a `JobState`."""

    def sizeHint(self, option: Any, index: Any) -> QtCore.QSize:
        """High enough for a bar with a text in it; all rows are as high."""
        return QtCore.QSize(0, int(option.fontMetrics.height()) + 10)

    def paint(self, painter: Any, option: Any, index: Any) -> None:
        """Ground and selection as any cell, then the bar."""
        plain = QtWidgets.QStyleOptionViewItem(option)
        self.initStyleOption(plain, index)
        plain.text = ""
        style = option.widget.style() if option.widget is not None else QtWidgets.QApplication.style()
        style.drawControl(QtWidgets.QStyle.ControlElement.CE_ItemViewItem, plain, painter, option.widget)
        job = index.data(JOB_ROLE)
        if not isinstance(job, JobState) or not job.total:
            return
        bar = QtWidgets.QStyleOptionProgressBar()
        bar.rect = option.rect.adjusted(3, 3, -3, -3)
        bar.palette = option.palette
        bar.fontMetrics = option.fontMetrics
        bar.direction = option.direction
        bar.state = QtWidgets.QStyle.StateFlag.State_Horizontal
        if job.state in (words.RUNNING, words.DONE, words.WAITING):
            bar.state |= QtWidgets.QStyle.StateFlag.State_Enabled
        bar.minimum, bar.maximum, bar.progress = 0, STEPS, round(STEPS * min(job.done / job.total, 1.0))
        bar.text = f"{job.done}/{job.total}"
        bar.textVisible = True
        bar.textAlignment = QtCore.Qt.AlignmentFlag.AlignCenter
        style.drawControl(QtWidgets.QStyle.ControlElement.CE_ProgressBar, bar, painter, option.widget)
