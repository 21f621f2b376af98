"""Files that are there whole or not at all: written under a part name beside the final one, checked and renamed.

A reader sees the old file, or the new one, never half of one. What fails or is cancelled leaves nothing behind.

Libraries say *that* writing failed rather than why, and some not even that: the caller checks what it wrote, and `cause`
asks the system afterwards, by writing as many plain bytes to the same place.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Iterator, Optional

from ..core.errors import MatteWriteError, ParamError
from ..core.paths import part_path


def check_name(path: str) -> None:
    """Refuses what is no file name, or none that other programs could read.

    Raises:
        ParamError: it is not UTF-8, or holds a zero byte.
    """
    try:
        os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        raise ParamError(f"{path!r}: the output's name is not UTF-8; rename it.", name="output", path=path) from None
    if "\0" in path:
        raise ParamError(f"{path!r}: the output's name holds a zero byte; rename it.", name="output", path=path)


@contextmanager
def whole_file(path: str, *, frame: Optional[int] = None) -> Iterator[str]:
    """Gives the name to write under; what lies there when the block ends without an error becomes `path`.

    The folder is made where it is missing; a file of that name is replaced.

    Raises:
        MatteWriteError: the folder cannot be made, `path` is a folder, or the file cannot be renamed.
    """
    make_folder(path, frame)
    part = part_path(path)
    try:
        yield part
        try:
            Path(part).replace(path)
        except OSError as exc:
            raise write_failure(path, exc, frame) from exc
    except BaseException:  # cancelled or failed: nothing half-done stays
        with suppress(OSError):
            Path(part).unlink()
        raise


def synchronise(part: str) -> None:
    """Waits until the file has reached the disk, which brings up what could not be stored, also over a network.

    Raises:
        OSError: what the system could not store.
    """
    with Path(part).open("r+b") as file:  # Windows synchronises only what may be written
        os.fsync(file.fileno())


def cause(part: str, size: int) -> Optional[OSError]:
    """Why `size` bytes cannot be written there, as the operating system puts it; None where they can."""
    chunk = bytes(1 << 20)
    try:
        with Path(part).open("wb", buffering=0) as file:
            left = size + 4096
            while left > 0:
                left -= file.write(chunk[:left]) or 0
            os.fsync(file.fileno())
    except OSError as exc:
        return exc
    return None


_ADVICE = {
    errno.ENOSPC: "Free some space, then render again: finished frames are kept.",
    errno.EDQUOT: "Free some space of your quota, then render again: finished frames are kept.",
    errno.EFBIG: "The file system or a limit of this process forbids files of this size.",
    errno.EACCES: "Check the folder's permissions.",
    errno.EPERM: "Check the folder's permissions.",
    errno.EROFS: "The disk is mounted read-only; choose another output.",
    errno.EISDIR: "Remove it, or choose another name.",
}


def write_failure(path: str, reason: OSError, frame: Optional[int], *, prefix: str = "") -> MatteWriteError:
    """The error for a person: which file, why, and what to do."""
    text = (reason.strerror or str(reason)).strip().split("\n")[0].rstrip(". ") or "no reason given"
    advice = _ADVICE.get(reason.errno or 0, "Check the output's folder and name.")
    return MatteWriteError(f"The matte {path} cannot be written: {prefix}{text}. {advice}", frame=frame, path=path)


def make_folder(path: str, frame: Optional[int]) -> None:
    """Makes a matte's folder where it is missing.

    Raises:
        MatteWriteError: it cannot be made or written to, or there is a folder where the matte should be.
    """
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise write_failure(path, exc, frame, prefix=f"its folder {folder} cannot be made: ") from exc
    if Path(path).is_dir():
        raise write_failure(path, IsADirectoryError(errno.EISDIR, "there is a folder of that name"), frame)
    if not os.access(folder, os.W_OK):
        raise write_failure(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)), frame)
