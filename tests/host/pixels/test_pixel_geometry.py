"""Crop, Reformat, Transform: boxes and values by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.host.pixels import Format, ops
from gvm_matte.host.pixels.boxes import EMPTY, BBox, intersection
from gvm_matte.host.pixels.resample import FILTERS
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_kit import boxes, flat, noise, picture

RAMP = {"rgba.red": [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]}


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({}, (1, 0, 4, 2)),  # cut to the format, 4x3
        ({"crop": False}, (1, -1, 6, 2)),
        ({"intersect": True}, (1, 0, 3, 2)),
        ({"intersect": True, "crop": False}, (1, -1, 3, 2)),
    ],
)
def test_crop_sets_the_bbox(knobs: dict[str, bool], expected: BBox) -> None:
    source = noise((-1, -2, 3, 3))
    cropped = ops.crop(source, box=(1, -1, 6, 2), **knobs)
    assert cropped.bbox == expected
    assert cropped.format == source.format
    np.testing.assert_array_equal(cropped.channels["rgba.red"], source.channel("rgba.red", expected))


def test_crop_can_make_the_box_the_format() -> None:
    cropped = ops.crop(picture(RAMP), box=(1, 0, 3, 2), reformat=True)
    assert (cropped.format.width, cropped.format.height, cropped.bbox) == (2, 2, (0, 0, 2, 2))
    assert cropped.channels["rgba.red"].tolist() == [[6, 7], [10, 11]]
    wide = ops.crop(picture(RAMP), box=(-1, 0, 3, 2), reformat=True)
    assert (wide.format.width, wide.bbox) == (4, (1, 0, 4, 2))


def test_a_crop_to_nothing_is_black() -> None:
    nothing = ops.crop(picture(RAMP), box=(8, 8, 9, 9))
    assert nothing.bbox == EMPTY
    assert not nothing.channel("rgba.red", (0, 0, 4, 3)).any()
    with pytest.raises(ParamError, match="format"):
        ops.crop(picture(RAMP), box=(2, 2, 2, 3), reformat=True)


def test_softness_fades_inwards() -> None:
    soft = ops.crop(flat({"rgba.red": 1.0}, (0, 0, 8, 8), Format(8, 8)), box=(0, 0, 8, 8), softness=2)
    assert soft.channels["rgba.red"][4].tolist() == [0.25, 0.75, 1, 1, 1, 1, 0.75, 0.25]
    assert soft.channels["rgba.red"][0, 0] == 0.0625
    beyond = ops.crop(flat({"rgba.red": 1.0}, (0, 0, 8, 8), Format(8, 8)), box=(-4, 0, 8, 8), softness=2)
    assert beyond.channels["rgba.red"][4].tolist() == [1, 1, 1, 1, 1, 1, 0.75, 0.25]  # that edge lies outside the format


@pytest.mark.parametrize(
    ("resize", "expected"),
    [
        # 4x2 into 8x8: where the four corners come to lie, before the format cuts them off.
        ("none", (2, 3, 6, 5)),
        ("width", (0, 2, 8, 6)),
        ("height", (-4, 0, 12, 8)),
        ("fit", (0, 2, 8, 6)),
        ("fill", (-4, 0, 12, 8)),
        ("distort", (0, 0, 8, 8)),
    ],
)
def test_reformat_resizes_by_its_type(resize: str, expected: BBox) -> None:
    source = noise((0, 0, 4, 2), format=Format(4, 2))
    target = Format(8, 8)
    assert ops.reformat(source, format=target, resize=resize, pbb=True).bbox == expected
    cut = ops.reformat(source, format=target, resize=resize)
    assert (cut.format, cut.bbox) == (target, intersection(expected, target.box))


def test_reformat_keeps_what_is_round_across_pixel_aspects() -> None:
    anamorphic = flat({"rgba.red": 1.0}, (0, 0, 4, 4), Format(4, 4, 2.0))  # 8x4 on the screen
    assert ops.reformat(anamorphic, format=Format(8, 8), resize="width").bbox == (0, 2, 8, 6)
    assert ops.reformat(anamorphic, format=Format(8, 8), resize="height", pbb=True).bbox == (-4, 0, 12, 8)
    assert ops.reformat(anamorphic, format=Format(8, 8), resize="fit").bbox == (0, 2, 8, 6)
    assert ops.reformat(anamorphic, format=Format(8, 6), resize="fit").bbox == (0, 1, 8, 5)  # 8x4 on the screen fits 8x6
    assert ops.reformat(anamorphic, format=Format(8, 8), resize="fill", pbb=True).bbox == (-4, 0, 12, 8)


def test_reformat_without_center_keeps_the_bottom_left_corner() -> None:
    source = noise((0, 0, 4, 2), format=Format(4, 2))
    assert ops.reformat(source, format=Format(8, 8), resize="width", center=False).bbox == (0, 0, 8, 4)
    assert ops.reformat(source, format=Format(3, 9), resize="none", center=False, pbb=True).bbox == source.bbox


def test_reformat_to_its_own_format_shares_every_channel() -> None:
    source = noise((-1, 0, 4, 3))
    same = ops.reformat(source, format=source.format, pbb=True)
    assert all(same.channels[name] is source.channels[name] for name in source.channels)


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({}, (200, 100)),
        ({"fixed": True}, (200, 200)),
        ({"resize": "height"}, (400, 200)),
        ({"resize": "fit"}, (200, 100)),
        ({"resize": "fill"}, (400, 200)),
        ({"resize": "distort"}, (200, 200)),
        ({"pixel_aspect": 2.0}, (200, 200)),
    ],
)
def test_a_box_without_a_fixed_shape_follows_the_image(knobs: dict[str, Any], expected: tuple[int, int]) -> None:
    made = ops.box_format(Format(1000, 500), width=200, height=200, **knobs)
    assert (made.width, made.height) == expected


def test_a_format_is_scaled_in_whole_pixels() -> None:
    made = ops.scaled_format(Format(1921, 1080, 2.0), (0.5, 0.25))
    assert (made.width, made.height, made.pixel_aspect) == (960, 270, 2.0)
    with pytest.raises(ParamError, match="scale by 0"):
        ops.scaled_format(Format(4, 3), 0)


def test_flip_and_flop_mirror() -> None:
    source = picture(RAMP)
    flipped = ops.reformat(source, format=source.format, flip=True, filter="Impulse")
    assert flipped.channels["rgba.red"].tolist() == RAMP["rgba.red"][::-1]
    flopped = ops.reformat(source, format=source.format, flop=True)
    assert flopped.channels["rgba.red"].tolist() == [row[::-1] for row in RAMP["rgba.red"]]


def test_a_picture_of_one_value_keeps_it_in_every_filter() -> None:
    source = flat({"rgba.red": 0.75}, (0, 0, 6, 5), Format(6, 5))
    for name in ("Impulse", *FILTERS):
        for target in (Format(3, 2), Format(11, 9)):
            resized = ops.reformat(source, format=target, resize="distort", filter=name)
            assert resized.bbox == target.box
            np.testing.assert_allclose(resized.channels["rgba.red"], 0.75, rtol=1e-6)


def test_black_outside_fades_the_edge() -> None:
    source = flat({"rgba.red": 1.0}, (0, 0, 2, 2), Format(2, 2))
    faded = ops.reformat(source, format=Format(4, 4), filter="triangle", black_outside=True)
    # Output centres lie at 0.25, 0.75 … of the input: a quarter of the outermost is black.
    assert faded.channels["rgba.red"][1].tolist() == [0.75, 1, 1, 0.75]


def test_halving_by_impulse_takes_one_pixel_and_mixes_none() -> None:
    halved = ops.reformat(picture(RAMP), format=Format(2, 3), resize="distort", filter="Impulse")
    assert halved.channels["rgba.red"].tolist() == [[2, 4], [6, 8], [10, 12]]


def test_halving_with_the_triangle_weighs_four_pixels() -> None:
    source = flat({"rgba.red": 0.0}, (0, 0, 8, 1), Format(8, 1))
    values = np.zeros((1, 8), np.float32)
    values[0, 3] = 1
    halved = ops.reformat(
        source.with_channels({"rgba.red": values}), format=Format(4, 1), resize="distort", filter="triangle"
    )
    # The input pixel lies half an input pixel from output 1 (weight 3/8 of 4/2) and 1.5 from output 2.
    np.testing.assert_allclose(halved.channels["rgba.red"], [[0, 0.375, 0.125, 0]], atol=1e-6)


def test_the_cubic_filter_is_a_smooth_step() -> None:
    source = picture({"rgba.red": [[0, 1]]}, format=Format(2, 1))
    moved = ops.transform(source, translate=(0.25, 0))
    # Pixel 1 takes 0.25 from its left neighbour: 3·0.25² − 2·0.25³ = 0.15625.
    np.testing.assert_allclose(moved.channels["rgba.red"], [[0, 0.84375, 0.15625]], atol=1e-6)
    assert moved.bbox == (0, 0, 3, 1)


def test_up_is_up_between_pixels_too() -> None:
    source = picture({"rgba.red": [[0], [1]]}, format=Format(1, 2))  # the light is in the bottom row
    moved = ops.transform(source, translate=(0, 0.25))
    np.testing.assert_allclose(moved.channels["rgba.red"], [[0.0], [0.15625], [0.84375]], atol=1e-6)
    assert moved.bbox == (0, 0, 1, 3)


def test_an_unknown_filter_or_resize_type_is_named() -> None:
    with pytest.raises(ParamError, match='"Gauss"') as caught:
        ops.transform(picture(RAMP), translate=(0.5, 0), filter="Gauss")
    assert caught.value.name == "filter"
    with pytest.raises(ParamError, match='"stretch"'):
        ops.reformat(picture(RAMP), format=Format(8, 8), resize="stretch")


def test_whole_pixels_move_the_bbox_and_share_the_channels() -> None:
    source = picture(RAMP)
    moved = ops.transform(source, translate=(3, -2))
    assert (moved.bbox, moved.format) == ((3, -2, 7, 1), source.format)
    assert moved.channels["rgba.red"] is source.channels["rgba.red"]


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({"scale": 2.0, "center": (0, 0)}, (0, 0, 8, 6)),
        ({"scale": 2.0}, (-2, -2, 6, 5)),  # about the centre 2, 1.5
        ({"scale": (0.5, 1.0), "center": (0, 0)}, (0, 0, 2, 3)),
        ({"scale": -1.0}, (0, 0, 4, 3)),
        ({"translate": (0.5, -0.5)}, (0, -1, 5, 3)),
        ({"scale": 2.0, "center": (0, 0), "translate": (1, 1)}, (1, 1, 9, 7)),
    ],
)
def test_transform_scales_about_the_centre_and_then_moves(knobs: dict[str, Any], expected: BBox) -> None:
    assert ops.transform(picture(RAMP), **knobs).bbox == expected


def test_doubling_by_impulse_doubles_every_pixel() -> None:
    doubled = ops.transform(picture(RAMP), scale=2, center=(0, 0), filter="Impulse")
    assert doubled.channels["rgba.red"].tolist() == np.kron(RAMP["rgba.red"], np.ones((2, 2))).tolist()


def test_transform_refuses_a_scale_of_0() -> None:
    with pytest.raises(ParamError, match="scale by 0"):
        ops.transform(picture(RAMP), scale=(1, 0))


def test_a_quarter_turn_goes_to_the_left() -> None:
    source = picture(RAMP)
    turned = ops.transform(source, rotate=90, center=(0, 0))
    assert turned.bbox == (-3, 0, 0, 4)
    np.testing.assert_allclose(turned.channels["rgba.red"], np.rot90(RAMP["rgba.red"]), atol=1e-5)
    twice = ops.transform(source, rotate=180)
    assert twice.bbox == (0, 0, 4, 3)
    np.testing.assert_allclose(twice.channels["rgba.red"], np.rot90(RAMP["rgba.red"], 2), atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(boxes(), st.sampled_from(["cubic", "Mitchell", "lanczos4"]), st.floats(0.25, 2.5), st.booleans())
def test_a_hair_of_a_turn_weighs_as_no_turn(box: BBox, filter: str, scale: float, black_outside: bool) -> None:
    source = noise(box, names=["rgba.red"])
    knobs: dict[str, Any] = {"scale": scale, "translate": (0.3, -0.4), "filter": filter, "black_outside": black_outside}
    straight = ops.transform(source, **knobs)
    turned = ops.transform(source, rotate=1e-7, **knobs)
    shared = intersection(straight.bbox, turned.bbox)
    np.testing.assert_allclose(turned.channel("rgba.red", shared), straight.channel("rgba.red", shared), atol=1e-4)


def test_a_turn_keeps_a_flat_inside_flat() -> None:
    source = flat({"rgba.red": 0.5, "rgba.alpha": 1.0}, (0, 0, 16, 16), Format(16, 16))
    turned = ops.transform(source, rotate=30)
    assert turned.bbox == (-3, -3, 19, 19)  # 8·(cos 30° + sin 30°) = 10.9 on each side of the centre
    np.testing.assert_allclose(turned.channel("rgba.alpha", (5, 5, 11, 11)), 1.0, rtol=1e-6)
    np.testing.assert_allclose(turned.channel("rgba.red", (5, 5, 11, 11)), 0.5, rtol=1e-6)
    assert turned.channel("rgba.alpha", (-3, -3, -2, -2))[0, 0] == 0


@settings(deadline=None, max_examples=40)
@given(boxes(), st.floats(-3, 3, width=16), st.floats(-3, 3, width=16))
def test_a_move_keeps_the_light(box: BBox, x: float, y: float) -> None:
    source = noise(box, names=["rgba.red"])
    moved = ops.transform(source, translate=(x, y))
    assert moved.channels["rgba.red"].sum() == pytest.approx(source.channels["rgba.red"].sum(), rel=1e-4)


def test_an_empty_picture_stays_empty() -> None:
    nothing = ops.crop(picture(RAMP), box=(8, 8, 9, 9))
    assert ops.transform(nothing, scale=2.5).bbox == EMPTY
    resized = ops.reformat(nothing, format=Format(9, 7))
    assert (resized.bbox, resized.format.width) == (EMPTY, 9)
