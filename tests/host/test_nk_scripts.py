"""Scripts are read and written back, byte for byte and anew: in the styles of Nuke 12 to 17, odd ones too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gvm_matte.host import Host, ScriptError, nk
from gvm_matte.host.nk.document import Command, Comment, KnobLine, NodeStatement
from host_kit import DATA, SCRIPTS, between, signature


def script(name: str) -> nk.Document:
    return nk.read(str(DATA / f"{name}.nk"))


def test_there_are_scripts_of_every_version() -> None:
    versions = {nk.read(str(path)).version.split(".")[0] for path in SCRIPTS}
    assert len(SCRIPTS) >= 25 and versions >= {"12", "13", "14", "15", "16", "17", ""}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_comes_back_byte_for_byte(path: Path) -> None:
    assert nk.read(str(path)).text.encode("utf-8", "surrogateescape") == path.read_bytes()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_that_a_session_saves_holds_all_that_was_read(path: Path, host: Host, tmp_path: Path) -> None:
    before = nk.read(str(path))
    host.open(str(path))
    saved = str(tmp_path / "saved.nk")
    host.save(saved)
    after = nk.read(saved)
    old = [one for one in signature(nk.build(before)) if one[0] != "Root"]
    new = [one for one in signature(nk.build(after)) if one[0] != "Root"]
    if path.stem == "unicode_and_odd_names":
        old[1][1]["name"] = ["Read2"]  # two nodes of one name: the second gets the next free one
    for one, fresh in zip(old, new):
        if "name" not in one[1] and "name" in fresh[1]:  # a node without a name gets one
            one[1]["name"] = fresh[1]["name"]
    assert new == old
    assert between(after) == between(before)
    assert after.version == (before.version or "15.0 v4")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_saved_script_opens_to_itself(path: Path, host: Host, tmp_path: Path) -> None:
    saved = str(tmp_path / "saved.nk")
    host.open(str(path))
    host.save(saved)
    text = host.text()
    host.open(saved)
    assert host.text() == text == Path(saved).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_connections_survive_a_session(path: Path, host: Host) -> None:
    host.open(str(path))
    before = connections(host)
    text = host.text()
    host.session.new_script()
    host.session.builder.load(nk.parse(text), host.session.root)
    assert connections(host) == before


def connections(host: Host) -> list[tuple[str, list[str | None]]]:
    return [
        (node.fullName(), [above.fullName() if above else None for above in node._inputs[: node.inputs()]])
        for node in host.session.root._walk()
    ]


# -- the stack


def inputs(name: str, node: str) -> list[str | None]:
    found = next(entry for entry in nk.build(script(name)).walk() if entry.knob("name") == node)
    return [above.knob("name") if above is not None else None for above in found.inputs]


def test_a_node_without_inputs_line_pops_one() -> None:
    assert inputs("minimal_without_version", "Write1") == ["Read1"]


def test_the_top_of_the_stack_is_input_0_and_masks_come_last() -> None:
    assert inputs("nuke13_merge_with_mask", "Masked") == ["B", "A", "OnNothing"]


def test_push_0_is_an_input_without_connection() -> None:
    assert inputs("nuke13_merge_with_mask", "OnNothing") == ["Matte", None]
    assert inputs("nuke17_stepped_stack", "Unconnected") == [None]
    assert inputs("viewer_with_many_inputs", "Viewer1") == ["G1", None, "A", "Copy1"]


def test_a_group_pops_its_inputs_before_its_own_stack_begins() -> None:
    assert inputs("nuke16_nested_groups", "Outer") == ["Bright", "Grey"]
    assert inputs("nuke16_nested_groups", "Add") == ["Inner", "InputB"]
    assert inputs("nuke16_nested_groups", "Viewer1") == ["Outer"]


def test_a_clone_is_of_the_node_that_was_named() -> None:
    clone = next(entry for entry in nk.build(script("clones")).walk() if entry.original is not None)
    assert clone.node_class == "Multiply" and clone.original is not None and clone.original.knob("name") == "Multiply1"
    assert [above.knob("name") for above in clone.inputs if above] == ["Constant1"]


def test_leftovers_on_the_stack_are_no_error() -> None:
    assert inputs("leftover_stack", "Wide") == ["D", None, None, "OnC"]


def test_pasted_text_hangs_on_what_it_is_pasted_behind() -> None:
    graph = nk.build(script("pasted"))
    assert [entry.inputs[0] is graph.pasted for entry in graph.entries] == [True, False, False]
    assert inputs("pasted", "Dot1") == ["Grade1"]


def test_a_group_that_is_never_ended_ends_with_the_file() -> None:
    (group,) = nk.build(script("unclosed_group")).entries
    assert [entry.knob("name") for entry in group.walk()] == ["G", "I", "O"]


# -- words


def test_a_mask_input_and_knobs_of_unknown_classes_are_carried() -> None:
    keylight = next(entry for entry in nk.build(script("unknown_classes")).walk() if entry.knob("name") == "Keylight1")
    assert keylight.node_class.startswith("OFX") and keylight.masks == 1
    assert keylight.knob("odd knob") == "5"


def test_strings_over_several_lines_are_read() -> None:
    note, code = nk.build(script("newlines_in_strings")).entries
    assert note.knob("label") == "first line\nsecond {line}\n\n  fourth # no comment"
    assert "print({})" in (code.knob("knobChanged") or "")


def test_escapes_are_read_as_what_they_stand_for() -> None:
    (node,) = nk.build(script("escapes")).entries
    assert node.knob("label") == 'tab\there "quoted" back\\slash [brackets] {braces} $dollar ] end'
    assert (node.knob("empty"), node.knob("percent"), node.knob("hashes"), node.knob("blank")) == ("", "%04d", "####", " ")
    assert node.knob("windows") == "C:\\temp\\new"
    assert node.knob("json") == '{"a": [1, 2], "b": "c\\nd"}'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"), ("####", "####"), ("%04d", "%04d"), ("", '""'), ("a b", '"a b"'), ("a\nb", '"a\\nb"'),
        ("a\tb", '"a\\tb"'), ('say "hi"', '"say \\"hi\\""'), ("[x]", '"\\[x]"'), ("{x}", '"\\{x\\}"'), ("$x", '"\\$x"'),
        ("a\\b", '"a\\\\b"'), ("]", '"]"'), ("/a/b.%04d.exr", "/a/b.%04d.exr"), ("a;b", '"a;b"'),
    ],
)  # fmt: skip
def test_text_is_written_as_nuke_writes_it(text: str, written: str) -> None:
    assert nk.quote(text) == written
    assert nk.parse(f"NoOp {{\n label {written}\n}}\n").statements[0].body[0].value.text == text  # type: ignore[attr-defined]


def test_comments_are_kept_where_they_stand() -> None:
    document = script("comments_everywhere")
    assert [one.text for one in document.statements if isinstance(one, Comment)] == [
        "# made by hand",
        "# the plate { with a brace",
        "# indented",
        "# last line",
    ]
    first = next(one for one in document.statements if isinstance(one, NodeStatement))
    assert first.body[0].canonical() == "# inside, too }"


def test_commands_that_look_like_nodes_are_none() -> None:
    document = script("unknown_classes")
    assert [one.name for one in document.statements if isinstance(one, Command)] == [
        "version",
        "add_layer",
        "add_layer",
        "some_unknown_command",
    ]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("version 12\nRead {\n file a\n", 2, "brace"),
        ('Read {\n file "a\n}\n', 2, "quote"),
        ("\n\nRead {\n x {a {b}\n}\n", 3, "brace"),
        ("Read {\n}\n}\n", 3, "never opened"),
        ("set x [stack 0\n", 1, "bracket"),
    ],
)
def test_a_broken_script_names_its_line(text: str, line: int, word: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.nk"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScriptError, match=word) as caught:
        nk.read(str(path))
    assert caught.value.line == line and caught.value.path == str(path) and str(path) in str(caught.value)


def test_a_script_that_is_not_there_names_its_path(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"nothing\.nk cannot be read"):
        nk.read(str(tmp_path / "nothing.nk"))


def test_bytes_that_are_no_utf8_survive(tmp_path: Path, host: Host) -> None:
    path = tmp_path / "latin.nk"
    path.write_bytes(b"NoOp {\n inputs 0\n name N\n label caf\xe9\n}\n")
    assert nk.read(str(path)).text.encode("utf-8", "surrogateescape") == path.read_bytes()
    host.open(str(path))
    host.save(str(tmp_path / "again.nk"))
    assert b" label caf\xe9\n" in (tmp_path / "again.nk").read_bytes()


# -- user knobs


def user_knobs(name: str) -> dict[str, nk.UserKnob]:
    (node,) = [entry for entry in nk.build(script(name)).entries if entry.node_class != "Root"]
    found = [
        nk.parse_user_knob(item.value)
        for item in node.body
        if isinstance(item, KnobLine) and item.name == "addUserKnob" and item.value is not None
    ]
    return {knob.name: knob for knob in found if knob is not None}


def test_flags_stand_anywhere_in_a_user_knobs_line() -> None:
    knobs = user_knobs("flags_in_any_order")
    assert replace(knobs["text"], name="text2") == knobs["text2"]
    assert knobs["mode"].flags == ("-STARTLINE", "+DISABLED") and knobs["mode"].items == ("a", "b")
    assert knobs["amount"].range == (0.0, 5.0) and knobs["amount"].label == "Amount"
    assert (knobs["go"].text, knobs["go"].label) == ("print(1)", "Go")


def test_what_a_user_knobs_line_says_is_known() -> None:
    knobs = user_knobs("tabs_and_closed_groups")
    assert [knobs[name].n for name in ("First", "outer", "inner", "endGroup")] == [None, 1, 2, -1]
    assert knobs["kind"].items == ("one", "two", "three four", "")
    assert knobs["future"].id == 99 and [word.text for word in knobs["future"].extra] == ["Z", "1", "2", "3"]
    assert knobs["divider_1"].label == ""


@pytest.mark.parametrize("name", ["flags_in_any_order", "tabs_and_closed_groups"])
def test_a_user_knob_written_anew_says_the_same(name: str) -> None:
    for knob in user_knobs(name).values():
        fresh = nk.UserKnob(**{**vars(knob), "source": None})
        assert nk.parse_user_knob(fresh.written()) == knob
