"""Curves and colour spaces, and pictures from nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.host.pixels import Format, ops
from gvm_matte.host.pixels.curves import CURVES
from picture_kit import RGBA, flat, noise

# A small configuration with one matrix, so that a conversion can be computed by hand.
CONFIG = """ocio_profile_version: 2
roles: {scene_linear: working, default: working}
file_rules:
  - !<Rule> {name: Default, colorspace: default}
displays: {screen: [!<View> {name: plain, colorspace: working}]}
colorspaces:
  - !<ColorSpace> {name: working, encoding: scene-linear}
  - !<ColorSpace>
    name: Swapped
    aliases: [swap]
    encoding: scene-linear
    from_scene_reference: !<MatrixTransform> {matrix: [0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "small.ocio"
    path.write_text(CONFIG, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("curve", "encoded", "linear"),
    [
        ("sRGB", 0.5, ((0.5 + 0.055) / 1.055) ** 2.4),
        ("sRGB", 0.04, 0.04 / 12.92),
        ("sRGB", 1.0, 1.0),
        ("rec709", 0.5, ((0.5 + 0.099) / 1.099) ** (1 / 0.45)),
        ("rec709", 0.05, 0.05 / 4.5),
        ("Cineon", 95 / 1023, 0.0),
        ("Cineon", 685 / 1023, 1.0),
        ("Cineon", 445 / 1023, (10 ** (-240 / 300) - 10 ** (-590 / 300)) / (1 - 10 ** (-590 / 300))),
        ("Gamma2.2", 0.5, 0.5**2.2),
        ("AlexaV3LogC", 0.391, 0.18),
        ("PLogLin", 445 / 1023, 0.18),
    ],
)
def test_a_curve_follows_its_formula(curve: str, encoded: float, linear: float) -> None:
    source = flat({"rgba.red": encoded})
    assert ops.colorspace(source, curve, "linear").channels["rgba.red"][0, 0] == pytest.approx(linear, rel=2e-4, abs=1e-6)


@pytest.mark.parametrize("curve", list(CURVES))
def test_every_curve_can_be_undone(curve: str) -> None:
    encoded = flat({"rgba.red": 0.0}, (0, 0, 64, 1), Format(64, 1))
    encoded = encoded.with_channels({"rgba.red": np.linspace(0.0, 1.1, 64, dtype=np.float32)[None]})
    there = ops.colorspace(encoded, curve, "linear")
    back = ops.colorspace(there, "linear", curve)
    np.testing.assert_allclose(back.channels["rgba.red"], encoded.channels["rgba.red"], atol=2e-5)


def test_only_colours_are_converted() -> None:
    source = flat({"rgba.red": 0.5, "rgba.alpha": 0.5, "depth.Z": 0.5, "diffuse.red": 0.5})
    converted = ops.colorspace(source, "sRGB", "linear", channels="all")
    assert converted.channels["rgba.alpha"] is source.channels["rgba.alpha"]
    assert converted.channels["depth.Z"] is source.channels["depth.Z"]
    np.testing.assert_array_equal(converted.channels["diffuse.red"], converted.channels["rgba.red"])
    assert ops.colorspace(source, "sRGB", "linear").channels["diffuse.red"] is source.channels["diffuse.red"]


@pytest.mark.parametrize("name", ["srgb", "default (sRGB)", " sRGB "])
def test_a_curves_name_is_found_as_nuke_writes_it(name: str) -> None:
    source = flat({"rgba.red": 0.5})
    named, plain = ops.colorspace(source, name, "linear"), ops.colorspace(source, "sRGB", "linear")
    assert named.channels["rgba.red"][0, 0] == plain.channels["rgba.red"][0, 0]


def test_a_configurations_space_is_found_by_name_alias_and_role(config: str) -> None:
    source = flat({"rgba.red": 0.25, "rgba.green": 0.5, "rgba.blue": 1.0})
    for inward, outward in (("working", "Swapped"), ("scene_linear", "swap"), ("linear", "swapped")):
        converted = ops.colorspace(source, inward, outward, config=config)
        assert [float(converted.channels[name][0, 0]) for name in RGBA[:3]] == [1.0, 0.25, 1.0]


def test_a_curve_and_a_space_meet_in_the_working_space(config: str) -> None:
    source = flat({"rgba.red": 0.0, "rgba.green": 0.5, "rgba.blue": 0.0})
    converted = ops.colorspace(source, "Gamma2.2", "Swapped", config=config)
    np.testing.assert_allclose(converted.channels["rgba.red"], 2 * 0.5**2.2, rtol=1e-5)
    back = ops.colorspace(converted, "Swapped", "Gamma2.2", config=config)
    np.testing.assert_allclose(back.channels["rgba.green"], 0.5, rtol=1e-5)


def test_the_environments_configuration_is_taken(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = flat({"rgba.red": 0.25, "rgba.green": 0.5})
    with pytest.raises(ParamError, match="Swapped"):
        ops.colorspace(source, "linear", "Swapped")
    monkeypatch.setenv("OCIO", config)
    assert ops.colorspace(source, "linear", "Swapped").channels["rgba.red"][0, 0] == 1.0


def test_unpremult_converts_the_colour_without_its_alpha() -> None:
    source = flat({"rgba.red": 0.25, "rgba.alpha": 0.5})
    converted = ops.colorspace(source, "Gamma2.2", "linear", unpremult="rgba.alpha")
    np.testing.assert_allclose(converted.channels["rgba.red"], 0.5**2.2 * 0.5, rtol=1e-5)


def test_an_unknown_space_or_configuration_is_named() -> None:
    with pytest.raises(ParamError, match=r'"Kodachrome".*OCIO'):
        ops.colorspace(noise((0, 0, 1, 1)), "Kodachrome", "linear")
    with pytest.raises(ParamError, match=r"nowhere\.ocio"):
        ops.colorspace(noise((0, 0, 1, 1)), "ACEScg", "linear", config="/nowhere.ocio")


def test_a_constant_covers_the_format_and_takes_no_memory() -> None:
    made = ops.constant(Format(5, 2), color=(0.1, 0.2, 0.3, 1))
    assert made.bbox == (0, 0, 5, 2)
    assert [float(made.channels[name][1, 4]) for name in RGBA] == [np.float32(value) for value in (0.1, 0.2, 0.3, 1)]
    assert all(values.strides == (0, 0) for values in made.channels.values())
    assert list(ops.constant(Format(5, 2), color=1, channels=["depth.Z"]).channels) == ["depth.Z"]


def test_a_checkerboard_goes_round_its_four_colours_from_the_centre() -> None:
    made = ops.checkerboard(Format(8, 4), boxsize=2, color0=0.0, color1=0.1, color2=0.2, color3=0.3)
    rows = made.channels["rgba.red"]
    # the box above the centre's
    np.testing.assert_array_equal(rows[0], np.array([0, 0, 0.1, 0.1, 0, 0, 0.1, 0.1], np.float32))
    np.testing.assert_array_equal(rows[3], np.array([0.3, 0.3, 0.2, 0.2, 0.3, 0.3, 0.2, 0.2], np.float32))
    assert (made.channels["rgba.alpha"] == 1).all()
    with pytest.raises(ParamError, match="boxes"):
        ops.checkerboard(Format(8, 4), boxsize=0)
