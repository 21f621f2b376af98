"""Any text is either read, and then comes back as it was, or refused with a line; no text breaks the reader."""

from __future__ import annotations

import pytest
from gvm_matte.host import Host, ScriptError, TclError, nk, nuke
from gvm_matte.host.language.curve import Curve
from gvm_matte.host.language.expression import ExpressionContext, evaluate
from gvm_matte.host.language.tcl import TclContext, substitute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PIECES = st.sampled_from(
    ["Read", "Group", "{", "}", '"', "\\", "[", "]", "$N", "set N [stack 0]", "push 0", "push $N", "end_group", "\n", " ",
     ";",
     "#", "name", "a b", "inputs 2+1", "clone $N", "addUserKnob {20 User}", "{26 \"\" T x}", "\t", "\r\n",
     "version 12.0 v1",
     "{{frame}}", "\\n", "é", "\ufeff", "curve x1 0", "0.5", "Root"]
)  # fmt: skip
TEXT = st.one_of(
    st.text(max_size=40), st.lists(PIECES, max_size=25).map("".join), st.lists(PIECES, max_size=25).map(" ".join)
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(TEXT)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document = nk.parse(text)
    except ScriptError as error:
        assert error.line >= 1
        return
    assert document.text == text
    for entry in nk.build(document).walk():
        assert nk.parse_body("\n".join(item.canonical() for item in entry.body)) == entry.body


@QUICK
@given(st.text(max_size=60))
def test_any_text_survives_as_a_knobs_value(text: str) -> None:
    source = nk.quote(text)
    assert "\n" not in source
    (node,) = nk.build(nk.parse(f"NoOp {{\n label {source}\n}}\n")).entries
    assert node.knob("label") == text


@QUICK
@given(text=st.text(max_size=40), items=st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_any_text_survives_a_save(host: Host, text: str, items: list[str]) -> None:
    text, items = text.encode("utf-8", "replace").decode("utf-8"), [one.replace("\t", "") for one in items]
    host.session.new_script()
    node = nuke.nodes.NoOp()
    node.addKnob(nuke.EvalString_Knob("text", text or "Text"))
    node.addKnob(nuke.Enumeration_Knob("items", text, items))
    node["text"].setValue(text)
    before = host.text()
    host.session.new_script()
    nuke.scriptReadText(before)
    loaded = nuke.toNode("NoOp1")
    assert loaded is not None and loaded["text"].getText() == text
    assert loaded["items"].values() == items  # type: ignore[attr-defined]
    assert loaded["items"].label() == text


@QUICK
@given(TEXT)
def test_any_path_and_expression_ends_in_a_value_or_a_sentence(text: str) -> None:
    def nothing(path: str, frame: float = 0) -> float:
        raise TclError(f'no knob "{path}".')

    context = TclContext(value=lambda path: path, expression=lambda one: 1.0)
    calls = (
        lambda: substitute(text, context),
        lambda: evaluate(text, ExpressionContext(1.0, nothing)),
        lambda: Curve.parse(text),
    )
    for call in calls:
        try:
            call()
        except (TclError, ScriptError) as error:
            assert error.message.endswith(".")


@QUICK
@given(TEXT)
def test_any_list_and_any_knobs_text_come_to_an_end(text: str) -> None:
    for call in (nk.split_list, nk.parse_body):
        try:
            words = call(text)
        except ScriptError as error:
            assert error.line >= 1
        else:
            assert words or not text.strip() or "\\" in text


def test_a_script_nested_deeply_is_read() -> None:
    text = "".join(f"{' ' * depth}Group {{\n name G{depth}\n}}\n" for depth in range(300)) + "end_group\n" * 300
    assert nk.parse(text).text == text
    with pytest.raises(ScriptError):
        nk.parse("{" * 5000)
