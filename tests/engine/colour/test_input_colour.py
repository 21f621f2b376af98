"""Which colour space a plate is taken to be in, and who decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.engine.colour import ACCEPTED, BUILTIN_CONFIG, InputColour, resolve_input


@pytest.mark.parametrize(
    ("asked", "hint", "dtype", "name", "curve"),
    [
        ("", "", "float16", "scene_linear", "srgb"),
        ("", "", "float32", "scene_linear", "srgb"),
        ("", "", "uint8", "srgb", "display"),
        ("", "", np.uint16, "srgb", "display"),
        ("", "unknown", "float16", "scene_linear", "srgb"),
        ("", "srgb", "float16", "srgb", "display"),
        ("", "scene_linear", "uint16", "scene_linear", "srgb"),
        ("", "Linear", "uint16", "scene_linear", "srgb"),
        ("", "sRGB", "uint8", "srgb", "display"),
        ("", "Rec709", "uint8", "srgb", "display"),
        ("", "srgb_rec709_scene", "uint8", "srgb", "display"),
        ("", "sRGB - Texture", "float32", "srgb", "display"),
        ("", "srgb_rec709_display", "uint8", "srgb", "display"),
        ("", "lin_rec709_scene", "float16", "Linear Rec.709 (sRGB)", "srgb"),
        ("", "ACEScg", "float16", "ACEScg", ""),
        ("", "lin_ap1_scene", "float16", "ACEScg", ""),
        ("", "g22_rec709_scene", "uint8", "Gamma 2.2 Encoded Rec.709", ""),
        ("raw", "scene_linear", "float16", "raw", "none"),
        ("Raw", "", "float16", "raw", "none"),
        ("Utility - Raw", "", "float16", "Raw", "none"),
        ("srgb", "", "float32", "srgb", "display"),
        ("sRGB", "ACEScg", "float32", "srgb", "display"),
        ("sRGB - Texture", "", "uint8", "sRGB Encoded Rec.709 (sRGB)", "display"),
        ("sRGB - Display", "", "uint8", "sRGB - Display", "display"),
        (" scene_linear ", "srgb", "uint8", "scene_linear", "srgb"),
        ("acescg", "srgb", "uint8", "ACEScg", ""),
        ("color_timing", "", "float16", "ACEScct", ""),
        ("lin_srgb", "", "float16", "Linear Rec.709 (sRGB)", "srgb"),
    ],
)
def test_who_decides(asked: str, hint: str, dtype: Any, name: str, curve: str) -> None:
    transform = resolve_input(asked, hint=hint, dtype=dtype)
    assert (transform.name, transform.curve, transform.note) == (name, curve, "")


def test_a_statement_that_means_nothing_is_passed_over_and_told() -> None:
    colour = InputColour()
    for dtype, name in (("uint16", "srgb"), ("float16", "scene_linear")):
        transform = colour.resolve(hint="KodakLog", dtype=dtype)
        assert transform.name == name
        assert "KodakLog" in transform.note and f"read as {name}" in transform.note and "input_colorspace" in transform.note
        assert transform.key == colour.resolve(hint="", dtype=dtype).key


def test_the_rules_of_a_config_that_is_not_named_are_not_asked() -> None:
    assert InputColour().resolve(hint="", dtype="float16", path="/p/a.exr").name == "scene_linear"
    assert InputColour(ocio=BUILTIN_CONFIG).resolve(hint="", dtype="float16", path="/p/a.exr").name == "ACES2065-1"


@pytest.mark.parametrize(
    ("asked", "hint", "path", "dtype", "name"),
    [
        ("", "", "/p/scan.0001.dpx", "uint16", "Scan Log"),
        ("", "", "/p/sh_denoised.0001.exr", "float16", "Plate Linear"),
        ("", "", "/p/sh.0001.exr", "float16", "Plate Linear"),
        ("", "", "/p/sh.0001.png", "uint8", "srgb"),
        ("", "", "", "uint8", "srgb"),
        ("", "scene_linear", "/p/scan.0001.dpx", "uint16", "Plate Linear"),
        ("", "desk", "/p/scan.0001.dpx", "uint16", "Monitor"),
        ("", "nonsense", "/p/scan.0001.dpx", "uint16", "Scan Log"),
        ("pl_lin", "desk", "/p/scan.0001.dpx", "uint16", "Plate Linear"),
        ("scene_linear", "", "", "float16", "Plate Linear"),
        ("data", "", "", "float16", "Ids"),
    ],
)
def test_a_named_config_has_its_own_say(show: str, asked: str, hint: str, path: str, dtype: str, name: str) -> None:
    transform = InputColour(ocio=show, colorspace=asked).resolve(hint=hint, dtype=dtype, path=path)
    assert transform.name == name
    assert ("nonsense" in transform.note) == (hint == "nonsense")


def test_the_same_kind_of_plate_is_decided_once(show: str) -> None:
    colour = InputColour(ocio=show)
    first = colour.resolve(hint="", dtype="float16", path="/p/a.1001.exr")
    assert colour.resolve(hint="", dtype="float32", path="/p/a.1002.exr") is first
    assert colour.resolve(hint="", dtype="uint16", path="/p/a.1001.dpx") is not first


@pytest.mark.parametrize(
    ("asked", "meant"), [("ACEScgg", "ACEScg"), ("lin_rec_709", "lin_rec709"), ("scene-linear", "scene_linear")]
)
def test_an_unknown_space_is_an_error_that_proposes_names(asked: str, meant: str) -> None:
    with pytest.raises(ParamError, match=", ".join(ACCEPTED)) as caught:
        InputColour(colorspace=asked)
    message = str(caught.value)
    assert caught.value.name == "input_colorspace" and f'"{asked}"' in message
    assert f'"{meant}"' in message.partition("Did you mean")[2]
    assert "of the 59 colour spaces" in message


def test_nothing_is_proposed_where_nothing_is_close() -> None:
    with pytest.raises(ParamError) as caught:
        InputColour(colorspace="zzqqzzqq")
    assert "Did you mean" not in str(caught.value)
