"""Names of the files of a sequence, and this user's folder.

Patterns hold one frame field: `####`, `%04d` or `@@@@` (`#` counts 4 digits where it stands alone in Nuke; here every
`#` and every `@` is one digit, as fileseq counts `@` and Nuke counts runs of `#`). A path without one is a single file.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Optional

from .errors import UsageError

_FIELD = re.compile(r"#+|@+|%0?(\d*)d")


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


def application_data() -> Path:
    """This user's folder of GVM Matte, in the platform's place for application data: weights, presets."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "gvm-matte"
