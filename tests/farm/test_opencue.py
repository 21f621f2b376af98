"""OpenCue for real: pyoutline's own specification beside ours, a launch, and frames that a real RQD runs and kills."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List
from xml.etree import ElementTree

import pytest
from farm_kit import FRAMES, agree_with_the_reference, long_bundle, processes_of, tiny_bundle, tiny_job
from gvm_matte.core.errors import UsageError
from gvm_matte.core.frames import FrameRange
from gvm_matte.farm import opencue_xml, read_bundle
from gvm_matte.farm.opencue.job import cue_job, write_keys
from opencue_kit import ANSWER_SECONDS, Cuebot, Rqd, opencue_environment
from support import RunCli, read_mattes, until

WHO = {"show": "big", "shot": "sh010", "user": "td"}
WORDS = ["--show", "big", "--shot", "sh010", "--user", "td"]
KEYS = {"gamma": {"1001": 1.0, "1017": 2.0}}


@pytest.fixture(scope="module")
def cuebot() -> Iterator[Cuebot]:
    with Cuebot() as running:
        yield running


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch) -> str:
    """OpenCue's, and nobody's settings of it."""
    for name in [name for name in os.environ if name.startswith(("CUE", "OL_", "OUTLINE"))]:
        monkeypatch.delenv(name)
    return str(opencue_environment().python)


def submit(cli: RunCli, bundle: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return cli("farm", "submit", str(bundle), "--engine", "opencue", *words)


def leaves(element: ElementTree.Element) -> Dict[str, str]:
    """Text by tag of what has no children."""
    return {item.tag: item.text or "" for item in element if not len(item)}


@pytest.mark.parametrize(
    "settings", [{"gpu_memory": 7680, "retries": 1, "priority": 70, "task_seconds": 5400}, {"gpus": 0}]
)
def test_pyoutline_writes_the_specification_that_we_write(
    cli: RunCli, cuebot: Cuebot, python: str, svd_plates: str, scratch: Path, tmp_path: Path, settings: Dict[str, Any]
) -> None:
    bundle = tiny_bundle(svd_plates, tmp_path, **settings)
    done = submit(cli, bundle, *WORDS, "--cuebot", cuebot.address, "--opencue-python", python, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"engine": "opencue", "job": "big-sh010-td_tiny_shot", "id": "0123"}
    theirs = ElementTree.fromstring(cuebot.wait_for("spec"))
    ours = ElementTree.fromstring(opencue_xml(read_bundle(str(bundle)), **WHO))

    assert {**leaves(theirs), "uid": ""} == {**leaves(ours), "uid": ""}  # pyoutline adds who it runs as
    their_job, our_job = theirs.find("job"), ours.find("job")
    assert their_job is not None and our_job is not None
    assert their_job.attrib == our_job.attrib == {"name": "tiny_shot"}
    assert {**leaves(their_job), "env": ""} == {**leaves(our_job), "env": ""}
    their_layer, our_layer = their_job.find("layers/layer"), our_job.find("layers/layer")
    assert their_layer is not None and our_layer is not None and their_layer.attrib == our_layer.attrib
    empty = {"env": "", "outputs": ""}
    assert {**leaves(their_layer), **empty} == {**leaves(our_layer), **empty}
    order = [item.tag for item in their_layer if item.tag not in empty]
    assert order == [item.tag for item in our_layer]  # CJSL's document type fixes it
    assert our_layer.findtext("range") == "1001-1013x6" and our_layer.findtext("chunk") == "1"
    if "gpu_memory" in settings:
        assert (our_layer.findtext("gpus"), our_layer.findtext("gpu_memory")) == ("1", "7680m")
        assert (our_job.findtext("maxretries"), our_job.findtext("priority")) == ("1", "70")
        assert (our_layer.findtext("timeout"), our_layer.findtext("timeout_llu")) == ("90", "90")
    assert not list(scratch.glob("*outline*"))  # pyoutline's session is gone


def test_a_job_takes_its_name_and_priority_from_the_command_line(
    cli: RunCli, cuebot: Cuebot, python: str, svd_plates: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "SHOW": "big",
        "SHOT": "sh010",
        "GVM_OPENCUE_PYTHON": python,
        "CUEBOT_HOSTS": cuebot.address,
    }.items():
        monkeypatch.setenv(name, value)
    bundle = tiny_bundle(svd_plates, tmp_path)
    done = submit(cli, bundle, "--user", "td", "--name", "hair pass", "--priority", "99", "--paused", "--retries", "0")
    assert done.returncode == 0 and done.stdout == "job      big-sh010-td_tiny_shot\n", done.stderr
    job = ElementTree.fromstring(cuebot.wait_for("spec")).find("job")
    assert job is not None and job.attrib == {"name": "hair_pass"}
    assert [job.findtext(tag) for tag in ("priority", "paused", "maxretries")] == ["99", "True", "0"]


def test_what_cuebot_says_against_a_job_is_quoted(cli: RunCli, python: str, svd_plates: str, tmp_path: Path) -> None:
    bundle = tiny_bundle(svd_plates, tmp_path)
    with Cuebot(refuses="the show big does not exist") as refusing:
        done = submit(cli, bundle, *WORDS, "--cuebot", refusing.address, "--opencue-python", python)
    assert done.returncode == 1 and done.stdout == ""
    assert re.search(r"Cuebot did not take the job: .*the show big does not exist\.$", done.stderr.strip())
    gone = submit(cli, bundle, *WORDS, "--cuebot", "127.0.0.1:1", "--opencue-python", python)
    assert gone.returncode == 1 and "No Cuebot answers" in gone.stderr and "127.0.0.1:1" in gone.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([*WORDS, "--opencue-python", "/none/python"], "/none/python cannot be run: No such file"),
        ([*WORDS], "or set GVM_OPENCUE_PYTHON"),
        (["--shot", "sh010", "--opencue-python", "x"], "Name OpenCue's show with --show, or set SHOW."),
        ([*WORDS, "--user", "root", "--opencue-python", "x"], "no jobs of root"),
        ([*WORDS, "--shot", "a", "--opencue-python", "x"], "no shot named 'a'"),
        ([*WORDS, "--farm-id", "f", "--opencue-python", "x"], "--farm-id is for --engine deadline, not for opencue"),
    ],
)
def test_what_cannot_be_launched_is_told_before(
    cli: RunCli, svd_plates: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: List[str], sentence: str
) -> None:
    for name in ("GVM_OPENCUE_PYTHON", "SHOW", "SHOT"):
        monkeypatch.delenv(name, raising=False)
    done = submit(cli, tiny_bundle(svd_plates, tmp_path), *words)
    assert done.returncode == 2 and sentence in done.stderr, done.stderr


def test_a_python_without_pyoutline_is_told_what_it_lacks(cli: RunCli, svd_plates: str, tmp_path: Path) -> None:
    python = sys.executable  # ours: OpenCue is not among what tests need in it
    done = submit(cli, tiny_bundle(svd_plates, tmp_path), *WORDS, "--opencue-python", python)
    assert done.returncode == 2 and f"{python} has no outline; `{python} -m pip install" in done.stderr


def test_keys_over_the_shot_travel_in_a_file_beside_the_job(cli: RunCli, svd_plates: str, tmp_path: Path) -> None:
    bundle = tiny_bundle(svd_plates, tmp_path, params=KEYS)
    with pytest.raises(UsageError, match="gamma"):
        cue_job(read_bundle(str(bundle)), **WHO)
    done = cli("farm", "opencue-xml", str(bundle), *WORDS)
    assert done.returncode == 0, done.stderr
    command = str(ElementTree.fromstring(done.stdout).findtext("job/layers/layer/cmd"))
    assert f"--params={bundle}/opencue_keys.json" in command
    assert json.loads((bundle / "opencue_keys.json").read_text()) == KEYS
    assert write_keys(tiny_job(svd_plates, tmp_path), str(bundle)) == ""


@pytest.mark.parametrize(("name", "named"), [("x", "x_mattes"), ("sh 010 // häir", "sh_010_h_ir"), ("__a__b__", "a_b")])
def test_names_are_such_as_cuebot_takes(svd_plates: str, tmp_path: Path, name: str, named: str) -> None:
    job = cue_job(tiny_job(svd_plates, tmp_path).replace(name=name), **WHO)
    assert job.name == named and re.fullmatch(r"[\w.]{3,}", job.name, re.ASCII)


def test_a_path_that_cuebot_would_change_is_refused(svd_plates: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"where .*#ZFRAME#"):
        cue_job(tiny_job(svd_plates, tmp_path / "m#ZFRAME#"), **WHO)


# -- RQD

linux = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="RQD is looked at through /proc")


def task(bundle: Path, blocks: str) -> str:
    """The command of a task, as Cuebot writes it."""
    job = read_bundle(str(bundle))
    return cue_job(job, **WHO, keys_file=write_keys(job, str(bundle))).command.replace("#FRAMESPEC#", blocks)


@linux
def test_a_frame_on_rqd_renders_its_blocks_and_ends_well(
    cuebot: Cuebot, svd_plates: str, scratch: Path, tmp_path: Path
) -> None:
    bundle = tiny_bundle(svd_plates, tmp_path, params={"gamma": {"1001": 1.0, "1017": 1.0}})
    with Rqd(cuebot, scratch / "rqd") as rqd:
        assert all(address.endswith("0100007F") for address in rqd.listens_on())  # 127.0.0.1 and nothing else
        rqd.launch("one", task(bundle, "1007"), {"TMPDIR": str(scratch), "CUE_GPU_CORES": "0"})
        done = cuebot.wait_for("complete")
        log = rqd.log
    assert done == {"frame": "one", "status": 0, "signal": 0}, log
    assert agree_with_the_reference(tmp_path / "mattes", (1007, 1012))
    assert "openjd_progress: 100.0" in log  # what people see in CueGUI, and what tells Cuebot that it goes on


@linux
def test_a_frame_that_fails_says_why_in_its_log(cuebot: Cuebot, svd_plates: str, scratch: Path, tmp_path: Path) -> None:
    bundle = tiny_bundle(svd_plates, tmp_path, params={"device": "cuda:63"})
    with Rqd(cuebot, scratch / "rqd") as rqd:
        rqd.launch("bad", task(bundle, "1001"), {"TMPDIR": str(scratch)})
        done = cuebot.wait_for("complete")
        log = rqd.log
    assert done == {"frame": "bad", "status": 1, "signal": 0} and "openjd_fail: cuda:63 cannot be used" in log


@linux
def test_a_frame_that_rqd_kills_leaves_no_half_file_and_no_process(cuebot: Cuebot, scratch: Path, tmp_path: Path) -> None:
    job, mattes, frame_folder = read_bundle(str(long_bundle(tmp_path))), tmp_path / "mattes", scratch / "frame"
    frame_folder.mkdir()
    with Rqd(cuebot, scratch / "rqd") as rqd:
        rqd.launch("cut", task(tmp_path / "bundle", str(FrameRange.of(job.blocks))), {"TMPDIR": str(frame_folder)})
        assert until(lambda: len(list(mattes.glob("m.*.exr"))) >= 1, ANSWER_SECONDS), rqd.log
        rqd.kill("cut")
        done = cuebot.wait_for("complete")
        assert done["frame"] == "cut" and done["signal"] == signal.SIGKILL
        assert until(lambda: processes_of(frame_folder) == [], 30), processes_of(frame_folder)
        assert 1 <= len(read_mattes(mattes)) < FRAMES  # whole ones, and nothing else in the folder
    frame_folder.rmdir()
