"""The TCL of paths, expressions on knobs, and curves."""

from __future__ import annotations

import pytest
from gvm_matte.host import TclError
from gvm_matte.host.language.curve import Curve, Key
from gvm_matte.host.language.expression import ExpressionContext, evaluate
from gvm_matte.host.language.tcl import TclContext, substitute

KNOBS = {"root.name": "/shows/demo/comp/sh010_v003.nk", "name": "Read1", "list": "a {b c} d"}


def value(path: str) -> str:
    if path not in KNOBS:
        raise TclError(f'there is no knob "{path}".')
    return KNOBS[path]


TCL = TclContext(value=value, expression=lambda text: float(len(text)), frame=7.0)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain/####.exr", "plain/####.exr"),
        ("[value root.name]", "/shows/demo/comp/sh010_v003.nk"),
        ("[file dirname [value root.name]]/x/[value name]", "/shows/demo/comp/x/Read1"),
        ("[file tail [file rootname [value root.name]]]", "sh010_v003"),
        ("[file rootname a.b/c]", "a.b/c"),
        ("[file extension [value root.name]]", ".nk"),
        ("[file dirname a]|[file dirname /a]|[file dirname /]", ".|/|/"),
        ("[file join a b /c d]", "/c/d"),
        ("[lindex [split sh010_v003 _] 1]", "v003"),
        ("[lindex {a {b c} d} end]|[lindex [value list] 1]|[lindex {a b} 5]", "d|b c|"),
        ("[join [split a/b/c /] -]", "a-b-c"),
        ("[string toupper ab] [string range abcdef 1 end-1] [string map {a x b y} abc]", "AB bcde xyc"),
        ("[format %04d [frame]].[format %s-%.2f a 1.5]", "0007.a-1.50"),
        ("[value missing fallback]", "fallback"),
        ("[expr {abc}]", "3"),
        ('[string equal "a b" {a b}]', "1"),
        ("\\[not a command\\] \\$x", "[not a command] $x"),
        ("a$b", "a$b"),
        ("]", "]"),
    ],
)
def test_commands_are_replaced(text: str, result: str) -> None:
    assert substitute(text, TCL) == result


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVM_TEST_SHOW", "demo")
    monkeypatch.delenv("GVM_TEST_NONE", raising=False)
    assert substitute("/[getenv GVM_TEST_SHOW]/$env(GVM_TEST_SHOW)/[getenv GVM_TEST_NONE none]", TCL) == "/demo/demo/none"
    with pytest.raises(TclError, match='no variable "GVM_TEST_NONE"'):
        substitute("[getenv GVM_TEST_NONE]", TCL)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[value root.name", "missing close-bracket"),
        ("[exec rm -r /]", 'does not know the TCL command "exec"'),
        ("[file delete a]", 'does not know the TCL command "file delete"'),
        ("[value missing]", 'no knob "missing"'),
        ("[lindex {a b}]", "arguments that do not fit"),
        ("[python {1}]", "may not run Python"),
        ("[string toupper {a]", "close-brace"),
        ("[format %d x]", "arguments that do not fit"),
    ],
)
def test_a_command_that_fails_says_so(text: str, sentence: str) -> None:
    with pytest.raises(TclError, match=sentence):
        substitute(text, TCL)


NUMBERS = {"a.b": 3.0, "parent.x": 0.5, "root.first_frame": 1001.0}


def number(text: str, frame: float = 10.0) -> float:
    def lookup(path: str, at: float) -> float:
        if path == "ramp":
            return at * 2
        if path not in NUMBERS:
            raise TclError(f'there is no knob "{path}".')
        return NUMBERS[path]

    return evaluate(text, ExpressionContext(frame, lookup))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1.5", 1.5), (".5e1", 5.0), ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9.0), ("7 / 2", 3.5), ("-7 % 4", -3.0),
        ("2 ** 3 ** 2", 512.0), ("-frame", -10.0), ("frame == 10 && t >= 10", 1.0), ("frame < 5 || 0", 0.0), ("!0", 1.0),
        ("a.b * parent.x", 1.5), ("frame - root.first_frame", -991.0), ("ramp(frame - 1)", 18.0), ("ramp", 20.0),
        ("min(3, 1, 2) + max(1, a.b)", 4.0), ("abs(-2) + floor(1.9) + ceil(1.1)", 5.0), ("clamp(2) + clamp(5, 1, 4)", 5.0),
        ("frame > 5 ? 1 : 2", 1.0), ("0 ? 1 : 0 ? 2 : 3", 3.0), ("0 ? 1/0 : 4", 4.0), ("1 ? 5 : nothing.there", 5.0),
        ("pow(2, 10)", 1024.0), ("int(-1.5)", -1.0), ("1 != 2", 1.0), ("- -1", 1.0), ("lerp(0, 10, 0.25)", 2.5),
    ],
)  # fmt: skip
def test_expressions_have_their_value(text: str, result: float) -> None:
    assert number(text) == pytest.approx(result, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 +", "lacks a value"), ("(1", r'lacks "\)"'), ("1 2", 'has "2" where it should end'), ("1 / 0", "has no value"),
        ("nothing.there", 'no knob "nothing.there"'), ("__import__('os')", "does not read"),
        ("nope(1, 2)", 'function "nope"'),
        ("sqrt(-1)", "has no value"), ("(" * 100 + "1" + ")" * 100, "nested too deeply"), ("", "lacks a value"),
        ("min()", "has no value"), ("* 2", "where a value should be"), ("1 ? 2", 'lacks ":"'),
    ],
)  # fmt: skip
def test_what_is_no_expression_says_so(text: str, sentence: str) -> None:
    with pytest.raises(TclError, match=sentence):
        number(text)


def test_a_linear_curve_is_a_line_and_holds_its_ends() -> None:
    curve = Curve.parse("curve L x1 0 x11 100")
    assert [curve.at(frame) for frame in (-5, 1, 3.5, 11, 50)] == [0, 0, 25, 100, 100]


def test_a_constant_curve_jumps() -> None:
    curve = Curve.parse("curve K x1 0 x5 45 x9 90")
    assert [curve.at(frame) for frame in (1, 4.9, 5, 8, 9, 99)] == [0, 0, 45, 45, 90, 90]


def test_a_smooth_curve_meets_its_keys_and_never_overshoots() -> None:
    curve = Curve.parse("curve x1 0 x10 1 x12 1 x20 0.2")
    assert [curve.at(key.frame) for key in curve.keys] == [0, 1, 1, 0.2]
    values = [curve.at(1 + step / 10) for step in range(191)]
    assert min(values) >= 0 and max(values) <= 1
    assert curve.at(11) == pytest.approx(1.0, abs=1e-12)  # between two equal keys whose slopes are 0
    assert Curve.parse("x1 0 x11 10").at(6) == pytest.approx(5.0, abs=1e-12)  # two keys: a straight line


def test_slopes_by_hand_make_the_ease() -> None:
    curve = Curve.parse("curve x0 0 s0 x10 1 s0")
    assert curve.at(5) == pytest.approx(0.5, abs=1e-12)
    assert curve.at(2) == pytest.approx(3 * 0.2**2 - 2 * 0.2**3, abs=1e-12)


def test_values_without_a_frame_follow_at_the_last_step() -> None:
    assert [key.frame for key in Curve.parse("curve i x1 1 2 4").keys] == [1, 2, 3]
    assert [key.frame for key in Curve.parse("curve x10 1 x12 2 4 5").keys] == [10, 12, 14, 16]
    assert Curve.parse("curve").at(3) == 0


def test_a_curve_keeps_its_text_until_a_key_changes() -> None:
    text = "curve C x1 0 u0.3 s0 x10 1"
    curve = Curve.parse(text)
    assert curve.text == text
    changed = curve.with_key(5, 0.25)
    assert [(key.frame, key.value) for key in changed.keys] == [(1, 0), (5, 0.25), (10, 1)]
    assert Curve.parse(changed.text).keys == changed.keys
    mixed = Curve((Key(1, 0, "linear"), Key(2, 1, "constant"), Key(3, 0)))
    assert Curve.parse(mixed.text).keys == mixed.keys


def test_what_is_no_curve_says_so() -> None:
    with pytest.raises(TclError, match='"oops" is no number'):
        Curve.parse("curve x1 oops")
