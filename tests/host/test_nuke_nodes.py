"""Nodes, groups, their contexts, selection, undo, copy and paste, scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import pytest
from gvm_matte.host import Host, ScriptError, nuke
from host_kit import DATA


def matte_group() -> Any:
    group: Any = nuke.nodes.Group(name="Matte")
    with group:
        plate = nuke.nodes.Input(name="plate")
        levels = nuke.nodes.Grade(name="Levels", inputs=[plate])
        nuke.nodes.Output(inputs=[levels])
    return group


# -- names and places


def test_names_count_up(host: Host) -> None:
    assert [nuke.nodes.Grade().name() for _ in range(3)] == ["Grade1", "Grade2", "Grade3"]
    assert nuke.nodes.Merge2().name() == "Merge1"
    nuke.delete(nuke.toNode("Grade2"))
    assert nuke.nodes.Grade().name() == "Grade2"
    node: Any = nuke.toNode("Grade1")
    node.setName("Grade3")
    assert node.name() == "Grade4" and nuke.toNode("Grade1") is None
    with pytest.raises(ValueError, match="already"):
        node.setName("Grade3", uncollide=False)
    with pytest.raises(ValueError, match="no name of a node"):
        node.setName("a b")


def test_names_resolve_inside_the_group_that_was_begun(host: Host) -> None:
    group = matte_group()
    assert nuke.toNode("Levels") is None and nuke.toNode("Matte.Levels") is group.node("Levels")
    with group:
        assert nuke.thisGroup() is group and nuke.toNode("Levels") is group.node("Levels")
        assert nuke.toNode("root.Matte.Levels") is group.node("Levels") and nuke.toNode("Matte") is None
    assert nuke.thisGroup() is nuke.root() and nuke.toNode("root") is nuke.root()
    inside: Any = group.node("Levels")
    assert inside.fullName() == "Matte.Levels" and nuke.root().fullName() == "root"


def test_all_nodes_are_the_newest_first(host: Host) -> None:
    group = matte_group()
    nuke.nodes.Dot()
    assert [node.name() for node in nuke.allNodes()] == ["Dot1", "Matte"]
    assert [node.name() for node in nuke.allNodes("Grade", recurseGroups=True)] == ["Levels"]
    assert [node.name() for node in group.nodes()] == ["Output1", "Levels", "plate"]
    assert nuke.allNodes(group=group)[0].Class() == "Output"


def test_a_class_that_the_host_lacks_is_an_error(host: Host) -> None:
    with pytest.raises(RuntimeError, match="ScanlineRender: Unknown command"):
        nuke.nodes.ScanlineRender()
    with pytest.raises(NameError, match="knob nope does not exist"):
        nuke.nodes.Grade(nope=1)


def test_a_deleted_node_says_so(host: Host) -> None:
    node = nuke.nodes.Grade()
    nuke.delete(node)
    for call in (node.name, node.knobs, lambda: node["white"], lambda: node.setInput(0, None), lambda: nuke.delete(node)):
        with pytest.raises(ValueError, match="not attached to a node"):
            call()


# -- connections


def test_connections_that_cannot_be_are_refused(host: Host) -> None:
    group = matte_group()
    first, second = nuke.nodes.Grade(), nuke.nodes.Grade()
    assert second.setInput(0, first) and not first.setInput(0, second)  # a ring
    assert first.setInput(1, nuke.nodes.Dot()) and not first.setInput(2, None)  # 1 is the mask
    assert not first.setInput(0, group.node("Levels"))  # another level
    assert not first.setInput(0, nuke.nodes.Viewer())  # nothing comes out of it
    assert group.maxInputs() == 1 and group.setInput(0, first) and not group.setInput(1, first)
    assert first.dependent() == [group, second] and second.dependencies() == [first]


def test_deleting_a_node_joins_its_neighbours(host: Host) -> None:
    above = nuke.nodes.Constant()
    middle = nuke.nodes.Grade(inputs=[above])
    below = nuke.nodes.Invert(inputs=[middle])
    nuke.delete(middle)
    assert below.input(0) is above
    nuke.undo()
    assert below.input(0) is middle and middle.input(0) is above


# -- undo


def test_undo_takes_knobs_and_nodes_back(host: Host) -> None:
    node = nuke.nodes.Grade()
    node["white"].setValue(2)
    node["white"].setValue(3)
    nuke.undo()
    assert node["white"].value() == [2] * 4
    nuke.redo()
    assert node["white"].value() == [3] * 4
    nuke.undo()
    nuke.undo()
    nuke.undo()
    assert nuke.toNode("Grade1") is None
    nuke.redo()
    assert nuke.toNode("Grade1") is node


def test_a_block_is_taken_back_as_one(host: Host) -> None:
    node = nuke.nodes.Grade()
    before = nuke.Undo.undoSize()
    with nuke.Undo("set both"):
        node["white"].setValue(2)
        node["black"].setValue(1)
        node.addKnob(nuke.Int_Knob("extra"))
    assert nuke.Undo.undoSize() == before + 1 and nuke.Undo.undoDescribe() == "set both"
    nuke.undo()
    assert (node["white"].value(), node["black"].value(), node.knob("extra")) == ([1] * 4, [0] * 4, None)
    nuke.redo()
    assert node["black"].value() == [1] * 4 and node.knob("extra") is not None


def test_what_is_done_while_undo_is_off_is_not_recorded(host: Host) -> None:
    node = nuke.nodes.Grade()
    size = nuke.Undo.undoSize()
    nuke.Undo.disable()
    nuke.Undo.disable()
    node["white"].setValue(2)
    nuke.Undo.enable()
    assert nuke.Undo.disabled()
    nuke.Undo.enable()
    quiet = nuke.String_Knob("status")
    quiet.setFlag(nuke.NO_UNDO)
    node.addKnob(quiet)
    quiet.setValue("running")
    assert nuke.Undo.undoSize() == size + 1 and not nuke.Undo.disabled()


# -- copy and paste


def test_a_copy_is_pasted_behind_the_selection(host: Host) -> None:
    above = nuke.nodes.Constant(name="Above")
    group = matte_group()
    group.setInput(0, above)
    group.addKnob(nuke.String_Knob("cache", "Cache", "/tmp/x"))
    group.selectOnly()
    nuke.nodeCopy("%clipboard%")
    other = nuke.nodes.Constant(name="Other")
    other.selectOnly()
    made: Any = nuke.nodePaste("%clipboard%")
    assert made.name() == "Matte1" and made["cache"].value() == "/tmp/x" and made.isSelected()
    assert [node.name() for node in made.nodes()] == ["Output1", "Levels", "plate"]
    assert nuke.selectedNodes() == [made] and group.name() == "Matte" and made.input(0) is other
    nuke.undo()
    assert nuke.toNode("Matte1") is None


def test_pasted_text_of_a_file_hangs_behind_the_selection(host: Host, tmp_path: Path) -> None:
    above = nuke.nodes.Constant()
    above.selectOnly()
    last: Any = nuke.nodePaste(str(DATA / "pasted.nk"))
    assert last.name() == "Dot1" and last.input(0) is nuke.toNode("Grade1")
    assert nuke.toNode("Grade1").input(0) is above
    assert host.text().count("version ") == 1  # the pasted text's own header stays behind
    nuke.nodeCopy(str(tmp_path / "copied.nk"))
    text = (tmp_path / "copied.nk").read_text(encoding="utf-8")
    assert text.startswith("set cut_paste_input [stack 0]\nversion 15.0 v4\n")


# -- scripts


def test_a_script_has_a_name_once_it_is_saved(host: Host, tmp_path: Path) -> None:
    assert (nuke.root().name(), nuke.root()["name"].value()) == ("Root", "")
    with pytest.raises(RuntimeError, match="no name yet"):
        nuke.scriptSave()
    path = str(tmp_path / "a.nk")
    nuke.nodes.Grade(white=2)
    assert nuke.modified()
    nuke.scriptSaveAs(path)
    assert not nuke.modified()
    assert nuke.root().name() == path
    with pytest.raises(RuntimeError, match="exists already"):
        nuke.scriptSaveAs(path)
    nuke.scriptSaveAs(path, overwrite=1)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.nk"]
    nuke.scriptClear()
    assert nuke.allNodes() == [] and nuke.root().name() == "Root"
    nuke.scriptOpen(path)
    assert nuke.toNode("Grade1")["white"].value() == [2] * 4


def test_a_script_that_cannot_be_opened_leaves_the_open_one(host: Host, tmp_path: Path) -> None:
    nuke.nodes.Grade()
    broken = tmp_path / "broken.nk"
    broken.write_text("Read {\n", encoding="utf-8")
    for path in (str(broken), str(tmp_path / "gone.nk")):
        with pytest.raises(ScriptError):
            nuke.scriptOpen(path)
    assert [node.name() for node in nuke.allNodes()] == ["Grade1"]
    with pytest.raises(RuntimeError, match="cannot be written"):
        nuke.scriptSave(str(tmp_path / "no folder" / "a.nk"))


def test_only_what_is_not_default_is_saved(host: Host) -> None:
    node = nuke.nodes.Read(file="/a b.####.exr", first=5)
    lines = host.session.writer.knob_lines(node)
    assert lines == ['file "/a b.####.exr"', "first 5", "name Read1"]
    kept = nuke.Boolean_Knob("always")
    kept.setFlag(nuke.ALWAYS_SAVE)
    node.addKnob(kept)
    assert host.session.writer.knob_lines(node)[-1] == "always false"


def test_clones_share_their_knobs(host: Host) -> None:
    host.open(str(DATA / "clones.nk"))
    first, second = nuke.allNodes("Multiply")
    assert first.clones() == second.clones() == 1
    first["value"].setValue(0.25)
    assert second["value"].value() == [0.25] * 4
    assert {first.xpos(), second.xpos()} == {10, 210}
    assert first.input(0) is second.input(0) is nuke.toNode("Constant1")
    assert host.text().count("clone $") == 1


def test_an_unknown_class_keeps_what_it_says(host: Host) -> None:
    host.open(str(DATA / "unknown_classes.nk"))
    keylight: Any = nuke.toNode("Keylight1")
    assert keylight.Class().startswith("OFX") and keylight["show"].value() == "Final Result"
    keylight["show"].setValue("Source")
    assert " show Source\n" in host.text() and " screenColour {0.1 0.6 0.2}\n" in host.text()


def test_a_host_leaves_nothing_to_the_next() -> None:
    with Host():
        nuke.nodes.Grade()
        nuke.addOnCreate(print)
        kept: List[Any] = [nuke.toNode("Grade1")]
    with Host() as second:
        assert nuke.allNodes() == []
        nuke.nodes.Dot(name="Quiet")  # no callback of the one before
        with Host():
            nuke.nodes.Dot()
        assert nuke.allNodes() == second.session.root.nodes()
    assert kept[0] is not None
    with pytest.raises(RuntimeError, match="no embedded host"):
        nuke.allNodes()
