"""Which processes run from a folder: engines of a deployment that is about to change."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path


def running_from(folder: Path) -> list[int]:
    """Ids of the processes whose program lies in the folder; empty where the system does not tell (Windows).

    An engine's program is a link that leads out of its environment, so what counts is the path that it was started by: the
    folder's own, or what that is behind links.
    """
    inside = tuple(f"{path}{os.sep}" for path in (folder, folder.resolve()))
    return sorted(pid for pid, program in _programs() if program.startswith(inside) and pid != os.getpid())


def _programs() -> Iterator[tuple[int, str]]:
    processes = Path("/proc")
    if (processes / "self" / "cmdline").exists():
        for entry in processes.iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "cmdline").read_bytes()
                except OSError:  # it has ended, or is another user's
                    continue
                yield int(entry.name), os.fsdecode(words.split(b"\0")[0])
    elif os.name == "posix":
        try:
            listing = subprocess.run(["ps", "-axo", "pid=,args="], capture_output=True, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            return
        for line in listing.decode("utf-8", "surrogateescape").splitlines():
            pid, _, command = line.strip().partition(" ")
            if pid.isdigit():
                yield int(pid), command.lstrip()
