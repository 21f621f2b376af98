"""The bar above the picture: which view, with what colours, exposure and gamma."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Dict, Optional, Tuple

from ..kit.labels import ElidedLabel
from ..kit.qt import QtCore, QtGui, QtWidgets
from .backdrop import BackdropReader, readable
from .colour_button import ColourButton
from .display import EXPOSURE, GAMMA, Display, View

OPTIONS_WIDTH = 160  # of what belongs to one view, so that nothing moves when the view changes


class DisplayBar(QtWidgets.QWidget):
    """Makes a `Display`; `changed` with each that is new."""

    changed = QtCore.Signal(object)
    backdrop_read = QtCore.Signal(QtGui.QImage)
    failed = QtCore.Signal(str)

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.display = Display()
        self.reader = BackdropReader(self)
        self.reader.ready.connect(self._backdrop_ready)
        self.reader.failed.connect(self._backdrop_failed)
        self._files: Optional[QtWidgets.QFileDialog] = None
        self.view = QtWidgets.QComboBox()
        self.view.setObjectName("view")
        self.view.setAccessibleName(self.tr("View"))
        for view, text in self._names().items():
            self.view.addItem(text, view.value)
        self.view.currentIndexChanged.connect(self._changed)
        self.overlay = ColourButton(self.display.overlay, name=self.tr("Colour of the overlay"))
        self.opacity = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.ground = ColourButton(self.display.ground, name=self.tr("Colour behind the subject"))
        self.file = QtWidgets.QToolButton()
        self.file_name = ElidedLabel(self.tr("no picture chosen"))
        self.options = QtWidgets.QStackedWidget()
        self._make_options()
        self.exposure = self._number(EXPOSURE, 0.0, 0.25, self.tr("Exposure of the view, in stops"))
        self.exposure.setSuffix(self.tr(" stops"))
        self.gamma = self._number(GAMMA, 1.0, 0.1, self.tr("Gamma of the view"))
        self.gamma.setPrefix("γ ")
        self.set_view(self.display.view)
        for spin in (self.exposure, self.gamma):
            spin.valueChanged.connect(self._changed)
        for button in (self.overlay, self.ground):
            button.changed.connect(self._changed)
        self.opacity.valueChanged.connect(self._changed)
        self._lay_out()

    def set_view(self, view: View) -> None:
        """Chooses a view."""
        self.view.setCurrentIndex(self.view.findData(view.value))

    def reset_light(self) -> None:
        """Exposure 0, gamma 1."""
        self.exposure.setValue(0.0)
        self.gamma.setValue(1.0)

    def expose(self, stops: float) -> None:
        """Brighter, or darker below 0."""
        self.exposure.setValue(self.exposure.value() + stops)

    def choose_file(self) -> None:
        """Asks for the background picture; the window goes on meanwhile."""
        if self._files is None:
            filters = [self.tr("Pictures ({0})").format(readable()), self.tr("All files (*)")]
            self._files = QtWidgets.QFileDialog(self, self.tr("Background Picture"))
            self._files.setNameFilters(filters)
            self._files.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFile)
            self._files.fileSelected.connect(self.set_backdrop)
        self._files.open()

    def set_backdrop(self, path: str) -> None:
        """Reads a background picture, on a thread, and shows the subject before it."""
        self.file_name.setText(self.tr("reading {0} …").format(Path(path).name))
        self.reader.read(path)
        self.set_view(View.PICTURE)

    # -- inside

    def _names(self) -> Dict[View, str]:
        return {
            View.PLATE: self.tr("Plate"),
            View.ALPHA: self.tr("Alpha"),
            View.OVERLAY: self.tr("Overlay"),
            View.CHECKER: self.tr("Over checkerboard"),
            View.COLOUR: self.tr("Over colour"),
            View.PICTURE: self.tr("Over picture"),
        }

    def _number(self, span: Tuple[float, float], value: float, step: float, name: str) -> QtWidgets.QDoubleSpinBox:
        spin = QtWidgets.QDoubleSpinBox()
        spin.setRange(*span)
        spin.setSingleStep(step)
        spin.setDecimals(2)
        spin.setValue(value)
        spin.setKeyboardTracking(False)
        spin.setAccessibleName(name)
        spin.setToolTip(name)
        return spin

    def _make_options(self) -> None:
        self.opacity.setRange(0, 100)
        self.opacity.setValue(round(self.display.opacity * 100))
        self.opacity.setAccessibleName(self.tr("Opacity of the overlay"))
        self.opacity.setToolTip(self.tr("Opacity of the overlay"))
        self.file.setText(self.tr("Choose…"))
        self.file.setToolTip(self.tr("Choose the picture behind the subject"))
        self.file.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.file.clicked.connect(self.choose_file)
        own = {
            View.OVERLAY: (self.overlay, self.opacity),
            View.COLOUR: (self.ground,),
            View.PICTURE: (self.file, self.file_name),
        }
        for view in View:
            page = QtWidgets.QWidget()
            row = QtWidgets.QHBoxLayout(page)
            row.setContentsMargins(0, 0, 0, 0)
            for widget in own.get(view, ()):
                row.addWidget(widget)
            if view not in (View.OVERLAY, View.PICTURE):
                row.addStretch(1)
            self.options.addWidget(page)
        self.options.setFixedWidth(OPTIONS_WIDTH)

    def _lay_out(self) -> None:
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.view, self.options, self.exposure, self.gamma):
            row.addWidget(widget)

    def _changed(self, *_: object) -> None:
        view = View(self.view.currentData())
        self.options.setCurrentIndex(list(View).index(view))
        display = replace(
            self.display,
            view=view,
            overlay=self.overlay.colour,
            opacity=self.opacity.value() / 100,
            ground=self.ground.colour,
            exposure=self.exposure.value(),
            gamma=self.gamma.value(),
        )
        if display != self.display:
            self.display = display
            self.changed.emit(display)

    def _backdrop_ready(self, image: QtGui.QImage) -> None:
        self.file_name.setText(Path(self.reader.path).name)
        self.backdrop_read.emit(image)

    def _backdrop_failed(self, why: str) -> None:
        self.file_name.setText(self.tr("no picture"))
        self.failed.emit(why)
