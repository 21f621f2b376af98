"""A command of another program, run to its end: signals go to it, so that it ends its work in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

from ..core.errors import CancelledError

KEPT_BYTES = 1 << 16


def run_to_end(command: List[str], *, quiet: bool, keep: bool = False) -> Tuple[int, str]:
    """Runs a command; SIGINT and SIGTERM go to it.

    Args:
        quiet: its stdout is not shown.
        keep: whether the end of what it says, stderr included, is wanted.

    Returns:
        Its exit code, and what was kept.

    Raises:
        CancelledError: a signal came.
    """
    came: List[int] = []
    running: List[subprocess.Popen[bytes]] = []

    def handler(number: int, _frame: object) -> None:
        came.append(number)
        for process in running:
            process.send_signal(number)

    before = {name: signal.signal(name, handler) for name in (signal.SIGINT, signal.SIGTERM)}
    kept = ""
    try:
        output = subprocess.PIPE if keep else subprocess.DEVNULL if quiet else None
        # A session of its own: a terminal's Ctrl-C reaches it once, through us.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if keep else None,
            stdout=output,
            stderr=subprocess.STDOUT if keep else None,
            env=_environment(),
            start_new_session=os.name == "posix",
        )
        running.append(process)
        if came:  # in between
            process.send_signal(came[0])
        if keep:
            kept = _follow(process, quiet=quiet)
        code = process.wait()
    finally:
        for name, old in before.items():
            signal.signal(name, old)
    if came:
        raise CancelledError(f"{signal.Signals(came[0]).name} came; the command was cancelled, finished frames stay.")
    return code, kept


def _follow(process: subprocess.Popen[bytes], *, quiet: bool) -> str:
    """Shows what a process says as it comes; the end of it."""
    assert process.stdout is not None
    kept = b""
    with process.stdout as stream:
        while chunk := os.read(stream.fileno(), KEPT_BYTES):
            kept = (kept + chunk)[-KEPT_BYTES:]
            if not quiet:
                sys.stdout.write(chunk.decode("utf-8", "replace"))
                sys.stdout.flush()
    return kept.decode("utf-8", "replace")


def _environment() -> Dict[str, str]:
    """This one, in which `gvm-matte` is the one of this Python."""
    scripts = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])}
