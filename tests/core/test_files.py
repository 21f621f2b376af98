"""Files that are there whole or not at all, and what is left of those that a process did not finish."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from gvm_matte.core.errors import MatteWriteError, UsageError
from gvm_matte.core.files import part_path, remove_own_parts, renamed, sweep_parts, whole_file, write_text


def test_a_part_lies_beside_its_file_with_the_same_ending(tmp_path: Path) -> None:
    final = tmp_path / "sh010.1001.exr"
    part = Path(part_path(str(final)))
    assert part.parent == tmp_path and part.suffix == ".exr" and part.name.startswith(".")
    assert str(os.getpid()) in part.name
    assert part_path("a.exr") != part_path("b.exr")


def test_sweeping_removes_what_dead_processes_of_this_host_left(tmp_path: Path) -> None:
    mine = Path(part_path(str(tmp_path / "m.0001.exr")))
    dead = subprocess.run(
        [sys.executable, "-c", "import sys; from gvm_matte.core.files import part_path; print(part_path(sys.argv[1]))",
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


def test_a_process_that_must_end_removes_its_own_parts(tmp_path: Path) -> None:
    mine, other = Path(part_path(str(tmp_path / "m.0001.exr"))), tmp_path / f".gvm-part.host.{os.getpid()}.m.0002.exr"
    for path in (mine, other):
        path.write_bytes(b"")
    remove_own_parts(str(tmp_path))
    assert not mine.exists() and other.exists()
    remove_own_parts(str(tmp_path / "nowhere"))


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    write_text(str(path), "old")
    with whole_file(str(path)) as part:
        Path(part).write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new" and os.listdir(path.parent) == ["a.json"]


@pytest.mark.parametrize("error", [ValueError("a cause of its own"), KeyboardInterrupt()])
def test_what_fails_or_is_cancelled_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(type(error)), whole_file(str(path)) as part:
        Path(part).write_text("half", encoding="utf-8")
        raise error
    assert path.read_text(encoding="utf-8") == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_what_the_system_says_becomes_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(MatteWriteError, match=r"^The plot .*folder cannot be written: .*\.$") as caught:
        write_text(str(tmp_path / "folder"), "x", "plot")
    assert caught.value.path == str(tmp_path / "folder")
    with pytest.raises(UsageError, match=r"nowhere.a cannot be written: No such file or directory\.$"):
        write_text(str(tmp_path / "nowhere" / "a"), "x", error=UsageError, make_folder=False)
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_private_file_is_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with renamed(str(path), private=True) as part:
        assert stat.S_IMODE(Path(part).stat().st_mode) == 0o600
    write_text(str(path), "secret", private=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_names_that_are_no_text_are_written_as_they_are(tmp_path: Path) -> None:
    write_text(str(tmp_path / "a"), os.fsdecode(b"sh\xff010"))
    assert (tmp_path / "a").read_bytes() == b"sh\xff010"
