"""Grade, Multiply, Invert: values by hand, masks, and what becomes of the black around a bbox."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.host.pixels import Picture, ops
from gvm_matte.host.pixels.boxes import BBox
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_kit import SMALL, boxes, flat, noise, picture


def red(source: Picture) -> float:
    return float(source.channel("rgba.red", (0, 0, 1, 1))[0, 0])


@pytest.mark.parametrize(
    ("knobs", "value", "expected"),
    [
        ({}, 0.3, 0.3),
        ({"blackpoint": 0.1, "whitepoint": 0.6}, 0.35, 0.5),
        ({"black": 0.2, "white": 0.8}, 0.5, 0.5),
        ({"black": 0.2}, 0.25, 0.2 + 0.25 * 0.8),
        ({"multiply": 2.0, "add": 0.1}, 0.3, 0.7),
        ({"gamma": 2.0}, 0.25, 0.5),
        ({"gamma": 2.0}, 3.0, 2.0),  # straight on above 1, with the slope there
        ({"gamma": 2.0, "black_clamp": False}, -0.4, -0.4),
        ({"add": -0.5}, 0.2, 0.0),
        ({"add": -0.5, "black_clamp": False}, 0.2, -0.3),
        ({"multiply": 4.0, "white_clamp": True}, 0.5, 1.0),
        ({"blackpoint": 0.5, "whitepoint": 0.5}, 0.5, 0.0),  # equal points: a slope of 10000 from the black point up
        ({"blackpoint": 0.25, "whitepoint": 1.25, "black": 0.1, "white": 0.6, "multiply": 2.0, "add": 0.05, "gamma": 1.25},
         0.5, (2 * 0.5 * 0.5 + 0.05 + 0.1 - 0.25) ** 0.8),
        ({"gamma": 0.0}, 0.5, 0.0),
        ({"gamma": 0.0}, 1.5, math.inf),
    ],
)  # fmt: skip
def test_grade_follows_nukes_formula(knobs: dict[str, float], value: float, expected: float) -> None:
    graded = ops.grade(flat({"rgba.red": value}), **knobs)  # type: ignore[arg-type]
    assert red(graded) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.125, 0.875, width=32), st.floats(0, 0.25), st.floats(0.5, 2), st.floats(-0.25, 0.25), st.floats(0.25, 4))
def test_reverse_undoes_a_grade(value: float, low: float, gain: float, add: float, gamma: float) -> None:
    knobs = {"blackpoint": low, "whitepoint": 1 + low, "multiply": gain, "add": add, "gamma": gamma}
    there = ops.grade(flat({"rgba.red": value}), black_clamp=False, **knobs)  # type: ignore[arg-type]
    back = ops.grade(there, black_clamp=False, reverse=True, **knobs)  # type: ignore[arg-type]
    assert red(back) == pytest.approx(value, abs=2e-4)


def test_a_colour_has_a_value_for_each_channel() -> None:
    source = flat({"rgba.red": 1, "rgba.green": 1, "rgba.blue": 1, "rgba.alpha": 1, "depth.Z": 1})
    graded = ops.multiply(source, value=(2, 3, 4, 5), channels="rgba")
    assert [float(values[0, 0]) for values in graded.channels.values()] == [2, 3, 4, 5, 1]
    assert graded.channels["depth.Z"] is source.channels["depth.Z"]
    with pytest.raises(ParamError, match="value has 2 values"):
        ops.multiply(source, value=(1, 2))


def test_a_mask_and_mix_limit_a_grade() -> None:
    source = flat({"rgba.red": 0.5})
    mask = picture({"rgba.alpha": [[1.0, 0.5]]})
    graded = ops.multiply(source, value=3, mask=mask)
    assert graded.channel("rgba.red", (0, 0, 3, 1)).tolist() == [[1.5, 1.0, 0.5]]
    assert red(ops.multiply(source, value=3, mix=0.25)) == 0.75
    assert red(ops.multiply(source, value=3, mask=mask, invert_mask=True)) == 0.5


def test_unpremult_grades_the_colour_without_its_alpha() -> None:
    source = picture({"rgba.red": [[0.1, 0.3]], "rgba.alpha": [[0.4, 0]]})
    graded = ops.grade(source, gamma=2.0, unpremult="rgba.alpha")
    np.testing.assert_allclose(graded.channels["rgba.red"], [[0.25**0.5 * 0.4, 0]], rtol=1e-6)
    assert graded.bbox == source.bbox


def test_what_turns_black_into_light_grows_the_bbox_to_the_format() -> None:
    small = flat({"rgba.alpha": 1.0, "rgba.red": 0.5}, (1, 1, 2, 2))
    inverted = ops.invert(small, channels="alpha")
    assert inverted.bbox == SMALL.box
    assert inverted.channels["rgba.alpha"].tolist() == [[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1]]
    assert inverted.channel("rgba.red", (0, 0, 2, 2)).tolist() == [[0, 0.5], [0, 0]]
    assert ops.grade(small, add=0.25).bbox == SMALL.box
    assert ops.grade(small, multiply=2.0).bbox == small.bbox
    assert ops.invert(small, mix=0.0).bbox == small.bbox


def test_invert_clamps_only_where_told() -> None:
    source = picture({"rgba.red": [[-0.5, 0.25, 1.5]]})
    assert ops.invert(source).channel("rgba.red", (0, 0, 3, 1)).tolist() == [[1.5, 0.75, -0.5]]
    assert ops.invert(source, clamp=True).channel("rgba.red", (0, 0, 3, 1)).tolist() == [[1, 0.75, 0]]


@settings(deadline=None, max_examples=40)
@given(boxes())
def test_inverting_twice_gives_the_picture(box: BBox) -> None:
    source = noise(box, seed=8)
    twice = ops.invert(ops.invert(source))
    np.testing.assert_allclose(twice.channel("rgba.green", box), source.channels["rgba.green"], atol=1e-7)
