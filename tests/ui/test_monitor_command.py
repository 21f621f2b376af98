"""`gvm-matte monitor` as a process, and what is said where it cannot open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gvm_matte.core.errors import UsageError
from gvm_matte.ui import open_monitor
from gvm_matte.ui.kit.qt import QtWidgets
from pytestqt.qtbot import QtBot
from support import RunCli, cli_command, until


def test_without_qt_it_says_what_to_install(scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['PySide6'] = sys.modules['PySide2'] = None\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(cli_command("monitor"), capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 2
    assert "PySide6" in done.stderr and f"{sys.executable} -m pip install" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen_it_says_so(cli: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    done = cli("monitor")
    assert done.returncode == 2 and "no screen" in done.stderr


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal by now."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt")]
    return bool(int(line.split()[1], 16) >> (number - 1) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which signals a process catches")
def test_it_runs_until_a_signal_ends_it(scratch: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "GVM_ENGINE_PYTHON": "/nowhere/python"}
    words = cli_command("monitor", "--engine-file", str(scratch / "engine.json"), "--theme", "light")
    with subprocess.Popen(words, env=environment, text=True, stderr=subprocess.PIPE) as process:
        assert until(lambda: process.poll() is not None or catches(process.pid, signal.SIGTERM), 60)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert "Traceback" not in said


def test_a_host_has_one_monitor_which_comes_to_the_front_again(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GVM_ENGINE_FILE", str(tmp_path / "engine.json"))
    monkeypatch.setenv("GVM_ENGINE_PYTHON", "/nowhere/python")
    first: Any = open_monitor()
    assert open_monitor() is first and first.isVisible()
    qtbot.waitUntil(lambda: "No engine" in first.link_text.text(), timeout=20_000)
    first.close()
    second: Any = open_monitor()
    assert second is not first
    qtbot.wait(50)  # the first one is gone for good by now
    assert open_monitor() is second
    second.close()
    QtWidgets.QApplication.processEvents()


def test_a_host_without_a_graphical_session_is_told(scratch: Path) -> None:
    script = "from gvm_matte.ui import open_monitor\nopen_monitor()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert UsageError.__name__ in done.stderr and "graphical session" in done.stderr
