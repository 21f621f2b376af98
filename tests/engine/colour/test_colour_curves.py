"""The plain curves: the ones of OpenColorIO, and what is done to values that no curve knows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gvm_matte.engine.colour import ACCEPTED, normalised, resolve_input
from gvm_matte.images.curves import linear_to_srgb, srgb_to_linear


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
