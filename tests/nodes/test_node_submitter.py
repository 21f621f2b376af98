"""The node's Submit where a program has windows, and where it has none."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from gvm_matte.host import Host
from node_kit import gvm, nuke

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from gvm_matte.ui import submitter
from gvm_matte.ui.kit.qt import QtWidgets
from pytestqt.qtbot import QtBot


def opened() -> List[submitter.SubmitterDialog]:
    """Submitters that are on the screen."""
    found = [widget for widget in QtWidgets.QApplication.topLevelWidgets() if widget.isVisible()]
    return [widget for widget in found if isinstance(widget, submitter.SubmitterDialog)]


@pytest.fixture
def windows(qtbot: QtBot) -> Iterator[QtBot]:
    """A program with windows; all are closed behind the test."""
    yield qtbot
    for dialog in opened():
        dialog.close()
    qtbot.waitUntil(lambda: not opened())


def test_submit_opens_the_submitter_with_the_nodes_values(windows: QtBot, gui: Host, shown: Any, tmp_path: Path) -> None:
    shown["farm_chunk"].setValue(2)
    shown["gamma"].setValue(1.5)
    shown["submit"].execute()
    (dialog,) = opened()
    assert gui.messages == [] and dialog.windowTitle() == "Submit GVMMatte1"
    assert dialog.choices().blocks_per_chunk == 2
    line = dialog.preview.commands()[0]
    assert "--gamma 1.5" in line and "--shot-range 1001-1017" in line and "--name 'sh010 GVMMatte1'" in line
    assert dialog.box.shot().settings_path == str(tmp_path / "sh010.nk.gvm-farm.json")
    assert Path(dialog.bundle.placeholderText()) == Path(gvm.output_pattern(shown)).parent / "GVMMatte1.farm"


def test_a_script_without_a_file_is_refused_in_a_sentence(windows: QtBot, gui: Host, shown: Any) -> None:
    nuke.root()["name"].setValue("")
    shown["output"].setValue("/mattes/m.####.exr")
    shown["submit"].execute()
    assert opened() == [] and "This script has no file yet. Save it first" in gui.messages[-1][1]


def test_a_terminal_session_saves_the_bundle_and_looks_for_no_windows(
    windows: QtBot, host: Host, node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("gvm_matte.ui")]:
        monkeypatch.delitem(sys.modules, name)
    node["submit"].execute()
    assert not [name for name in sys.modules if name.startswith("gvm_matte.ui")]
    assert (Path(gvm.output_pattern(node)).parent / "GVMMatte1.farm" / "gvm_job.json").is_file()
