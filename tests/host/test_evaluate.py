"""Images out of scripts: the stack's connections, groups, time, disabled nodes, files; and renders with their callbacks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.host import Host, RenderError, nuke
from gvm_matte.host.pixels import Picture
from host_kit import DATA

Plates = Callable[..., str]


def colour(host: Host, name: str, frame: float = 1) -> List[float]:
    """The pixel at 1, 1 of a node: red, green, blue, alpha; 0 for what it lacks."""
    picture: Picture = host.picture(nuke.toNode(name), frame)
    row, column = picture.bbox[3] - 2 if picture.bbox[3] > 1 else 0, 1 - picture.bbox[0]
    names = ("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha")
    return [round(float(picture.channels[one][row, column]), 6) if one in picture.channels else 0.0 for one in names]


def test_a_merge_has_b_behind_a_within_the_mask(host: Host) -> None:
    host.open(str(DATA / "nuke13_merge_with_mask.nk"))
    a, b = np.array([0.5, 0.25, 0, 1]), np.array([0, 0, 1, 1])
    assert colour(host, "OnNothing") == [1, 1, 1, 0.5]  # A is not connected
    under = a * (1 - b[3]) + b  # B over A
    mixed = under * 0.5 + b * 0.5  # the mask's alpha is 0.5
    assert colour(host, "Masked") == pytest.approx(mixed.tolist(), abs=1e-6)
    nuke.toNode("Masked")["maskChannelMask"].setValue("-rgba.alpha")
    nuke.toNode("Masked")["maskChannelInput"].setValue("none")
    nuke.toNode("Masked")["operation"].setValue("plus")
    assert colour(host, "Masked") == [0.5, 0.25, 1, 2]
    assert nuke.toNode("Masked").format().width() == 96


def test_groups_inside_groups_are_walked_through(host: Host) -> None:
    host.open(str(DATA / "nuke16_nested_groups.nk"))
    # The top of the stack, Bright, is input 0: InputA, whose number is 0. Inner doubles it.
    assert colour(host, "Outer") == pytest.approx([0.5 * 2 + 0.25] * 4, abs=1e-6)
    group: Any = nuke.toNode("Outer")
    group["gain"].setValue(4)
    assert colour(host, "Viewer1") == pytest.approx([2.25] * 4, abs=1e-6)
    group["disable"].setValue(True)
    assert colour(host, "Outer") == [0.5] * 4  # its first input
    group["disable"].setValue(False)
    nuke.delete(group.output())
    with pytest.raises(RenderError, match="Outer: the group has no Output"):
        colour(host, "Outer")


def test_time_is_shifted_held_and_switched(host: Host) -> None:
    host.open(str(DATA / "nuke17_stepped_stack.nk"))
    assert [colour(host, "Ramp", frame)[0] for frame in (1, 6, 11)] == [0, 0.5, 1]
    assert colour(host, "Later", 11)[0] == 0.5
    assert [colour(host, "Held", frame)[0] for frame in (1, 11)] == [0, 0]  # frame 6, five frames late
    assert [colour(host, "Pick", frame)[0] for frame in (6, 11)] == [0.5, 0.0]
    assert colour(host, "Range", 11) == [0, 0.5, 0.25, 0]
    assert str(nuke.toNode("Range").frameRange()) == "3-9"
    assert str(nuke.toNode("Later").frameRange()) == "6-25"
    held: Any = nuke.toNode("Held")
    held["increment"].setValue(5)
    assert [colour(host, "Held", frame)[0] for frame in (6, 10, 11, 16)] == [0.0, 0.0, 0.5, 1.0]
    assert colour(host, "Unconnected") == [0, 0, 0, 0]


def test_disabled_nodes_let_their_first_input_through(host: Host) -> None:
    nuke.scriptReadText("Constant {\n inputs 0\n color 0.5\n channels rgba\n name C\n}\nBlur {\n size 3\n name B\n}\n")
    nuke.scriptReadText("Grade {\n inputs 0\n multiply 2\n disable {{frame>5}}\n name G\n}\n")
    nuke.toNode("G").setInput(0, nuke.toNode("C"))
    assert [colour(host, "G", frame)[0] for frame in (5, 6)] == [1.0, 0.5]
    with pytest.raises(RenderError, match=r"B: the embedded host cannot evaluate nodes of class Blur") as caught:
        colour(host, "B")
    assert caught.value.node == "B"
    nuke.toNode("B")["disable"].setValue(True)
    assert colour(host, "B")[0] == 0.5


def test_a_node_that_cannot_be_evaluated_matters_only_upstream(host: Host) -> None:
    nuke.scriptReadText(
        "Constant {\n inputs 0\n color 0.5\n name C\n}\nset N [stack 0]\nZDefocus2 {\n name Z\n}\npush $N\nSwitch {\n"
        " inputs 2\n name S\n}\nGroup {\n name G\n}\n Input {\n inputs 0\n name I\n }\n Kronos {\n name K\n }\n"
        " Output {\n name O\n }\nend_group\n"
    )
    assert colour(host, "S")[0] == 0.5
    nuke.toNode("S")["which"].setValue(1)
    with pytest.raises(RenderError, match=r"^Z: .*ZDefocus2"):
        colour(host, "S")
    with pytest.raises(RenderError, match=r"^G\.K: .*Kronos") as caught:
        colour(host, "G")
    assert caught.value.node == "G.K"


def test_channels_are_shuffled_and_copied(host: Host) -> None:
    host.open(str(DATA / "shuffles_and_channels.nk"))
    assert colour(host, "Swap") == pytest.approx([0.4, 1, 0, 0.4], abs=1e-6)
    # Input 1 is what was pushed first: A with its alpha 0.4; B is Swap.
    assert colour(host, "Alpha") == pytest.approx([0.4, 1, 0, 0.4], abs=1e-6)
    assert colour(host, "Copied") == pytest.approx([0.4, 1, 0, 0.2], abs=1e-6)
    assert colour(host, "Mapped") == pytest.approx([0.2, 0.4, 1, 0.4], abs=1e-6)
    assert nuke.toNode("Removed").channels() == ["rgba.green", "rgba.blue", "rgba.alpha"]


def test_a_mask_may_be_a_channel_of_the_image_itself(host: Host) -> None:
    nuke.scriptReadText(
        "Constant {\n inputs 0\n channels rgba\n color {1 0.5 0.25 0.5}\n}\n"
        "Grade {\n multiply 2\n maskChannelInput rgba.alpha\n name G\n}\n"
    )
    assert colour(host, "G") == [1.5, 0.75, 0.375, 0.5]
    nuke.toNode("G")["invert_mask"].setValue(True)
    nuke.toNode("G")["mix"].setValue(0)
    assert colour(host, "G") == [1, 0.5, 0.25, 0.5]


def test_one_line_scripts_are_evaluated_too(host: Host) -> None:
    host.open(str(DATA / "one_line_nodes.nk"))
    assert colour(host, "G") == [1, 1, 1, 2] and nuke.toNode("G").frameRange().first() == 5


def test_clones_compute_alike(host: Host) -> None:
    host.open(str(DATA / "clones.nk"))
    assert colour(host, "Sum")[:3] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Premult {\n}", [0.05, 0.1, 0.15, 0.25]),
        ("Unpremult {\n}", [0.8, 1.6, 2.4, 0.25]),
        ("Grade {\n blackpoint 0.1\n whitepoint 0.6\n}", [0.2, 0.6, 1.0, 0.25]),
        ("Multiply {\n channels rgba\n value {1 2 3 4}\n}", [0.2, 0.8, 1.8, 1.0]),
        ("Invert {\n}", [0.8, 0.6, 0.4, 0.75]),
        ("Multiply {\n value 2\n mix 0.5\n}", [0.3, 0.6, 0.9, 0.25]),
        ("Crop {\n box {2 2 4 4}\n reformat true\n}", [0.2, 0.4, 0.6, 0.25]),
        (
            'Reformat {\n type "to box"\n box_width 4\n box_height 4\n box_fixed true\n resize distort\n}',
            [0.2, 0.4, 0.6, 0.25],
        ),
        ("Transform {\n translate {1 0}\n}", [0.2, 0.4, 0.6, 0.25]),
        ("Colorspace {\n colorspace_out sRGB\n}", [0.484529, 0.665185, 0.797738, 0.25]),
        ("NoOp {\n}", [0.2, 0.4, 0.6, 0.25]),
        ("Dot {\n}", [0.2, 0.4, 0.6, 0.25]),
    ],
)
def test_each_class_computes_what_its_knobs_say(host: Host, text: str, result: List[float]) -> None:
    head = (
        'Root {\n inputs 0\n format "8 8 0 0 8 8 1 eight"\n}\n'
        "Constant {\n inputs 0\n channels rgba\n color {0.2 0.4 0.6 0.25}\n}\n"
    )
    nuke.scriptReadText(head + text.replace("{\n", "{\n name X\n", 1) + "\n")
    assert colour(host, "X") == pytest.approx(result, abs=1e-5)


def test_a_knob_that_is_not_evaluated_is_an_error_and_not_ignored(host: Host) -> None:
    node = nuke.nodes.Transform(name="T", skewX=0.5)
    with pytest.raises(RenderError, match=r'T: .* without "skewX"'):
        host.picture(node, 1)


# -- Read


def test_reads_find_their_frame(host: Host, plates: Plates, tmp_path: Path) -> None:
    plates(1001, 1003)
    shutil.copy(DATA / "read_modes.nk", tmp_path)
    host.open(str(tmp_path / "read_modes.nk"))

    def frames(name: str, *asked: int) -> List[int]:
        return [round(colour(host, name, frame)[0] * 10000) for frame in asked]

    assert frames("Edges", 1001, 1003, 999, 1000, 1004, 1005, 1007) == [1001, 1003, 1002, 1003, 1003, 1002, 1001]
    assert frames("StartAt", 1, 3) == [1001, 1003]
    assert host.picture(nuke.toNode("StartAt"), 4).channels.get("rgba.red") is None
    assert str(nuke.toNode("StartAt").frameRange()) == "1-3"
    assert frames("Offset", 1, 3) == [1001, 1003]
    assert frames("Doubled", 1, 2) == [1001, 1003]
    assert frames("Nearest", 1002, 1009) == [1002, 1003]
    control = nuke.nodes.NoOp(name="Control")
    control.addKnob(nuke.File_Knob("path", "Path", str(tmp_path / "plate.####.exr")))
    nuke.toNode("Nearest")["file"].setValue("[value Control.path]")
    assert frames("Nearest", 1002, 1009) == [1002, 1003]
    assert host.picture(nuke.toNode("Gone"), 1001).format.width == 16


def test_a_missing_plate_names_read_file_and_frame(host: Host, plates: Plates) -> None:
    pattern = plates(1, 1)
    node = nuke.nodes.Read(name="Plate", file=pattern, first=1, last=2)
    with pytest.raises(RenderError, match=r"Plate: .*plate\.0002\.exr") as caught:
        host.picture(node, 2)
    assert caught.value.path is not None and caught.value.path.endswith("plate.0002.exr") and caught.value.frame == 2
    Path(pattern.replace("####", "0001")).write_bytes(b"")
    with pytest.raises(RenderError, match=r"0 bytes"):
        host.picture(node, 1)
    with pytest.raises(RenderError, match="Read1: the file has no name"):
        host.picture(nuke.nodes.Read(), 1)


def test_what_a_node_says_of_its_image(host: Host, plates: Plates) -> None:
    node = nuke.nodes.Read(file=plates(5, 6), first=5, last=6, raw=True)
    nuke.frame(5)
    assert (node.width(), node.height(), node.bbox().w(), node.firstFrame(), node.lastFrame()) == (16, 8, 16, 5, 6)
    assert node.sample("red", 3, 3) == pytest.approx(0.0005, abs=1e-7) and node.sample("rgba.green", 8, 0) == 0.5
    assert node.sample("rgba.green", 99, 0) == 0.0 and node.metadata("input/width") == 16
    before = node.opHashes()
    node.setXYpos(5, 5)
    assert node.opHashes() == before
    node["raw"].setValue(False)
    assert node.opHashes() != before


def test_a_long_chain_is_no_problem(host: Host) -> None:
    node: Any = nuke.nodes.Constant(channels="rgba", color=0.0)
    nuke.root()["format"].setValue("2 2 0 0 2 2 1 two")
    for _ in range(600):
        node = nuke.nodes.Grade(inputs=[node], add=0.001, channels="rgba")
    assert host.picture(node, 1).channels["rgba.red"][0, 0] == pytest.approx(0.6, abs=1e-4)


# -- Write and execute


def writing(tmp_path: Path, **knobs: Any) -> Any:
    nuke.root()["format"].setValue("16 8 0 0 16 8 1 sixteen")
    source = nuke.nodes.Constant(channels="rgba", color="{{frame/10} 0.5 0.25 1}")
    return nuke.nodes.Write(inputs=[source], file=str(tmp_path / "out" / "x.####.exr"), **knobs)


def pixels(path: Path) -> Any:
    image: Any = oiio.ImageInput.open(str(path))
    found = image.read_image(oiio.FLOAT), image.spec()
    image.close()
    return found


def test_a_render_writes_every_frame_with_its_callbacks(host: Host, tmp_path: Path) -> None:
    write = writing(tmp_path, create_directories=True, channels="rgba", datatype="32 bit float", raw=True)
    log: List[Any] = []
    host.session.namespace["log"] = log
    for event in ("BeforeRender", "BeforeFrameRender", "AfterFrameRender", "AfterRender"):
        getattr(nuke, f"add{event}")(lambda event=event: log.append((event, nuke.frame(), nuke.thisNode().name())))
    write["beforeRender"].setValue("log.append('code')")
    nuke.frame(7)
    nuke.execute("Write1", 1, 3, 2)
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["x.0001.exr", "x.0003.exr"]
    assert log[:2] == ["code", ("BeforeRender", 7, "Write1")] and log[-1] == ("AfterRender", 7, "Write1")
    assert log[2:-1] == [
        ("BeforeFrameRender", 1, "Write1"),
        ("AfterFrameRender", 1, "Write1"),
        ("BeforeFrameRender", 3, "Write1"),
        ("AfterFrameRender", 3, "Write1"),
    ]
    values, spec = pixels(tmp_path / "out" / "x.0003.exr")
    assert values[0, 0].tolist() == pytest.approx([0.3, 0.5, 0.25, 1], abs=1e-7)
    assert spec.getattribute("nuke/version") == "15.0v4" and len(str(spec.getattribute("nuke/node_hash"))) == 16
    assert nuke.frame() == 7 and not host.session.executing


def test_a_write_passes_its_input_on(host: Host, tmp_path: Path) -> None:
    write = writing(tmp_path)
    assert host.picture(write, 4).channels["rgba.red"][0, 0] == pytest.approx(0.4, abs=1e-6)


def test_a_limit_leaves_frames_out(host: Host, tmp_path: Path) -> None:
    write = writing(tmp_path, create_directories=True, use_limit=True, first=2, last=3)
    nuke.execute(write, nuke.FrameRanges("1-2 3-9x3"))
    assert [one.name for one in sorted((tmp_path / "out").iterdir())] == ["x.0002.exr", "x.0003.exr"]


def test_a_cancelled_render_says_cancelled(host: Host, tmp_path: Path) -> None:
    write = writing(tmp_path, create_directories=True)
    nuke.addAfterFrameRender(lambda: host.cancel() if nuke.frame() == 2 else None)
    with pytest.raises(RuntimeError, match=r"^Cancelled"):
        nuke.execute(write, 1, 9)
    assert len(list((tmp_path / "out").iterdir())) == 2
    nuke.execute(write, 5, 5)  # the next one is not cancelled
    assert len(list((tmp_path / "out").iterdir())) == 3


@pytest.mark.parametrize("event", ["BeforeRender", "BeforeFrameRender", "AfterFrameRender", "AfterRender"])
def test_an_exception_in_a_renders_callback_ends_it(host: Host, tmp_path: Path, event: str) -> None:
    write = writing(tmp_path, create_directories=True)

    def fail() -> None:
        raise RuntimeError("stop here")

    getattr(nuke, f"add{event}")(fail)
    with pytest.raises(RuntimeError, match="stop here"):
        nuke.execute(write, 1, 2)
    written = list((tmp_path / "out").iterdir()) if (tmp_path / "out").exists() else []
    assert len(written) == {"BeforeRender": 0, "BeforeFrameRender": 0, "AfterFrameRender": 1, "AfterRender": 2}[event]
    assert not host.session.executing


def test_what_cannot_be_rendered_says_why(host: Host, tmp_path: Path) -> None:
    write = writing(tmp_path)
    with pytest.raises(RuntimeError, match=r"Write1: .*there is no folder"):
        nuke.execute(write, 1, 1)
    with pytest.raises(RuntimeError, match="only a Write"):
        nuke.execute("Constant1", 1, 1)
    with pytest.raises(RuntimeError, match='no node "Nope"'):
        nuke.execute("Nope", 1, 1)
    write["file"].setValue("C:\\a.exr")
    with pytest.raises(RuntimeError, match="has backslashes"):
        nuke.execute(write, 1, 1)
    write["file"].setValue("")
    with pytest.raises(RuntimeError, match="no name"):
        nuke.execute(write, 1, 1)
    write["disable"].setValue(True)
    with pytest.raises(RuntimeError, match="disabled"):
        nuke.execute(write, 1, 1)


def test_a_render_can_go_on_after_errors(
    host: Host, plates: Plates, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = nuke.nodes.Read(file=plates(1, 5, 2), first=1, last=5)
    write = nuke.nodes.Write(inputs=[read], file=str(tmp_path / "o.#.exr"))
    nuke.execute(write, 1, 5, continueOnError=True)
    assert [one.name for one in sorted(tmp_path.glob("o.*"))] == ["o.1.exr", "o.3.exr", "o.5.exr"]
    assert "plate.0002.exr" in capsys.readouterr().err


def test_only_active_writes_are_rendered_in_their_order(host: Host, tmp_path: Path) -> None:
    order: List[str] = []
    nuke.addBeforeRender(lambda: order.append(nuke.thisNode().name()))
    first = writing(tmp_path, name="Late", create_directories=True, render_order=2)
    nuke.nodes.Write(inputs=[first], file=str(tmp_path / "b.exr"), name="Early")
    nuke.nodes.Write(inputs=[first], file=str(tmp_path / "c.exr"), name="Off", disable=True)
    group: Any = nuke.nodes.Group(disable=True)
    with group:
        nuke.nodes.Write(file=str(tmp_path / "d.exr"), name="Inside")
    host.render_writes([4, 2])
    assert order == ["Early", "Late"] and len(list((tmp_path / "out").iterdir())) == 2
    assert (tmp_path / "b.exr").exists()


def test_other_file_types_have_their_own_data(host: Host, tmp_path: Path) -> None:
    write = writing(tmp_path, create_directories=True, file_type="png")
    write["file"].setValue(str(tmp_path / "x.png"))
    nuke.execute(write, 5, 5)
    values, spec = pixels(tmp_path / "x.png")
    assert str(spec.format) == "uint8" and values[0, 0, 1] == pytest.approx(188 / 255, abs=1e-6)  # 0.5 as sRGB
