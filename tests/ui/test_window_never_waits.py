"""The window answers while an engine hangs, floods or dies: a heart beats on its thread, and must not miss beats for it.

A machine may be busy with something else, so what is lost is held against a baseline of the same process, with a thread
that is as busy as the watch's may be. A window that waited for such an engine would wait for seconds, and lose all.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
from gvm_matte.client import start_warm_engine, stop_warm_engine
from gvm_matte.ui.kit.qt import QtCore
from gvm_matte.ui.monitor.engine_control import EngineControl
from gvm_matte.ui.monitor.window import MonitorWindow
from gvm_matte.ui.queue.job_table import Column
from pytestqt.qtbot import QtBot
from window_kit import cell

PROBLEM_ENGINE = str(Path(__file__).parent.parent / "problem_engine.py")
BEAT = 0.01  # seconds
ANSWER = 0.1  # what the window may take
WATCHED = 1.5
ROOM = WATCHED / 2  # for what else the machine does


class Heart:
    """Beats on the window's thread."""

    def __init__(self) -> None:
        self.gaps: List[float] = []
        self._last = time.monotonic()
        self._timer = QtCore.QTimer()
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.setInterval(int(BEAT * 1000))
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.monotonic()
        self.gaps.append(now - self._last)
        self._last = now

    def during(self, qtbot: QtBot, seconds: float = WATCHED) -> List[float]:
        """The gaps between beats while the window runs for so long."""
        self.gaps.clear()
        self._last = time.monotonic()
        qtbot.wait(int(seconds * 1000))
        return [*self.gaps, time.monotonic() - self._last]


def lost(gaps: List[float]) -> float:
    """Seconds beyond what the window may take to answer."""
    return sum(gap - ANSWER for gap in gaps if gap > ANSWER)


def baseline_of(heart: Heart, qtbot: QtBot) -> float:
    """What is lost while another thread is busy, as the watch's is in a flood."""
    enough = threading.Event()

    def work() -> None:
        while not enough.is_set():
            json.loads(json.dumps({"numbers": list(range(50))}))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        return lost(heart.during(qtbot))
    finally:
        enough.set()
        thread.join()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the warm engine of one test leaves its address."""
    folder = Path(tempfile.mkdtemp(prefix="gu", dir="/tmp" if os.name == "posix" else None))
    monkeypatch.setenv("GVM_ENGINE_FILE", str(folder / "engine.json"))
    yield folder
    stop_warm_engine(budget=1.0)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def problem(place: Path) -> Callable[[str], List[str]]:
    """problem("mode") starts a warm engine of that mode and gives its command."""

    def begin(mode: str) -> List[str]:
        command = [sys.executable, PROBLEM_ENGINE, mode]
        start_warm_engine(idle_timeout=60, command=command).close()
        return command

    return begin


@pytest.mark.parametrize("mode", ["floods-watch", "hangs-in-watch", "dies-in-watch"])
def test_the_window_answers_within_a_tenth_of_a_second_whatever_an_engine_does(
    mode: str, window: Callable[..., MonitorWindow], problem: Callable[[str], List[str]], qtbot: QtBot
) -> None:
    one = window()
    heart = Heart()
    baseline = baseline_of(heart, qtbot)
    problem(mode)
    one.model.start()
    if mode != "dies-in-watch":
        qtbot.waitUntil(lambda: one.model.link is not None, timeout=20_000)
    assert lost(heart.during(qtbot)) < baseline + ROOM


def test_a_flood_is_shown_and_the_window_can_be_used_meanwhile(
    window: Callable[..., MonitorWindow], problem: Callable[[str], List[str]], qtbot: QtBot
) -> None:
    problem("floods-watch")
    one = window()
    one.model.start()
    qtbot.waitUntil(lambda: cell(one, 1, Column.PROGRESS) == "2/9", timeout=20_000)
    one.show_page("engine")
    qtbot.keyClicks(one.engine.log.filter, "typed")
    assert one.engine.log.filter.text() == "typed"


def test_an_engine_that_dies_is_said_and_the_next_one_is_found(
    window: Callable[..., MonitorWindow], problem: Callable[[str], List[str]], qtbot: QtBot
) -> None:
    problem("dies-in-watch")
    one = window()
    one.model.start()
    qtbot.waitUntil(lambda: bool(one.model.problem), timeout=20_000)
    assert one.link_text.text() == one.model.problem
    problem("normal")
    qtbot.waitUntil(lambda: one.model.link is not None, timeout=20_000)
    assert one.link_text.text().startswith("Engine ")


def test_a_hung_engine_is_stopped_from_the_window_which_answers_meanwhile(
    window: Callable[..., MonitorWindow], problem: Callable[[str], List[str]], qtbot: QtBot
) -> None:
    command = problem("hangs-in-watch")
    one = window(control=EngineControl(command=command))
    one.model.start()
    qtbot.waitUntil(lambda: one.model.link is not None, timeout=20_000)
    heart = Heart()
    baseline = baseline_of(heart, qtbot)
    one.control.do("stop")
    gaps = heart.during(qtbot)
    assert one.engine.state_words() in ("stopping …", "no engine runs") or not one.control.doing
    qtbot.waitUntil(lambda: not one.control.doing and one.model.link is None, timeout=30_000)
    assert lost(gaps) < baseline + ROOM


def test_a_window_that_waits_is_noticed(qtbot: QtBot) -> None:
    heart = Heart()
    QtCore.QTimer.singleShot(0, lambda: time.sleep(WATCHED))
    assert lost(heart.during(qtbot)) > ROOM
