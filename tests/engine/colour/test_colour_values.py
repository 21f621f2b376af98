"""The colour path against values that OpenColorIO computes for the same spaces and views, step by step."""

from __future__ import annotations

from typing import Any, Callable, Optional

import numpy as np
import PyOpenColorIO as ocio  # type: ignore[import-untyped]
import pytest
from gvm_matte.engine.colour import BUILTIN_CONFIG, InputColour
from gvm_matte.engine.colour.processor import STRIP_PIXELS

SDR = "ACES 2.0 - SDR 100 nits (Rec.709)"
CLOSE = 5e-5  # OpenColorIO's fast powers, one after the other here, in one pass there


def through(config: ocio.Config, *steps: Any) -> Callable[[Any], Any]:
    """A function that takes [..., 3] through transforms, without OpenColorIO's shortcuts."""
    processor = config.getProcessor(ocio.GroupTransform(list(steps)))
    cpu = processor.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)

    def convert(values: Any) -> Any:
        result = np.ascontiguousarray(values, np.float32).copy()
        cpu.applyRGB(result)
        return result

    return convert


def as_light(pixels: Any) -> Any:
    """Integers over their range, floats as they are."""
    return pixels.astype(np.float64) / np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else pixels.astype(np.float64)


def encoded(light: Any) -> Any:
    """IEC 61966-2-1 in double precision."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("exposure", [0.0, -1.5, 0.7])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16", "float32"])
@pytest.mark.parametrize(
    "space", ["ACEScg", "ACES2065-1", "ARRI LogC4", "S-Log3 S-Gamut3", "Linear Rec.2020", "g22_rec709"]
)
def test_the_plain_view_is_linear_rec709_through_the_srgb_curve(
    picture: Callable[[str], Any], space: str, dtype: str, exposure: float
) -> None:
    pixels = picture(dtype)
    config = ocio.Config.CreateFromFile(BUILTIN_CONFIG)
    light = through(config, ocio.ColorSpaceTransform(space, "Linear Rec.709 (sRGB)"))(as_light(pixels))
    transform = InputColour(colorspace=space).resolve(hint="", dtype=dtype)
    assert (transform.view, transform.curve) == ("srgb", "")
    display = transform.apply(pixels, exposure)
    assert display.dtype == np.float32 and display.shape == pixels.shape
    assert display.min() >= 0 and display.max() <= 1
    np.testing.assert_allclose(display, encoded(light.astype(np.float64) * 2**exposure), atol=CLOSE)


@pytest.mark.parametrize("exposure", [0.0, 1.25])
@pytest.mark.parametrize("view", [SDR, "Un-tone-mapped", "Display P3 - Display/Video (colorimetric)"])
@pytest.mark.parametrize("space", ["ACEScg", "ARRI LogC4", ""])
def test_a_view_of_the_config_is_that_view(picture: Callable[[str], Any], space: str, view: str, exposure: float) -> None:
    pixels = picture("float16")
    config = ocio.Config.CreateFromFile(BUILTIN_CONFIG)
    display, _, name = view.rpartition("/")
    source = space or "Linear Rec.709 (sRGB)"
    expected = through(
        config,
        ocio.ColorSpaceTransform(source, "ACEScg"),
        ocio.MatrixTransform.Scale([2**exposure] * 3 + [1]),
        ocio.DisplayViewTransform("ACEScg", display or "sRGB - Display", name),
    )(pixels)
    transform = InputColour(colorspace=space, view=view).resolve(hint="", dtype="float16")
    assert transform.view == f"{display or 'sRGB - Display'}/{name}" and transform.name == (space or "scene_linear")
    np.testing.assert_allclose(transform.apply(pixels, exposure), np.clip(expected, 0, 1), atol=CLOSE)


def test_highlights_clip_in_the_plain_view_and_roll_off_in_an_aces_view() -> None:
    ramp = np.repeat(np.linspace(0.5, 12, 200, dtype=np.float32)[None, :, None], 3, axis=2)
    plain = InputColour(colorspace="ACEScg").resolve(hint="", dtype="float32").apply(ramp)[0]
    assert (plain[ramp[0] >= 1.001] >= 1 - CLOSE).all() and (plain[ramp[0] < 0.9] < 0.96).all()
    rolled = InputColour(colorspace="ACEScg", view=SDR).resolve(hint="", dtype="float32").apply(ramp)[0]
    assert (np.diff(rolled, axis=0) > 0).all() and rolled.max() < 1


@pytest.mark.parametrize("hint", ["srgb", "srgb_rec709_scene", ""])
def test_no_view_touches_a_finished_picture(picture: Callable[[str], Any], hint: str) -> None:
    pixels = picture("uint8")
    transform = InputColour(view=SDR).resolve(hint=hint, dtype="uint8")
    assert transform.view == ""
    np.testing.assert_array_equal(transform.apply(pixels), pixels / np.float32(255))


@pytest.mark.parametrize("exposure", [0.0, 1.0])
@pytest.mark.parametrize("view", ["srgb", SDR])
def test_a_display_space_goes_to_an_srgb_display_whatever_the_view(
    picture: Callable[[str], Any], view: str, exposure: float
) -> None:
    pixels = picture("uint16")
    config = ocio.Config.CreateFromFile(BUILTIN_CONFIG)
    coded = through(config, ocio.ColorSpaceTransform("Rec.1886 Rec.709 - Display", "sRGB - Display"))(as_light(pixels))
    coded = coded.astype(np.float64)
    light = np.where(coded <= 0.04045, coded / 12.92, ((np.maximum(coded, 0) + 0.055) / 1.055) ** 2.4)
    transform = InputColour(colorspace="rec1886_rec709_display", view=view).resolve(hint="", dtype="uint16")
    assert transform.view == ""
    np.testing.assert_allclose(transform.apply(pixels, exposure), encoded(light * 2**exposure), atol=CLOSE)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (6, 5, 4), (2, 6, 5, 3), (0, 5, 3)])
def test_any_shape_keeps_its_pixels_apart(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).random(shape, dtype=np.float32)
    transform = InputColour(colorspace="ACEScg").resolve(hint="", dtype="float32")
    display = transform.apply(pixels)
    assert display.shape == (*shape[:-1], 3)
    each = [transform.apply(pixel[None, None]) for pixel in pixels[..., :3].reshape(-1, 3)]
    np.testing.assert_array_equal(display.reshape(-1, 3), np.array(each, np.float32).reshape(-1, 3))


def test_a_large_plate_is_the_same_in_strips() -> None:
    pixels = np.random.default_rng(2).random((STRIP_PIXELS // 256 * 3 + 5, 256, 4)).astype(np.float16)[..., :3]
    transform = InputColour(colorspace="ACEScg").resolve(hint="", dtype="float16")
    display = transform.apply(pixels)
    rows = [transform.apply(pixels[y : y + 100]) for y in range(0, len(pixels), 100)]
    np.testing.assert_array_equal(display, np.concatenate(rows))


@pytest.mark.parametrize("channels", [1, 2])
def test_a_grey_plate_is_grey_in_all_three(channels: int) -> None:
    pixels = np.random.default_rng(3).random((4, 5, channels)).astype(np.float16)
    transform = InputColour(colorspace="ACEScg").resolve(hint="", dtype="float16")
    np.testing.assert_array_equal(transform.apply(pixels), transform.apply(np.repeat(pixels[..., :1], 3, axis=2)))


def test_exposures_that_were_dropped_come_back_the_same(picture: Callable[[str], Any]) -> None:
    transform = InputColour(colorspace="ACEScg").resolve(hint="", dtype="float16")
    pixels = picture("float16")
    first = {step: transform.apply(pixels, step / 4) for step in range(20)}
    for step, display in first.items():
        np.testing.assert_array_equal(transform.apply(pixels, step / 4), display)
    assert (first[0] < first[19]).any()


@pytest.mark.parametrize("other", [None, "ACEScct"])
def test_equal_keys_mean_equal_results(picture: Callable[[str], Any], other: Optional[str]) -> None:
    one = InputColour(colorspace="ACEScg").resolve(hint="", dtype="float16")
    two = InputColour(colorspace=other or "lin_ap1_scene").resolve(hint="", dtype="float16")
    same = np.array_equal(one.apply(picture("float16")), two.apply(picture("float16")))
    assert (one.key == two.key) == same == (other is None)
