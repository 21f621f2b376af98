"""The script for people who have Nuke, run in the embedded host."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from gvm_matte.host import Host
from node_kit import settle

PLUGIN = Path(__file__).parent.parent.parent / "plugin"


@pytest.mark.parametrize("session", ["host", "gui"])
def test_every_step_passes(session: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    made: Host = request.getfixturevalue(session)
    for name in ("init.py", "menu.py") if session == "gui" else ("init.py",):
        path = PLUGIN / name
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), {"__file__": str(path), "__name__": "plugin"})
    smoke = importlib.import_module("nuke_smoke")
    assert smoke.run(str(tmp_path)) == []
    settle(made)
