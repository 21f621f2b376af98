"""Names of the files of a sequence, and the temporary names under which files are written.

Patterns hold one frame field: `####`, `%04d` or `@@@@` (`#` counts 4 digits where it stands alone in Nuke; here every
`#` and every `@` is one digit, as fileseq counts `@` and Nuke counts runs of `#`). A path without one is a single file.

A frame is written under a part name beside its final one and renamed, so that no reader sees half a frame. The part
name holds host and process, so that whoever comes later can tell a leftover from a file that is being written.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
from pathlib import Path
from typing import List, Optional

from .errors import UsageError
from .processes import process_alive

_FIELD = re.compile(r"#+|@+|%0?(\d*)d")
_PART = re.compile(r"^\.gvm-part\.(?P<host>[^.]+)\.(?P<pid>\d+)\.")


def frame_field(pattern: str) -> Optional[str]:
    """The frame field in the file's name (folders are left alone), or None for a single file.

    Raises:
        UsageError: more than one field in the name.
    """
    fields = [match.group(0) for match in _FIELD.finditer(os.path.basename(pattern))]
    if len(fields) > 1:
        raise UsageError(f"{pattern}: a sequence has one frame field, this name has {len(fields)} ({', '.join(fields)}).")
    return fields[0] if fields else None


def frame_path(pattern: str, frame: int) -> str:
    """The path of one frame: digits padded with zeros, the sign counted in as C's `%04d` does (-5 gives `-005`).

    A pattern without a frame field is returned as it is.
    """
    field = frame_field(pattern)
    if field is None:
        return pattern
    width = int(_FIELD.fullmatch(field).group(1) or 1) if field[0] == "%" else len(field)  # type: ignore[union-attr]
    folder, name = os.path.split(pattern)
    return os.path.join(folder, name.replace(field, f"{frame:0{width}d}"))


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname()) or "host"


def part_path(path: str) -> str:
    """The temporary name, in the same folder and with the same ending, under which this process writes `path`."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".gvm-part.{_host()}.{os.getpid()}.{name}")


def sweep_parts(folder: str) -> List[str]:
    """Removes part files that a dead process of this host left in `folder`; those of living ones and other hosts stay.

    Returns:
        The removed paths. A folder that is not there holds none.
    """
    removed = []
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return []
    for name in names:
        match = _PART.match(name)
        if match is None or match.group("host") != _host() or process_alive(int(match.group("pid"))):
            continue
        path = Path(folder, name)
        try:
            path.unlink()
        except OSError:  # somebody else swept it, or may not be swept by us
            continue
        removed.append(str(path))
    return removed


def remove_own_parts(folder: str) -> None:
    """Removes the part files that this process is writing in `folder`: for one that must end now."""
    prefix = f".gvm-part.{_host()}.{os.getpid()}."
    try:
        names = [name for name in os.listdir(folder or ".") if name.startswith(prefix)]
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            Path(folder, name).unlink()


def application_data() -> Path:
    """This user's folder of GVM Matte, in the platform's place for application data: weights, presets."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "gvm-matte"
