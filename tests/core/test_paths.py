"""Names of frames."""

from __future__ import annotations

import os
import re

import pytest
from gvm_matte.core.errors import UsageError
from gvm_matte.core.paths import frame_field, frame_path

NUMBERS = (-100_000, -9999, -1000, -999, -12, -1, 0, 1, 9, 10, 999, 1001, 9999, 10_000, 1_234_567)


@pytest.mark.parametrize("width", range(1, 9))
@pytest.mark.parametrize("spelling", ["#", "@", "%"])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_padded_as_c_pads_it_and_read_back(width: int, spelling: str, number: int) -> None:
    field = f"%0{width}d" if spelling == "%" else spelling * width
    path = frame_path(f"shots/v##/sh {field} ü/plate_{field}.exr", number)
    folder, name = os.path.split(path)
    assert folder == f"shots/v##/sh {field} ü", "folders are left alone"
    assert name == "plate_%0*d.exr" % (width, number)  # noqa: UP031  (the claim is about this notation)
    digits = re.fullmatch(r"plate_(-?\d+)\.exr", name)
    assert digits is not None and int(digits.group(1)) == number
    assert len(digits.group(1)) >= width


@pytest.mark.parametrize("number", NUMBERS)
def test_different_numbers_have_different_names(number: int) -> None:
    names = {frame_path("a.####.exr", other) for other in range(number - 50, number + 51)}
    assert len(names) == 101


def test_the_three_spellings_agree() -> None:
    for number in NUMBERS:
        assert len({frame_path(f"a.{field}.exr", number) for field in ("####", "@@@@", "%04d")}) == 1
    assert frame_path("a.%d.exr", 7) == frame_path("a.#.exr", 7) == "a.7.exr"


@pytest.mark.parametrize(
    ("pattern", "field"),
    [("a.####.exr", "####"), ("a_%05d.exr", "%05d"), ("@@@.exr", "@@@"), ("a.1.exr", None), ("##/a.exr", None), ("", None)],
)
def test_the_field_is_found_in_the_name_alone(pattern: str, field: str | None) -> None:
    assert frame_field(pattern) == field
    if field is None:
        assert frame_path(pattern, 5) == pattern


@pytest.mark.parametrize("pattern", ["a.####.%04d.exr", "a#.b#.exr", "@#.exr"])
def test_two_fields_are_an_error_that_shows_them(pattern: str) -> None:
    with pytest.raises(UsageError, match="one frame field"):
        frame_path(pattern, 1)
