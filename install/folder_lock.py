"""A lock on a folder between processes: the system holds it, so it ends with its process, however that ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.2
NAME = ".install.lock"

if sys.platform == "win32":
    import msvcrt

    def _try(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


@contextmanager
def folder_lock(folder: Path, *, waiting: Callable[[], None]) -> Iterator[int]:
    """Holds the folder, which is made where it is missing, for this process alone; gives the lock's descriptor.

    On POSIX a child that gets the descriptor holds the folder too: where this process is killed, what it started may go
    on working, and no other installation comes in until that ends.

    Args:
        waiting: called once if another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("ab") as file:
        if not _try(file):
            waiting()
            while not _try(file):
                time.sleep(POLL_SECONDS)
        yield file.fileno()
