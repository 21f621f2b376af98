"""The submitter and real commands: what it saves and what the shown command saves, jobs that run and are stopped."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Dict

import pytest
from gvm_matte.farm import write_bundle
from gvm_matte.ui.kit.qt import QtWidgets
from gvm_matte.ui.submitter import Shot
from gvm_matte.ui.submitter.look import Looked
from pytestqt.qtbot import QtBot
from submitter_kit import WORKER, MakeDialog
from support import cli_command, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")
LONG = 250_000


def contents(folder: Path) -> Dict[str, bytes]:
    """Every file of a bundle."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.timeout(900)  # five processes with torch, one behind the other
def test_submit_saves_what_the_shown_command_saves_byte_for_byte_and_runs_it(
    qtbot: QtBot, dialog: MakeDialog, shot: Shot, tmp_path: Path
) -> None:
    keyed = Shot(input=shot.input, output=shot.output, params={**shot.params, "gamma": {"1001": 1.0, "1040": 2.0}})
    made = dialog(keyed, frames="1003", command=WORKER, name="hair & fur", retries=1, gpus=0)
    qtbot.waitUntil(lambda: not made.look.looking, timeout=LONG)
    assert made.looked is not None, made.status.text()
    assert "MiB (estimated)" in made.fields.widgets["gpu_memory"].specialValueText()  # type: ignore[attr-defined]
    shown = made.preview.template.toPlainText()
    made.submit.click()
    assert made.stop.isVisible() and not made.submit.isEnabled() and not made.box.isEnabled()
    qtbot.waitUntil(lambda: not made.runner.running, timeout=LONG)
    said = made.preview.output.toPlainText()
    assert made.status.text() == "The job is done.", said
    assert "openjd_progress: 100.0" in said and made.submit.isEnabled() and not made.stop.isVisible()
    mattes, folder = tmp_path / "mattes", tmp_path / "mattes" / "m.farm"
    assert sorted(path.name for path in mattes.glob("*.exr")) == [f"m.{frame}.exr" for frame in range(1001, 1007)]
    saved = contents(folder)
    assert saved["template.json"].decode() == shown + "\n"
    assert set(saved) == {"template.json", "parameter_values.json", "asset_references.json", "gvm_job.json"}
    program, *words = shlex.split(made.preview.commands()[0])
    assert program == "gvm-matte"
    folder.rename(tmp_path / "saved")
    done = subprocess.run(cli_command(*words), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(folder) == saved
    again = dialog(keyed)  # what was chosen is there the next time
    again.look.stop()
    assert again.choices() == made.choices().replace(frames="")


def test_plates_that_are_not_there_are_told_before_anything_is_saved(
    qtbot: QtBot, dialog: MakeDialog, shot: Shot, tmp_path: Path
) -> None:
    made = dialog(Shot(input=str(tmp_path / "none.####.exr"), output=shot.output))
    qtbot.waitUntil(lambda: not made.look.looking, timeout=LONG)
    assert "none.####.exr" in made.status.text() and not made.save.isEnabled() and not made.submit.isEnabled()
    assert not (tmp_path / "mattes").exists()


def test_closing_asks_while_a_job_runs_and_stops_it_in_good_order(
    qtbot: QtBot, dialog: MakeDialog, shot: Shot, looked: Looked, tmp_path: Path
) -> None:
    sleeper = tmp_path / "sleeper.sh"
    sleeper.write_text('#!/bin/sh\ncase "$*" in *enter*) exec sleep 300;; esac\n')
    sleeper.chmod(0o755)
    made = dialog(shot, command=str(sleeper))
    made.look.stop()
    made.look.found.emit(looked)
    job = made.farm_job()
    assert job is not None
    write_bundle(job, shot.bundle_path)
    made.runner.run([made.choices().submit_words(shot)])
    qtbot.waitUntil(lambda: "Command started" in made.preview.output.toPlainText(), timeout=LONG)
    made.close()
    assert made.isVisible()
    (asked,) = made.findChildren(QtWidgets.QMessageBox)
    (stop,) = [button for button in asked.buttons() if button.text() == "Stop and Close"]
    stop.click()
    qtbot.waitUntil(lambda: not made.isVisible(), timeout=LONG)
    assert not made.runner.running and "the command was cancelled" in made.preview.output.toPlainText()


def test_an_engine_that_cannot_be_started_is_told(
    qtbot: QtBot, dialog: MakeDialog, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dialog(shot)
    monkeypatch.setenv("GVM_ENGINE_PYTHON", "/nowhere/python")
    qtbot.waitUntil(lambda: not made.look.looking, timeout=LONG)
    assert "/nowhere/python cannot be started" in made.status.text() and not made.submit.isEnabled()


GUI = (
    "import argparse, sys; from gvm_matte.cli.farm.gui import add_gui; parser = argparse.ArgumentParser();"
    "add_gui(parser.add_subparsers()); args = parser.parse_args(sys.argv[1:])\n"
    "from gvm_matte.core.errors import UsageError\n"
    "try: sys.exit(args.run(args))\n"
    "except UsageError as exc: sys.exit(str(exc))"
)


def test_the_command_opens_the_window_and_ends_with_it(shot: Shot, scratch: Path) -> None:
    words = ["gui", "--input", shot.input, "--output", shot.output, "--preset", "low-memory", "--frames", "1001-1006"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", GUI, *words]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: list(scratch.glob("gvm-look-*")) or process.poll() is not None, 60)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, said
    assert until(lambda: not list(scratch.glob("gvm-look-*")), 20)


def test_a_signal_in_the_middle_of_starting_a_look_leaves_nothing(shot: Shot, scratch: Path) -> None:
    signalled = (
        "import os, signal; import gvm_matte.ui.submitter.look as look; start = look.start\n"
        "look.start = lambda words: (os.kill(os.getpid(), signal.SIGTERM), start(words))[1]\n"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", signalled + GUI, "gui", "--input", shot.input, "--output", shot.output]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not list(scratch.glob("gvm-look-*"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--script", "none.nk"], "There is no script none.nk."),
        (["--node", "GVMMatte1"], "give --script, too"),
        (["--input", "a.exr"], "There is no screen here"),
    ],
)
def test_what_the_command_cannot_open_is_told_in_a_sentence(words: list[str], sentence: str) -> None:
    hidden = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-c", GUI, "gui", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and sentence in done.stderr and "Traceback" not in done.stderr
