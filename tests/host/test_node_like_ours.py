"""A node as ours will be: a group whose button renders plates, writes mattes and shows them through a Switch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.host import Host, nuke


def build(name: str = "GVM_Matte1") -> Any:
    """The group, from stock nodes only: the input's plate gets the alpha of the matte files once there are some."""
    group: Any = nuke.nodes.Group(name=name)
    with group:
        plate = nuke.nodes.Input(name="plate")
        read = nuke.nodes.Read(name="Matte", raw=True, on_error="black", file="{{parent.output}}")
        copy = nuke.nodes.Copy(inputs=[plate, read], from0="rgba.alpha", to0="rgba.alpha")
        switch = nuke.nodes.Switch(name="Ready", inputs=[plate, copy], which="{{parent.ready}}")
        nuke.nodes.Output(inputs=[switch])
    group.addKnob(nuke.Tab_Knob("GVM"))
    group.addKnob(nuke.Boolean_Knob("ready"))
    group.addKnob(nuke.File_Knob("output", "Output"))
    group.addKnob(nuke.PyScript_Knob("render", "Render", "render_mattes()"))
    status = nuke.String_Knob("status", "Status", "idle")
    status.setFlag(nuke.NO_UNDO | nuke.DO_NOT_WRITE)
    group.addKnob(status)
    return group


def render_mattes() -> None:
    """What the button does, as nodes/ will: plates out through a Write of its own, mattes from them, the Read set."""
    group: Any = nuke.thisNode()
    folder = Path(group["output"].evaluate()).parent
    nuke.Undo.disable()
    try:
        with group:
            write: Any = nuke.nodes.Write(
                inputs=[nuke.toNode("plate")], file=str(folder / "plates.####.exr"), file_type="exr", channels="rgb",
                datatype="32 bit float", raw=True, create_directories=True,
            )  # fmt: skip
        nuke.execute(write, 1, 3)
        nuke.delete(write)
    finally:
        nuke.Undo.enable()
    for frame in range(1, 4):
        image: Any = oiio.ImageInput.open(str(folder / f"plates.{frame:04d}.exr"))
        alpha = image.read_image(oiio.FLOAT)[..., :1]
        image.close()
        output: Any = oiio.ImageOutput.create("openexr")
        spec = oiio.ImageSpec(alpha.shape[1], alpha.shape[0], 1, oiio.FLOAT)
        spec.channelnames = ("A",)
        output.open(group["output"].evaluate(frame), spec)
        output.write_image(np.ascontiguousarray(alpha))
        output.close()
    read = group.node("Matte")
    for name, number in {"first": 1, "last": 3, "origfirst": 1, "origlast": 3}.items():
        read[name].setValue(number)
    read["file"].setValue(group["output"].value())
    read["reload"].execute()
    group["ready"].setValue(True)
    group["status"].setValue("3 frames")


@pytest.fixture
def script(host: Host, tmp_path: Path) -> Any:
    """A ramp over time with the node behind it."""
    host.session.namespace["render_mattes"] = render_mattes
    nuke.root()["format"].setValue("16 8 0 0 16 8 1 sixteen")
    ramp = nuke.nodes.Constant(channels="rgba", color="{{frame/10} 0.5 0.25 1}")
    group = build()
    group.setInput(0, ramp)
    group["output"].setValue(str(tmp_path / "mattes" / "a.####.exr"))
    return group


def alpha(host: Host, node: Any, frame: int) -> float:
    return float(host.picture(node, frame).channels["rgba.alpha"][0, 0])


def test_the_button_renders_and_the_matte_comes_through(host: Host, script: Any) -> None:
    assert alpha(host, script, 2) == 1.0
    size = nuke.Undo.undoSize()
    script["render"].execute()
    assert [alpha(host, script, frame) for frame in (1, 2, 3)] == pytest.approx([0.1, 0.2, 0.3], abs=1e-6)
    assert script["status"].value() == "3 frames" and [node.Class() for node in script.nodes()].count("Write") == 0
    assert nuke.Undo.undoSize() > size
    assert host.picture(script, 2).channels["rgba.green"][0, 0] == 0.5


def test_the_script_opens_and_renders_where_nothing_of_ours_is(script: Any, tmp_path: Path) -> None:
    script["render"].execute()
    nuke.scriptSaveAs(str(tmp_path / "shot.nk"))
    text = (tmp_path / "shot.nk").read_text(encoding="utf-8")
    assert "status" in text and "3 frames" not in text
    with Host() as other:
        other.open(str(tmp_path / "shot.nk"))
        node = nuke.toNode("GVM_Matte1")
        assert alpha(other, node, 3) == pytest.approx(0.3, abs=1e-6)
        write = nuke.nodes.Write(inputs=[node], file=str(tmp_path / "comp.####.exr"), channels="rgba")
        nuke.execute(write, 3, 3)
    assert (tmp_path / "comp.0003.exr").stat().st_size > 0


def test_a_copy_can_be_told_when_it_is_made(host: Host, script: Any) -> None:
    script.addKnob(nuke.String_Knob("id", "Id", "1"))

    def fresh_id() -> None:
        node = nuke.thisNode()
        ids: List[str] = [one["id"].value() for one in nuke.root().nodes() if one is not node and "id" in one.knobs()]
        if "id" in node.knobs() and node["id"].value() in ids:
            node["id"].setValue(str(len(ids) + 1))

    nuke.addOnCreate(fresh_id, nodeClass="Group")
    script.selectOnly()
    nuke.nodeCopy()
    pasted: Any = nuke.nodePaste()
    assert (script["id"].value(), pasted["id"].value()) == ("1", "2")


def test_what_a_knob_follows_is_asked_on_every_frame(host: Host, script: Any) -> None:
    control: Callable[..., Any] = nuke.nodes.Grade
    grade = control(inputs=[nuke.toNode("Constant1")], multiply="{{GVM_Matte1.ready?2:frame}}")
    assert float(host.picture(grade, 5).channels["rgba.red"][0, 0]) == pytest.approx(2.5, abs=1e-6)
    script["ready"].setValue(True)
    assert float(host.picture(grade, 5).channels["rgba.red"][0, 0]) == pytest.approx(1.0, abs=1e-6)
