"""Merge2: its formulas by hand, its boxes, masks and mix."""

from __future__ import annotations

import numpy as np
import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.host.pixels import Format, ops
from gvm_matte.host.pixels.boxes import BBox, intersection, union
from hypothesis import given, settings
from picture_kit import RGBA, boxes, flat, noise, picture

FRONT = {"rgba.red": 0.5, "rgba.alpha": 0.25}
BEHIND = {"rgba.red": 0.8, "rgba.alpha": 0.5}


@pytest.mark.parametrize(
    ("operation", "red", "alpha"),
    [
        ("over", 0.5 + 0.8 * 0.75, 0.25 + 0.5 * 0.75),
        ("under", 0.5 * 0.5 + 0.8, 0.25 * 0.5 + 0.5),
        ("plus", 1.3, 0.75),
        ("multiply", 0.4, 0.125),
        ("mask", 0.8 * 0.25, 0.125),
        ("stencil", 0.8 * 0.75, 0.375),
        ("copy", 0.5, 0.25),
        ("in", 0.25, 0.125),
        ("out", 0.25, 0.125),
        ("atop", 0.5 * 0.5 + 0.8 * 0.75, 0.125 + 0.375),
        ("xor", 0.25 + 0.6, 0.125 + 0.375),
        ("from", 0.3, 0.25),
        ("minus", -0.3, -0.25),
        ("difference", 0.3, 0.25),
        ("average", 0.65, 0.375),
        ("max", 0.8, 0.5),
        ("min", 0.5, 0.25),
        ("divide", 0.625, 0.5),
        ("screen", 0.9, 0.625),
        ("exclusion", 0.5, 0.5),
        ("matte", 0.5 * 0.25 + 0.8 * 0.75, 0.25 * 0.25 + 0.5 * 0.75),
        ("hypot", 0.25**0.5 * (1 + 2.56) ** 0.5, 0.3125**0.5),
    ],
)
def test_each_operation_follows_nukes_formula(operation: str, red: float, alpha: float) -> None:
    merged = ops.merge(flat(FRONT), flat(BEHIND), operation=operation)
    np.testing.assert_allclose(merged.channels["rgba.red"], red, rtol=1e-6)
    np.testing.assert_allclose(merged.channels["rgba.alpha"], alpha, rtol=1e-6)


def test_the_table_above_holds_every_operation() -> None:
    tested = test_each_operation_follows_nukes_formula.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {row[0] for row in tested} == set(ops.OPERATIONS)


def test_multiply_and_divide_of_two_negatives_are_black() -> None:
    a, b = flat({"rgba.red": -2.0}), flat({"rgba.red": -3.0})
    assert ops.merge(a, b, operation="multiply").channels["rgba.red"][0, 0] == 0
    assert ops.merge(a, b, operation="divide").channels["rgba.red"][0, 0] == 0
    assert ops.merge(a, flat({"rgba.red": 0.0}), operation="divide").channels["rgba.red"][0, 0] == 0


def test_an_operation_that_is_not_there_is_named() -> None:
    with pytest.raises(ParamError, match='"overlay"') as caught:
        ops.merge(flat(FRONT), flat(BEHIND), operation="overlay")
    assert caught.value.name == "operation"


@settings(deadline=None, max_examples=40)
@given(boxes(), boxes())
def test_over_with_an_opaque_a_gives_a_and_b_around_it(a_box: BBox, b_box: BBox) -> None:
    a, b = noise(a_box, seed=1), noise(b_box, seed=2)
    a = a.with_channels({"rgba.alpha": np.ones_like(a.channels["rgba.alpha"])})
    merged = ops.merge(a, b)
    assert merged.bbox == union(a_box, b_box)
    for name in RGBA:
        np.testing.assert_array_equal(merged.channel(name, a_box), a.channels[name])
        outside = np.ones((merged.bbox[3] - merged.bbox[1], merged.bbox[2] - merged.bbox[0]), bool)
        rows = slice(merged.bbox[3] - a_box[3], merged.bbox[3] - a_box[1])
        outside[rows, a_box[0] - merged.bbox[0] : a_box[2] - merged.bbox[0]] = False
        np.testing.assert_array_equal(merged.channels[name][outside], b.channel(name, merged.bbox)[outside])


@settings(deadline=None, max_examples=40)
@given(boxes(), boxes())
def test_every_bbox_shows_the_same_pixels_of_the_same_merge(a_box: BBox, b_box: BBox) -> None:
    a, b = noise(a_box, seed=1), noise(b_box, seed=2)
    whole = ops.merge(a, b, bbox="union")
    for choice, box in (("intersection", intersection(a_box, b_box)), ("A", a_box), ("B", b_box)):
        part = ops.merge(a, b, bbox=choice)
        assert part.bbox == box
        for name in RGBA:
            np.testing.assert_array_equal(part.channels[name], whole.channel(name, box))


def test_format_and_metadata_are_bs() -> None:
    a = picture({"rgba.red": [[1]]}, format=Format(9, 9), metadata={"from": "a"})
    b = picture({"rgba.red": [[1]]}, format=Format(5, 5, 2.0), metadata={"from": "b"})
    merged = ops.merge(a, b)
    assert (merged.format, dict(merged.metadata)) == (b.format, {"from": "b"})


def test_a_mask_limits_the_merge_and_is_black_outside_its_bbox() -> None:
    a, b = flat({"rgba.red": 1.0}), flat({"rgba.red": 0.0})
    mask = picture({"rgba.alpha": [[1.0, 0.5]]}, at=(1, 0))
    merged = ops.merge(a, b, operation="copy", mask=mask)
    assert merged.channels["rgba.red"].tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0.5, 0]]
    turned = ops.merge(a, b, operation="copy", mask=mask, invert_mask=True)
    assert turned.channels["rgba.red"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [1, 0, 0.5, 1]]


def test_mix_and_mask_multiply() -> None:
    a, b = flat({"rgba.red": 1.0}), flat({"rgba.red": 0.5})
    mask = flat({"mask.a": 0.5})
    merged = ops.merge(a, b, operation="copy", mask=mask, mask_channel="mask.a", mix=0.5)
    assert merged.channels["rgba.red"][0, 0] == 0.625
    assert ops.merge(a, b, operation="copy", mix=0.0).channels["rgba.red"][0, 0] == 0.5


def test_infinity_on_one_side_of_a_mask_stays_there() -> None:
    a, b = flat({"rgba.red": 2.0}), flat({"rgba.red": float("inf")})
    mask = picture({"rgba.alpha": [[1.0, 0.0]]})
    merged = ops.merge(a, b, operation="copy", mask=mask)
    assert merged.channel("rgba.red", (0, 0, 2, 1)).tolist() == [[2, float("inf")]]


def test_only_the_chosen_channels_are_merged() -> None:
    a = flat({"rgba.red": 1, "rgba.green": 1, "rgba.alpha": 1, "depth.Z": 7, "uv.u": 7})
    b = flat({"rgba.red": 0.25, "rgba.green": 0.25, "rgba.alpha": 0, "depth.Z": 2})
    merged = ops.merge(a, b, operation="plus", output="rgb", also_merge="depth")
    found = {name: float(values[0, 0]) for name, values in merged.channels.items()}
    assert found == {"rgba.red": 1.25, "rgba.green": 1.25, "rgba.alpha": 0, "depth.Z": 9}
    assert merged.channels["rgba.alpha"] is b.channels["rgba.alpha"]


def test_a_side_can_take_its_channels_from_another_layer() -> None:
    a = flat({"matte.red": 0.5, "matte.alpha": 0.25, "rgba.red": 9, "rgba.alpha": 9})
    merged = ops.merge(a, flat(BEHIND), a_channels="matte")
    np.testing.assert_allclose(merged.channels["rgba.red"], 1.1, rtol=1e-6)
    np.testing.assert_allclose(merged.channels["rgba.alpha"], 0.625, rtol=1e-6)
    without = ops.merge(a, flat(BEHIND), a_channels="alpha", operation="plus")
    assert without.channels["rgba.red"][0, 0] == np.float32(0.8)  # A has no red among its channels: black
