"""The line in ~/.nuke/init.py: adding it and removing it gives the file that was there, byte for byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from install.nuke_init_line import add_line, has_line, init_file, init_line, remove_line


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "before", [b"import nuke\n", b"import nuke", b"\n", b"a = 1\r\nb = 2\r\n", b"a = 1\r\nb = 2", "é = 1".encode("latin-1")]
)
def test_removing_the_line_gives_the_file_that_was_there(before: bytes) -> None:
    file = init_file()
    file.parent.mkdir()
    file.write_bytes(before)
    folder = Path("/share/gvm é")
    assert add_line(folder) and has_line(folder)
    after = file.read_bytes()
    assert not add_line(folder) and file.read_bytes() == after, "once is enough"
    assert after.startswith(before) and init_line(folder).encode("ascii") in after.splitlines()
    assert remove_line(folder) and file.read_bytes() == before and not has_line(folder)


def test_what_was_written_behind_the_line_stays() -> None:
    file = init_file()
    file.parent.mkdir()
    file.write_bytes(b"first = 1")
    add_line(Path("/share/gvm"))
    file.write_bytes(file.read_bytes() + b"\nlast = 2")
    remove_line(Path("/share/gvm"))
    assert file.read_bytes().splitlines() == [b"first = 1", b"last = 2"]


def test_a_file_that_was_made_for_the_line_goes_with_it() -> None:
    add_line(Path("/share/gvm"))
    assert remove_line(Path("/share/gvm")) and not init_file().exists()


def test_the_line_of_another_deployment_stays() -> None:
    add_line(Path("/share/one"))
    add_line(Path("/share/two"))
    remove_line(Path("/share/one"))
    assert has_line(Path("/share/two")) and not has_line(Path("/share/one"))


def test_a_line_that_somebody_changed_is_theirs() -> None:
    add_line(Path("/share/gvm"))
    changed = b"if True: " + init_file().read_bytes()
    init_file().write_bytes(changed)
    assert not remove_line(Path("/share/gvm")) and init_file().read_bytes() == changed


@pytest.mark.skipif(os.name != "posix", reason="links need a right of their own on Windows")
def test_a_link_stays_a_link_and_the_permissions_stay(home: Path) -> None:
    real = home / "dotfiles.py"
    real.write_text("a = 1\n", encoding="utf-8")
    real.chmod(0o640)
    init_file().parent.mkdir()
    init_file().symlink_to(real)
    add_line(Path("/share/gvm"))
    assert init_file().is_symlink() and has_line(Path("/share/gvm")) and real.stat().st_mode & 0o777 == 0o640


def test_the_line_tells_nuke_of_the_folder() -> None:
    calls: list[str] = []
    nuke = type("nuke", (), {"pluginAddPath": staticmethod(calls.append)})
    exec(init_line(Path("/share/Bob's gvm é")).replace("import nuke; ", ""), {"nuke": nuke})
    assert calls == ["/share/Bob's gvm é"]
