"""The window with messages as an engine sends them: what a person sees, and what happens when something is pressed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, List

import pytest
from gvm_matte.client.watch.watch import Answer, Lost
from gvm_matte.protocol.watching import LogLines
from gvm_matte.ui.kit.qt import QtCore, QtGui, QtWidgets
from gvm_matte.ui.kit.theme import grey_palette
from gvm_matte.ui.monitor.engine_control import EngineControl
from gvm_matte.ui.monitor.window import MonitorWindow
from gvm_matte.ui.queue.job_table import Column
from pytestqt.qtbot import QtBot
from window_kit import CONNECTED, cell, engine, hear, job, rows

MakeWindow = Callable[..., MonitorWindow]
QUEUE = (
    job(1, "done", done=48, finished="1001-1048"),
    job(2, "failed", done=12, finished="1001-1012", message="The plate sh002_plate.1013.exr is truncated."),
    job(3, done=17, rate=3.4, stage="denoising"),
    job(4, "waiting", position=1, total=0),
    job(5, "waiting", position=2, total=0),
)


def test_the_queue_is_in_the_order_of_work(window: MakeWindow, picture_of: Any) -> None:
    one = window()
    hear(one, CONNECTED, engine(), *QUEUE)
    assert rows(one) == [3, 4, 5, 2, 1]
    looked_at = (Column.PLATES, Column.FRAMES, Column.STATE, Column.PROGRESS, Column.RATE)
    assert [cell(one, 3, column) for column in looked_at] == ["sh003_plate", "1001-1048", "denoising", "17/48", "3.40"]
    assert cell(one, 3, Column.ETA) == "0:09" and cell(one, 4, Column.STATE) == "waiting (1)"
    assert one.totals.text() == "3.40 frames/s, 0:37 left"
    assert picture_of(one, "queue").stat().st_size > 10_000


def test_a_chosen_job_stays_chosen_when_the_order_changes(window: MakeWindow) -> None:
    one = window()
    hear(one, CONNECTED, *QUEUE)
    one.queue.choose(5)
    hear(one, job(5, "waiting", position=1, total=0), job(4, "waiting", position=2, total=0))
    assert rows(one)[:3] == [3, 5, 4]
    hear(one, job(3, "done", done=48), job(5, "running", done=1))
    assert rows(one) == [5, 4, 3, 2, 1]
    assert [chosen.number for chosen in one.queue.chosen] == [5]
    assert one.showing.job is not None and one.showing.job.number == 5


@pytest.mark.parametrize(
    ("number", "able"),
    [(1, "retry open_folder"), (2, "retry open_folder"), (3, "cancel open_folder"), (4, "cancel down open_folder"),
     (5, "cancel up top open_folder")],
)  # fmt: skip
def test_only_what_makes_sense_can_be_pressed(window: MakeWindow, number: int, able: str) -> None:
    one = window()
    hear(one, CONNECTED, *QUEUE)
    one.queue.choose(number)
    assert [action.objectName() for action in one.queue.actions_ if action.isEnabled()] == able.split()


def test_a_job_out_of_memory_says_why_it_cannot_be_retried(window: MakeWindow) -> None:
    one = window()
    hear(one, CONNECTED, job(1, "failed", plates="", message="No memory."))
    one.queue.choose(1)
    assert not one.queue.retry.isEnabled() and "program that asked" in one.queue.retry.toolTip()
    assert "No memory." in one.queue.detail.text()


def test_a_lost_engine_is_said_in_one_line_and_its_jobs_are_no_longer_live(window: MakeWindow) -> None:
    one = window()
    hear(one, CONNECTED, engine(), *QUEUE)
    assert one.link_text.text() == "Engine 4711 on cuda:0: rendering"
    hear(one, Lost("The other side closed the connection."))
    assert one.link_text.text() == "The other side closed the connection."
    assert cell(one, 3, Column.STATE) == "lost" and cell(one, 1, Column.STATE) == "done"
    assert one.totals.text() == "– frames/s, – left"
    hear(one, CONNECTED, job(1, "waiting", position=1))
    assert rows(one) == [1] and one.link_text.text().startswith("Engine 4711")


def test_a_request_that_came_to_nothing_is_said(window: MakeWindow) -> None:
    one = window()
    one.model.cancel(3)
    assert one.statusBar().currentMessage() == "Job 3 cannot be cancelled: there is no engine."
    hear(one, CONNECTED)
    one.model._asked[9] = "Job 3 cannot be moved"
    hear(one, Answer(9, "It runs already."))
    assert one.statusBar().currentMessage() == "Job 3 cannot be moved: It runs already."


def test_the_engine_page_shows_what_it_runs_on(window: MakeWindow, picture_of: Any) -> None:
    one = window()
    hear(one, CONNECTED, job(1, done=4), *(engine(memory_used=used << 30) for used in (4, 12, 20)))
    one.show_page("engine")
    facts = {name: label.text() for name, label in one.engine._facts.items()}
    assert facts["device"] == "cuda:0" and facts["weights"] == "svd 205d54169cdf" and facts["precision"] == "fp16"
    assert facts["warm"] == "1:30" and facts["memory"] == "20.0 GiB of 48.0 GiB, process 3.0 GiB"
    assert one.engine.stages.shown["denoising"] == ("4.00", "1.000")
    assert one.engine.plot.toolTip() == "20.0 GiB of 48.0 GiB in use"
    assert picture_of(one, "engine").stat().st_size > 10_000


def test_the_logs_filter_shows_the_lines_with_a_text(window: MakeWindow, qtbot: QtBot) -> None:
    one = window()
    hear(one, CONNECTED, LogLines(("the model is loaded", "frame 7 is written")))
    qtbot.keyClicks(one.engine.log.filter, "MODEL")
    assert one.engine.log.text.toPlainText() == "the model is loaded"
    hear(one, LogLines(("frame 8 is written", "the model is released")))
    assert one.engine.log.text.toPlainText() == "the model is loaded\nthe model is released"
    one.engine.log.filter.clear()
    assert one.engine.log.text.toPlainText().count("\n") == 3


def test_stopping_an_engine_with_jobs_asks_first(window: MakeWindow, qtbot: QtBot) -> None:
    done: List[str] = []

    class Control(EngineControl):
        def do(self, what: str) -> bool:
            done.append(what)
            return True

    one = window(control=Control())
    hear(one, CONNECTED, engine(), *QUEUE)
    one.engine.stop.trigger()
    box = one.findChild(QtWidgets.QMessageBox, "confirm_end")
    assert box is not None and "3 jobs run or wait" in box.informativeText() and done == []
    box.reject()
    one.engine.stop.trigger()
    box = one.findChildren(QtWidgets.QMessageBox, "confirm_end")[-1]
    qtbot.mouseClick(next(b for b in box.buttons() if "Stop" in b.text()), QtCore.Qt.MouseButton.LeftButton)
    assert done == ["stop"]
    hear(one, CONNECTED, engine(state="idle"))
    one.engine.restart.trigger()
    assert done == ["stop", "restart"]


@pytest.mark.parametrize("dark", [True, False])
def test_every_page_looks_different_on_light_and_dark_and_is_kept_as_a_picture(
    window: MakeWindow, picture_of: Any, dark: bool
) -> None:
    QtWidgets.QApplication.setPalette(grey_palette(dark=dark))
    one = window()
    hear(one, CONNECTED, engine(), *QUEUE)
    for page in one.docks:
        one.show_page(page)
        path = picture_of(one.docks[page], page)
        image = QtGui.QImage(str(path))
        corner = image.pixelColor(image.width() - 3, image.height() - 3).lightness()
        assert (corner < 128) == dark, page


def test_size_and_docks_are_those_of_the_last_time(window: MakeWindow) -> None:
    one = window()
    one.docks["tweak"].hide()
    QtWidgets.QApplication.processEvents()
    before = one.height()
    one.resize(one.width(), 640)
    one.close()
    again = window()
    assert again.height() == 640 != before
    assert again.docks["tweak"].isHidden() and not again.docks["queue"].isHidden()
    again.findChild(QtGui.QAction, "reset_layout").trigger()
    assert not again.docks["tweak"].isHidden()


def test_every_action_has_a_tool_tip_that_names_its_shortcut(window: MakeWindow) -> None:
    one = window()
    shortcuts = []
    for action in one.findChildren(QtGui.QAction):
        if action.objectName() and action.shortcut().toString():
            shortcuts.append(action.shortcut().toString())
            native = action.shortcut().toString(QtGui.QKeySequence.SequenceFormat.NativeText)
            assert native in action.toolTip(), action.text()
    assert {"Ctrl+W", "Del", "Ctrl+Up", "Ctrl+Down", "Ctrl+R", "Ctrl+1", "Ctrl+5"} <= set(shortcuts)


def test_pages_come_to_the_front_by_keyboard(window: MakeWindow, qtbot: QtBot) -> None:
    one = window()
    with qtbot.waitActive(one):
        one.activateWindow()
    for key, shown, hidden in ((QtCore.Qt.Key.Key_4, "engine", "picture"), (QtCore.Qt.Key.Key_1, "picture", "engine")):
        qtbot.keyClick(one, key, QtCore.Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda shown=shown: not one.docks[shown].visibleRegion().isEmpty())  # type: ignore[misc]
        assert one.docks[hidden].visibleRegion().isEmpty()


def test_a_window_without_an_engine_says_so_and_looks_at_what_is_missing(
    window: MakeWindow, qtbot: QtBot, picture_of: Any, tmp_path: Path
) -> None:
    import sys

    report = (
        '{"findings": [{"subject": "weights", "state": "fail", "found": "none", "advice": "Name the folder.", '
        '"command": "export GVM_MODEL_BASE=/weights"}]}'
    )
    one = window(looking=[sys.executable, "-c", f"print({report!r})"])
    hear(one, Lost("No engine runs; one starts with the first render."))
    qtbot.waitUntil(lambda: bool(one.first_run.findings), timeout=20_000)
    assert not one.docks["setup"].visibleRegion().isEmpty() and "missing" in one.first_run.headline.text()
    copy = next(b for b in one.first_run.findChildren(QtWidgets.QPushButton) if b.text() == "Copy")
    qtbot.mouseClick(copy, QtCore.Qt.MouseButton.LeftButton)
    assert QtWidgets.QApplication.clipboard().text() == "export GVM_MODEL_BASE=/weights"
    assert one.first_run.start.isEnabled()
    picture_of(one, "setup")


def test_a_python_that_cannot_run_an_engine_is_named(window: MakeWindow, qtbot: QtBot) -> None:
    for command in (["/nowhere/python"], ["/bin/sh", "-c", "echo 'No module named gvm_matte' >&2; exit 1"]):
        one = window(looking=command)
        one.first_run.look()
        qtbot.waitUntil(lambda one=one: bool(one.first_run.findings), timeout=20_000)  # type: ignore[misc]
        (finding,) = one.first_run.findings
        assert finding.state == "fail" and command[0] in finding.found and finding.command == "python3 install engine"
    assert "No module named gvm_matte" in finding.found
