"""The submitter, driven as a person does; what a farm would see is decided by real commands in test_submitter_commands."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, Dict

import pytest
from gvm_matte.farm import FarmSettings, job_template
from gvm_matte.ui.kit.qt import QtCore, QtWidgets
from gvm_matte.ui.submitter import Choices, Shot, SubmitterDialog
from gvm_matte.ui.submitter.choices import load_choices, save_choices
from gvm_matte.ui.submitter.look import Looked
from gvm_matte.ui.submitter.process import last_sentence
from gvm_matte.ui.submitter.shot_box import ShotBox
from pytestqt.qtbot import QtBot
from submitter_kit import SMALL, MakeDialog


def widget(dialog: SubmitterDialog, name: str) -> Any:
    """A widget by its field's name."""
    found = dialog.findChild(QtWidgets.QWidget, name)
    assert found is not None, name
    return found


def type_into(qtbot: QtBot, dialog: SubmitterDialog, name: str, text: str) -> None:
    """Types over what a field says and leaves it with the Tab key."""
    field = widget(dialog, name)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, QtCore.Qt.Key.Key_Tab)


def choose(dialog: SubmitterDialog, name: str, value: str) -> None:
    """Takes an entry of a menu."""
    box = widget(dialog, name)
    box.setCurrentIndex(box.findData(value))


@pytest.fixture
def ready(dialog: MakeDialog, shot: Shot, looked: Looked) -> SubmitterDialog:
    """A submitter whose shot was looked at."""
    made = dialog(shot)
    made.look.stop()
    made.look.found.emit(looked)
    return made


def test_frames_per_task_snap_to_whole_blocks_and_the_waste_is_told(qtbot: QtBot, ready: SubmitterDialog) -> None:
    assert widget(ready, "frames_per_task").value() == 48 and widget(ready, "blocks_per_chunk").value() == 8
    assert widget(ready, "waste").text() == "40 frames (1001-1040) in 1 tasks; 0 % of the windows are computed twice."
    type_into(qtbot, ready, "frames_per_task", "11")
    assert widget(ready, "frames_per_task").value() == 12 and widget(ready, "blocks_per_chunk").value() == 2
    assert widget(ready, "waste").text() == "40 frames (1001-1040) in 4 tasks; 43 % of the windows are computed twice."
    type_into(qtbot, ready, "frames_per_task", "1")
    assert widget(ready, "frames_per_task").value() == 6 and "in 7 tasks; 86 %" in widget(ready, "waste").text()
    qtbot.keyClick(widget(ready, "frames_per_task"), QtCore.Qt.Key.Key_Up)
    assert widget(ready, "frames_per_task").value() == 12
    type_into(qtbot, ready, "blocks_per_chunk", "3")
    assert widget(ready, "frames_per_task").value() == 18


def test_frames_that_are_rounded_out_are_told(dialog: MakeDialog, shot: Shot, looked: Looked) -> None:
    made = dialog(shot, frames="1003-1010")
    made.look.stop()
    made.look.found.emit(Looked(looked.job.replace(frames="1003-1010"), 1, 2048, ()))
    assert "12 frames (1001-1012, rounded out from 1003-1010)" in widget(made, "waste").text()


def test_the_template_that_is_shown_is_the_jobs(qtbot: QtBot, ready: SubmitterDialog, looked: Looked) -> None:
    type_into(qtbot, ready, "name", "hair pass")
    type_into(qtbot, ready, "task_seconds", "900")
    type_into(qtbot, ready, "gpu_memory", "4096")
    settings = FarmSettings(task_seconds=900, gpu_memory=4096)
    expected = job_template(looked.job.replace(name="hair pass", settings=settings))
    assert json.loads(widget(ready, "template_text").toPlainText()) == expected
    ready.fields.widgets["chunking"].click()  # type: ignore[attr-defined]
    assert "TASK_CHUNKING" not in widget(ready, "template_text").toPlainText()


def test_the_commands_name_what_is_not_at_its_default(qtbot: QtBot, ready: SubmitterDialog, shot: Shot) -> None:
    folder = str(Path(shot.output).parent / "m.farm")
    words = [shlex.split(line) for line in ready.preview.commands()]
    assert words[0][:7] == ["gvm-matte", "farm", "bundle", "--input", shot.input, "--output", shot.output]
    assert words[0][-5:] == ["--blocks-per-chunk", "8", "--bundle", folder, "--replace"]
    assert words[1] == ["gvm-matte", "farm", "submit", folder, "--engine", "openjd"]
    for name, text in {
        "gpus": "2",
        "notice_seconds": "60",
        "priority": "80",
        "command": "rez env gvm -- gvm-matte",
    }.items():
        type_into(qtbot, ready, name, text)
    line = ready.preview.commands()[0]
    assert "--gpus 2 --notice 60 --priority 80 --command 'rez env gvm -- gvm-matte'" in line
    assert widget(ready, "command_text").isReadOnly() and widget(ready, "template_text").isReadOnly()
    ready.preview.copy.click()
    assert QtWidgets.QApplication.clipboard().text() == "\n".join(ready.preview.commands())


def test_an_engine_has_its_own_fields_and_they_are_in_its_command(qtbot: QtBot, ready: SubmitterDialog) -> None:
    ready.tabs.setCurrentIndex(2)
    choose(ready, "engine", "deadline")
    assert widget(ready, "farm_id").isVisible() and not widget(ready, "show").isVisible()
    type_into(qtbot, ready, "queue_id", "queue-1")
    assert ready.preview.commands()[1].endswith("--engine deadline --queue-id queue-1")
    goes_on = widget(ready, "continue_on_error")
    assert goes_on.isEnabled() and goes_on.isChecked() and "--stop-on-error" not in ready.preview.commands()[0]
    goes_on.click()
    assert "--stop-on-error" in ready.preview.commands()[0].split()
    goes_on.click()
    choose(ready, "engine", "opencue")
    assert not widget(ready, "farm_id").isVisible() and widget(ready, "show").isVisible()
    type_into(qtbot, ready, "show", "big")
    widget(ready, "paused").click()
    assert ready.preview.commands()[1].endswith("--engine opencue --show big --paused")
    assert not goes_on.isEnabled() and "Other tasks go on" in ready.job.on_error_note.text()
    choose(ready, "engine", "openjd")
    assert not goes_on.isEnabled() and "ends its session" in ready.job.on_error_note.text()


def test_an_unsaved_script_is_refused_in_a_sentence(dialog: MakeDialog) -> None:
    made = dialog(Shot(unsaved=True))
    assert not made.save.isEnabled() and not made.submit.isEnabled() and not made.look.looking
    assert made.status.text().startswith("This script has no file yet. Save it first")
    assert made.submit.toolTip() == made.status.text() and made.preview.commands() == []


def test_plates_and_mattes_are_asked_for_where_none_are_named(qtbot: QtBot, dialog: MakeDialog, shot: Shot) -> None:
    made = dialog(Shot())
    assert made.status.text() == "Name the plates, for instance plates/sh010.####.exr."
    type_into(qtbot, made, "plates", shot.input)
    assert made.status.text().startswith("Name where the mattes go") and not made.submit.isEnabled()
    type_into(qtbot, made, "mattes", shot.output)
    assert made.status.text() == "Looking at the shot …" and made.look.looking


def test_choices_that_cannot_be_are_told_before_anything_is_saved(qtbot: QtBot, ready: SubmitterDialog) -> None:
    type_into(qtbot, ready, "command", "rez 'env")
    assert "rez 'env" in ready.status.text() and not ready.save.isEnabled()
    type_into(qtbot, ready, "command", "gvm-matte")
    assert ready.save.isEnabled() and ready.submit.isEnabled()


def test_choices_stick_beside_the_mattes(
    qtbot: QtBot, ready: SubmitterDialog, dialog: MakeDialog, shot: Shot, tmp_path: Path
) -> None:
    type_into(qtbot, ready, "retries", "5")
    type_into(qtbot, ready, "frames", "1001-1006")
    choose(ready, "engine", "deadline")
    type_into(qtbot, ready, "farm_id", "farm-1")
    save_choices(shot, ready.choices())
    again = dialog(shot)
    assert again.choices() == ready.choices().replace(frames="")  # a range is for once
    assert json.loads((tmp_path / "mattes" / "m.gvm-farm.json").read_text()) == {
        "version": 1, "jobs": {"": {"retries": 5, "engine": "deadline", "farm_id": "farm-1"}}
    }  # fmt: skip


def test_each_node_of_a_script_has_its_own_choices_beside_it(tmp_path: Path) -> None:
    script = str(tmp_path / "sh010.nk")
    one, other = (Shot(script=script, node=name, from_script=True) for name in ("GVMMatte1", "GVMMatte2"))
    save_choices(one, Choices(priority=80))
    save_choices(other, Choices(gpus=2))
    assert load_choices(one) == (Choices(priority=80), "") and load_choices(other) == (Choices(gpus=2), "")
    assert [path.name for path in tmp_path.iterdir()] == ["sh010.nk.gvm-farm.json"]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"version": 2, "jobs": {}}', '{"version": 1, "jobs": {"": {"retries": "many"}}}']
)
def test_a_settings_file_that_is_none_is_told_and_kept(dialog: MakeDialog, shot: Shot, content: str) -> None:
    path = Path(shot.settings_path)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    made = dialog(shot)
    made.look.stop()
    made._show_state()
    assert "Move" in made.status.text() and "away" in made.status.text()
    assert made.choices() == Choices() and path.read_text() == content


def test_keys_over_the_shot_travel_in_a_file(shot: Shot, tmp_path: Path) -> None:
    keyed: Dict[str, Any] = {**SMALL, "gamma": {"1001": 1.0, "1040": 2.0}, "roi": "-4,0,32,32", "existing": "overwrite"}
    made = Shot(input=shot.input, output=shot.output, params=keyed)
    words = made.words()
    path = str(tmp_path / "mattes" / "m.gvm-farm.keys.json")
    assert words[words.index("--params") + 1] == path and "--gamma" not in words
    assert "--roi=-4,0,32,32" in words and "--overwrite" in words
    made.write_keys()
    assert json.loads(Path(path).read_text()) == {"gamma": {"1001": 1.0, "1040": 2.0}}


def test_a_node_with_plates_on_disk_is_read_only_and_named_for_its_script(dialog: MakeDialog, looked: Looked) -> None:
    made = dialog(
        Shot(input="/plates/a.####.exr", output="/mattes/a.####.exr", span="1001-1040", script="/shots/sh010.nk",
             node="GVMMatte1", name="sh010 GVMMatte1", params=SMALL)
    )  # fmt: skip
    made.look.stop()
    assert all(line.isReadOnly() for line in made.box.findChildren(QtWidgets.QLineEdit))
    assert "--shot-range 1001-1040" in made.preview.commands()[0]
    assert "--name 'sh010 GVMMatte1'" in made.preview.commands()[0]
    assert made.bundle.placeholderText() == "/mattes/GVMMatte1.farm"
    assert made.windowTitle() == "Submit GVMMatte1"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("warning\ngvm-matte: The plates are not there.\n", "The plates are not there."),
        ("usage: gvm-matte farm\ngvm-matte farm bundle: error: argument --size: too large", "Argument --size: too large"),
        ("Traceback\nValueError: odd\n", "ValueError: odd"),
        ("", ""),
    ],
)
def test_the_last_sentence_of_a_command_is_its_error(said: str, sentence: str) -> None:
    assert last_sentence(said) == sentence


def test_presets_on_disk_can_be_chosen(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hair.json").write_text('{"gamma": 1.2}')
    monkeypatch.setenv("GVM_PRESET_PATH", str(tmp_path))
    box = ShotBox(Shot(input="p.####.exr", output="m.####.exr", preset="hair"))
    qtbot.addWidget(box)
    assert box.shot().preset == "hair" and box.preset.findData("low-memory") > 0
    words = box.shot().words()
    assert words[words.index("--preset") + 1] == "hair"
