"""Names of frames and part files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from gvm_matte.core.errors import UsageError
from gvm_matte.core.paths import frame_field, frame_path, part_path, sweep_parts

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


def test_a_part_lies_beside_its_file_with_the_same_ending(tmp_path: Path) -> None:
    final = tmp_path / "sh010.1001.exr"
    part = Path(part_path(str(final)))
    assert part.parent == tmp_path and part.suffix == ".exr" and part.name.startswith(".")
    assert str(os.getpid()) in part.name
    assert part_path("a.exr") != part_path("b.exr")


def test_sweeping_removes_what_dead_processes_of_this_host_left(tmp_path: Path) -> None:
    mine = Path(part_path(str(tmp_path / "m.0001.exr")))
    dead = subprocess.run(
        [sys.executable, "-c", "import sys; from gvm_matte.core.paths import part_path; print(part_path(sys.argv[1]))",
         str(tmp_path / "m.0002.exr")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    left = Path(dead.stdout.strip())
    elsewhere = tmp_path / f".gvm-part.another-host.{os.getpid() + 1}.m.0003.exr"
    others = [mine, elsewhere, tmp_path / "m.0004.exr", tmp_path / ".gvm-part.notes"]
    for path in (left, *others):
        path.write_bytes(b"")
    assert sweep_parts(str(tmp_path)) == ([str(left)] if os.name == "posix" else [])
    assert all(path.exists() for path in others)


def test_sweeping_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert sweep_parts(str(tmp_path / "nowhere")) == []
