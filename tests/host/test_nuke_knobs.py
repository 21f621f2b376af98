"""Knobs behave as Nuke's: values, text in a script, flags, curves, links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gvm_matte.host import Host, TclError, nuke
from host_kit import DATA


@pytest.fixture
def node(host: Host) -> Any:
    host.session.root["name"].setValue("/shows/demo/sh010.nk")
    return nuke.nodes.NoOp(name="N")


def add(node: Any, knob: Any, value: Any = None) -> Any:
    node.addKnob(knob)
    if value is not None:
        knob.setValue(value)
    return knob


def test_a_string_is_evaluated_and_its_text_is_not(node: Any) -> None:
    knob = add(node, nuke.String_Knob("s"), "[file tail [value root.name]] of [value name]")
    assert knob.value() == "sh010.nk of N" and knob.getText().startswith("[file tail")
    evaluated = add(node, nuke.EvalString_Knob("e"), "[value name]")
    assert (evaluated.value(), evaluated.evaluate()) == ("[value name]", "N")
    knob.setValue('{"a": [1]}')
    with pytest.raises(RuntimeError, match='TCL command "1"'):
        knob.value()
    with pytest.raises(TypeError):
        knob.setValue(3)


def test_a_file_knob_gives_each_frames_path(node: Any) -> None:
    knob = add(node, nuke.File_Knob("f"), "[file dirname [value root.name]]/[value name].####.%V.exr")
    assert knob.value() == "[file dirname [value root.name]]/[value name].####.%V.exr"
    assert knob.evaluate(12) == "/shows/demo/N.0012.main.exr"
    assert knob.evaluate(-5) == "/shows/demo/N.-005.main.exr"
    assert knob.getValue() == knob.getEvaluatedValue() == "/shows/demo/N.%04d.%V.exr"


def test_numbers_keep_their_kind(node: Any) -> None:
    whole = add(node, nuke.Int_Knob("i"), 3.9)
    assert whole.value() == 3 and isinstance(whole.value(), int) and isinstance(whole.getValue(), float)
    switch = add(node, nuke.Boolean_Knob("b"), True)
    assert switch.value() is True and switch.toScript() == "true"
    colour = add(node, nuke.AColor_Knob("c"), 0.5)
    assert colour.value() == [0.5] * 4 and colour.toScript() == "0.5"
    colour.setValue(0.25, 1)
    assert colour.toScript() == "{0.5 0.25 0.5 0.5}"
    box = add(node, nuke.BBox_Knob("box"), [1, 2, 30, 40])
    assert box.value() == [1, 2, 30, 40] and box.value(3) == 40
    for value in ("x", None, [1, 2, 3]):
        with pytest.raises((TypeError, ValueError)):
            box.setValue(value)


def test_an_item_is_chosen_by_name_before_index(node: Any) -> None:
    knob = add(node, nuke.Enumeration_Knob("e", "E", ["b", "1", "0"]))
    assert (knob.value(), knob.getValue()) == ("b", 0.0)
    knob.setValue("0")
    assert (knob.value(), knob.getValue()) == ("0", 2.0)
    knob.setValue(1)
    assert knob.value() == "1"
    knob.setValue("2")
    assert knob.value() == "0"
    with pytest.raises(TypeError, match='no item "nope"'):
        knob.setValue("nope")
    with pytest.raises(ValueError):
        knob.setValue(3)
    knob.setValues(["x", "0"])
    assert knob.value() == "0" and knob.values() == ["x", "0"]
    free = add(node, nuke.EditableEnumeration_Knob("f", "F", ["a"]), "anything")
    assert free.value() == "anything"


@pytest.mark.parametrize(
    ("cls", "value"),
    [
        ("String_Knob", 'a "b"\n{c} $d'), ("Int_Knob", -3), ("Double_Knob", 0.1), ("Boolean_Knob", True),
        ("XY_Knob", [1.5, 2]), ("AColor_Knob", [0, 0.5, 1, 0.25]), ("Multiline_Eval_String_Knob", "a\nb"),
        ("File_Knob", "/a b/%04d.exr"), ("Channel_Knob", "depth.Z"), ("WH_Knob", [3, 4]),
    ],
)  # fmt: skip
def test_a_knobs_text_sets_the_same_value_again(host: Host, cls: str, value: Any) -> None:
    node = nuke.nodes.NoOp()
    first = add(node, getattr(nuke, cls)("first"), value)
    second = add(node, getattr(nuke, cls)("second"))
    second.fromScript(first.toScript())
    assert second.value() == first.value() != getattr(nuke, cls)("third").value()


def test_a_key_is_set_at_the_current_frame(node: Any, host: Host) -> None:
    knob = add(node, nuke.Double_Knob("d"), 1.0)
    assert not knob.isAnimated()
    nuke.frame(1)
    knob.setAnimated()
    knob.setValueAt(3.0, 11)
    assert knob.isAnimated() and knob.getValueAt(6) == pytest.approx(2.0, abs=1e-12)
    nuke.frame(21)
    knob.setValue(7.0)
    assert [knob.getValueAt(frame) for frame in (1, 11, 21)] == [1.0, 3.0, 7.0] and knob.value() == 7.0
    knob.clearAnimated()
    assert knob.value() == 7.0 and not knob.isAnimated()


def test_an_expression_reads_other_knobs(node: Any, host: Host) -> None:
    source = add(node, nuke.XY_Knob("place"), [4, 5])
    knob = add(node, nuke.Double_Knob("d"))
    knob.setExpression("place.y * 2 + frame")
    nuke.frame(3)
    assert knob.value() == 13.0 and knob.isAnimated() and knob.toScript() == '{{"place.y * 2 + frame"}}'
    source.setValue(1, 1)
    assert knob.value() == 5.0
    knob.setExpression("d + 1")
    with pytest.raises(TclError, match="refers to itself"):
        knob.value()
    knob.setExpression("gone.there")
    with pytest.raises(RuntimeError, match=r'no knob "gone.there"'):
        knob.value()
    text = add(node, nuke.String_Knob("ring"), "[value ring]")
    with pytest.raises(TclError, match="refers to itself"):
        text.value()


def test_a_scripts_expressions_have_their_values(host: Host) -> None:
    host.open(str(DATA / "expressions.nk"))
    grade: Any = nuke.toNode("Follows")
    assert nuke.toNode("Control")["rounded"].value() == 2
    assert grade["multiply"].value() == [3, 5, 10, 1]
    assert grade["add"].value() == [6] * 4
    assert grade["gamma"].value() == [2] * 4
    nuke.frame(1005)
    assert grade["disable"].value() is True
    nuke.frame(1006)
    assert grade["disable"].value() is False


def test_a_scripts_paths_have_their_values(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GVM_TEST_FOLDER", "/out")
    host.open(str(DATA / "tcl_paths.nk"))
    host.session.root["name"].setValue("/shows/demo/comp/sh010_v003.nk")
    read: Any = nuke.toNode("Read1")
    assert read["file"].evaluate(7) == "/shows/demo/comp/../plates/sh010.0007.exr"
    write: Any = nuke.toNode("Write1")
    assert write["file"].evaluate() == "/out/sh010_v003/Write1.0001.exr"
    labelled: Any = nuke.toNode("Labelled")
    assert labelled["label"].evaluate() == "/shows/demo 3 Labelled"


def test_a_host_may_forbid_code_in_paths() -> None:
    with Host(run_script_code=False):
        nuke.scriptReadText('NoOp {\n inputs 0\n name A\n label "\\[python 1+1]"\n}\n')
        node: Any = nuke.toNode("A")
        with pytest.raises(TclError, match="may not run Python"):
            node["label"].evaluate()


def test_a_link_goes_through_to_the_inner_knob(host: Host) -> None:
    host.open(str(DATA / "nuke15_matte_group.nk"))
    group: Any = nuke.toNode("GVM_Matte1")
    inner: Any = group.node("Levels")["white"]
    link: Any = group["white"]
    assert isinstance(link, nuke.Link_Knob) and link.getLink() == "Levels.white"
    assert group.knob("white", follow_link=True) is inner
    assert inner.value() == pytest.approx([0.196] * 4, abs=1e-9)
    link.setValue(0.75)
    assert inner.value() == [0.75] * 4
    link.setLink("Gone.white")
    with pytest.raises(RuntimeError, match="leads to"):
        link.value()


def test_flags_are_those_of_nuke(node: Any) -> None:
    assert (nuke.INVISIBLE, nuke.STARTLINE, nuke.DISABLED, nuke.DO_NOT_WRITE) == (0x400, 0x1000, 128, 512)
    assert (nuke.ALWAYS_SAVE, nuke.NO_UNDO, nuke.KNOB_CHANGED_ALWAYS) == (1 << 20, 524288, 65536)
    knob = add(node, nuke.Int_Knob("i"))
    assert knob.getFlag(nuke.STARTLINE) and not knob.getFlag(nuke.DISABLED)
    knob.setEnabled(False)
    assert knob.getFlag(nuke.DISABLED)
    assert not nuke.Boolean_Knob("b").getFlag(nuke.STARTLINE) and not nuke.PyScript_Knob("p").getFlag(nuke.STARTLINE)


def test_user_knobs_are_written_as_nuke_writes_them(node: Any, host: Host) -> None:
    add(node, nuke.Tab_Knob("GVM", "GVM Matte"))
    add(node, nuke.Tab_Knob("more", "More", 2))
    knob = add(node, nuke.Int_Knob("size", "Size"), 5)
    knob.setTooltip("pixels\nof the plate")
    add(node, nuke.Double_Knob("mix")).setRange(0, 2)
    add(node, nuke.Enumeration_Knob("mode", "mode", ["a b", "c"]))
    add(node, nuke.Tab_Knob("more_end", None, -1))
    add(node, nuke.Text_Knob("", ""))
    button = add(node, nuke.PyScript_Knob("go", "Go", 'print("hi")'))
    button.setFlag(nuke.STARTLINE)
    hidden = add(node, nuke.String_Knob("state"), "x")
    hidden.setFlag(nuke.INVISIBLE | nuke.DO_NOT_WRITE)
    lines = host.session.writer.knob_lines(node)
    assert lines[lines.index('addUserKnob {20 GVM l "GVM Matte"}') :] == [
        'addUserKnob {20 GVM l "GVM Matte"}',
        "addUserKnob {20 more l More n 2}",
        'addUserKnob {3 size l Size t "pixels\\nof the plate"}',
        "size 5",
        "addUserKnob {7 mix R 0 2}",
        'addUserKnob {4 mode M {"a b" c}}',
        "addUserKnob {20 more_end n -1}",
        'addUserKnob {26 ""}',
        'addUserKnob {22 go l Go +STARTLINE T "print(\\"hi\\")"}',
        "addUserKnob {1 state +INVISIBLE +DO_NOT_WRITE}",
    ]


def test_the_first_user_knob_gets_a_tab(node: Any) -> None:
    add(node, nuke.Int_Knob("i"))
    assert isinstance(node["User"], nuke.Tab_Knob) and list(node.knobs())[-2:] == ["User", "i"]


def test_a_missing_knob_is_a_name_error(node: Any) -> None:
    assert node.knob("nope") is None
    with pytest.raises(NameError, match="knob nope does not exist"):
        node["nope"]


def test_formats_are_read_and_named(host: Host) -> None:
    nuke.addFormat("96 64 0 0 96 64 1 gvm_small")
    root = nuke.root()
    root["format"].setValue("gvm_small")
    assert (root.format().width(), root.format().name()) == (96, "gvm_small")
    root["format"].setValue("640 480 10 20 600 400 2 odd")
    form = root.format()
    assert (form.x(), form.y(), form.r(), form.t(), form.pixelAspect()) == (10, 20, 600, 400, 2.0)
    with pytest.raises(ValueError, match="no format"):
        root["format"].setValue("nowhere")
