"""The bar below the picture: to a frame, play, rate, loop, follow; and the read-out of the pixel under the cursor."""

from __future__ import annotations

from typing import Dict, List, Optional

from ..kit import theme
from ..kit.actions import button
from ..kit.qt import QAction, QtCore, QtWidgets
from ..kit.switch import switch
from .icons import icon
from .playback import DEFAULT_RATE

RATES = (1.0, 240.0)


class Transport(QtWidgets.QWidget):
    """Buttons are the page's actions; numbers and switches are its own."""

    frame_chosen = QtCore.Signal(int)
    rate_changed = QtCore.Signal(float)

    def __init__(self, actions: Dict[str, QAction], parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._playing = False
        self.buttons: List[QtWidgets.QToolButton] = []
        for name in ("first", "previous", "play", "next", "last"):
            made = button(actions[name])
            made.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonIconOnly)
            made.setAccessibleName(actions[name].text().replace("&", ""))
            self.buttons.append(made)
        self.frame = QtWidgets.QSpinBox()
        self.frame.setObjectName("frame")
        self.frame.setKeyboardTracking(False)
        self.frame.setAccessibleName(self.tr("Frame number"))
        self.frame.setToolTip(self.tr("Frame number"))
        self.frame.valueChanged.connect(self.frame_chosen)
        self.rate = QtWidgets.QDoubleSpinBox()
        self.rate.setRange(*RATES)
        self.rate.setDecimals(3)
        self.rate.setStepType(QtWidgets.QAbstractSpinBox.StepType.DefaultStepType)
        self.rate.setValue(DEFAULT_RATE)
        self.rate.setSuffix(self.tr(" fps"))
        self.rate.setKeyboardTracking(False)
        self.rate.setAccessibleName(self.tr("Frames per second"))
        self.rate.setToolTip(self.tr("Frames per second to play at"))
        self.rate.valueChanged.connect(self.rate_changed)
        self.speed = QtWidgets.QLabel()
        self.speed.setAccessibleName(self.tr("Frames per second that are shown"))
        self.speed.setFixedWidth(theme.digits_width(self, "00.0"))
        self.speed.setToolTip(self.tr("Frames per second that are shown"))
        self.readout = QtWidgets.QLabel()  # its columns stay where they are, so nothing is cut in their midst
        self.readout.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        policy = QtWidgets.QSizePolicy.Policy
        self.readout.setSizePolicy(policy.Ignored, policy.Preferred)
        self.readout.setFont(theme.mono_font())
        self.readout.setObjectName("readout")
        self.readout.setAccessibleName(self.tr("Pixel under the cursor"))
        self._lay_out()
        self.paint_icons(playing=False)

    def set_range(self, first: int, last: int) -> None:
        """Frames that can be chosen."""
        blocked = self.frame.blockSignals(True)
        self.frame.setRange(first, last)
        self.frame.blockSignals(blocked)

    def set_frame(self, frame: int) -> None:
        """Shows a frame's number, without a signal."""
        blocked = self.frame.blockSignals(True)
        self.frame.setValue(frame)
        self.frame.blockSignals(blocked)

    def paint_icons(self, *, playing: bool) -> None:
        """Draws the icons in the palette's colours."""
        self._playing = playing
        for name in ("first", "previous", "next", "last"):
            self._actions[name].setIcon(icon(name, self.palette()))
        self._actions["play"].setIcon(icon("pause" if playing else "play", self.palette()))

    def changeEvent(self, event: QtCore.QEvent) -> None:
        """Another host's colours are the icons' too."""
        if event.type() == QtCore.QEvent.Type.PaletteChange:
            self.paint_icons(playing=self._playing)

    def _lay_out(self) -> None:
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        buttons = QtWidgets.QHBoxLayout()
        buttons.setSpacing(0)
        for made in self.buttons:
            buttons.addWidget(made)
        row.addLayout(buttons)
        for widget in (self.frame, self.rate):
            row.addWidget(widget)
        for name in ("loop", "follow"):
            row.addWidget(switch(self._actions[name]))
        row.addWidget(self.speed)
        row.addWidget(self.readout, 1)
