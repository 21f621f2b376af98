"""Where an engine listens: private addresses, and who removes them.

On POSIX an address is the path of a socket in a folder of its own: mode 0700, in $XDG_RUNTIME_DIR or the temp folder,
named `gvm-matte-<owner's process id>-<random>`. On Windows it is the random name of a pipe, which leaves nothing behind.

Who cleans up: the caller of `private_address` owns the folder and calls `remove_address`; a `Listener` removes it when it
closes, too, so that either side may be killed. Where both are killed at once, the next `sweep_stale_addresses` of the
same user finds the dead owner's process id in the name.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import List

from ..core.errors import ProtocolError
from ..core.processes import process_alive

_MAX_ADDRESS = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
_FOLDER = re.compile(r"^gvm-matte-(\d+)-[a-z0-9_]{8}$")


def _bases() -> List[str]:
    """Folders that may hold private folders, best first: the user's runtime folder, the temp folder."""
    wanted = [os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"]
    return [base for base in dict.fromkeys(wanted) if base and Path(base).is_dir()]


def private_address() -> str:
    """An address of its own: a socket's path in a new folder with mode 0700, or a random pipe name.

    The caller owns the folder and ends it with `remove_address`.

    Raises:
        ProtocolError: no folder could be made whose name is short enough for a socket.
    """
    if sys.platform == "win32":
        return rf"\\.\pipe\gvm-matte-{os.getpid()}-{secrets.token_hex(16)}"
    prefix = f"gvm-matte-{os.getpid()}-"
    problems = []
    for base in _bases():
        if len(os.fsencode(base)) + len(prefix) + len("/12345678/s") > _MAX_ADDRESS:
            problems.append(f"{base} has too long a name")
            continue
        try:
            return os.path.join(tempfile.mkdtemp(prefix=prefix, dir=base), "s")
        except OSError as exc:
            problems.append(str(exc))
    raise ProtocolError(f"No folder for the engine's socket could be made ({'; '.join(problems)}). Set TMPDIR to one.")


def remove_address(address: str) -> None:
    """Removes the socket and its private folder; what is gone already is no error. Pipe names leave nothing."""
    if address.startswith("\\\\"):
        return
    path = Path(address)
    with contextlib.suppress(OSError):
        path.unlink()
    if _FOLDER.match(path.parent.name):
        shutil.rmtree(path.parent, ignore_errors=True)


def sweep_stale_addresses() -> None:
    """Removes the private folders of this user whose owner process is dead and whose socket no process answers."""
    if sys.platform == "win32":
        return
    for base in _bases():
        with contextlib.suppress(OSError):
            for name in os.listdir(base):
                match = _FOLDER.match(name)
                if match and not process_alive(int(match.group(1))) and _is_stale(Path(base, name)):
                    remove_address(os.path.join(base, name, "s"))


def _is_stale(folder: Path) -> bool:
    """Whether no process listens there. The owner may be alive in another container that shares the temp folder."""
    try:
        info = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(folder / "s"))
        except FileNotFoundError:  # not yet bound?
            return time.time() - info.st_mtime > 60.0
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
