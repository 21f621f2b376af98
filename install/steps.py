"""One step of an installation: a command whose noise goes to the log, and one line for the person."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .advice import advice

TAIL_LINES = 15
LOOK_SECONDS = 0.5
_SCRUBBED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")


class InstallError(Exception):
    """The environment could not be set up; the message says what to do."""


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would lead another Python astray."""
    kept = {name: value for name, value in os.environ.items() if name not in _SCRUBBED}
    return {**kept, "PYTHONNOUSERSITE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", **more}


def say(text: str) -> None:
    """A line for the person: on stderr, because what a command prints of its own belongs on stdout."""
    print(text, file=sys.stderr, flush=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file under a part name beside it and renames it; one that is replaced keeps its permissions.

    `gvm_matte.core.files` has the rule for what is installed; this runs before anything is.

    Raises:
        OSError: it cannot be written; nothing half-done stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def run_step(
    label: str, command: Sequence[str], *, log: Path, lock: int = -1, environment: dict[str, str] | None = None
) -> None:
    """Runs a command to its end.

    Args:
        label: what the person reads, with the seconds behind it.
        log: file that the command's output is appended to.
        lock: descriptor of a `folder_lock` that the command shall hold, too; -1: none.
        environment: of the command; None: `clean_environment()`.

    Raises:
        InstallError: it failed; with the end of its output and what to do.
    """
    started = time.monotonic()
    with log.open("a", encoding="utf-8", errors="replace") as file:
        file.write(f"\n$ {' '.join(command)}\n")
        file.flush()
        start = file.tell()
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                env=environment or clean_environment(), pass_fds=[lock] if lock >= 0 and os.name == "posix" else [],
            )  # fmt: skip
        except OSError as exc:
            raise InstallError(f"{command[0]} cannot be run: {exc}.") from exc
    try:
        code = _wait(process, label, started)
    except KeyboardInterrupt:
        process.terminate()  # a Ctrl-C of the terminal has reached it already, a signal to this process alone has not
        process.wait()
        raise
    if code:
        raise InstallError(_failure(label, code, _read_from(log, start), log))
    _show(f"  {label:<28} {time.monotonic() - started:6.1f} s", last=True)


def _wait(process: subprocess.Popen[bytes], label: str, started: float) -> int:
    """Waits; shows on a terminal that time passes."""
    while True:
        try:
            return process.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if sys.stderr.isatty():
                _show(f"  {label:<28} {time.monotonic() - started:6.1f} s …", last=False)


def _show(line: str, *, last: bool) -> None:
    terminal = sys.stderr.isatty()
    if terminal or last:
        print(("\r\x1b[2K" if terminal else "") + line, end="\n" if last else "", file=sys.stderr, flush=True)


def _read_from(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        return file.read().decode("utf-8", "replace")


def _failure(label: str, code: int, output: str, log: Path) -> str:
    tail = "\n".join(f"    {line}" for line in output.rstrip().splitlines()[-TAIL_LINES:])
    return f"{label} failed (exit code {code}):\n{tail}\n\n{advice(output)}\nThe whole log: {log}"
