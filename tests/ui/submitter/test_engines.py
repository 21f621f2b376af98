"""A farm engine more is one value in one row: everything that names engines has it, and a job goes to it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any, Dict, List

import pytest
from gvm_matte.cli.main import main
from gvm_matte.core.errors import GvmMatteError
from gvm_matte.farm import write_bundle
from gvm_matte.farm.engine import EngineOption, FarmEngine, Submission
from gvm_matte.farm.engines import ENGINES
from gvm_matte.farm.gpus import take_assigned_gpus
from gvm_matte.ui.kit.qt import QtWidgets
from gvm_matte.ui.submitter import Shot
from gvm_matte.ui.submitter.look import Looked
from submitter_kit import MakeDialog

ROOT = Path(__file__).resolve().parents[3]
PARTITION = EngineOption("partition", "where jobs queue", "&Partition", variable="TOY_PARTITION", metavar="NAME")
HOLD = EngineOption("hold", "submit it held", "&Hold", type=bool)
submissions: List[Submission] = []


def submit(submission: Submission) -> Dict[str, Any]:
    """A farm that takes every job, unless its queue is full."""
    if submission.text(PARTITION) == "full":
        raise GvmMatteError("The partition full takes no jobs.")
    submissions.append(submission)
    return {"job": f"toy-{len(submissions)}"}


TOY = FarmEngine(
    name="toy", label="Toy Farm", how="hand", needs="a table", submit=submit, options=(PARTITION, HOLD),
    unset="as the table says", job_values=frozenset({"name", "retries"}), on_error="All stop.", gpu_variable="TOY_GPUS",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, TOY.name, TOY)
    submissions.clear()


def test_the_command_line_has_it_and_submits_with_it(
    looked: Looked, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["farm", "submit", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "toy: Toy Farm, by hand" in told and "--partition NAME where jobs queue (default: $TOY_PARTITION)" in told
    folder = str(tmp_path / "bundle")
    write_bundle(looked.job, folder)
    words = ["farm", "submit", folder, "--engine"]
    assert main([*words, "toy", "--partition", "night", "--hold", "--name", "hair", "--retries", "7", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"engine": "toy", "job": "toy-1"}
    (one,) = submissions
    assert one.options == {"partition": "night", "hold": True} and one.folder == folder and one.quiet
    assert (one.job.name, one.job.settings.retries) == ("hair", 7)
    monkeypatch.setenv("TOY_PARTITION", "full")
    assert main([*words, "toy"]) == 1 and "takes no jobs" in capsys.readouterr().err
    assert main([*words, "toy", "--priority", "3"]) == 2
    assert "--priority is for --engine deadline and opencue, not for toy." in capsys.readouterr().err
    assert main([*words, "opencue", "--hold"]) == 2
    assert "--hold is for --engine toy, not for opencue." in capsys.readouterr().err


def test_the_submitter_has_it_and_shows_its_command(dialog: MakeDialog, shot: Shot) -> None:
    made = dialog(shot, engine="toy", partition="night", hold=True)
    made.look.stop()
    made.tabs.setCurrentIndex(2)
    chosen = made.fields.widgets["engine"]
    assert isinstance(chosen, QtWidgets.QComboBox) and chosen.currentText() == "Toy Farm"
    edit = made.fields.widgets["partition"]
    assert isinstance(edit, QtWidgets.QLineEdit) and edit.isVisible() and edit.placeholderText() == "$TOY_PARTITION"
    assert not made.fields.widgets["show"].isVisible() and made.job.on_error_note.text() == "All stop."
    assert made.preview.commands()[1].endswith("--engine toy --partition night --hold")


def test_the_docs_have_it() -> None:
    tables = runpy.run_path(str(ROOT / "docs" / "make_farm.py"))
    assert "| `toy` | Toy Farm, by hand | a table | **0** the farm has taken the job;" in tables["engines"]("")
    assert "| `toy` | `--hold` | submit it held | as the table says |" in tables["options"]()


def test_its_tasks_see_the_gpus_that_it_gave_them() -> None:
    here = {"TOY_GPUS": "1,2"}
    take_assigned_gpus(here)
    assert here["CUDA_VISIBLE_DEVICES"] == "1,2"


def test_engines_options_have_names_of_their_own_and_what_they_say_of_a_failed_task() -> None:
    names = [option.name for engine in ENGINES.values() for option in engine.options]
    assert len(names) == len(set(names)) and all(engine.on_error for engine in ENGINES.values())
