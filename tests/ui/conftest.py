"""Qt without a screen, settings of the test's own, and windows that are closed after the test."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if importlib.util.find_spec("PySide6") is None:
    collect_ignore_glob = ["*"]  # the windows are an extra: without Qt there is nothing to test here
else:
    from gvm_matte.ui.kit.qt import QtCore, QtWidgets
    from gvm_matte.ui.kit.theme import grey_palette
    from gvm_matte.ui.monitor.window import MonitorWindow
    from pytestqt.qtbot import QtBot
    from window_kit import NO_LOOK, ui_threads


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path) -> None:
    """Sizes and docks of nobody else."""
    formats = QtCore.QSettings.Format
    QtCore.QSettings.setDefaultFormat(formats.IniFormat)
    QtCore.QSettings.setPath(formats.IniFormat, QtCore.QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., MonitorWindow]]:
    """window(…) is a monitor with these arguments, shown in dark grey; afterwards none of its threads may run."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("GVM_PRESET_PATH", raising=False)
    QtWidgets.QApplication.setStyle("Fusion")
    QtWidgets.QApplication.setPalette(grey_palette(dark=True))
    made: List[MonitorWindow] = []

    def make(**more: Any) -> MonitorWindow:
        one = MonitorWindow(**{"looking": NO_LOOK, **more})
        made.append(one)
        one.show()
        return one

    yield make
    for one in made:
        one.renders.cancel_all()
        assert one.renders.wait(20.0)
        one.shut_down()
        one.control.wait(20.0)
        one.deleteLater()
    QtWidgets.QApplication.processEvents()
    qtbot.waitUntil(lambda: ui_threads() == [], timeout=5000)


@pytest.fixture
def picture_of(tmp_path: Path) -> Callable[[Any, str], Path]:
    """picture_of(widget, "queue") keeps a picture of it as tmp_path/screens/queue.png: what a person would have seen."""
    folder = tmp_path / "screens"
    folder.mkdir()

    def keep(widget: Any, name: str) -> Path:
        QtWidgets.QApplication.processEvents()
        path = folder / f"{name}.png"
        assert widget.grab().save(str(path))
        return path

    return keep
