"""Pictures, formats, boxes and the names of channels."""

from __future__ import annotations

import numpy as np
import pytest
from gvm_matte.core.errors import ParamError, UsageError
from gvm_matte.host.pixels import Format, Picture, ops
from gvm_matte.host.pixels.boxes import EMPTY, BBox, chosen, intersection, union
from gvm_matte.host.pixels.curves import CURVES
from gvm_matte.host.pixels.layers import from_file, select, to_file
from hypothesis import given
from picture_kit import RGBA, SMALL, boxes, flat, noise, picture


@pytest.mark.parametrize(
    ("choice", "a", "b", "expected"),
    [
        ("union", (0, 0, 2, 2), (1, 1, 4, 3), (0, 0, 4, 3)),
        ("union", (0, 0, 1, 1), (5, 5, 6, 6), (0, 0, 6, 6)),
        ("union", EMPTY, (5, 5, 6, 6), (5, 5, 6, 6)),
        ("union", (-3, -2, 1, 1), EMPTY, (-3, -2, 1, 1)),
        ("intersection", (0, 0, 2, 2), (1, 1, 4, 3), (1, 1, 2, 2)),
        ("intersection", (0, 0, 2, 2), (2, 0, 4, 2), EMPTY),
        ("intersection", (-4, -4, 9, 9), (0, 0, 4, 3), (0, 0, 4, 3)),
        ("A", (0, 0, 2, 2), (1, 1, 4, 3), (0, 0, 2, 2)),
        ("B", (0, 0, 2, 2), (1, 1, 4, 3), (1, 1, 4, 3)),
    ],
)
def test_the_bbox_of_two_inputs_follows_the_knob(choice: str, a: BBox, b: BBox, expected: BBox) -> None:
    assert chosen(choice, a, b) == expected


def test_a_bbox_choice_that_nuke_does_not_have_is_named() -> None:
    with pytest.raises(ParamError, match='"both"') as caught:
        chosen("both", EMPTY, EMPTY)
    assert caught.value.name == "bbox"


@given(boxes(), boxes())
def test_an_intersection_lies_in_both_boxes_and_both_in_the_union(one: BBox, other: BBox) -> None:
    whole, shared = union(one, other), intersection(one, other)
    for box in (one, other):
        assert intersection(whole, box) == box
        assert shared == EMPTY or intersection(shared, box) == shared


def test_a_channel_over_another_box_is_black_outside_the_bbox() -> None:
    small = picture({"rgba.red": [[1, 2], [3, 4]]}, at=(1, 0))  # rows from the top: y 1, then y 0
    wide = small.channel("rgba.red", (0, -1, 4, 2))
    assert wide.tolist() == [[0, 1, 2, 0], [0, 3, 4, 0], [0, 0, 0, 0]]
    assert small.channel("rgba.red", (2, 0, 3, 2)).tolist() == [[2], [4]]
    assert small.channel("rgba.red", (7, 7, 9, 8)).tolist() == [[0, 0]]
    assert small.channel("depth.Z").tolist() == [[0, 0], [0, 0]]


@given(boxes(), boxes())
def test_a_channel_keeps_each_pixel_at_its_place(own: BBox, asked: BBox) -> None:
    source = noise(own, names=["rgba.red"])
    values = source.channel("rgba.red", asked)
    for y in range(asked[1], asked[3]):
        for x in range(asked[0], asked[2]):
            inside = own[0] <= x < own[2] and own[1] <= y < own[3]
            expected = source.channels["rgba.red"][own[3] - 1 - y, x - own[0]] if inside else 0
            assert values[asked[3] - 1 - y, x - asked[0]] == expected


def test_channels_are_shared_and_cannot_be_written_to() -> None:
    values = np.ones((3, 4), np.float32)
    made = Picture(SMALL, SMALL.box, {"rgba.red": values})
    assert np.shares_memory(made.channels["rgba.red"], values)
    assert np.shares_memory(made.channel("rgba.red", (1, 1, 3, 2)), values)
    for view in (
        made.channels["rgba.red"],
        made.channel("rgba.red", (1, 1, 3, 2)),
        made.channel("rgba.red", (-1, 0, 9, 9)),
    ):
        with pytest.raises(ValueError, match="read-only"):
            view[0, 0] = 2
    values[0, 0] = 5  # the maker's own array stays the maker's


def test_a_picture_can_be_empty() -> None:
    nothing = Picture(SMALL, EMPTY, {"rgba.red": np.zeros((0, 0), np.float32)})
    assert nothing.channel("rgba.red", (0, 0, 2, 1)).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("rgba.red", np.zeros((4, 3), np.float32), "rgba.red"),
        ("rgba.red", np.zeros((3, 4), np.float64), "float64"),
        ("red", np.zeros((3, 4), np.float32), "no layer"),
    ],
)
def test_a_channel_that_does_not_fit_is_named(name: str, values: np.ndarray, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Picture(SMALL, SMALL.box, {name: values})


def test_a_format_covers_its_size_unless_it_says_otherwise() -> None:
    assert (Format(4, 3).r, Format(4, 3).t) == (4, 3)
    assert Format(10, 9, 2.0, 1, 1, 8, 7, "letterbox").r == 8
    for width, height, aspect in ((0, 3, 1.0), (3, -1, 1.0), (3, 3, 0.0), (3, 3, float("nan"))):
        with pytest.raises(UsageError, match="format"):
            Format(width, height, aspect)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rgb", RGBA[:3]),
        ("rgba", RGBA),
        ("alpha", ("rgba.alpha",)),
        ("all", (*RGBA, "depth.Z", "uv.u", "uv.v")),
        ("none", ()),
        ("", ()),
        ("uv", ("uv.u", "uv.v")),
        ("depth rgba.red", ("rgba.red", "depth.Z")),
        ("{rgba.red -rgba.green -rgba.blue rgba.alpha}", ("rgba.red", "rgba.alpha")),
        ("motion", ()),
        (["uv.v", "rgba.red"], ("rgba.red", "uv.v")),
    ],
)
def test_the_channels_knob_picks(text: str, expected: tuple[str, ...]) -> None:
    available = flat(dict.fromkeys((*RGBA, "depth.Z", "uv.u", "uv.v"), 0))
    assert select(text, available.channels) == expected


@pytest.mark.parametrize(
    ("file_names", "layer", "expected"),
    [
        (["R", "G", "B", "A", "Z"], "", ["rgba.red", "rgba.green", "rgba.blue", "rgba.alpha", "depth.Z"]),
        (["red", "green", "blue"], "", ["rgba.red", "rgba.green", "rgba.blue"]),
        (["diffuse.R", "diffuse.G", "diffuse.B", "uv.u"], "", ["diffuse.red", "diffuse.green", "diffuse.blue", "uv.u"]),
        (["R", "G", "B"], "diffuse", ["diffuse.red", "diffuse.green", "diffuse.blue"]),
        (["Z"], "depth", ["depth.Z"]),
        (["Z"], "", ["depth.Z"]),
        (["A"], "", ["rgba.alpha"]),
        (["R", "id"], "", ["rgba.red", "other.id"]),
        (["left.diffuse.R"], "", ["left_diffuse.red"]),
    ],
)
def test_channels_of_a_file_get_their_names(file_names: list[str], layer: str, expected: list[str]) -> None:
    assert [name for names in from_file(file_names, layer=layer).values() for name in names] == expected


@pytest.mark.parametrize("names", [["Y"], ["Y", "A"], ["density"]])
def test_one_grey_channel_is_red_green_and_blue(names: list[str]) -> None:
    assert from_file(names)[0] == RGBA[:3]


@pytest.mark.parametrize("name", [*RGBA, "depth.Z", "diffuse.red", "uv.u", "mask.a1"])
def test_a_written_name_reads_back(name: str) -> None:
    assert from_file([to_file(name), "R"])[0] == (name,)


def test_infinities_and_nan_pass_without_a_warning() -> None:
    values = np.array([[0.5, np.inf, -np.inf, np.nan]], np.float32)
    odd = Picture(SMALL, (0, 0, 4, 1), {"rgba.red": values, "rgba.alpha": np.array([[1, 1, 0, 0]], np.float32)})
    made = [
        *(ops.merge(odd, odd, operation=operation, mask=odd) for operation in ops.OPERATIONS),
        ops.grade(odd, gamma=2.0, multiply=3.0, unpremult="rgba.alpha"),
        ops.invert(odd, channels="all"),
        ops.premult(odd),
        ops.unpremult(odd),
        ops.crop(odd, box=(0, 0, 4, 1), softness=2),
        ops.reformat(odd, format=Format(9, 9)),
        ops.transform(odd, rotate=20),
        *(ops.colorspace(odd, "linear", curve) for curve in CURVES),
        *(ops.colorspace(odd, curve, "linear") for curve in CURVES),
    ]
    assert all(set(result.channels) == set(odd.channels) for result in made)  # and no warning, which would be an error
