"""The words that `farm submit` hands to other people's programs, and what it makes of theirs. Nothing is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List

import pytest
from farm_kit import tiny_job
from gvm_matte.cli.main import main
from gvm_matte.core.errors import GvmMatteError, UsageError
from gvm_matte.farm import write_bundle
from gvm_matte.farm.deadline.submit import (
    asset_folders,
    deadline_client,
    deadline_command,
    deadline_failure,
    deadline_job_id,
)
from support import PARITY

ID = "job-" + 32 * "a"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "lora").mkdir()
    params = {"ocio": "/show/colour/config.ocio", "lora_base": str(tmp_path / "lora")}
    job = tiny_job("/show/plates/p.####.exr", tmp_path, params=params)
    write_bundle(job, str(tmp_path / "bundle"), folders=["/show/colour/luts"])
    return tmp_path / "bundle"


def test_deadlines_client_is_asked_for_the_job_without_questions(bundle: Path, tmp_path: Path) -> None:
    job = tiny_job("/show/plates/p.####.exr", tmp_path, priority=70, retries=0)
    words = deadline_command(["deadline"], job, str(bundle), {"farm_id": "farm-1", "region": "us-west-2"})
    assert words[:5] == ["deadline", "bundle", "submit", str(bundle), "--yes"]
    options = dict(zip(words[5::2], words[6::2]))
    assert options["--name"] == "tiny shot" and options["--priority"] == "70" and options["--max-retries-per-task"] == "0"
    assert options["--farm-id"] == "farm-1" and options["--region"] == "us-west-2"
    assert "--queue-id" not in options and "--profile" not in options  # the client's own settings


def test_folders_within_others_are_not_named_twice(bundle: Path, tmp_path: Path) -> None:
    wanted = ["/show/colour", str(tmp_path / "lora"), str(tmp_path / "mattes"), str(PARITY / "svd")]
    assert asset_folders(str(bundle)) == sorted(wanted)
    (bundle / "asset_references.json").write_text("{}")
    with pytest.raises(UsageError, match="Make the bundle again"):
        asset_folders(str(bundle))


def test_the_client_may_be_several_words_or_one_with_a_blank(tmp_path: Path) -> None:
    program = tmp_path / "my deadline"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert deadline_client(str(program)) == [str(program)]
    assert deadline_client("sh -c x")[1:] == ["-c", "x"] and deadline_client("sh -c x")[0].endswith("/sh")
    with pytest.raises(UsageError, match="There is no command nowhere here"):
        deadline_client("nowhere --at all")


def test_the_last_job_that_the_client_names_is_the_one(tmp_path: Path) -> None:
    assert deadline_job_id(f"Uploading…\rdone\nSubmitted job bundle:\n{ID}\n") == ID
    with pytest.raises(GvmMatteError, match="named no job"):
        deadline_job_id("all went well")
    error = deadline_failure(1, "\n".join(f"line {n}" for n in range(20)))
    assert "exit code 1" in error.message and "line 19" in error.message and "line 9\n" not in error.message


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--engine", "openjd", "--show", "x"], "--show is for --engine opencue, not for openjd."),
        (["--engine", "openjd", "--priority", "3"], "--priority is for --engine deadline and opencue, not for openjd."),
        (["--engine", "deadline", "--blocks", "1001"], "--blocks is for --engine openjd, not for deadline."),
        (["--engine", "deadline", "--retries", "-1"], "Retries takes 0 to 100, not -1."),
        (["--engine", "deadline", "--name", "{{}}"], "A farm job needs a name."),
    ],
)
def test_options_that_would_be_lost_are_refused(
    bundle: Path, capsys: pytest.CaptureFixture[str], words: List[str], sentence: str
) -> None:
    assert main(["farm", "submit", str(bundle), *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_folder_that_is_no_bundle_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "template.json").write_text(json.dumps({}))
    assert main(["farm", "submit", str(tmp_path), "--engine", "deadline"]) == 2
    assert "is no bundle" in capsys.readouterr().err
