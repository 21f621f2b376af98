"""Open Monitor on a node: its shot is shown, and what is found there comes back to its knobs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterator

import pytest
from gvm_matte.core.errors import UsageError
from gvm_matte.host import Host
from node_kit import gvm, nuke, settle

from gvm_matte.nodes.monitored import MonitoredMatte  # isort: skip  (the module `nuke` is there from here on)

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6")
from gvm_matte.ui import open_monitor
from gvm_matte.ui.kit.qt import QtCore, QtWidgets


@pytest.fixture
def own_settings(tmp_path: Path) -> None:
    """The monitor's size and docks of nobody else."""
    formats = QtCore.QSettings.Format
    QtCore.QSettings.setDefaultFormat(formats.IniFormat)
    QtCore.QSettings.setPath(formats.IniFormat, QtCore.QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture
def monitor(gui: Host, shown: Any, qtbot: Any, own_settings: None) -> Iterator[Any]:
    """The window that the node's button opens."""
    shown["gamma"].setValue(1.5)
    shown["monitor"].execute()
    assert gui.messages == []
    window = open_monitor()
    yield window
    window.close()
    QtWidgets.QApplication.processEvents()


def test_the_button_shows_the_nodes_shot_and_parameters(monitor: Any, shown: Any) -> None:
    job = monitor.showing.job
    assert (job.number, job.shot, job.mattes) == (0, (1001, 1017), gvm.output_pattern(shown))
    assert job.plates.endswith("plate.%04d.exr") and monitor.tweak.params()["gamma"] == 1.5
    assert "GVMMatte1" in monitor.tweak.copy_button.text() and monitor.tweak.copy_button.isEnabled()


def test_values_found_in_the_monitor_come_back_as_one_step_of_undo(gui: Host, monitor: Any, shown: Any) -> None:
    monitor.tweak.form.fields["black_point"].editor.main.setValue(0.3)
    monitor.tweak.copy_button.click()
    assert shown["black_point"].value() == pytest.approx(0.3) and shown["gamma"].value() == 1.5
    assert shown["input_colorspace"].value() == ""  # the Read's own colours, which are no value of the knob
    nuke.Undo.undo()
    assert shown["black_point"].value() == pytest.approx(25 / 255)
    settle(gui)


def test_what_is_back_at_its_default_in_the_monitor_is_so_on_the_node(gui: Host, shown: Any) -> None:
    node = MonitoredMatte(shown)
    params = {name: value for name, value in node.job().params.items() if name != "gamma"}
    shown["gamma"].setValue(2.0)
    node.copy(params)
    assert shown["gamma"].value() == 1.0 and shown["size"].value() == 64
    settle(gui)


def test_a_deleted_node_and_a_branch_say_why_not(gui: Host, shown: Any) -> None:
    grade = nuke.nodes.Grade(inputs=[shown.input(0)])
    shown.setInput(0, grade)
    with pytest.raises(UsageError, match="only Nuke can render"):
        MonitoredMatte(shown).job()
    node = MonitoredMatte(shown)
    settle(gui)
    nuke.delete(shown)
    with pytest.raises(UsageError, match="deleted"):
        node.copy({})
    node.rendered()
    settle(gui)
