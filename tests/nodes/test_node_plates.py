"""What is connected: plain Reads through what changes nothing, time offsets, branches, garbage and core mattes."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
from gvm_matte.core.errors import MatteWriteError, PlateError
from gvm_matte.host import Host
from node_kit import KNOBS, gvm, matte_node, mattes, nuke, read_node, settle
from support import read_mattes, write_plate

from gvm_matte.nodes import order, branch_plates as ram_plates  # isort: skip  # after node_kit: a host was there


def chain(read: Any) -> Any:
    """Behind everything that is looked through."""
    dot = nuke.nodes.Dot(inputs=[read])
    noop = nuke.nodes.NoOp(inputs=[dot])
    off = nuke.nodes.Grade(inputs=[noop], disable=True)
    return nuke.nodes.FrameRange(inputs=[off], first_frame=1001, last_frame=1017)


def test_a_read_behind_what_changes_nothing_is_read_by_the_engine(host: Host, node: Any) -> None:
    gvm.render(node)
    direct = read_mattes(Path(gvm.output_pattern(node)).parent)
    other = matte_node(chain(node.input(0)))
    made = gvm.render(other)
    assert made.order.branches == {} and made.order.plate.path.endswith("plates0/plate.%04d.exr")
    through = read_mattes(Path(gvm.output_pattern(other)).parent)
    assert all(np.array_equal(a, b) for a, b in zip(direct.values(), through.values()))


def test_a_time_offset_keeps_the_plates_numbers_on_disk_and_the_scripts_in_the_viewer(
    host: Host, node: Any, svd_plates: str
) -> None:
    gvm.render(node)
    shift = nuke.nodes.TimeOffset(inputs=[node.input(0)], time_offset=-1000)
    late = matte_node(shift)
    assert (late.firstFrame(), late.lastFrame()) == (1, 17)
    nuke.frame(4)
    made = gvm.render_block(late)
    assert made.order.offset == -1000 and made.frames == (1, 2, 3, 4, 5, 6) and sorted(made.written) == [1, 2, 3, 4, 5, 6]
    assert [path.name for path in mattes(late)][:2] == ["GVMMatte2.1001.exr", "GVMMatte2.1002.exr"]
    assert gvm.look(late).text == "Partial: 1-6 are fresh. Missing: 7-17."
    shown = host.picture(late, 4).channels["rgba.alpha"]
    assert np.array_equal(shown, host.picture(node, 1004).channels["rgba.alpha"])


def test_a_branch_comes_out_as_its_plates_would_from_disk(host: Host, node: Any, tmp_path: Path) -> None:
    """From half float in memory, three windows: against the same plates on disk."""
    grade = nuke.nodes.Grade(inputs=[node.input(0)])
    grade["multiply"].setValue(0.75)
    write = nuke.nodes.Write(inputs=[grade], file=str(tmp_path / "graded" / "g.%04d.exr"), file_type="exr")
    for knob, value in {"datatype": "16 bit half", "raw": True, "create_directories": True}.items():
        write[knob].setValue(value)
    nuke.execute(write, 1001, 1017)
    disk = matte_node(read_node(str(tmp_path / "graded" / "g.####.exr")), input_colorspace="raw")
    gvm.render(disk)
    live = matte_node(grade, input_colorspace="raw")
    made = gvm.render(live)
    assert list(made.order.branches) == [0] and sorted(made.written) == list(range(1001, 1018))
    wanted = read_mattes(Path(gvm.output_pattern(disk)).parent)
    folder = Path(gvm.output_pattern(live)).parent
    assert {path.suffix for path in folder.iterdir()} == {".exr"}
    assert all(np.array_equal(a, b) for a, b in zip(read_mattes(folder).values(), wanted.values()))


def test_a_branch_is_known_again_when_the_script_is_opened(host: Host, node: Any, tmp_path: Path) -> None:
    grade = nuke.nodes.Grade(inputs=[node.input(0)])
    grade["multiply"].setValue(0.75)
    node.setInput(0, grade)
    gvm.render(node)
    host.save(str(tmp_path / "sh010.nk"))
    host.open(str(tmp_path / "sh010.nk"))
    (again,) = gvm.every_node()
    assert gvm.look(again).text == "Fresh: 1001-1017."
    grade = nuke.toNode("Grade1")  # type: ignore[assignment]
    grade.setXpos(300)
    assert gvm.look(again).kind == "fresh"  # moved, not changed
    grade["multiply"].setValue(0.7)
    assert gvm.look(again).text == "Stale: 1001-1017 (what is upstream changed)."
    assert gvm.render(again).kept == []
    assert sorted(gvm.render(again).kept) == list(range(1001, 1018))
    again["gamma"].setValue(1.2)
    assert gvm.look(again).text == "Stale: 1001-1017 (Gamma changed)."


def test_no_write_is_left_in_the_node_and_proxy_comes_back(host: Host, node: Any) -> None:
    nuke.root()["proxy"].setValue(True)
    node.setInput(0, nuke.nodes.Grade(inputs=[node.input(0)]))
    gvm.render(node)
    assert nuke.root()["proxy"].value() is True
    assert sorted(one.Class() for one in node.nodes()) == [
        "Copy", "Input", "Input", "Input", "Output", "Read", "Switch", "TimeOffset",
    ]  # fmt: skip


def test_a_branch_that_cannot_be_rendered_names_input_and_frame(host: Host, node: Any, tmp_path: Path) -> None:
    gone = read_node(str(tmp_path / "gone.####.exr"))
    node.setInput(0, nuke.nodes.Grade(inputs=[gone]))
    node["range"].setValue("input")
    with pytest.raises(PlateError, match=r"The plate input of GVMMatte1 cannot be rendered for frame 1001: .*gone"):
        gvm.render(node)
    assert gvm.state_of(node).kind == "failed"


def test_a_branch_can_be_cancelled_between_two_plates(gui: Host, shown: Any) -> None:
    shown.setInput(0, nuke.nodes.Grade(inputs=[shown.input(0)]))
    gvm.render(shown)
    gui.process_events(0.2)
    assert gvm.cancel(shown)
    settle(gui)
    assert not gvm.is_rendering(shown) and gui.messages == []


def test_garbage_and_core_force_alpha(host: Host, node: Any, tmp_path: Path) -> None:
    """Garbage as a file that the engine reads; core as a branch that Nuke renders."""
    for frame in range(1001, 1018):
        half = np.zeros((64, 96, 4), np.float32)
        half[:, :48, 3] = 1.0
        write_plate(tmp_path / "garbage" / f"g.{frame}.exr", half)
    garbage = read_node(str(tmp_path / "garbage" / "g.####.exr"))
    node.setInput(1, garbage)
    nuke.frame(1003)
    made = gvm.render_block(node)
    assert made.order.branches == {} and set(made.order.masks) == {"garbage"}
    alpha = host.picture(node, 1003).channels["rgba.alpha"]
    assert not alpha[:, :48].any() and alpha[:, 48:].any()
    node.setInput(1, None)
    node.setInput(2, nuke.nodes.Grade(inputs=[garbage], channels="rgba"))
    made = gvm.render_block(node)
    assert list(made.order.branches) == [2]
    alpha = host.picture(node, 1003).channels["rgba.alpha"]
    assert np.all(alpha[:, :48] == 1.0) and not np.all(alpha[:, 48:] == 1.0)


def test_the_reads_colour_space_goes_along(host: Host, node: Any) -> None:
    read = node.input(0)
    order = gvm.render(node, [1001]).order
    assert order.params["input_colorspace"] == "raw"
    read["raw"].setValue(False)
    assert "input_colorspace" not in gvm.render(node, [1001]).order.params
    read["colorspace"].setValue("linear")
    assert gvm.render(node, [1001]).order.params["input_colorspace"] == "scene_linear"
    node["input_colorspace"].setValue("srgb")
    assert gvm.render(node, [1001]).order.params["input_colorspace"] == "srgb"
    assert set(order.params) == {*KNOBS, "input_colorspace"}


def test_the_foreground_comes_with_the_matte_when_asked_for(host: Host, node: Any) -> None:
    node["channels"].setValue("rgba-unpremult")
    nuke.frame(1001)
    gvm.render_block(node)
    shown, plate = host.picture(node, 1001).channels, host.picture(node.input(0), 1001).channels
    assert gvm.look(node).kind == "partial"
    assert not np.array_equal(shown["rgba.red"], plate["rgba.red"])
    node["channels"].setValue("alpha")
    assert gvm.look(node).text.startswith("Stale: 1001-1006 (Channels changed)")
    assert np.array_equal(host.picture(node, 1001).channels["rgba.red"], plate["rgba.red"])


def test_a_layers_alpha_is_found_under_its_name(host: Host, node: Any) -> None:
    node["channels"].setValue("layer:hero")
    gvm.render(node, [1001])
    assert host.picture(node, 1001).channels["rgba.alpha"].any()


def test_max_frames_stops_early_and_hides_no_missing_frame(host: Host, node: Any) -> None:
    node["max_frames"].setValue(3)
    made = gvm.render(node)
    assert made.frames == (1001, 1002, 1003) and sorted(made.written) == [1001, 1002, 1003]
    assert gvm.look(node).text == "Partial: 1001-1003 are fresh. Missing: 1004-1017."


def test_plates_of_a_branch_are_rendered_while_the_engine_works_on_the_block_before(gui: Host, shown: Any) -> None:
    """Blocks of six: the second needs 1009 to 1014."""
    shown.setInput(0, nuke.nodes.Grade(inputs=[shown.input(0)]))
    done_at: Dict[int, int] = {}
    nuke.addBeforeFrameRender(lambda: done_at.setdefault(nuke.frame(), len(made.written)))  # type: ignore[has-type]
    made = gvm.render(shown)
    settle(gui)
    assert sorted(done_at) == list(range(1001, 1018))
    assert done_at[1009] < 6 and sorted(made.written) == list(range(1001, 1018))


def test_where_memory_is_no_place_plates_go_to_disk(
    host: Host, node: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ram_plates, "MEMORY", tmp_path / "none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    node.setInput(0, nuke.nodes.Grade(inputs=[node.input(0)]))
    left = tmp_path / f"gvm-plates-{os.getuid()}" / "of a dead session"
    left.mkdir(parents=True)
    (left / "plate.1001.exr").touch()
    os.utime(left, (1, 1))
    seen = []
    nuke.addBeforeFrameRender(lambda: seen.append(nuke.thisNode()["file"].value()))
    gvm.render(node, [1001])
    assert all(path.startswith(str(tmp_path)) for path in seen) and seen
    assert not list(tmp_path.glob("gvm-plates*"))
    with pytest.raises(MatteWriteError, match="neither memory nor"):
        ram_plates.RamPlates(dataclasses.replace(order.take(node), window=(10**6, 10**6)), 1000)
