"""Branches: rendered while the engine works, each plate once, gone when it is over, and known again without being there."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any, List

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.client import MatteSession
from gvm_matte.host import Host
from gvm_matte.protocol.messages import Done, FrameWritten
from node_kit import gvm, matte_node, mattes, nuke, read_node, settle
from support import write_plate

from gvm_matte.nodes import branch_feeder as feeding, order, render_thread as rendering  # isort: skip  # after node_kit: a host was there


@pytest.fixture
def branch(host: Host, node: Any) -> Any:
    """A GVM Matte behind a Grade."""
    grade = nuke.nodes.Grade(inputs=[node.input(0)])
    grade["multiply"].setValue(0.75)
    node.setInput(0, grade)
    return node


@pytest.fixture
def rendered() -> List[int]:
    """The frames that Nuke renders from now on."""
    frames: List[int] = []
    nuke.addBeforeFrameRender(lambda: frames.append(int(nuke.frame())))
    return frames


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    """What engines say to renders from now on."""
    heard: List[Any] = []
    follow = rendering.MatteRender._event

    def listen(self: Any, message: Any) -> None:
        heard.append(message)
        follow(self, message)

    monkeypatch.setattr(rendering.MatteRender, "_event", listen)
    return heard


def on_disk(grade: Any, folder: Path, **knobs: Any) -> Any:
    """A GVM Matte behind a Read of a branch's frames."""
    write = nuke.nodes.Write(inputs=[grade], file=str(folder / "g.%04d.exr"), file_type="exr")
    for knob, value in {"datatype": "16 bit half", "raw": True, "create_directories": True, "autocrop": False}.items():
        write[knob].setValue(value)
    nuke.execute(write, 1001, 1017)
    nuke.delete(write)
    return matte_node(read_node(str(folder / "g.####.exr")), input_colorspace="raw", **knobs)


def assert_same(one: Any, other: Any) -> None:
    """Two nodes' mattes, pixel by pixel."""
    found, wanted = ([oiio.ImageBuf(str(path)).get_pixels() for path in mattes(node)] for node in (one, other))
    assert len(found) == len(wanted) == 17
    assert all(np.array_equal(a, b) for a, b in zip(found, wanted))  # type: ignore[arg-type]


def test_every_plate_and_every_window_is_made_once(branch: Any, rendered: List[int], events: List[Any]) -> None:
    gvm.render(branch)
    (done,) = [event for event in events if isinstance(event, Done)]
    assert (done.frames, done.plates) == (17, 17)
    assert rendered == list(range(1001, 1018))


def test_what_is_fresh_has_nothing_rendered_though_its_plates_are_gone(branch: Any, rendered: List[int]) -> None:
    gvm.render(branch)
    rendered.clear()
    assert gvm.look(branch).text == "Fresh: 1001-1017."
    assert sorted(gvm.render(branch).kept) == list(range(1001, 1018))
    assert rendered == []
    mattes(branch)[16].unlink()
    gvm.render(branch)
    assert rendered == list(range(1010, 1018))  # one window: the last


def test_a_change_at_some_frames_makes_those_stale_and_no_others(host: Host, branch: Any, tmp_path: Path) -> None:
    """Plates 1015 to 1017 are seen by the last window alone."""
    grade = branch.input(0)
    grade.readKnobs("multiply {{curve K x1001 0.75 x1015 0.75}}")
    gvm.render(branch)
    host.save(str(tmp_path / "sh010.nk"))
    host.open(str(tmp_path / "sh010.nk"))
    (again,) = gvm.every_node()
    assert gvm.look(again).text == "Fresh: 1001-1017."
    nuke.toNode("Grade1").readKnobs("multiply {{curve K x1001 0.75 x1015 0.5}}")
    assert gvm.look(again).text == "Stale: 1013-1017 (what is upstream changed)."
    assert sorted(gvm.render(again).kept) == list(range(1001, 1013))
    assert gvm.look(again).kind == "fresh"


def test_a_file_that_a_branch_reads_counts_for_its_frame(host: Host, tmp_path: Path, svd_plates: str) -> None:
    folder = tmp_path / "plates"
    shutil.copytree(Path(svd_plates).parent, folder)
    node = matte_node(nuke.nodes.Grade(inputs=[read_node(str(folder / "plate.####.exr"))]))
    gvm.render(node)
    shutil.copy(folder / "plate.1001.exr", folder / "plate.1016.exr")
    assert gvm.look(node).text == "Stale: 1013-1017 (what is upstream changed)."


def test_behind_what_looks_at_other_frames_any_change_counts_for_all(host: Host, branch: Any) -> None:
    grade = branch.input(0)
    grade.readKnobs("multiply {{curve K x1001 0.75 x1015 0.75}}")
    branch.setInput(0, nuke.nodes.TimeOffset(inputs=[grade]))
    gvm.render(branch)
    assert gvm.look(branch).kind == "fresh"
    grade.readKnobs("multiply {{curve K x1001 0.75 x1015 0.5}}")
    assert gvm.look(branch).text == "Stale: 1001-1017 (what is upstream changed)."


def test_motion_blur_looks_at_other_frames(host: Host, branch: Any) -> None:
    moved = nuke.nodes.Transform(inputs=[branch.input(0)])
    branch.setInput(0, moved)
    assert len(order.take(branch).keys[0]) == 17  # each has its own file
    moved["motionblur"].setValue(1)
    assert list(order.take(branch).keys[0]) == ["1001-1017"]


def test_plate_and_core_can_both_be_branches(host: Host, branch: Any, tmp_path: Path, rendered: List[int]) -> None:
    for frame in range(1001, 1018):
        half = np.zeros((64, 96, 4), np.float32)
        half[:, :48, 3] = 1.0
        write_plate(tmp_path / "core" / f"c.{frame}.exr", half)
    read = read_node(str(tmp_path / "core" / "c.####.exr"))
    branch.setInput(2, nuke.nodes.Grade(inputs=[read], channels="rgba"))
    made = gvm.render(branch, [1012, 1013])
    assert list(made.order.branches) == [0, 2] and sorted(made.written) == [1012, 1013]
    assert sorted(rendered) == sorted([*range(1007, 1018), 1012, 1013])  # two windows, and a core for each matte
    alpha = host.picture(branch, 1013).channels["rgba.alpha"]
    assert np.all(alpha[:, :48] == 1.0) and not np.all(alpha[:, 48:] == 1.0)
    assert gvm.look(branch).text == "Partial: 1012-1013 are fresh. Missing: 1001-1011,1014-1017."


def test_plates_are_removed_as_mattes_come_and_read_again_before(
    host: Host, branch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two windows of four may lie there; the plate of each matte is read a second time."""
    monkeypatch.setattr(feeding, "HELD_WINDOWS", 2)
    knobs = {"num_frames_per_batch": 4, "num_overlap_frames": 1, "decode_chunk_size": 2, "channels": "rgba-unpremult",
             "upsample": "guided"}  # fmt: skip
    grade = branch.input(0)
    there: List[int] = []

    def count() -> None:
        folder = Path(nuke.thisNode()["file"].value()).parent.parent
        there.append(len(list(folder.glob("plate.*.exr"))))

    disk = on_disk(grade, tmp_path / "graded", **knobs)
    gvm.render(disk)
    nuke.addBeforeFrameRender(count)
    live = matte_node(grade, input_colorspace="raw", **knobs)
    gvm.render(live)
    assert len(there) == 17 and max(there) == 7  # before the eighth
    assert_same(live, disk)


def test_a_branchs_data_windows_make_the_area(host: Host, branch: Any, tmp_path: Path, rendered: List[int]) -> None:
    crop = nuke.nodes.Crop(inputs=[branch.input(0)])
    crop["box"].setValue([8, 8, 80, 60])
    disk = on_disk(crop, tmp_path / "cropped", area="data")
    gvm.render(disk)
    live = matte_node(crop, input_colorspace="raw", area="data")
    rendered.clear()
    gvm.render(live)
    assert_same(live, disk)
    assert host.picture(live, 1003).channels["rgba.alpha"].any()
    assert gvm.look(live).kind == "fresh" and len(rendered) == 17
    assert len(gvm.render(live).kept) == 17 and len(rendered) == 17


def test_a_second_engine_finds_the_plates_that_it_needs(host: Host, branch: Any, events: List[Any]) -> None:
    """The first one is killed when it has written the first block."""
    with MatteSession(warm=True) as session:
        pid = session.engine().status().pid
    follow = rendering.MatteRender._event

    def shoot(self: Any, message: Any) -> None:
        follow(self, message)
        if isinstance(message, FrameWritten) and message.frame == 1008:
            os.kill(pid, signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering.MatteRender, "_event", shoot)
        made = gvm.render(branch)
    assert sorted({*made.written, *made.kept}) == list(range(1001, 1018))
    assert any("started again" in text for text in made.notices)
    assert gvm.look(branch).kind == "fresh"


def test_a_render_is_cancelled_while_the_engine_waits_for_a_plate(gui: Host, shown: Any) -> None:
    """The main thread does something else, so no plate comes."""
    shown.setInput(0, nuke.nodes.Grade(inputs=[shown.input(0)]))
    made = gvm.render(shown)
    gvm.cancel(shown)
    assert made.finished.wait(60)
    settle(gui)
    assert gui.messages == [] and mattes(shown) == []


def test_whoever_waits_for_the_engine_lets_other_renders_have_their_plates(gui: Host, shown: Any, svd_plates: str) -> None:
    """The engine is busy with a job whose plates only the main thread can render, and that waits for the engine."""
    other = matte_node(read_node(svd_plates), gamma=1.5)
    shown.setInput(0, nuke.nodes.Grade(inputs=[shown.input(0)]))
    first = gvm.render(shown)
    assert gvm.look(other).kind == "empty"
    gvm.render(other, wait=True)
    assert gvm.look(other).kind == "fresh"
    settle(gui)
    assert first.error is None and gvm.state_of(shown).kind == "fresh"


def test_two_branches_render_at_once(gui: Host, svd_plates: str) -> None:
    read = read_node(svd_plates)
    nodes = [matte_node(nuke.nodes.Grade(inputs=[read]), gamma=gamma) for gamma in (1.0, 1.5)]
    for node in nodes:
        gvm.render(node)
    settle(gui)
    assert [gvm.state_of(node).kind for node in nodes] == ["fresh", "fresh"]
