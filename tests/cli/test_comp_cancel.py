"""`gvm-matte comp` that is told to stop: exit code 3 within 2 s, finished frames stay, no process and no file is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import List

import OpenImageIO as oiio
import pytest
from support import RunCli, cli_command, leftovers, read_mattes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")
SECONDS = 2.0


def children(pid: int) -> List[int]:
    """The processes that a process started and that still run."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in found.read_text().split()] if found.exists() else []


def gone(pid: int) -> bool:
    """Whether a process has ended, at most a moment after its client."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


def stopped(words: List[str], number: int, event: str, count: int) -> tuple[int, str, float, List[int]]:
    """Starts the command and sends a signal after so many events: exit code, stderr, seconds, engines."""
    process = subprocess.Popen(
        cli_command("comp", *words, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        count -= f'"event": "{event}"' in line
        if count == 0:
            break
    engines = children(process.pid)
    process.send_signal(number)
    began = time.monotonic()
    _, errors = process.communicate(timeout=20)
    return process.returncode, errors, time.monotonic() - began, engines


@pytest.mark.parametrize(
    ("number", "event", "count"),
    [(signal.SIGINT, "framewritten", 2), (signal.SIGTERM, "accepted", 1)],
)
def test_a_signal_ends_the_mattes(
    cli: RunCli, svd_plates: str, tiny: List[str], tmp_path: Path, scratch: Path, number: int, event: str, count: int
) -> None:
    script = str(tmp_path / "sh010.nk")
    assert cli("comp", "--new", script, "--plate", svd_plates, *tiny).returncode == 0
    code, errors, seconds, engines = stopped([script], number, event, count)
    assert code == 3 and "cancelled" in errors and "Traceback" not in errors
    assert seconds < SECONDS
    assert len(engines) == 1 and gone(engines[0])
    folder = tmp_path / "mattes" / "GVMMatte1"
    if event == "framewritten":
        assert count <= len(read_mattes(folder)) < 17  # whole, all of them, and no other file
    assert not leftovers(scratch)


def test_a_signal_ends_the_writes(tmp_path: Path) -> None:
    script = tmp_path / "long.nk"
    script.write_text(
        "version 15.0 v4\nRoot {\n first_frame 1\n last_frame 5000\n}\nCheckerBoard2 {\n inputs 0\n}\n"
        f"Write {{\n file {tmp_path}/c/c.####.exr\n file_type exr\n create_directories true\n}}\n"
    )
    code, errors, seconds, engines = stopped([str(script), "-x"], signal.SIGINT, "framewritten", 2)
    assert code == 3 and "cancelled" in errors and "Traceback" not in errors and engines == []
    assert seconds < SECONDS
    found = sorted((tmp_path / "c").iterdir())
    assert 2 <= len(found) < 5000
    for path in found:
        image = oiio.ImageInput.open(str(path))
        assert image is not None and image.read_image(oiio.HALF) is not None, path


def test_a_killed_command_takes_its_engine_along(
    cli: RunCli, svd_plates: str, tiny: List[str], tmp_path: Path, scratch: Path
) -> None:
    script = str(tmp_path / "sh010.nk")
    assert cli("comp", "--new", script, "--plate", svd_plates, *tiny).returncode == 0
    code, _, _, (engine,) = stopped([script], signal.SIGKILL, "framewritten", 1)
    assert code == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while Path(f"/proc/{engine}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{engine}").exists()
    for left in scratch.glob("gvm-comp-*"):  # a log and a lock, which only a living process could remove
        assert {path.suffix for path in left.iterdir()} <= {".log", ".lock"}
        for path in left.iterdir():
            path.unlink()
        left.rmdir()
