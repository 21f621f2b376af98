"""Engines that misbehave, in a place of their own, and the check that nothing of them is left."""

from __future__ import annotations

import array
import contextlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest
from gvm_matte.client import MatteSession, PlateData
from gvm_matte.client.devices.sessions import DeviceSessions
from gvm_matte.core.image import Box
from support import shared_leftovers

SEVERAL_ENGINE = str(Path(__file__).parent / "several_problem_engine.py")
PROBLEM_ENGINE = str(Path(__file__).parent.parent / "problem_engine.py")
DISPLAY = (0, 0, 4, 2)


def _children() -> List[str]:
    """Living child processes, by command; only Linux tells."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for pid in task.read_text().split():
                with contextlib.suppress(OSError):
                    found.append(Path("/proc", pid, "cmdline").read_text().replace("\0", " "))
    return [command for command in found if "problem_engine" in command]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A short temp folder for this test alone; afterwards nothing of ours may be in it, or in /dev/shm, or run."""
    tmp_path_factory.getbasetemp()  # pytest's own lies in the real one
    folder = Path(tempfile.mkdtemp(prefix="gt"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("GVM_ENGINE_FILE", raising=False)
    monkeypatch.delenv("GVM_ENGINE_PYTHON", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline and (_children() or any(folder.glob("gvm-matte-*-*"))):
        time.sleep(0.01)
    assert _children() == []
    assert [path.name for path in folder.rglob("*gvm-*") if path.name != f"gvm-matte-{os.getuid()}"] == []
    assert shared_leftovers() == []
    shutil.rmtree(folder)


@pytest.fixture
def problem(place: Path) -> Callable[..., List[str]]:
    """problem("mode", …) is the command of an engine of that mode."""
    return lambda mode, *options: [sys.executable, PROBLEM_ENGINE, mode, *map(str, options)]


@pytest.fixture
def plate() -> Callable[[int], PlateData]:
    """plate(frame) is a plate whose every value is the frame number."""
    return lambda frame: PlateData(array.array("f", [frame] * 8 * 3), Box(*DISPLAY), 3, "float")


@pytest.fixture
def begin(problem: Callable[..., List[str]]) -> Iterator[Callable[..., MatteSession]]:
    """begin("mode", …) is a session on engines of that mode, with short budgets."""
    sessions: List[MatteSession] = []

    def make(mode: str, *options: object, **more: Any) -> MatteSession:
        budgets = {"start_seconds": 10.0, "quiet_seconds": 0.3, "answer_seconds": 0.3, **more}
        sessions.append(MatteSession(command=problem(mode, *options), **budgets))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def several(place: Path) -> Iterator[Callable[..., DeviceSessions]]:
    """several("mode", …) is sessions on two engines of that mode, with short budgets."""
    made: List[DeviceSessions] = []

    def make(mode: str, *, devices: str = "cpu,cpu", **more: Any) -> DeviceSessions:
        command = [sys.executable, SEVERAL_ENGINE, mode, "--marker", str(place / "lives")]
        budgets = {"start_seconds": 10.0, "quiet_seconds": 0.3, "answer_seconds": 0.3, **more}
        made.append(DeviceSessions(devices.split(","), command=command, **budgets))
        return made[-1]

    yield make
    for sessions in made:
        sessions.close()


@pytest.fixture
def output(place: Path) -> Iterator[Path]:
    """A folder for mattes, in which no half-written file may be left."""
    folder = place / "mattes"
    folder.mkdir()
    yield folder
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
