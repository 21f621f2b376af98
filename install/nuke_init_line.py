"""The one line in ~/.nuke/init.py that tells Nuke of a deployment: added when asked for, removed as it was added.

The file is the person's: it is read and written as bytes, its line ends and a missing last one stay, and adding and
removing the line gives the file that was there before, byte for byte. A link to it stays a link.
"""

from __future__ import annotations

import os
from pathlib import Path

from .steps import write_whole

MARK = "# GVM Matte: added by python3 install nuke"


def init_file() -> Path:
    """Where every Nuke of this user looks first; the same on Linux, macOS and Windows."""
    return Path.home() / ".nuke" / "init.py"


def plugin_path_call(folder: Path) -> str:
    """What tells Nuke of the folder, in Python: slashes on each system, ASCII whatever encoding the file has."""
    return f"nuke.pluginAddPath({folder.as_posix()!a})"


def init_line(folder: Path) -> str:
    """The whole line, without its end."""
    return f"import nuke; {plugin_path_call(folder)}  {MARK}"


def has_line(folder: Path) -> bool:
    """Whether the line for this folder is there."""
    file = init_file()
    return file.exists() and _find(file.read_bytes(), folder) is not None


def add_line(folder: Path) -> bool:
    """Adds the line at the end; makes the file where there is none.

    Returns:
        Whether it had to be added.

    Raises:
        OSError: the file cannot be read or written.
    """
    file = init_file()
    before = file.read_bytes() if file.exists() else b""
    if _find(before, folder) is not None:
        return False
    line, end = init_line(folder).encode("utf-8"), _line_end(before)
    whole = not before or before.endswith(b"\n")
    write_whole(
        file.resolve(), before + (line + end if whole else end + line)
    )  # the last line stays the one without an end
    return True


def remove_line(folder: Path) -> bool:
    """Removes the line, and the file if nothing else is in it.

    Returns:
        Whether it was there; one that was changed by hand is not.

    Raises:
        OSError: the file cannot be read or written.
    """
    file = init_file()
    before = file.read_bytes() if file.exists() else b""
    found = _find(before, folder)
    if found is None:
        return False
    start, stop = found
    if not before[start:stop].endswith(b"\n"):  # it is the last line and has no end: then the one before had none, too
        end = _line_end(before)
        start -= len(end) if before[:start].endswith(end) else 0
    left = before[:start] + before[stop:]
    if left:
        write_whole(file.resolve(), left)
    else:
        file.unlink()
    return True


def _find(text: bytes, folder: Path) -> tuple[int, int] | None:
    """Where the line begins and ends, its line end included."""
    wanted, start = init_line(folder).encode("utf-8"), 0
    for line in text.splitlines(keepends=True):
        if line.rstrip(b"\r\n") == wanted:
            return start, start + len(line)
        start += len(line)
    return None


def _line_end(text: bytes) -> bytes:
    if b"\n" in text:
        return b"\r\n" if b"\r\n" in text else b"\n"
    return os.linesep.encode("ascii")
