"""The plain curves: the ones of OpenColorIO, and what is done to values that no curve knows."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import PyOpenColorIO as ocio
import pytest
from gvm_matte.engine.colour import ACCEPTED, linear_to_srgb, normalised, resolve_input, srgb_to_linear


@pytest.mark.parametrize(
    ("curve", "direction"), [(linear_to_srgb, ocio.TRANSFORM_DIR_INVERSE), (srgb_to_linear, ocio.TRANSFORM_DIR_FORWARD)]
)
def test_the_curve_is_the_one_of_opencolorio(curve: Callable[..., Any], direction: Any) -> None:
    values = np.concatenate([np.linspace(0, 1, 5001), np.geomspace(1e-6, 1, 500), [0.0031308, 0.003130805, 0.04045]])
    values = values.astype(np.float32)
    builtin = ocio.ExponentWithLinearTransform()
    builtin.setGamma([2.4, 2.4, 2.4, 1.0])
    builtin.setOffset([0.055, 0.055, 0.055, 0.0])
    builtin.setDirection(direction)
    processor = ocio.Config.CreateRaw().getProcessor(builtin).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    expected = np.repeat(values[:, None], 3, axis=1).copy()
    processor.applyRGB(expected)
    # 2e-5: the standard rounds the straight part's slope to 12.92, OpenColorIO derives 12.9232
    np.testing.assert_allclose(curve(values), expected[:, 0], atol=2e-5)


def test_the_curve_rises_and_has_no_step() -> None:
    for curve in (linear_to_srgb, srgb_to_linear):
        values = curve(np.linspace(0, 1, 200_001, dtype=np.float32))
        steps = np.diff(values.astype(np.float64))
        assert (steps >= 0).all() and steps.max() < 1e-4
        assert values[0] == 0 and values[-1] == pytest.approx(1, abs=1e-6)


def test_values_outside_are_clipped() -> None:
    pixels = np.array([[[-1.0, 0.5, 65504.0]]], np.float16)
    display = resolve_input("", hint="", dtype=pixels.dtype).apply(pixels)
    np.testing.assert_allclose(display[0, 0], [0.0, 0.7353569, 1.0], atol=1e-6)
    assert display.max() <= 1
    for name in ("raw", "srgb"):
        assert resolve_input(name, hint="", dtype=pixels.dtype).apply(pixels)[0, 0].tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_integers_span_their_range(dtype: str) -> None:
    top = np.iinfo(dtype).max
    pixels = np.array([[[0], [top // 2], [top]]], dtype)
    display = resolve_input("", hint="srgb", dtype=dtype).apply(pixels)
    assert display.dtype == np.float32 and display.shape == pixels.shape
    np.testing.assert_allclose(display[0, :, 0], [0, (top // 2) / top, 1], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("name", [*ACCEPTED, "ACEScg"])
def test_what_is_no_number_does_no_harm(name: str, dtype: str) -> None:
    pixels = np.array([[[np.nan] * 3, [np.inf] * 3, [-np.inf] * 3, [0.18] * 3]], dtype)
    display = resolve_input(name, hint="", dtype=dtype).apply(pixels)
    np.testing.assert_allclose(display[0, :3], [[0.0] * 3, [1.0] * 3, [0.0] * 3], atol=1e-5)
    assert 0.1 < display[0, 3, 0] < 0.5


@pytest.mark.parametrize(
    ("name", "exposure", "expected"),
    [
        ("scene_linear", 1.0, linear_to_srgb(np.array([0.2, 0.5, 1.0]))),
        ("scene_linear", -2.0, linear_to_srgb(np.array([0.025, 0.0625, 0.5]))),
        ("srgb", 1.0, linear_to_srgb(2 * srgb_to_linear(np.array([0.1, 0.25, 1.0])))),
        ("srgb", -1.0, linear_to_srgb(0.5 * srgb_to_linear(np.array([0.1, 0.25, 1.0])))),
        ("scene_linear", 127.0, [1.0, 1.0, 1.0]),
        ("raw", 3.0, [0.1, 0.25, 1.0]),
    ],
)
def test_exposure_acts_on_light(name: str, exposure: float, expected: Any) -> None:
    pixels = np.array([[[0.1, 0.25, 2.0]]], np.float32)
    display = resolve_input(name, hint="", dtype=pixels.dtype).apply(pixels, exposure)
    np.testing.assert_allclose(display[0, 0], expected, atol=1e-6)


@pytest.mark.parametrize("name", [*ACCEPTED, "ACEScg"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "uint8", "uint16"])
def test_the_plate_itself_is_left_alone(name: str, dtype: str) -> None:
    pixels = np.full((2, 2, 3), 2, dtype)
    pixels.flags.writeable = False
    for exposure in (0.0, 1.5):
        resolve_input(name, hint="", dtype=dtype).apply(pixels, exposure)
    normalised(pixels)
    assert (pixels == 2).all()
