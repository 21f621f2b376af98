"""Frame slider and strip, one above the other: Qt's own slider, and a drawing whose frames lie under its handle."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from ..kit.qt import QtCore, QtGui, QtWidgets
from .shot import Mark, Measures
from .strip import ShotStrip

PAGE = 10  # frames that a page key goes


class Timeline(QtWidgets.QWidget):
    """Where in the shot one is, and how the shot is."""

    frame_chosen = QtCore.Signal(int)  # by a person
    menu_wanted = QtCore.Signal(int, QtCore.QPoint)

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._marks: Dict[int, Mark] = {}
        self._measures: Measures = {}
        self.slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.slider.setObjectName("frame_slider")
        self.slider.setAccessibleName(self.tr("Frame"))
        self.slider.setPageStep(PAGE)
        self.slider.valueChanged.connect(self._moved)
        self.strip = ShotStrip(x_of=self.x_of, frame_at=self.frame_at, tip=self.tip)
        self.strip.setObjectName("shot_strip")
        self.strip.clicked.connect(self.slider.setValue)
        self.strip.menu_wanted.connect(self.menu_wanted)
        self._shown_by_us = False
        self._place: Optional[Tuple[int, int]] = None  # of the slider, when it was measured
        self._measured = (0.0, 1.0)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        self._row = QtWidgets.QHBoxLayout()
        self._row.addWidget(self.slider)
        layout.addLayout(self._row)
        layout.addWidget(self.strip)
        self.slider.installEventFilter(self)
        self.set_shot((0, 0), {}, {}, [])

    @property
    def frame(self) -> int:
        """The frame under the handle."""
        return int(self.slider.value())

    @property
    def range(self) -> Tuple[int, int]:
        """First and last frame."""
        return int(self.slider.minimum()), int(self.slider.maximum())

    def set_shot(self, span: Tuple[int, int], marks: Dict[int, Mark], measures: Measures, blocks: List[int]) -> None:
        """Sets what is known; the frame stays where it is, or goes to the nearest in range."""
        self._marks, self._measures = marks, measures
        if span != self.range:
            self._shown_by_us = True
            self.slider.setRange(*span)
            self._shown_by_us = False
            self._inset()
        self.slider.setEnabled(span[1] > span[0])
        self.strip.set_shot(span, marks, measures, blocks)
        self.strip.set_frame(self.frame)

    def set_frame(self, frame: int) -> None:
        """Moves the handle, without a signal."""
        self._shown_by_us = True
        self.slider.setValue(frame)
        self._shown_by_us = False
        self.strip.set_frame(self.frame)

    def _moved(self, frame: int) -> None:
        self.strip.set_frame(frame)
        if not self._shown_by_us:
            self.frame_chosen.emit(frame)

    def trouble(self) -> List[int]:
        """Frames worth a look: stale, missing, failed, and those whose change stands out; ascending."""
        marked = {frame for frame, mark in self._marks.items() if mark is not Mark.DONE}
        return sorted(marked | self.strip.flickers)

    # -- where frames lie

    def _groove(self) -> Tuple[float, float]:
        """Where the handle's middle is at the first frame, and how far it goes from there; asked of the style once."""
        place = (self.slider.x() - self.strip.x(), self.slider.width())
        if self._place != place:
            self._place, self._measured = place, self._measure()
        return place[0] + self._measured[0], self._measured[1]

    def _measure(self) -> Tuple[float, float]:
        option = QtWidgets.QStyleOptionSlider()
        option.initFrom(self.slider)
        option.orientation = QtCore.Qt.Orientation.Horizontal
        option.minimum, option.maximum = 0, 1
        places = []
        for position in (0, 1):
            option.sliderPosition = option.sliderValue = position
            style = QtWidgets.QStyle
            handle = self.slider.style().subControlRect(
                style.ComplexControl.CC_Slider, option, style.SubControl.SC_SliderHandle, self.slider
            )
            places.append(handle.x() + handle.width() / 2)
        return places[0], places[1] - places[0]

    def x_of(self, frame: float) -> float:
        """The middle of a frame across the strip; halves are the borders between frames."""
        start, length = self._groove()
        first, last = self.range
        return start + length * (frame - first) / max(last - first, 1)

    def frame_at(self, x: float) -> int:
        """The frame at a place, the nearest in range."""
        start, length = self._groove()
        first, last = self.range
        return min(max(round(first + (x - start) * max(last - first, 1) / max(length, 1)), first), last)

    def words(self, frame: int) -> str:
        """What is known of a frame."""
        known = {
            Mark.DONE: self.tr("done"),
            Mark.STALE: self.tr("stale: made with other settings"),
            Mark.MISSING: self.tr("missing: no matte on disk"),
            Mark.FAILED: self.tr("failed"),
        }
        mark = self._marks.get(frame)
        parts = [self.tr("Frame {0}: {1}").format(frame, known[mark] if mark else self.tr("not rendered"))]
        if frame in self._measures:
            mean, change = self._measures[frame]
            parts.append(self.tr("mean alpha {0}").format(f"{mean:.4f}"))
            if change >= 0:
                parts.append(self.tr("change {0}").format(f"{change:.4f}"))
        if frame in self.strip.flickers:
            parts.append(self.tr("changes more than the shot does as a rule"))
        return " · ".join(parts)

    def tip(self, frame: int) -> str:
        """The strip's tool tip: what is known of a frame, and how to come to others."""
        return self.words(frame) + "\n" + self.tr("N and P go to the next and the previous frame that is worth a look.")

    def changeEvent(self, event: QtCore.QEvent) -> None:
        """Another style may have another handle."""
        if event.type() == QtCore.QEvent.Type.StyleChange:
            self._place = None
            self._inset()

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """The groove has another length."""
        self._inset()

    def _inset(self) -> None:
        """Lets the slider begin half a frame from the edge, so that the strip has room for all of the first and last."""
        first, last = self.range
        handle = self.slider.style().pixelMetric(QtWidgets.QStyle.PixelMetric.PM_SliderLength, None, self.slider)
        margin = max(round((self.width() / (last - first + 1) - handle) / 2), 0)
        self._row.setContentsMargins(margin, 0, margin, 0)
        self.strip.redraw()

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        """The slider was moved or resized: what lies under it is drawn anew."""
        if event.type() in (QtCore.QEvent.Type.Resize, QtCore.QEvent.Type.Move):
            self.strip.redraw()
        return False
