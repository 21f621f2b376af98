"""Files that are there whole or not at all: written under a part name beside the final one, then renamed.

A reader sees the old file, or the new one, never half of one. What fails or is cancelled leaves nothing behind. The part
name holds host and process, so that another process can tell a leftover from a file that is being written.
"""

from __future__ import annotations

import os
import re
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Iterator, List, Type

from .errors import GvmMatteError, MatteWriteError
from .processes import process_alive

_PART = re.compile(r"^\.gvm-part\.(?P<host>[^.]+)\.(?P<pid>\d+)\.")


@contextmanager
def renamed(path: str, *, private: bool = False) -> Iterator[str]:
    """The name to write under; what lies there when the block ends without an error becomes `path`.

    Args:
        path: of the file, in a folder that is there.
        private: whether the part file is made first, readable by this user alone.

    Raises:
        OSError: the file cannot be made or renamed.
    """
    part = part_path(path)
    try:
        if private:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        Path(part).replace(path)
    except BaseException:  # cancelled or failed: nothing half-done stays
        with suppress(OSError):
            Path(part).unlink()
        raise


@contextmanager
def whole_file(
    path: str,
    what: str = "",
    *,
    error: Type[GvmMatteError] = MatteWriteError,
    make_folder: bool = True,
    private: bool = False,
) -> Iterator[str]:
    """As `renamed`, with one sentence for whatever the operating system says against it.

    Args:
        path: of the file.
        what: it is, for the message: plot.
        error: what is raised.
        make_folder: whether a missing folder is made, or an error.
        private: as `renamed`.

    Raises:
        GvmMatteError: of the kind asked for: an OSError came, here or from the block.
    """
    try:
        if make_folder:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        with renamed(path, private=private) as part:
            yield part
    except OSError as exc:
        named = f"The {what} {path}" if what else path
        reason = str(exc.strerror or exc).strip().split("\n")[0].rstrip(". ") or "no reason given"
        raise error(f"{named} cannot be written: {reason}.", path=path) from exc


def write_text(
    path: str,
    text: str,
    what: str = "",
    *,
    error: Type[GvmMatteError] = MatteWriteError,
    make_folder: bool = True,
    private: bool = False,
) -> None:
    """Writes a text file in UTF-8. Arguments and errors are those of `whole_file`."""
    with whole_file(path, what, error=error, make_folder=make_folder, private=private) as part:
        Path(part).write_bytes(text.encode("utf-8", "surrogateescape"))  # paths may hold bytes that are no text


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
    for name in _names(folder):
        match = _PART.match(name)
        if match is None or match.group("host") != _host() or process_alive(int(match.group("pid"))):
            continue
        path = Path(folder, name)
        with suppress(OSError):  # another process swept it, or this one may not
            path.unlink()
            removed.append(str(path))
    return removed


def remove_own_parts(folder: str) -> None:
    """Removes the part files that this process is writing in `folder`: for one that must end now."""
    for name in _names(folder):
        if name.startswith(f".gvm-part.{_host()}.{os.getpid()}."):
            with suppress(OSError):
                Path(folder, name).unlink()


def _names(folder: str) -> List[str]:
    try:
        return os.listdir(folder or ".")
    except OSError:
        return []


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname()) or "host"
