"""`gvm-matte comp`: scripts made, listed, rendered, executed and saved by the real command, without Nuke."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.host import Host
from support import RunCli, events, read_matte, read_mattes, warm_engine

Script = Callable[[Callable[[Any], None]], Path]

# Where the plug-in is not installed: the node's package cannot be imported.
_BARE = """
import sys
from gvm_matte.host import Host
sys.modules["gvm_matte.nodes"] = None
with Host() as host:
    host.open(sys.argv[1])
    host.render_writes([1003])
    assert host.callback_errors == [], host.callback_errors
"""


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """A warm engine for all of these tests, as on an artist's machine; test_comp_cancel.py has commands with their own."""
    with warm_engine():
        yield


def read_rgba(path: Path) -> np.ndarray[Any, Any]:
    """[h,w,4] float."""
    image = oiio.ImageInput.open(str(path))
    assert image is not None, (path, oiio.geterror())
    return np.asarray(image.read_image(oiio.FLOAT))


@pytest.fixture
def shot(cli: RunCli, svd_plates: str, tiny: List[str], tmp_path: Path) -> Path:
    """A script that the command made."""
    script = tmp_path / "shots" / "sh010.nk"
    done = cli("comp", "--new", str(script), "--plate", svd_plates, *tiny)
    assert done.returncode == 0, done.stderr
    return script


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Makes a script by code that gets the module `nuke`."""

    def make(build: Callable[[Any], None]) -> Path:
        path = tmp_path / "made.nk"
        with Host() as host:
            import nuke

            nuke.root()["name"].setValue(str(path))
            build(nuke)
            host.save(str(path))
        return path

    return make


def gvm_node(nuke: Any, above: Any = None, **knobs: Any) -> Any:
    """A GVM Matte in a host."""
    import gvm_matte.nodes as gvm

    node = gvm.create(above)
    for name, value in knobs.items():
        node[name].setValue(value)
    return node


def listed(cli: RunCli, script: Path, *words: str) -> Dict[str, Any]:
    done = cli("comp", str(script), "--list", "--json", *words)
    assert done.returncode == 0, done.stderr
    found: Dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_new_script_is_rendered_and_executed_from_any_folder(
    cli: RunCli, shot: Path, svd_plates: str, tiny: List[str], tmp_path: Path
) -> None:
    (before,) = listed(cli, shot)["nodes"]
    assert (before["name"], before["first"], before["last"], before["state"]) == ("GVMMatte1", 1001, 1017, "empty")

    done = cli("comp", shot.name, "-x", "--json", cwd=shot.parent)
    assert done.returncode == 0, done.stderr
    told = events(done.stdout)
    assert [one["frame"] for one in told if one["event"] == "framewritten" and "write" in one] == list(range(1001, 1018))
    assert sorted(one["frame"] for one in told if one["event"] == "framewritten" and "node" in one) == list(
        range(1001, 1018)
    )
    assert {one["event"] for one in told} == {"accepted", "progress", "framewritten", "done", "finished"}
    ended = [(one.get("node"), one.get("write"), len(one.get("written", ()))) for one in told if one["event"] == "finished"]
    assert ended == [("GVMMatte1", None, 17), (None, "Write1", 17), (None, None, 0)]

    mattes = read_mattes(shot.parent / "mattes" / "GVMMatte1")
    same = cli("render", "--input", svd_plates, "--output", str(tmp_path / "same" / "GVMMatte1.####.exr"), *tiny)
    assert same.returncode == 0, same.stderr
    expected = read_mattes(tmp_path / "same")
    assert list(mattes) == list(expected) and all(np.array_equal(mattes[name], expected[name]) for name in expected)
    comp = read_rgba(shot.parent / "comp" / "sh010.1009.exr")
    plate = oiio.ImageInput.open(svd_plates.replace("####", "1009")).read_image(oiio.HALF).astype(np.float32)
    assert np.array_equal(comp[..., 3], mattes["GVMMatte1.1009.exr"].astype(np.float16).astype(np.float32))
    assert np.array_equal(comp[..., :3], plate)

    (after,) = listed(cli, shot)["nodes"]
    assert (after["state"], after["text"]) == ("fresh", "Fresh: 1001-1017.")
    (stale,) = listed(cli, shot, "--gamma", "2")["nodes"]  # what is given here counts as if it were in the knob
    assert stale["state"] == "stale" and "Gamma" in stale["text"]


@pytest.mark.parametrize("rendered", [True, False])
def test_a_new_script_opens_where_the_package_is_missing(cli: RunCli, shot: Path, rendered: bool) -> None:
    if rendered:
        done = cli("comp", str(shot), "--frames", "1003-1003", "--quiet")
        assert done.returncode == 0 and not done.stdout and not done.stderr, done.stderr
        assert cli("comp", str(shot), "--save", str(shot)).returncode == 0  # it notes that there are mattes
    bare = subprocess.run([sys.executable, "-c", _BARE, str(shot)], capture_output=True, text=True, check=False)
    assert bare.returncode == 0, bare.stderr
    alpha = read_rgba(shot.parent / "comp" / "sh010.1003.exr")[..., 3]
    assert alpha.any() == rendered


def test_paths_are_kept_as_they_were_given(cli: RunCli, tmp_path: Path, svd_plates: str) -> None:
    plates = tmp_path / "plätze 1"
    plates.mkdir()
    for path in sorted(Path(svd_plates).parent.iterdir())[:3]:
        os.link(path, plates / path.name)
    words = (
        "--plate",
        "plätze 1/plate.@@@@.exr",
        "--output",
        "out/[value name].%04d.exr",
        "--comp-output",
        f"{tmp_path}/c.#.png",
    )
    done = cli("comp", "--new", "shots/a b.nk", *words, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["frames"] == "1001-1003"
    found = listed(cli, tmp_path / "shots" / "a b.nk")
    (node,), (write,) = found["nodes"], found["writes"]
    assert Path(os.path.normpath(node["plate"])) == plates / "plate.%04d.exr"
    assert Path(os.path.normpath(node["output"])) == tmp_path / "out" / "GVMMatte1.%04d.exr"
    assert write["file"].startswith(str(tmp_path / "c."))
    text = (tmp_path / "shots" / "a b.nk").read_text()
    assert str(plates) not in text
    again = cli("comp", "--new", "shots/a b.nk", *words, cwd=tmp_path)
    assert again.returncode == 2 and "--overwrite" in again.stderr
    assert (tmp_path / "shots" / "a b.nk").read_text() == text
    assert cli("comp", "--new", "shots/a b.nk", *words, "--overwrite", cwd=tmp_path).returncode == 0
    assert (tmp_path / "shots" / "a b.nk").read_text() != text  # another node, with an id of its own


def test_nodes_are_chosen_by_full_name_and_upstream_comes_first(cli: RunCli, script: Script) -> None:
    def build(nuke: Any) -> None:
        read = nuke.nodes.Read(file="[file dirname [value root.name]]/p.####.exr", first=1, last=5)
        first = gvm_node(nuke, read)
        for _ in range(2):
            group = nuke.nodes.Group()
            with group:
                gvm_node(nuke, nuke.nodes.Input())
            group.setInput(0, first)
        gvm_node(nuke, first, disable=True)

    path = script(build)
    names = [one["name"] for one in listed(cli, path)["nodes"]]
    assert names[0] == "GVMMatte1" and set(names[1:]) == {"Group1.GVMMatte1", "Group2.GVMMatte1", "GVMMatte2"}
    (one,) = listed(cli, path, "--node", "Group2.GVMMatte1")["nodes"]
    assert one["name"] == "Group2.GVMMatte1" and not one["disabled"]
    (one,) = listed(cli, path, "--node", "GVMMatte2")["nodes"]
    assert one["disabled"] and one["plate"] == "branch GVMMatte1"
    shown = cli("comp", str(path), "--list")
    assert "Group2.GVMMatte1" in shown.stdout and "(disabled)" in shown.stdout


def test_a_branch_is_rendered_for_its_node_and_scripts_do_not_disturb_json(
    cli: RunCli, script: Script, svd_plates: str, tiny: List[str], tmp_path: Path
) -> None:
    def build(nuke: Any) -> None:
        read = nuke.nodes.Read(file=svd_plates, first=1001, last=1017, origfirst=1001, origlast=1017)
        grade = nuke.nodes.Grade(inputs=[read], multiply=0.5)
        write = nuke.nodes.Write(inputs=[gvm_node(nuke, grade)], file=str(tmp_path / "c.%04d.exr"), file_type="exr")
        write["channels"].setValue("rgba")
        write["beforeRender"].setValue("print('the show says hello')")
        write["use_limit"].setValue(True)
        write["first"].setValue(1002)
        write["last"].setValue(1003)
        nuke.root()["first_frame"].setValue(1001)
        nuke.root()["last_frame"].setValue(1017)

    path = script(build)
    done = cli("comp", str(path), "-x", "--json", "--frames", "1001-1004", *tiny)
    assert done.returncode == 0, done.stderr
    told = events(done.stdout)
    assert "the show says hello" in done.stderr
    assert [one["frame"] for one in told if one["event"] == "framewritten" and "write" in one] == [1002, 1003]
    alpha = read_matte(tmp_path / "mattes" / "GVMMatte1" / "GVMMatte1.1002.exr")
    assert np.array_equal(read_rgba(tmp_path / "c.1002.exr")[..., 3], alpha.astype(np.float16).astype(np.float32))


def test_writes_alone_ask_for_mattes_as_the_node_says(cli: RunCli, shot: Path) -> None:
    assert cli("comp", str(shot), "--writes-only", "--frames", "1001").returncode == 0
    assert not (shot.parent / "mattes").exists()
    with Host() as host:
        host.open(str(shot))
        import nuke

        nuke.toNode("GVMMatte1")["before_render"].setValue("if missing")
        host.save()
    done = cli("comp", str(shot), "--writes-only", "--frames", "1001", "--json")
    assert done.returncode == 0, done.stderr
    assert [one["event"] for one in events(done.stdout)][-1] == "finished"
    assert len(read_mattes(shot.parent / "mattes" / "GVMMatte1")) == 17


def test_scripts_are_saved_and_nothing_is_rendered(cli: RunCli, shot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.nk"
    done = cli("comp", str(shot), "--save", str(out))
    assert done.returncode == 0 and sorted(path.name for path in shot.parent.iterdir()) == ["sh010.nk"], done.stderr
    assert out.read_text() == shot.read_text().replace(f"name {shot}", f"name {out}")
    assert cli("comp", str(shot), str(out), "--save", f"{tmp_path}/both/", "--size", "128").returncode == 0
    assert {path.name for path in (tmp_path / "both").iterdir()} == {"sh010.nk", "out.nk"}
    assert " size 128\n" in (tmp_path / "both" / "out.nk").read_text()
    clash = cli("comp", str(shot), str(shot), "--save", f"{tmp_path}/both/")
    assert clash.returncode == 2 and "same name" in clash.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Which script?"),
        (("none.nk",), "none.nk cannot be read"),
        (("broken.nk",), "broken.nk"),
        (("empty.nk",), "no GVM Matte node"),
        (("empty.nk", "-x"), "no active Write"),
        (("empty.nk", "empty.nk"), "One script at a time"),
        (("empty.nk", "empty.nk", "--save", "one.nk"), "into a folder"),
        (("empty.nk", "--plate", "p.####.exr"), "belong to --new"),
        (("--new", "n.nk"), "--new needs a plate"),
        (("--new", "n.nk", "--plate", "p.####.exr"), "p.####.exr"),
        (("--new", "n.nk", "--plate", "p.####.exr", "--output", "m.exr"), "no place for the frame"),
        (("shot.nk", "--node", "GVMMatte7"), "no GVM Matte called GVMMatte7; it has GVMMatte1"),
        (("shot.nk", "--frames", "1-9x0"), "steps by 0"),
        (("shot.nk", "--frames", "20-30"), "not in the range 1-5"),
        (("shot.nk", "--garbage", "g.####.exr"), "node's input"),
        (("shot.nk", "--num-frames-per-batch", "4", "--num-overlap-frames", "3"), "overlap"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_sentence(cli: RunCli, script: Script, tmp_path: Path, words: List[str], sentence: str) -> None:
    def build(nuke: Any) -> None:
        gvm_node(nuke, nuke.nodes.Read(file=str(tmp_path / "p.####.exr"), first=1, last=5))

    if "shot.nk" in words:
        script(build).rename(tmp_path / "shot.nk")
    (tmp_path / "broken.nk").write_text('Read {\n file "never closed\n')
    (tmp_path / "empty.nk").write_text("version 15.0 v4\n")
    done = cli("comp", *words, cwd=tmp_path)
    assert done.returncode in (1, 2) and (done.returncode == 1) == (sentence == "p.####.exr")
    assert sentence in done.stderr and "Traceback" not in done.stderr and done.stderr.count("\n") == 1


def test_what_cannot_be_rendered_is_named(cli: RunCli, script: Script, tmp_path: Path) -> None:
    def build(nuke: Any) -> None:
        read = nuke.nodes.Read(file=str(tmp_path / "p.####.exr"), first=1, last=5)
        write = nuke.nodes.Write(inputs=[read], file=str(tmp_path / "c.####.exr"), file_type="exr", name="Lost")
        write["disable"].setValue(False)
        nuke.root()["last_frame"].setValue(2)

    path = script(build)
    missing = cli("comp", str(path), "-x", "--json")
    failed = events(missing.stdout)[-1]
    assert missing.returncode == 1 and "p.0001.exr" in missing.stderr and "Read1" in missing.stderr
    assert (failed["event"], failed["code"], failed["frame"]) == ("failed", "plate.missing", 1)
    path.write_text(path.read_text().replace("Write {", "ZDefocus2 {\n name Soft\n}\nWrite {"))
    unknown = cli("comp", str(path), "-x")
    assert unknown.returncode == 2 and "Soft" in unknown.stderr and "ZDefocus2" in unknown.stderr
    assert "Traceback" not in missing.stderr + unknown.stderr
