"""Qt without a screen, a panel as the monitor would have it, and presets of the test's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from gvm_matte.ui.tweak import TweakPanel
from pytestqt.qtbot import QtBot


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TweakPanel:
    """A panel on frame 1003 of the shot 1001-1048, as a job with smaller windows was rendered; it may render and copy."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("GVM_PRESET_PATH", raising=False)
    made = TweakPanel()
    qtbot.addWidget(made)
    made.set_render_reason("")
    made.set_node_name("GVMMatte1")
    made.set_params({"num_frames_per_batch": 8, "num_overlap_frames": 2, "size": 512})
    made.set_shot(1001, 1048)
    made.set_frame(1003)
    made.show()
    return made
