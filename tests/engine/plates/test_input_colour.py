"""From a plate's values to display-referred ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import PyOpenColorIO as ocio
import pytest
from gvm_matte.engine.colour import ACCEPTED, InputTransform, linear_to_srgb, normalised, resolve_input
from gvm_matte.errors import ParamError


@pytest.mark.parametrize(
    ("asked", "hint", "dtype", "name"),
    [
        ("", "", "float16", "scene_linear"),
        ("", "", "float32", "scene_linear"),
        ("", "", "uint8", "srgb"),
        ("", "", np.uint16, "srgb"),
        ("", "srgb", "float16", "srgb"),
        ("", "scene_linear", "uint16", "scene_linear"),
        ("raw", "scene_linear", "float16", "raw"),
        ("srgb", "", "float32", "srgb"),
        (" scene_linear ", "srgb", "uint8", "scene_linear"),
    ],
)
def test_who_decides(asked: str, hint: str, dtype: Any, name: str) -> None:
    transform = resolve_input(asked, hint=hint, dtype=dtype)
    assert transform == InputTransform(name, is_linear=name == "scene_linear")


@pytest.mark.parametrize("name", ["ACEScg", "Raw", "linear", "sRGB"])
def test_an_unknown_name_is_an_error_that_lists_the_known_ones(name: str) -> None:
    with pytest.raises(ParamError, match=", ".join(ACCEPTED)) as caught:
        resolve_input(name, hint="", dtype="float16")
    assert caught.value.name == "input_colorspace" and name in str(caught.value)


def test_the_curve_is_the_one_of_opencolorio() -> None:
    values = np.concatenate([np.linspace(0, 1, 5001), np.geomspace(1e-6, 1, 500), [0.0031308, 0.003130805]])
    values = values.astype(np.float32)
    builtin = ocio.ExponentWithLinearTransform()
    builtin.setGamma([2.4, 2.4, 2.4, 1.0])
    builtin.setOffset([0.055, 0.055, 0.055, 0.0])
    builtin.setDirection(ocio.TRANSFORM_DIR_INVERSE)
    processor = ocio.Config.CreateRaw().getProcessor(builtin).getDefaultCPUProcessor()
    expected = np.repeat(values[:, None], 3, axis=1).copy()
    processor.applyRGB(expected)
    np.testing.assert_allclose(linear_to_srgb(values), expected[:, 0], atol=2e-5)


def test_values_outside_are_clipped() -> None:
    pixels = np.array([[[-1.0, 0.5, 65504.0]]], np.float16)
    display = resolve_input("", hint="", dtype=pixels.dtype).apply(pixels)
    np.testing.assert_allclose(display[0, 0], [0.0, 0.7353569, 1.0], atol=1e-6)
    assert display.max() <= 1
    assert resolve_input("raw", hint="", dtype=pixels.dtype).apply(pixels)[0, 0].tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_integers_span_their_range(dtype: str) -> None:
    top = np.iinfo(dtype).max
    pixels = np.array([[[0], [top // 2], [top]]], dtype)
    display = resolve_input("", hint="srgb", dtype=dtype).apply(pixels)
    assert display.dtype == np.float32 and display.shape == pixels.shape
    np.testing.assert_allclose(display[0, :, 0], [0, (top // 2) / top, 1], rtol=1e-6)


def test_the_plate_itself_is_left_alone() -> None:
    for dtype in ("float16", "float32", "uint8", "uint16"):
        pixels = np.full((2, 2, 3), 2, dtype)
        for name in ACCEPTED:
            resolve_input(name, hint="", dtype=dtype).apply(pixels)
        normalised(pixels)
        assert (pixels == 2).all()


def test_the_curve_rises_and_has_no_step() -> None:
    curve = linear_to_srgb(np.linspace(0, 1, 200_001, dtype=np.float32))
    steps = np.diff(curve.astype(np.float64))
    assert (steps >= 0).all() and steps.max() < 1e-4
    assert curve[0] == 0 and curve[-1] == pytest.approx(1, abs=1e-6)
