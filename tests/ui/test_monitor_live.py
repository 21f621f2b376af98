"""The monitor beside a real engine with the built-in model, driven as a person would: other people's jobs, a cancel, a
retry, another setting tried and compared, the engine's end.

The engine is one for all tests of this file; loading its libraries takes most of their time.
"""

from __future__ import annotations

import array
import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest
from gvm_matte.client import MatteJob, MatteSession, PlateData, stop_warm_engine
from gvm_matte.core.errors import CancelledError
from gvm_matte.core.image import Box
from gvm_matte.protocol.parts import Sink, Source
from gvm_matte.ui.kit.qt import QtCore, QtWidgets
from gvm_matte.ui.monitor.window import MonitorWindow
from gvm_matte.ui.queue.job_table import Column
from pytestqt.qtbot import QtBot
from support import cli_command
from window_kit import cell, rows

MakeWindow = Callable[..., MonitorWindow]
LONG = 120_000  # milliseconds; the machine may be busy, and an engine imports torch
PARAMS: Dict[str, Any] = {
    "size": 64, "max_resolution": 96, "num_frames_per_batch": 8, "num_overlap_frames": 2, "decode_chunk_size": 4,
}  # fmt: skip
SLOW: Dict[str, Any] = {**PARAMS, "size": 96, "max_resolution": 144, "denoise_steps": 2}


@pytest.fixture(scope="module")
def engine_file() -> Iterator[str]:
    """Where the warm engine of these tests leaves its address; it is ended with them."""
    folder = Path(tempfile.mkdtemp(prefix="gm", dir="/tmp" if os.name == "posix" else None))
    patch = pytest.MonkeyPatch()
    patch.setenv("GVM_ENGINE_FILE", str(folder / "engine.json"))
    patch.setenv("OMP_NUM_THREADS", "1")
    patch.delenv("GVM_MODEL_BASE", raising=False)
    yield str(folder / "engine.json")
    stop_warm_engine()
    patch.undo()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def live(engine_file: str, window: MakeWindow, qtbot: QtBot) -> Callable[..., MonitorWindow]:
    """live() is a window that watches the engine, which is started by the window where none runs."""

    def make(**more: Any) -> MonitorWindow:
        one = window(**more)
        one.model.start()
        qtbot.waitUntil(lambda: one.model.link is not None or bool(one.model.problem), timeout=LONG)
        if one.model.link is None:
            one.engine.start.trigger()
            qtbot.waitUntil(lambda: one.model.link is not None, timeout=LONG)
        qtbot.waitUntil(lambda: one.model.engine is not None, timeout=LONG)  # the jobs of before come before it
        return one

    return make


@pytest.fixture
def client(svd_plates: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """client(folder) renders the 17 plates in a process of its own, slowly enough for a person to press something."""
    begun: List[subprocess.Popen[str]] = []

    def begin(folder: Path) -> subprocess.Popen[str]:
        options = [word for name, value in SLOW.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        words = ["render", "--input", svd_plates, "--output", str(folder / "m.####.exr"), *options, "--quiet"]
        begun.append(subprocess.Popen(cli_command(*words), text=True, stderr=subprocess.PIPE))
        return begun[-1]

    yield begin
    for process in begun:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def busy(engine_file: str) -> Iterator[Callable[[], threading.Thread]]:
    """busy() gives the engine a job whose plates do not come: all others wait, and nothing is computed."""
    go_on = threading.Event()
    begun: List[threading.Thread] = []

    def no_plate(frame: int) -> PlateData:
        if frame > 1:
            go_on.wait(60)
        return PlateData(array.array("f", [0.5] * 64 * 64 * 3), Box(0, 0, 64, 64), 3, "float")

    def render() -> None:
        job = MatteJob(Source("buffers", display=(0, 0, 64, 64)), Sink(buffers=True), "1-8", params=PARAMS)
        with contextlib.suppress(CancelledError), MatteSession(warm=True) as session:
            session.render(job, plates=no_plate, take_alpha=lambda *_: None, cancel=go_on)

    def begin() -> threading.Thread:
        begun.append(threading.Thread(target=render, daemon=True))
        begun[-1].start()
        return begun[-1]

    yield begin
    go_on.set()
    for thread in begun:
        thread.join(60)
        assert not thread.is_alive()


def newest(one: MonitorWindow) -> int:
    return max(rows(one), default=0)


def pictures(one: MonitorWindow, number: int) -> List[int]:
    """Frames of a job whose picture the window has."""
    return list(one.picture.cache.frames([one.picture._takes.of(number)]))


def press(qtbot: QtBot, one: MonitorWindow, name: str) -> None:
    """Presses a button of the queue page."""
    found = [b for b in one.queue.findChildren(QtWidgets.QToolButton) if b.defaultAction().objectName() == name]
    assert found[0].isEnabled(), name
    qtbot.mouseClick(found[0], QtCore.Qt.MouseButton.LeftButton)


def names(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.glob("*.exr"))


def test_another_programs_job_is_seen_cancelled_and_its_missing_frames_retried(
    live: Any, client: Any, qtbot: QtBot, picture_of: Any, tmp_path: Path
) -> None:
    one = live()
    before = newest(one)
    process = client(tmp_path / "o")
    qtbot.waitUntil(lambda: newest(one) > before, timeout=LONG)
    number = newest(one)
    assert cell(one, number, Column.WHO) == str(process.pid) and cell(one, number, Column.PLATES) == "plate"
    qtbot.waitUntil(lambda: one.model.jobs[number].done >= 4, timeout=LONG)
    qtbot.waitUntil(lambda: bool(pictures(one, number)), timeout=LONG)  # its picture came without a file
    picture_of(one, "running")

    one.queue.choose(number)
    press(qtbot, one, "cancel")
    qtbot.waitUntil(lambda: cell(one, number, Column.STATE) == "cancelled", timeout=LONG)
    assert process.wait(60) == 3  # it is told, too
    kept = {name: (tmp_path / "o" / name).stat().st_mtime_ns for name in names(tmp_path / "o")}
    assert 4 <= len(kept) < 17

    press(qtbot, one, "retry")
    qtbot.waitUntil(lambda: newest(one) > number and cell(one, newest(one), Column.STATE) == "done", timeout=LONG)
    again = one.model.jobs[newest(one)]
    assert again.client == os.getpid() and cell(one, again.number, Column.WHO) == "this one"
    assert len(names(tmp_path / "o")) == 17 and again.kept
    assert {name: (tmp_path / "o" / name).stat().st_mtime_ns for name in kept} == kept
    qtbot.waitUntil(lambda: len(one.renders) == 0, timeout=LONG)
    picture_of(one, "retried")


def test_two_monitors_of_one_engine_agree(live: Any, client: Any, busy: Any, qtbot: QtBot, tmp_path: Path) -> None:
    left, right = live(), live()
    running, second, third = (newest(left) + more for more in (1, 2, 3))
    busy()
    qtbot.waitUntil(lambda: newest(left) == running, timeout=LONG)
    processes = []
    for number in (second, third):
        processes.append(client(tmp_path / str(number)))
        qtbot.waitUntil(lambda number=number: newest(left) == number, timeout=LONG)  # type: ignore[misc]

    def both(first: List[int]) -> bool:
        return rows(left)[:3] == rows(right)[:3] == first

    qtbot.waitUntil(lambda: both([running, second, third]), timeout=LONG)
    left.queue.choose(third)
    press(qtbot, left, "up")
    qtbot.waitUntil(lambda: both([running, third, second]), timeout=LONG)
    for number in (second, third, running):
        right.queue.choose(number)
        press(qtbot, right, "cancel")
    cancelled = dict.fromkeys((running, second, third), "cancelled")
    for one in (left, right):
        qtbot.waitUntil(lambda one=one: {n: cell(one, n, Column.STATE) for n in cancelled} == cancelled, timeout=LONG)  # type: ignore[misc]
    assert [process.wait(60) for process in processes] == [3, 3]


def test_a_setting_is_tried_on_a_block_and_compared_and_the_shots_mattes_stay(
    live: Any, svd_plates: str, qtbot: QtBot, picture_of: Any, tmp_path: Path
) -> None:
    one = live()
    mattes = tmp_path / "o" / "m.####.exr"
    one.renders.start(MatteJob(Source("files", svd_plates), Sink(str(mattes)), params=PARAMS), "plate")
    before = newest(one)
    qtbot.waitUntil(lambda: newest(one) > before and cell(one, newest(one), Column.STATE) == "done", timeout=LONG)
    first = newest(one)
    delivered = {path.name: path.read_bytes() for path in (tmp_path / "o").glob("*.exr")}
    one.queue.choose(first)
    one.picture.go_to(1003)
    qtbot.waitUntil(lambda: bool(pictures(one, first)), timeout=LONG)

    seen = one.picture.canvas.grab().toImage()
    one.tweak.form.fields["black_point"].editor.main.setValue(0.6)  # an edge: seen at once, and nothing is rendered for it
    assert newest(one) == first and one.picture.canvas.grab().toImage() != seen
    assert "Only edges differ" in one.tweak.difference.text()

    one.tweak.form.fields["denoise_steps"].editor.main.setValue(2)
    assert "Render to see" in one.tweak.difference.text()
    qtbot.mouseClick(one.tweak.block_button, QtCore.Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: newest(one) > first and cell(one, newest(one), Column.STATE) == "done", timeout=LONG)
    tried = one.model.jobs[newest(one)]
    assert str(tried.frames) == "1001-1006" and tried.params["denoise_steps"] == 2 and tried.params["black_point"] == 0.6
    assert names(tmp_path / "o" / "tries") == [f"m.{frame}.exr" for frame in range(1001, 1007)]
    assert {path.name: path.read_bytes() for path in (tmp_path / "o").glob("*.exr")} == delivered
    assert cell(one, tried.number, Column.PLATES) == "plate (try)"
    assert one.showing.job is not None and one.showing.job.number == tried.number  # A is the try, B what was there
    assert one.picture.canvas.wiping
    picture_of(one, "compared")
    qtbot.waitUntil(one.engine.release.isEnabled, timeout=LONG)
    one.engine.release.trigger()
    qtbot.waitUntil(lambda: one.engine._facts["model"].text() == "none loaded", timeout=LONG)


def test_a_window_with_renders_asks_before_it_closes(
    live: Any, busy: Any, svd_plates: str, qtbot: QtBot, tmp_path: Path
) -> None:
    one = live()
    before = newest(one)
    busy()
    qtbot.waitUntil(lambda: newest(one) > before, timeout=LONG)
    before += 1
    job = MatteJob(Source("files", svd_plates), Sink(str(tmp_path / "o" / "m.####.exr")), params=SLOW)
    one.renders.start(job, "plate")
    qtbot.waitUntil(lambda: newest(one) > before, timeout=LONG)

    def answer(word: str) -> None:
        box = one.findChildren(QtWidgets.QMessageBox, "confirm_close")[-1]
        button = next(b for b in box.buttons() if word in b.text().replace("&", ""))
        qtbot.mouseClick(button, QtCore.Qt.MouseButton.LeftButton)

    one.close()
    answer("Stay")
    assert one.isVisible() and len(one.renders) == 1
    one.close()
    answer("Leave Running")
    qtbot.waitUntil(lambda: not one.isVisible(), timeout=5000)
    assert len(one.renders) == 1 and one.model.link is not None  # it goes on; only the watch is over
    one.renders.cancel_all()
    qtbot.waitUntil(lambda: len(one.renders) == 0, timeout=LONG)


def test_the_engine_is_stopped_and_started_from_the_window(live: Any, qtbot: QtBot, picture_of: Any) -> None:
    one = live()
    one.show_page("engine")
    pid = one.model.link.pid
    qtbot.waitUntil(lambda: one.engine._facts["state"].text() == "idle", timeout=LONG)
    qtbot.waitUntil(lambda: len(one.engine.plot.samples) > 2 and one.engine.log.text.toPlainText() != "", timeout=LONG)
    picture_of(one, "engine")
    one.engine.stop.trigger()
    qtbot.waitUntil(lambda: one.model.link is None and not one.control.doing, timeout=LONG)
    assert one.engine._facts["state"].text() == "no engine runs" and one.engine.start.isEnabled()
    one.engine.start.trigger()
    qtbot.waitUntil(lambda: one.model.link is not None and one.model.link.pid != pid, timeout=LONG)
    assert rows(one) == []
