"""Which shot is submitted: plates, mattes and a preset to be named, or what a script's node says, to be read."""

from __future__ import annotations

import dataclasses
from typing import Optional

from ...params.presets import preset_names
from ..kit.qt import QtCore, QtWidgets
from .fields import chooser, row
from .shot import Shot


class ShotBox(QtWidgets.QGroupBox):
    """The shot. `changed`: the user named another one."""

    changed = QtCore.Signal()

    def __init__(self, shot: Shot, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Shot"))
        self._shot = shot
        self._form = QtWidgets.QFormLayout(self)
        self._form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setLabelAlignment(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
        self.plates, self.mattes = QtWidgets.QLineEdit(shot.input), QtWidgets.QLineEdit(shot.output)
        self.preset = QtWidgets.QComboBox()
        if shot.script:
            self._from_script()
        else:
            self._from_files()

    def shot(self) -> Shot:
        """The shot as it is named now."""
        if self._shot.script or self._shot.unsaved:
            return self._shot
        return dataclasses.replace(
            self._shot,
            input=self.plates.text().strip(),
            output=self.mattes.text().strip(),
            preset=str(self.preset.currentData() or ""),
        )

    def _from_script(self) -> None:
        shot = self._shot
        self._words(self.tr("Script"), shot.script)
        self._words(self.tr("Node"), shot.node or self.tr("the only GVM Matte"))
        if not shot.from_script:
            self._words(self.tr("Plates"), shot.input)
            self._words(self.tr("Mattes"), shot.output)

    def _from_files(self) -> None:
        self.plates.setObjectName("plates")
        self.mattes.setObjectName("mattes")
        self.plates.setPlaceholderText("plates/sh010.####.exr")
        self.mattes.setPlaceholderText("mattes/sh010.####.exr")
        choose = self.tr("Choose a file of the sequence, or a clip")
        tip = self.tr("A pattern with #### for the frame, or a clip.")
        row(self._form, self.tr("P&lates"), self.plates, tip, chooser(choose, self._choose_plates))
        row(
            self._form,
            self.tr("&Mattes"),
            self.mattes,
            self.tr("Where they go, with #### for the frame."),
            chooser(self.tr("Choose where the mattes go"), self._choose_mattes),
        )
        self.preset.addItem(self.tr("none"), "")
        for name in preset_names():
            self.preset.addItem(name, name)
        self.preset.setCurrentIndex(max(self.preset.findData(self._shot.preset), 0))
        row(self._form, self.tr("Pre&set"), self.preset, self.tr("What the job's parameters begin with."))
        for edit in (self.plates, self.mattes):
            edit.textChanged.connect(lambda _text: self.changed.emit())
        self.preset.currentIndexChanged.connect(lambda _index: self.changed.emit())

    def _words(self, label: str, text: str) -> None:
        """A line to be read and copied."""
        line = QtWidgets.QLineEdit(text)
        line.setReadOnly(True)
        line.setFrame(False)
        line.setCursorPosition(0)
        line.setToolTip(text)
        line.setAccessibleName(label)
        palette = line.palette()
        palette.setBrush(palette.ColorRole.Base, palette.brush(palette.ColorRole.Window))
        line.setPalette(palette)
        self._form.addRow(label, line)

    def _choose_plates(self) -> None:
        path = QtWidgets.QFileDialog.getOpenFileName(self, self.tr("Plates"), self.plates.text())[0]
        if path:
            self.plates.setText(path)

    def _choose_mattes(self) -> None:
        path = QtWidgets.QFileDialog.getSaveFileName(self, self.tr("Mattes"), self.mattes.text(), "*.exr")[0]
        if path:
            self.mattes.setText(path)
