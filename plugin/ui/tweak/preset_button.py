"""The Presets menu: those that are built in, files, Load…, Save As…, and all defaults again."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from ...core.errors import GvmMatteError
from ...params.fields import BY_NAME
from ...params.keys import ShotParams
from ...params.presets import load_preset, preset_files, preset_names, read_params_file, save_json, user_folder
from ..kit.qt import QtCore, QtWidgets
from .editors import translated


class PresetButton(QtWidgets.QToolButton):
    """A button with the menu.

    Attributes:
        chosen: a preset's values, to go on top of what is set.
        reset_all: everything shall have its default.
        params: gives what Save As writes.
    """

    chosen = QtCore.Signal(dict)
    reset_all = QtCore.Signal()

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.params: Callable[[], Dict[str, Any]] = dict
        self.setText(self.tr("&Presets"))
        self.setToolTip(self.tr("Sets what a preset names (Alt+P)."))
        self.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextOnly)
        menu = QtWidgets.QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill)  # files come and go
        self.setMenu(menu)
        self._fill()

    def load(self, path: str) -> None:
        """Takes the values of a file; one that is no preset is told."""
        self._use(lambda: read_params_file(path))

    def save(self, path: str) -> None:
        """Writes what is set to a file, whose name ends with .json."""
        try:
            save_json(path if path.endswith(".json") else f"{path}.json", self.params())
        except GvmMatteError as exc:
            self._tell(exc)

    def _fill(self) -> None:
        menu, files = self.menu(), preset_files()
        menu.clear()
        for name in preset_names():
            action = menu.addAction(name.replace("&", "&&"))
            action.setToolTip(files.get(name) or _summary(load_preset(name)))
            action.triggered.connect(lambda _on=False, name=name: self._use(lambda: load_preset(name)))
        menu.addSeparator()
        menu.addAction(self.tr("&Load…")).triggered.connect(lambda: self._load_from())
        menu.addAction(self.tr("&Save As…")).triggered.connect(lambda: self._save_as())
        menu.addSeparator()
        menu.addAction(self.tr("&Reset All")).triggered.connect(lambda: self.reset_all.emit())

    def _use(self, read: Callable[[], Dict[str, Any]]) -> None:
        try:
            values = read()
            ShotParams.of(values)
        except GvmMatteError as exc:
            self._tell(exc)
        else:
            self.chosen.emit(values)

    def _load_from(self) -> None:
        path = QtWidgets.QFileDialog.getOpenFileName(self, self.tr("Load Preset"), str(user_folder()), "*.json")[0]
        if path:
            self.load(path)

    def _save_as(self) -> None:
        path = QtWidgets.QFileDialog.getSaveFileName(self, self.tr("Save Preset As"), str(user_folder()), "*.json")[0]
        if path:
            self.save(path)

    def _tell(self, error: GvmMatteError) -> None:
        box = QtWidgets.QMessageBox(self.window())
        box.setIcon(QtWidgets.QMessageBox.Icon.Warning)
        box.setText(error.message)
        box.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()


def _summary(values: Dict[str, Any]) -> str:
    return ", ".join(f"{translated(BY_NAME[name].label)} {value}" for name, value in values.items())
