"""Configs that people name: where they come from, their views, and what they may lack."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import PyOpenColorIO as ocio  # type: ignore[import-untyped]
import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.engine.colour import BUILTIN_CONFIG, InputColour, list_spaces
from gvm_matte.images.curves import linear_to_srgb


def test_the_stand_in_is_the_newest_studio_config_by_its_own_name() -> None:
    latest = ocio.Config.CreateFromFile("ocio://studio-config-latest")
    assert ocio.Config.CreateFromFile(BUILTIN_CONFIG).getCacheID() == latest.getCacheID()


def test_the_parameter_goes_before_the_environment(show: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", show)
    assert InputColour().describe()["ocio"] == show
    assert InputColour(colorspace="pl_lin").resolve(hint="", dtype="float16").name == "Plate Linear"
    assert InputColour(ocio=BUILTIN_CONFIG).describe()["ocio"] == BUILTIN_CONFIG
    monkeypatch.setenv("OCIO", "")
    assert InputColour().describe() == {"ocio": BUILTIN_CONFIG, "ocio_id": "", "input_view": "srgb"}


@pytest.mark.parametrize("from_environment", [False, True])
def test_a_config_that_cannot_be_loaded_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_environment: bool
) -> None:
    broken = tmp_path / "broken.ocio"
    broken.write_text("not: [a config\n", encoding="utf-8")
    for path, reason in ((broken, "yaml"), (tmp_path / "none.ocio", "does not exist"), ("ocio://none", "Could not find")):
        if from_environment:
            monkeypatch.setenv("OCIO", str(path))
        with pytest.raises(ParamError, match=reason) as caught:
            InputColour(ocio="" if from_environment else str(path))
        assert str(path) in str(caught.value) and "\n" not in str(caught.value) and caught.value.name == "ocio"
        assert ("$OCIO" in str(caught.value)) == from_environment


@pytest.mark.parametrize(
    ("asked", "view"),
    [
        ("", "srgb"),
        ("sRGB", "srgb"),
        ("Plain", "Grading/Suite A/Plain"),
        ("film/soft", "Grading/Suite A/Film/Soft"),
        ("Grading/Suite A/Film/Soft", "Grading/Suite A/Film/Soft"),
        (" projector/plain ", "Projector/Plain"),
    ],
)
def test_views_are_found_by_display_and_name(show: str, asked: str, view: str) -> None:
    colour = InputColour(ocio=show, view=asked)
    assert colour.describe()["input_view"] == view
    assert colour.resolve(hint="scene_linear", dtype="float16").view == view


@pytest.mark.parametrize(
    ("asked", "named"),
    [("Glow", '"Film/Soft", "Plain"'), ("Projector/Film/Soft", '"Plain"'), ("Nowhere/Plain", '"Film/Soft"')],
)
def test_a_view_that_does_not_exist_is_an_error_with_those_that_do(show: str, asked: str, named: str) -> None:
    with pytest.raises(ParamError) as caught:
        InputColour(ocio=show, view=asked)
    assert caught.value.name == "input_view" and named in str(caught.value) and f'"{asked}"' in str(caught.value)


def test_a_view_of_a_show_is_that_view(show: str, picture: Callable[[str], Any]) -> None:
    pixels = picture("float16")
    expected = pixels.astype(np.float32)
    own = ocio.Config.CreateFromFile(show)
    own.getProcessor(
        ocio.DisplayViewTransform("Plate Linear", "Grading/Suite A", "Film/Soft")
    ).getDefaultCPUProcessor().applyRGB(expected)
    transform = InputColour(ocio=show, view="Film/Soft").resolve(hint="", dtype="float16")
    np.testing.assert_allclose(transform.apply(pixels), np.clip(expected, 0, 1), atol=5e-5)
    halved = InputColour(ocio=show, view="Plain").resolve(hint="", dtype="float16").apply(pixels, -1.0)
    np.testing.assert_allclose(transform.apply(pixels), halved, atol=5e-5)


def test_the_primaries_of_a_show_are_known_by_its_interchange_roles(show: str, picture: Callable[[str], Any]) -> None:
    for own, builtin in (
        ("Plate Linear", "ACEScg"),
        ("Scan Log", "ARRI LogC3 (EI800)"),
        ("Monitor", "rec1886_rec709_display"),
    ):
        shown = InputColour(ocio=show, colorspace=own).resolve(hint="", dtype="float16")
        expected = InputColour(colorspace=builtin).resolve(hint="", dtype="float16")
        np.testing.assert_allclose(shown.apply(picture("float16")), expected.apply(picture("float16")), atol=5e-5)
        assert shown.note == ""


def test_data_is_only_clipped(show: str, picture: Callable[[str], Any]) -> None:
    pixels = picture("float32")
    transform = InputColour(ocio=show, colorspace="Ids", view="Plain").resolve(hint="", dtype="float32")
    assert (transform.curve, transform.view) == ("none", "")
    np.testing.assert_array_equal(transform.apply(pixels, 2.0), np.clip(pixels, 0, 1))


def test_a_config_without_interchange_is_taken_at_its_scene_linear_and_says_so(lone: str) -> None:
    pixels = np.array([[[0.1, 0.2, 0.4]]], np.float32)
    colour = InputColour(ocio=lone, colorspace="doubled")
    transform = colour.resolve(hint="", dtype="float32")
    assert "no interchange roles" in transform.note and lone in transform.note
    np.testing.assert_allclose(transform.apply(pixels), linear_to_srgb(2 * pixels), atol=5e-5)
    linear = InputColour(ocio=lone, colorspace="lin").resolve(hint="", dtype="float32")
    assert linear.curve == "srgb" and "no interchange roles" in linear.note


def test_without_scene_linear_a_view_wants_a_space_and_no_exposure(write_config: Callable[[str], str]) -> None:
    path = write_config(
        "ocio_profile_version: 2\nroles: {default: lin}\nfile_rules:\n  - !<Rule> {name: Default, colorspace: default}\n"
        "displays:\n  monitor:\n    - !<View> {name: Half, colorspace: half}\ncolorspaces:\n  - !<ColorSpace> {name: lin}\n"
        "  - !<ColorSpace> {name: half, to_scene_reference: !<MatrixTransform> "
        "{matrix: [2,0,0,0, 0,2,0,0, 0,0,2,0, 0,0,0,1]}}\n"
    )
    pixels = np.array([[[0.1, 0.2, 0.4]]], np.float32)
    with pytest.raises(ParamError, match="name their colour space"):
        InputColour(ocio=path, view="Half").resolve(hint="", dtype="float32")
    transform = InputColour(ocio=path, view="Half", colorspace="lin").resolve(hint="", dtype="float32")
    np.testing.assert_allclose(transform.apply(pixels), pixels / 2, atol=1e-6)
    with pytest.raises(ParamError, match="scene_linear") as caught:
        transform.apply(pixels, 1.0)
    assert caught.value.name == "exposure"


def test_a_table_that_is_missing_shows_before_the_first_plate(lone: str) -> None:
    (Path(lone).parent / "table.spi1d").unlink()
    for wanted in ({"colorspace": "tabled"}, {"view": "Table"}):
        with pytest.raises(ParamError, match=r"table\.spi1d"):
            InputColour(ocio=lone, **wanted)


def test_a_table_that_was_saved_again_counts_at_once(lone: str, write_table: Callable[[float], Path]) -> None:
    pixels = np.full((1, 1, 3), 0.5, np.float32)
    ids, keys = set(), set()
    for middle in (0.2, 0.3):
        write_table(middle)
        colour = InputColour(ocio=lone, colorspace="tabled")
        transform = colour.resolve(hint="", dtype="float32")
        np.testing.assert_allclose(transform.apply(pixels), linear_to_srgb(np.full((1, 1, 3), middle)), atol=5e-5)
        ids.add(colour.config_id)
        keys.add(transform.key)
    assert len(ids) == len(keys) == 2


def test_the_id_of_a_config_is_there_where_it_matters(show: str, tmp_path: Path) -> None:
    assert InputColour().config_id == InputColour(ocio=show, colorspace="raw").config_id == ""
    assert InputColour(ocio=show, colorspace="Ids").config_id == ""
    named = InputColour(ocio=show).config_id
    assert named and named != InputColour(ocio=show, view="Plain").config_id
    moved = tmp_path / "moved.ocio"
    moved.write_bytes(Path(show).read_bytes())
    assert InputColour(ocio=str(moved)).config_id == named
    assert InputColour(colorspace="ACEScg").config_id not in ("", InputColour(colorspace="ACEScct").config_id)


def test_menus_can_list_what_there_is(show: str) -> None:
    found = list_spaces(show)
    assert found["config"] == show
    assert found["roles"]["scene_linear"] == "Plate Linear"
    assert found["displays"] == {"Grading/Suite A": ["Film/Soft", "Plain"], "Projector": ["Plain"]}
    spaces = {space["name"]: space for space in found["colorspaces"]}
    assert spaces["Ids"]["is_data"] and spaces["Plate Linear"]["aliases"] == ["pl_lin", "work"]
