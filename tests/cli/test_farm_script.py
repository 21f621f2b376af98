"""Farm jobs from scripts: bundled, run by `openjd run`, and compared bit by bit with what the script gives by itself."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
import pytest
from gvm_matte.cli.farm.task import map_paths, read_rules
from gvm_matte.cli.main import main
from gvm_matte.core.errors import UsageError
from gvm_matte.farm import FarmJob, read_bundle
from gvm_matte.farm.openjd.submit import openjd_command
from gvm_matte.host import Host
from openjd.model import decode_job_template
from support import PARAMS, RunCli, cli_command, read_mattes, warm_engine

pytestmark = pytest.mark.skipif(os.name != "posix", reason="openjd run and its sessions")
Script = Callable[[Callable[[Any], None]], Path]


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """A warm engine for what is no farm job here; sessions have their own."""
    with warm_engine():
        yield


@pytest.fixture
def sessions(scratch: Path) -> Iterator[None]:
    """Where openjd keeps its sessions' folders is empty at the end."""
    yield
    if (scratch / "OpenJD").exists():
        (scratch / "OpenJD").rmdir()


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Makes shots/sh010_v003.nk by code that gets the module `nuke`."""

    def make(build: Callable[[Any], None]) -> Path:
        path = tmp_path / "shots" / "sh010_v003.nk"
        path.parent.mkdir()
        with Host() as host:
            import nuke

            nuke.root()["name"].setValue(str(path))
            build(nuke)
            host.save(str(path))
        return path

    return make


def read_node(nuke: Any, path: str, **knobs: Any) -> Any:
    """A Read of the 17 plates."""
    return nuke.nodes.Read(file=path, first=1001, last=1017, origfirst=1001, origlast=1017, **knobs)


def gvm_node(nuke: Any, above: Any, **knobs: Any) -> Any:
    """A GVM Matte with the tiny model in windows of 8 with 2 shared: blocks 1001, 1007 and 1013."""
    import gvm_matte.nodes as gvm

    node = gvm.create(above)
    for name, value in {**PARAMS, "device": "cpu", **knobs}.items():
        node[name].setValue(value)
    return node


def bundle(path: Path, folder: Path, *words: str) -> FarmJob:
    """The job that `farm bundle --script` writes."""
    done = main([
        "farm", "bundle", "--script", str(path), "--bundle", str(folder), "--command", shlex.join(cli_command()), "--json",
        *words,
    ])  # fmt: skip
    assert done == 0
    return read_bundle(str(folder))


def same_mattes(one: Path, other: Path, count: int) -> None:
    """That two folders hold the same frames, bit by bit."""
    found, expected = read_mattes(one), read_mattes(other)
    assert list(found) == list(expected) and len(found) == count
    assert all(np.array_equal(found[name], expected[name]) for name in found)


def test_a_read_within_a_group_goes_to_the_farm_by_its_evaluated_path(
    cli: RunCli, script: Script, sessions: None, svd_plates: str, tmp_path: Path
) -> None:
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "sh010").symlink_to(Path(svd_plates).parent)

    def build(nuke: Any) -> None:
        group = nuke.nodes.Group(name="Plates")
        group.addKnob(nuke.String_Knob("shot", "Shot"))
        group["shot"].setValue("sh010")
        with group:
            file = "[file dirname [value root.name]]/../show/[value parent.shot]/plate.####.exr"
            read = read_node(nuke, file, raw=True)
            gvm_node(nuke, nuke.nodes.Dot(inputs=[read]), input_colorspace="", gamma=1.5)

    path = script(build)
    job = bundle(path, tmp_path / "job", "--blocks-per-chunk", "2")
    assert job.title == "sh010_v003 Plates.GVMMatte1" and job.script is None
    assert os.path.realpath(job.input) == os.path.realpath(svd_plates).replace("####", "%04d")
    assert job.shot == (1001, 1017) and job.params["input_colorspace"] == "raw" and job.params["gamma"] == 1.5
    assert job.output == str(path.parent / "mattes" / "GVMMatte1" / "GVMMatte1.####.exr")
    done = cli("farm", "submit", str(tmp_path / "job"), "--engine", "openjd")
    assert done.returncode == 0 and "Chunks run: 2" in done.stdout, done.stdout + done.stderr
    Path(job.output).parent.rename(tmp_path / "farm")
    assert main(["comp", str(path), "--quiet"]) == 0
    same_mattes(tmp_path / "farm", Path(job.output).parent, 17)


def test_a_branch_is_rendered_by_the_tasks_and_its_node_finds_the_mattes_fresh(
    cli: RunCli, script: Script, sessions: None, svd_plates: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(nuke: Any) -> None:
        read = read_node(nuke, svd_plates)
        mask = nuke.nodes.Invert(inputs=[read], channels="alpha")
        node = gvm_node(nuke, nuke.nodes.Grade(inputs=[read], multiply=0.5), input_colorspace="", edge="none")
        node.setInput(1, mask)
        node["gamma"].setAnimated()
        node["gamma"].setValueAt(1.0, 1001)
        node["gamma"].setValueAt(2.0, 1017)

    path = script(build)
    job = bundle(path, tmp_path / "job", "--blocks-per-chunk", "1", "--frames", "1009-1014")
    report = json.loads(capsys.readouterr().out)
    assert (report["frames"], report["blocks"], report["tasks"]) == ("1007-1017", "1007,1013", 2)
    assert "branch" in report["notices"][0]
    assert job.script is not None and (job.script.path, job.script.node) == (str(path), "GVMMatte1")
    assert not job.input and "garbage" not in job.params
    template = json.loads((tmp_path / "job" / "template.json").read_text())
    decode_job_template(template=template, supported_extensions=["TASK_CHUNKING"])
    words = template["steps"][0]["script"]["actions"]["onRun"]["args"]
    assert {"task", "{{Param.Script}}", "--node=GVMMatte1", "--blocks={{Task.Param.Block}}"} <= set(words)
    assert not any("--gamma" in word or "--input=" in word for word in words)  # the script has the animation
    assets = json.loads((tmp_path / "job" / "asset_references.json").read_text())["assetReferences"]["inputs"]
    assert assets["filenames"] == [str(path), *sorted(str(plate) for plate in Path(svd_plates).parent.iterdir())]

    done = cli("farm", "submit", str(tmp_path / "job"), "--engine", "openjd")
    assert done.returncode == 0 and "Chunks run: 2" in done.stdout, done.stdout + done.stderr
    assert "openjd_status: 6 frames rendered, 0 kept" in done.stdout
    assert main(["farm", "status", str(tmp_path / "job")]) == 0
    mattes = Path(job.output).parent
    shutil.copytree(mattes, tmp_path / "farm")
    capsys.readouterr()
    assert main(["comp", str(path), "--list", "--json"]) == 0
    (node,) = json.loads(capsys.readouterr().out)["nodes"]
    assert (node["state"], node["text"]) == ("partial", "Partial: 1007-1017 are fresh. Missing: 1001-1006.")
    assert main(["comp", str(path), "--overwrite", "--quiet"]) == 0
    for frame in range(1001, 1007):
        (mattes / f"GVMMatte1.{frame}.exr").unlink()
    same_mattes(tmp_path / "farm", mattes, 11)

    (mattes / "GVMMatte1.1008.exr").unlink()
    assert main(["farm", "pickup", str(tmp_path / "job"), "--bundle", str(tmp_path / "pickup"), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["frames"] == "1007-1012" and read_bundle(str(tmp_path / "pickup")).script == job.script


def test_paths_inside_a_script_are_mapped_by_the_sessions_rules(script: Script, tmp_path: Path) -> None:
    def build(nuke: Any) -> None:
        with nuke.nodes.Group():
            nuke.nodes.Read(name="Near", file="/show/ab/plates/p.####.exr")
        nuke.nodes.Read(name="Far", file="/show/abc/p.####.exr")
        nuke.nodes.Read(name="Beside", file="[file dirname [value root.name]]/p.####.exr")

    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [
        {"source_path_format": "POSIX", "source_path": "/show", "destination_path": "/mnt/wrong"},
        {"source_path_format": "POSIX", "source_path": "/show/ab/", "destination_path": "/mnt/ab"},
    ]}))  # fmt: skip
    path = script(build)
    with Host() as host:
        import nuke

        host.open(str(path))
        map_paths(read_rules(str(rules)))
        files = {node.name(): node["file"].getText() for node in nuke.allNodes("Read", recurseGroups=True)}  # type: ignore[attr-defined]
    assert files == {
        "Near": "/mnt/ab/plates/p.####.exr", "Far": "/mnt/wrong/abc/p.####.exr",
        "Beside": "[file dirname [value root.name]]/p.####.exr",
    }  # fmt: skip
    rules.write_text("[]")
    with pytest.raises(UsageError, match="no path mapping rules"):
        read_rules(str(rules))
    assert read_rules("") == []


def test_the_command_makes_the_job_of_the_nodes_submit(script: Script, svd_plates: str, tmp_path: Path) -> None:
    knobs = {"farm_chunk": 8, "size": 64, "edge": "clamp", "device": "cuda:0,cuda:1"}
    path = script(lambda nuke: gvm_node(nuke, read_node(nuke, svd_plates), **knobs))
    with Host() as host:
        import gvm_matte.nodes as gvm
        from gvm_matte.nodes import submitting

        gvm.register()
        host.open(str(path))
        (node,) = gvm.every_node()
        folder = submitting.default_folder(node)
        submitted = submitting.bundle_of(node, folder)
    assert Path(folder) == path.parent / "mattes" / "GVMMatte1" / "GVMMatte1.farm"
    job = bundle(path, tmp_path / "job", "--gpu-memory", "0", "--command", "gvm-matte")
    assert job.settings.gpus == submitted.settings.gpus == 2  # as many as the Device knob names
    assert job.weights.startswith("svd-")  # which a Nuke without the engine's libraries cannot tell
    assert job.replace(weights="") == submitted == read_bundle(folder)
    louder = bundle(path, tmp_path / "louder", "--gamma", "2", "--frames", "1003", "--name", "sh010 soft")
    assert louder.params == {**job.params, "gamma": 2.0} and louder.blocks == (1001,) and louder.title == "sh010 soft"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--script", "none.nk"], "none.nk cannot be read"),
        (["--script", "shots"], "shots cannot be read"),
        (["--script", "broken.nk"], "broken.nk"),
        (["--script", "empty.nk"], "no GVM Matte node"),
        (["--script", "two.nk"], "name one with --node: GVMMatte1, GVMMatte2."),
        (["--script", "two.nk", "--node", "Matte"], "no GVM Matte called Matte; it has GVMMatte1, GVMMatte2"),
        (["--script", "two.nk", "--node", "GVMMatte1", "--frames", "1001-1090"], "not in the range 1001-1017"),
        (["--script", "two.nk", "--node", "GVMMatte1", "--num-overlap-frames", "9"], "overlap"),
        (["--script", "two.nk", "--node", "GVMMatte2"], "Soft: the embedded host cannot evaluate nodes of class ZDefocus2"),
        (["--script", "two.nk", "--input", "p.####.exr"], "--script stands in for --input"),
        (["--node", "GVMMatte1", "--input", "p.####.exr", "--output", "m.####.exr"], "give --script, too"),
        (["--output", "m.####.exr"], "needs --input and --output, or --script"),
        (["--script", "two.nk", "--node", "GVMMatte2", "--device", "cuda:0,cuda:1"], "several devices (cuda:0,cuda:1)"),
        (["--script", "two.nk", "--node", "GVMMatte1", "--workers", "0"], "1 worker or more"),
        (["--script", "two.nk", "--node", "GVMMatte1", "--workers", "2", "--blocks-per-chunk", "2"], "chooses the blocks"),
        (["--script", "two.nk", "--node", "GVMMatte1", "--measured", "two.nk"], "no events of"),
    ],
)  # fmt: skip
def test_what_cannot_be_bundled_is_one_sentence(
    script: Script, svd_plates: str, words: List[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], scratch: Path,
) -> None:  # fmt: skip
    def build(nuke: Any) -> None:
        read = read_node(nuke, svd_plates)
        gvm_node(nuke, read)
        gvm_node(nuke, nuke.nodes.Grade(inputs=[read], name="Soft"))

    if "two.nk" in words:
        text = script(build).read_text()
        (tmp_path / "two.nk").write_text(text.replace("Grade {", "ZDefocus2 {"))
    else:
        (tmp_path / "shots").mkdir()
    (tmp_path / "broken.nk").write_text('Read {\n file "never closed\n')
    (tmp_path / "empty.nk").write_text("version 15.0 v4\n")
    monkeypatch.chdir(tmp_path)
    assert main(["farm", "bundle", "--bundle", "job", *words]) == 2
    errors = capsys.readouterr().err
    assert sentence in errors and errors.count("\n") == 1, errors
    assert not (tmp_path / "job").exists()


def test_a_branch_is_refused_where_nobody_asked_for_the_embedded_host(script: Script, svd_plates: str) -> None:
    path = script(lambda nuke: gvm_node(nuke, nuke.nodes.Grade(inputs=[read_node(nuke, svd_plates)])))
    with Host() as host:
        import gvm_matte.nodes as gvm
        import nuke
        from gvm_matte.nodes import submitting

        gvm.register()
        host.open(str(path))
        (node,) = gvm.every_node()
        with pytest.raises(UsageError, match=r"farm bundle --script .*sh010_v003\.nk --node GVMMatte1"):
            submitting.bundle_of(node, "nowhere")
        nuke.root()["name"].setValue("")
        with pytest.raises(UsageError, match="Save it first"):
            submitting.bundle_of(node, "nowhere")


def test_keys_on_the_command_line_are_refused_for_a_branch(
    script: Script, svd_plates: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = script(lambda nuke: gvm_node(nuke, nuke.nodes.Grade(inputs=[read_node(nuke, svd_plates)])))
    keys = tmp_path / "keys.json"
    keys.write_text('{"gamma": {"1001": 1.0, "1017": 2.0}}')
    words = ["farm", "bundle", "--script", str(path), "--params", str(keys), "--bundle", str(tmp_path / "job")]
    assert main(words) == 2 and "keys over the shot (gamma)" in capsys.readouterr().err


def test_a_task_of_a_script_whose_range_has_changed_fails(
    cli: RunCli, script: Script, svd_plates: str, tmp_path: Path
) -> None:
    path = script(lambda nuke: gvm_node(nuke, nuke.nodes.Grade(inputs=[read_node(nuke, svd_plates)])))
    words = ["--node", "GVMMatte1", "--output", str(tmp_path / "m.####.exr"), "--progress", "openjd"]
    done = cli("farm", "task", str(path), *words, "--shot-range", "1001-1020", "--blocks", "1001")
    assert done.returncode == 2 and "is 1001-1017 now" in done.stderr
    assert done.stdout.startswith("openjd_fail: The range of GVMMatte1 is 1001-1017 now")


# -- farm cost


def cost(capsys: pytest.CaptureFixture[str], *words: str) -> Dict[str, Any]:
    """What `farm cost --json` says."""
    assert main(["farm", "cost", "--json", *words]) == 0
    found: Dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_cost_tells_the_best_blocks_of_a_bundle_by_a_measured_render(
    cli: RunCli, script: Script, svd_plates: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = script(lambda nuke: gvm_node(nuke, read_node(nuke, svd_plates)))
    measured = tmp_path / "block.json"
    options = [f"--{name.replace('_', '-')}={value}" for name, value in PARAMS.items()]
    done = cli("render", "--input", svd_plates, "--output", str(tmp_path / "m.####.exr"), "--shot-range", "1001-1017",
               "--blocks", "1001-1007:6", "--json", *options)  # fmt: skip
    assert done.returncode == 0, done.stderr
    measured.write_text(done.stdout)
    bundle(path, tmp_path / "job", "--workers", "3", "--measured", str(measured))
    estimate = json.loads(capsys.readouterr().out)["estimate"]
    assert estimate.startswith("1 worker ") and estimate.endswith(" s") and "%" not in estimate
    found = cost(capsys, str(tmp_path / "job"), "--measured", str(measured), "--workers", "1,3", "--task", "0")
    assert found["blocks"] == 3 and found["rates"]["denoise"] > 0 and found["rates"]["task"] == 0
    assert {(one["workers"], one["blocks"]) for one in found["costs"]} == {(n, size) for n in (1, 3) for size in (1, 2, 3)}
    assert found["best"][0]["tasks"] == 1


def test_cost_of_a_shot_without_a_bundle_is_a_table_its_sums_and_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = ["--shot-range", "1001-1800"]
    rates = {"start": 6, "load": 60, "task": 2, "encode": 0.02, "denoise": 0.03, "decode": 0.05}
    shot += [f"--{name}={value}" for name, value in rates.items()]
    picture = tmp_path / "plots" / "cost.png"
    assert main(["farm", "cost", *shot, "--workers", "1,16", "--plot", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "31 blocks" in said and "16 workers: 7 blocks per task" in said
    assert "4 of 31 windows are computed twice: 13 %" in said
    sums = [line for line in said.splitlines() if " = " in line]
    assert len(sums) == 6
    for line in sums:  # a TD with a pocket calculator
        left, right = line.split(" = ")
        terms = re.sub(r"windows|plates|frames|machine|longest|wall|time|task", "", left).replace("·", "*")
        assert eval(terms) == pytest.approx(float(right.split()[0]), abs=0.06)
    assert "5 · (6 + 60) + 5 · 2 + 928 plates" in sums[-1] and sums[-1].endswith("starts and loads are 76 % of it")
    assert picture.read_bytes().startswith(b"\x89PNG")
    (best,) = cost(capsys, *shot, "--workers", "8")["best"]
    (cold,) = cost(capsys, *shot, "--workers", "2", "--blocks-per-chunk", "7", "--cold")["costs"]
    (free,) = cost(capsys, *shot, "--workers", "8", "--most-waste", "100")["best"]
    assert (best["tasks"], best["sessions"], free["tasks"]) == (5, 5, 8) and free["finish"] < best["finish"]
    assert cold["sessions"] == 5 and cold["busy"] == pytest.approx(best["busy"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "a job bundle or a --shot-range"),
        (["nowhere"], "is no bundle"),
        (["--shot-range", "1-9,20"], "gaps"),
        (["--shot-range", "1-9", "--plot", "cost.jpg"], "ends in .png or .svg"),
        (["--shot-range", "1-9", "--most-waste", "-1"], "per cent"),
        (["--shot-range", "1-9", "--encode", "-1"], "encode"),
        (["--shot-range", "1-9", "--measured", "nowhere.json"], "nowhere.json"),
    ],
)
def test_cost_says_what_is_wrong(words: List[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["farm", "cost", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_the_template_of_a_branch_is_one_that_openjd_takes(script: Script, svd_plates: str, tmp_path: Path) -> None:
    path = script(lambda nuke: gvm_node(nuke, nuke.nodes.Grade(inputs=[read_node(nuke, svd_plates)])))
    bundle(path, tmp_path / "job", "--no-extensions")
    checked = subprocess.run(
        [*openjd_command(), "check", str(tmp_path / "job" / "template.json")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
