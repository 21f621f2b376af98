"""The script with the node: without the package, in the menus, before renders downstream, on the oldest Python."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import gvm_matte
import numpy as np
import pytest
from gvm_matte.host import Host
from node_kit import gvm, matte_node, mattes, nuke, read_node, settle
from support import read_mattes

PACKAGE = Path(gvm_matte.__file__).parent
NODES = sorted((PACKAGE / "nodes").glob("*.py"))

# A host in which `gvm_matte.nodes` cannot be imported, as where the plug-in is not installed.
_BARE = """
import sys
from gvm_matte.host import Host
sys.modules["gvm_matte.nodes"] = None
with Host(gui=True) as host:
    host.open(sys.argv[1])
    import nuke
    node = nuke.toNode("GVMMatte1")
    assert (node.firstFrame(), node.lastFrame()) == (1001, 1017), node.frameRange()
    node["gamma"].setValue(2.0)
    node["render"].execute()
    assert "not installed" in host.messages[-1][1], host.messages
    host.render_writes([1003])
    assert host.callback_errors == [], host.callback_errors
"""


@pytest.mark.parametrize("rendered", [True, False])
def test_a_script_opens_and_renders_where_the_package_is_missing(
    host: Host, node: Any, tmp_path: Path, rendered: bool
) -> None:
    if rendered:
        gvm.render(node)
    write = nuke.nodes.Write(inputs=[node], file=str(tmp_path / "comp" / "c.%04d.exr"), file_type="exr")
    for knob, value in {"channels": "rgba", "datatype": "32 bit float", "raw": True, "create_directories": True}.items():
        write[knob].setValue(value)
    script = str(tmp_path / "sh010.nk")
    host.save(script)
    done = subprocess.run([sys.executable, "-W", "error", "-c", _BARE, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with Host() as reader:
        read = nuke.nodes.Read(file=str(tmp_path / "comp" / "c.%04d.exr"), first=1003, last=1003)
        channels = reader.picture(read, 1003).channels
    if rendered:
        assert np.array_equal(channels["rgba.alpha"], read_mattes(mattes(node)[0].parent)["GVMMatte1.1003.exr"])
    else:
        assert not channels["rgba.alpha"].any() and channels["rgba.red"].any()


def test_saved_opened_and_saved_again_the_script_is_the_same(host: Host, node: Any, tmp_path: Path) -> None:
    gvm.render(node)
    host.save(str(tmp_path / "sh010.nk"))
    first = (tmp_path / "sh010.nk").read_text()
    host.open(str(tmp_path / "sh010.nk"))
    host.save(str(tmp_path / "sh010.nk"))
    assert (tmp_path / "sh010.nk").read_text() == first
    (again,) = gvm.every_node()
    assert gvm.look(again).kind == "fresh"  # no value lost digits on its way


@pytest.mark.parametrize("choice", ["never", "if missing", "always"])
def test_a_write_downstream_asks_for_mattes_as_the_knob_says(host: Host, node: Any, tmp_path: Path, choice: str) -> None:
    node["before_render"].setValue(choice)
    write = nuke.nodes.Write(inputs=[node], file=str(tmp_path / "c.%04d.exr"), file_type="exr")
    nuke.execute(write, 1001, 1001)
    assert len(mattes(node)) == (0 if choice == "never" else 17)
    if choice == "never":
        return
    mattes(node)[2].unlink()
    node["gamma"].setValue(1.5)
    nuke.execute(write, 1001, 1001)
    stale = gvm.look(node)
    assert stale.kind == ("fresh" if choice == "always" else "stale") and len(mattes(node)) == 17


def test_a_write_downstream_stops_where_its_mattes_cannot_be_made(host: Host, node: Any, tmp_path: Path) -> None:
    node["before_render"].setValue("always")
    node["model_base"].setValue(str(tmp_path / "nowhere"))
    write = nuke.nodes.Write(inputs=[node], file=str(tmp_path / "c.%04d.exr"), file_type="exr")
    with pytest.raises(RuntimeError, match="nowhere"):
        nuke.execute(write, 1001, 1001)
    assert not list(tmp_path.glob("c.*.exr"))
    node["model_base"].setValue("")
    node.setInput(0, nuke.nodes.Grade(inputs=[node.input(0)]))
    with pytest.raises(RuntimeError, match="within a render"):
        nuke.execute(write, 1001, 1001)


def test_the_menu_makes_a_node_behind_the_selection(gui: Host, shown: Any) -> None:
    for name in ("init.py", "menu.py"):
        _run(PACKAGE / name)
    item = nuke.menu("Nodes").findItem("GVM/GVM Matte")
    read = shown.input(0)
    below = nuke.nodes.Dot(inputs=[read])
    shown.setInput(0, None)
    read.selectOnly()
    item.invoke()
    settle(gui)
    made = nuke.selectedNode()
    assert gvm.is_matte(made) and made.input(0) is read and below.input(0) is made
    assert [panel["name"] for panel in gui.panels] == ["GVM Matte Monitor"]


def test_init_and_menu_report_and_never_raise(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(sys.path)
    try:
        sys.path.insert(0, str(PACKAGE))  # as Nuke does with a plug-in folder
        _run(PACKAGE / "init.py")
        assert str(PACKAGE) not in sys.path
    finally:
        sys.path[:] = before
    _run(PACKAGE / "menu.py")  # a terminal session has no menus
    assert "menu could not be made" in capsys.readouterr().err


def _run(path: Path) -> None:
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), {"__file__": str(path), "__name__": "nuke_plugin"})


def test_callbacks_survive_nodes_that_are_half_loaded(host: Host, node: Any) -> None:
    gvm.callback("knobChanged")  # nuke.thisNode() is the root
    for missing in ("preset", "status", "output"):
        node.removeKnob(node[missing])
        node["gamma"].setValue(node["gamma"].value() + 0.1)
    assert host.callback_errors == []


@pytest.mark.parametrize("path", [*NODES, PACKAGE / "init.py", PACKAGE / "menu.py"], ids=lambda path: path.name)
def test_it_is_written_in_nuke_14s_python_and_asks_for_nothing_that_nuke_lacks(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    found = {alias.name for one in ast.walk(tree) if isinstance(one, ast.Import) for alias in one.names}
    found |= {one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and not one.level}
    assert {name.split(".")[0] for name in found} <= {*sys.stdlib_module_names, "nuke"}
    assert "gvm_host" not in path.read_text(encoding="utf-8")  # no branch on which host it is


def test_the_public_names_are_these() -> None:
    assert gvm.__all__ == [
        "NodeState", "apply_settings", "callback", "cancel", "create", "every_node", "is_matte", "is_rendering",
        "load_preset", "look", "output_pattern", "press", "register", "reload", "render", "render_block", "save_preset",
        "settings", "state_of",
    ]  # fmt: skip
    assert all(hasattr(gvm, name) for name in gvm.__all__)


def test_an_opened_node_still_hears_of_changes_from_code(warm: Path, tmp_path: Path, svd_plates: str) -> None:
    """The flag for it is not kept in scripts."""
    with Host(gui=True, knob_changed="panel") as host:
        host.session.root["name"].setValue(str(tmp_path / "sh010.nk"))
        matte_node(read_node(svd_plates))
        settle(host)
        host.save(str(tmp_path / "sh010.nk"))
        host.open(str(tmp_path / "sh010.nk"))
        (node,) = gvm.every_node()
        node["gamma"].setValue(-1.0)
        assert "Gamma takes" in node["problem"].value()
        settle(host)


def test_mattes_without_an_engine_are_there_and_not_called_fresh(
    host: Host, node: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gvm.render(node, [1001])
    monkeypatch.setenv("GVM_ENGINE_FILE", str(tmp_path / "none.json"))
    monkeypatch.setenv("GVM_ENGINE_PYTHON", str(tmp_path / "no-python"))
    state = gvm.look(node)
    assert state.kind == "unknown" and state.text.startswith("There are mattes, and they could not be checked: ")
    assert host.picture(node, 1001).channels["rgba.alpha"].any()


# Nuke's side under another Python, which has neither numpy nor OpenImageIO; the engine under its own.
_OTHER_PYTHON = """
import importlib.util, sys
at = sys.argv[1]
spec = importlib.util.spec_from_file_location("gvm_matte", at + "/__init__.py", submodule_search_locations=[at])
package = importlib.util.module_from_spec(spec)
sys.modules["gvm_matte"] = package
spec.loader.exec_module(package)
from gvm_matte.host import Host
with Host() as host:
    import nuke
    import gvm_matte.nodes as gvm
    node = gvm.create(nuke.nodes.Read(file=sys.argv[2], first=1001, last=1017, raw=True))
    node["output"].setValue(sys.argv[3])
    for name, value in {"num_frames_per_batch": 8, "size": 64, "max_resolution": 96}.items():
        node[name].setValue(value)
    nuke.frame(1002)
    gvm.render_block(node)
    assert "numpy" not in sys.modules and host.callback_errors == []
    print(gvm.look(node).text)
"""
PYTHONS = [*sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python"))[-1:],
           *sorted(Path.home().glob(".pyenv/versions/3.10.*/bin/python"))[-1:]]  # fmt: skip


@pytest.mark.skipif(not PYTHONS, reason="neither Python 3.9 nor 3.10 is here")
@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: path.parts[-3])
def test_it_renders_under_the_pythons_of_nuke_14_and_15(
    warm: Path, python: Path, tmp_path: Path, svd_plates: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GVM_ENGINE_PYTHON", sys.executable)
    mattes_at = str(tmp_path / "m.####.exr")
    done = subprocess.run(
        [str(python), "-I", "-W", "error", "-c", _OTHER_PYTHON, str(PACKAGE), svd_plates, mattes_at],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Partial: 1001-1004 are fresh. Missing: 1005-1017."
