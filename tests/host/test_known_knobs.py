"""Knobs of the classes that the host evaluates: named as in Nuke, and never passed over where they would change pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from gvm_matte.host import Host, RenderError, nuke
from gvm_matte.host.evaluation.evaluate import EVALUATED
from gvm_matte.host.nuke.defaults import CARRIED, COMMON, SPECS

# Knob names only, machine-scanned from a running Nuke 17: see its "source".
FACTS: Dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "nuke_nodes.json").read_text(encoding="utf-8"))
EVERYWHERE = {*FACTS["every class"].split(), *CARRIED.split(), *(row[0] for row in COMMON), "disable"}
# What the scan can't see: knobs that a Write has once its file type is known, those that Nuke hides from Python as no
# class's own, and names that old scripts have.
BESIDES = {
    "Write": {"datatype", "compression", "autocrop", "metadata", "_jpeg_quality", "first_part", "heroview", "interleave",
              "write_hash"},
    "Group": {"window"},
}  # fmt: skip
NOT_IN_17 = {"Shuffle", "ShuffleCopy"}  # the classes of older scripts that Nuke 17 reads on


def ours(name: str) -> List[str]:
    spec = SPECS[name]
    return [*(row[0] for row in spec.rows), *spec.carried.split()]


@pytest.mark.parametrize("name", sorted(EVALUATED - NOT_IN_17 - {"Viewer"}))
def test_the_knobs_of_an_evaluated_class_are_those_of_nuke(name: str) -> None:
    real = {*FACTS["classes"][name].split(), *EVERYWHERE}
    assert {one for one in ours(name) if one not in real} <= BESIDES.get(name, set())
    assert set(FACTS["classes"][name].split()) <= {*ours(name), *EVERYWHERE}  # none of Nuke's is unknown here
    assert set(SPECS[name].without()) <= {row[0] for row in SPECS[name].rows}


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("FrameHold {\n first_fram 6\n name X\n}", 'X: .*no knob "first_fram" of FrameHold; did you mean "firstFrame"'),
        ("Grade {\n multiplied 2\n name X\n}", 'X: .*no knob "multiplied" of Grade; did you mean "multiply"'),
        ("NoOp {\n strength 2\n name X\n}", 'X: .*no knob "strength" of NoOp. It has none of its own'),
        ("Transform {\n mix 0.5\n name X\n}", 'X: .*no knob "mix" of Transform'),  # that is TransformMasked's
        ("TimeOffset {\n reverse_input true\n name X\n}", 'X: .* TimeOffset without "reverse_input"'),
        ("Copy {\n unpremult rgba.alpha\n name X\n}", 'X: .* Copy without "unpremult"'),
        ("Grade {\n mix_luminance 1\n name X\n}", 'X: .* Grade without "mix_luminance"'),
        ("Merge2 {\n screen_alpha true\n name X\n}", 'X: .* Merge2 without "screen_alpha"'),
        ("Colorspace {\n primary_out ACES\n name X\n}", 'X: .* Colorspace without "primary_out"'),
        ("Read {\n inputs 0\n auto_alpha true\n name X\n}", 'X: .* Read without "auto_alpha"'),
        ("Write {\n standard_layer_name_format true\n name X\n}", 'X: .*no knob "standard_layer_name_format" of Write'),
    ],
)
def test_a_knob_that_would_be_passed_over_is_an_error(host: Host, script: str, sentence: str) -> None:
    nuke.scriptReadText(f"Constant {{\n inputs 0\n channels rgba\n color 0.5\n}}\n{script}\n")
    node: Any = nuke.toNode("X")
    with pytest.raises(RenderError, match=sentence) as caught:
        host.picture(node, 1)
    assert caught.value.node == "X"
    if node.Class() != "Read":
        node["disable"].setValue(True)
        assert host.picture(node, 1).channels["rgba.red"][0, 0] == 0.5
    name = script.split("\n")[1 if node.Class() != "Read" else 2].split()[0]
    assert f" {name} " in host.text()  # read and written as it was


def test_what_changes_no_pixel_and_users_knobs_pass(host: Host) -> None:
    nuke.scriptReadText(
        "Constant {\n inputs 0\n channels rgba\n color 0.5\n}\nset N [stack 0]\n"
        "Viewer {\n gain 2\n downrez 1:4\n name V\n}\n"
        "push $N\nCrop {\n preset format\n postage_stamp_frame 5\n box {0 0 8 8}\n"
        " addUserKnob {20 User}\n addUserKnob {7 strength}\n strength 2\n name X\n}\n"
    )
    assert host.picture(nuke.toNode("X"), 1).channels["rgba.red"][0, 0] == 0.5
    assert host.picture(nuke.toNode("V"), 1).channels["rgba.red"][0, 0] == 0.5


def test_a_knob_that_code_sets_by_a_wrong_name_is_not_passed_over_either(host: Host) -> None:
    node: Any = nuke.nodes.Grade(inputs=[nuke.nodes.Constant()], name="X")
    node.readKnobs("multiplied 2")
    with pytest.raises(RenderError, match='no knob "multiplied" of Grade'):
        host.picture(node, 1)


def test_an_old_name_is_taken_for_the_new_one(host: Host) -> None:
    nuke.scriptReadText(
        "Constant {\n inputs 0\n channels rgba\n color {{frame/10}}\n}\nFrameHold {\n first_frame 6\n name X\n}\n"
    )
    assert host.picture(nuke.toNode("X"), 1).channels["rgba.red"][0, 0] == pytest.approx(0.6)
    assert " firstFrame 6\n" in host.text() and "first_frame" not in host.text()
