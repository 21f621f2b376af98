"""The node's life as a person sees it: made, rendered, changed, stale, cancelled, saved, opened, copied, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gvm_matte.core.errors import EngineStartError, PlateMissingError, UsageError
from gvm_matte.host import Host
from node_kit import gvm, matte_node, mattes, nuke, read_node, settle
from support import case, read_matte


def test_a_new_node_lets_the_plate_pass(host: Host, node: Any) -> None:
    assert node.Class() == "Group" and node.name() == "GVMMatte1"
    assert [node.input(0).name(), node.maxInputs()] == ["Read1", 3]
    assert (node.firstFrame(), node.lastFrame()) == (1001, 1017)
    assert gvm.look(node).kind == "empty"
    assert node["status"].value() == "No matte yet."
    plate = host.picture(node.input(0), 1003)
    assert np.array_equal(host.picture(node, 1003).channels["rgba.red"], plate.channels["rgba.red"])
    assert "rgba.alpha" not in host.picture(node, 1003).channels


def test_render_matte_gives_the_engines_own_frames(host: Host, node: Any) -> None:
    made = gvm.render(node)
    assert sorted(made.written) == list(range(1001, 1018)) and made.kept == []
    assert gvm.state_of(node).text == "Fresh: 1001-1017."
    _, tensors = case("svd_windows")
    truth = tensors["alpha"][4].reshape(64, 96)
    shown = host.picture(node, 1005).channels["rgba.alpha"]
    assert np.abs(shown - truth).max() < 1e-4
    assert np.array_equal(shown, read_matte(mattes(node)[4]))


def test_a_changed_knob_makes_it_stale_and_says_which(host: Host, node: Any) -> None:
    gvm.render(node)
    node["gamma"].setValue(1.4)
    assert gvm.look(node).text == "Stale: 1001-1017 (Gamma changed)."
    nuke.frame(1009)
    made = gvm.render_block(node)
    assert made.frames == tuple(range(1007, 1013))
    state = gvm.look(node)
    assert state.text == "Stale: 1001-1006,1013-1017 (Gamma changed)."
    node["gamma"].setValue(1.0)
    assert gvm.look(node).text == "Stale: 1007-1012 (Gamma changed)."


def test_a_plate_that_changes_on_disk_makes_it_stale(host: Host, tmp_path: Path, svd_plates: str) -> None:
    import shutil

    folder = tmp_path / "plates"
    shutil.copytree(Path(svd_plates).parent, folder)
    node = matte_node(read_node(str(folder / "plate.####.exr")))
    gvm.render(node)
    shutil.copy(folder / "plate.1001.exr", folder / "plate.1017.exr")
    state = gvm.look(node)
    assert state.kind == "stale" and "the plate changed" in state.text


def test_one_block_is_partial_and_names_what_is_missing(host: Host, node: Any) -> None:
    nuke.frame(1002)
    gvm.render_block(node)
    state = gvm.look(node)
    assert state.kind == "partial" and "Missing: 1007-1017" in state.text
    with pytest.raises(RuntimeError, match=r"1012\.exr"):
        host.picture(node, 1012)  # a frame without a matte is an error, never a plate that looks like one


def test_reopened_it_knows_what_it_holds(host: Host, node: Any, tmp_path: Path) -> None:
    gvm.render(node)
    host.save(str(tmp_path / "sh010.nk"))
    host.open(str(tmp_path / "sh010.nk"))
    (again,) = gvm.every_node()
    assert again["has_matte"].value() == 1
    assert gvm.look(again).text == "Fresh: 1001-1017."


def test_mattes_that_a_farm_made_are_fresh_in_the_script_that_asked(host: Host, node: Any, tmp_path: Path) -> None:
    host.save(str(tmp_path / "sh010.nk"))  # no matte yet
    gvm.render(node)  # elsewhere, by the same script
    host.open(str(tmp_path / "sh010.nk"))
    (again,) = gvm.every_node()
    assert again["has_matte"].value() == 1  # seen when the script was loaded
    assert gvm.look(again).kind == "fresh"


def test_a_copy_gets_its_own_path_and_is_empty(host: Host, node: Any, tmp_path: Path) -> None:
    node["output"].setValue(str(tmp_path / "mattes" / "sh010.####.exr"))
    gvm.render(node)
    node.selectOnly()
    nuke.nodeCopy("%clipboard%")
    for one in nuke.selectedNodes():
        one.setSelected(False)
    copy = nuke.nodePaste("%clipboard%")
    assert copy["gvm_id"].value() != node["gvm_id"].value()
    assert gvm.output_pattern(copy) == str(tmp_path / "mattes" / f"sh010_{copy.name()}.####.exr")  # type: ignore[arg-type]
    copy.setInput(0, node.input(0))
    assert gvm.look(copy).kind == "empty"  # type: ignore[arg-type]
    assert gvm.look(node).kind == "fresh"


def test_the_default_path_follows_the_nodes_name(host: Host, node: Any, svd_plates: str) -> None:
    other = matte_node(node.input(0))
    assert Path(gvm.output_pattern(node)).parts[-2:] == ("GVMMatte1", "GVMMatte1.####.exr")
    assert Path(gvm.output_pattern(other)).parts[-2:] == ("GVMMatte2", "GVMMatte2.####.exr")
    nuke.root()["name"].setValue("")
    with pytest.raises(UsageError, match="Save the script"):
        gvm.render(node)


def test_undo_takes_a_person_back_and_skips_the_nodes_bookkeeping(gui: Host, svd_plates: str) -> None:
    read = read_node(svd_plates)
    before = nuke.Undo.undoSize()
    node = gvm.create(read)
    assert nuke.Undo.undoSize() == before + 1 and nuke.Undo.undoDescribe() == "Create GVM Matte"
    node["gamma"].setValue(2.0)
    settle(gui)
    gvm.look(node)
    assert nuke.Undo.undoSize() == before + 2
    nuke.undo()
    assert node["gamma"].value() == 1.0
    nuke.undo()
    assert gvm.every_node() == []
    nuke.redo()
    assert [one.name() for one in gvm.every_node()] == ["GVMMatte1"]


def test_a_range_beyond_the_plate_is_told_before_anything_starts(host: Host, node: Any) -> None:
    node["range"].setValue("custom")
    node["range_first"].setValue(995)
    node["range_last"].setValue(1010)
    with pytest.raises(UsageError, match=r"995-1010 .* which has 1001-1017"):
        gvm.render(node)
    node["range_first"].setValue(1012)
    with pytest.raises(UsageError, match="runs backwards"):
        gvm.render(node)
    assert "runs backwards" in node["problem"].value()


def test_a_plate_with_gaps_fails_by_its_file_until_told_otherwise(host: Host, tmp_path: Path, svd_plates: str) -> None:
    import shutil

    folder = tmp_path / "plates"
    shutil.copytree(Path(svd_plates).parent, folder)
    (folder / "plate.1004.exr").unlink()
    node = matte_node(read_node(str(folder / "plate.####.exr")))
    with pytest.raises(PlateMissingError, match=r"1004"):
        gvm.render(node)
    assert node["status"].value().startswith("Failed: ") and "1004" in node["status"].value()
    assert node["has_matte"].value() == 0
    node["missing"].setValue("nearest")
    gvm.render(node)
    assert gvm.look(node).kind == "fresh"


def test_without_an_engine_it_says_so_and_shows_what_is_there(
    host: Host, node: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GVM_ENGINE_FILE", str(tmp_path / "none.json"))
    monkeypatch.setenv("GVM_ENGINE_PYTHON", str(tmp_path / "no-python"))
    with pytest.raises(EngineStartError, match="no-python"):
        gvm.render(node)
    assert "no-python" in gvm.state_of(node).text
    node["check_engine"].execute()
    assert node["engine_status"].value().startswith("No engine: ")
    host.picture(node, 1003)  # the plate passes


def test_without_weights_the_message_names_the_folder(host: Host, node: Any, tmp_path: Path) -> None:
    node["model_base"].setValue(str(tmp_path / "nowhere"))
    node["render"].execute()
    assert host.messages[-1][0] == "message" and "nowhere" in host.messages[-1][1]
    assert gvm.state_of(node).kind == "failed"


def test_two_nodes_render_at_once(gui: Host, svd_plates: str) -> None:
    read = read_node(svd_plates)
    one, other = matte_node(read), matte_node(read, gamma=1.5)
    gvm.render(one)
    gvm.render(other)
    assert gvm.is_rendering(one) and gvm.is_rendering(other)
    with pytest.raises(UsageError, match="renders already"):
        gvm.render(one)
    settle(gui)
    assert [gvm.state_of(node).kind for node in (one, other)] == ["fresh", "fresh"]


def test_out_of_range_values_are_shown_at_once(host: Host, node: Any) -> None:
    node["gamma"].setValue(500.0)
    assert node["problem"].value() == "Gamma takes 0.01 to 100, not 500.0."
    node["white_point"].setValue(7.0)
    assert node["problem"].value().count(" takes ") == 2
    node["gamma"].setValue(1.0)
    node["white_point"].setValue(0.01)
    assert "black point" in node["problem"].value()
    node["white_point"].setValue(0.9)
    assert node["problem"].value() == " "
    node["num_overlap_frames"].setValue(5)
    told = node["problem"].value()
    assert told == "Overlap frames is 5; with 8 frames per batch it can be 0 to 4."
    node["num_overlap_frames"].setValue(6)  # the number of "auto" is the user's where the user typed it
    assert node["problem"].value() == told.replace("is 5", "is 6")
    node["num_overlap_frames"].setValue(-1)
    assert node["problem"].value() == " "
