"""Renders that are cancelled or lose a process: what is finished stays whole, nothing else stays at all."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterator, List, Optional

import numpy as np
import pytest
from support import RunCli, cli_command, leftovers, read_matte, read_mattes, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")


def children(pid: int) -> List[int]:
    """The processes that a process started and that still run."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in found.read_text().split()] if found.exists() else []


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and is not reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Running:
    """A render under way, with what it writes."""

    def __init__(self, plates: str, folder: Path, *words: str) -> None:
        self.folder = folder
        command = cli_command("render", "--input", plates, "--output", str(folder / "m.####.exr"), *words)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @property
    def frames(self) -> List[str]:
        """Names of finished mattes."""
        return sorted(path.name for path in self.folder.glob("m.*.exr"))

    def wait_for_frames(self, count: int) -> None:
        """Until so many mattes are finished."""
        assert until(lambda: len(self.frames) >= count or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.process.communicate()

    def end(self, seconds: float) -> tuple[int, str]:
        """Exit code and stderr, within so long."""
        _, errors = self.process.communicate(timeout=seconds)
        return self.process.returncode, errors


@pytest.fixture
def running(svd_plates: str, tiny: list[str], scratch: Path, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a render of the 17 plates; whatever a test leaves running is killed."""
    started: List[Running] = []

    def start(*words: str, plates: Optional[str] = None) -> Running:
        started.append(Running(plates or svd_plates, tmp_path / "mattes", *tiny, *words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_render_with_code_3(running: Callable[..., Running], number: int, scratch: Path) -> None:
    render = running()
    render.wait_for_frames(2)
    engines = children(render.process.pid)
    assert len(engines) == 1
    render.process.send_signal(number)
    started = time.monotonic()
    code, errors = render.end(10)
    assert code == 3 and "cancelled" in errors and "Traceback" not in errors
    assert time.monotonic() - started < 2.0
    assert not alive(engines[0])
    assert 2 <= len(read_mattes(render.folder)) < 17  # readable, all of them, and no other file
    assert not leftovers(scratch)


def test_a_signal_before_the_first_frame(running: Callable[..., Running], scratch: Path) -> None:
    render = running()
    assert until(lambda: bool(children(render.process.pid)), 30)
    engine = children(render.process.pid)[0]
    render.process.send_signal(signal.SIGINT)
    started = time.monotonic()
    assert render.end(10)[0] == 3
    assert time.monotonic() - started < 2.0
    assert until(lambda: not alive(engine), 2)
    assert not render.folder.exists() or not list(render.folder.iterdir())


def test_a_killed_engine_is_replaced_and_the_result_is_the_same(
    running: Callable[..., Running], cli: RunCli, svd_plates: str, tiny: list[str], tmp_path: Path, scratch: Path
) -> None:
    whole = cli("render", "--input", svd_plates, "--output", str(tmp_path / "whole" / "m.####.exr"), *tiny)
    assert whole.returncode == 0, whole.stderr

    render = running()
    render.wait_for_frames(3)
    engine = children(render.process.pid)[0]
    os.kill(engine, signal.SIGKILL)
    code, errors = render.end(200)

    assert code == 0, errors
    assert "restarted 1 times" in errors
    expected, found = read_mattes(tmp_path / "whole"), read_mattes(render.folder)
    assert list(found) == list(expected)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert not leftovers(scratch)


def test_an_engine_that_is_killed_each_time_is_a_failure_with_its_log(
    running: Callable[..., Running], scratch: Path
) -> None:
    render = running()
    killed: set[int] = set()
    while render.process.poll() is None and len(killed) < 20:
        for engine in children(render.process.pid):
            if engine not in killed and until(lambda pid=engine: _job_begun(pid) or not alive(pid), 30):  # type: ignore[misc]
                killed.add(engine)
                os.kill(engine, signal.SIGKILL)
        time.sleep(0.05)
    code, errors = render.end(60)
    assert code == 1
    assert "killed by signal 9" in errors or "SIGKILL" in errors
    assert "engine's log" in errors and "listens" in errors
    assert 2 <= len(killed) < 20
    assert not leftovers(scratch)


def _job_begun(pid: int) -> bool:
    """Whether the engine holds the image libraries, which it loads last: it is then at its job or about to be."""
    try:
        return "OpenImageIO" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def test_a_killed_client_takes_its_engine_along(running: Callable[..., Running], scratch: Path) -> None:
    render = running()
    render.wait_for_frames(2)
    engine = children(render.process.pid)[0]
    render.process.kill()
    render.process.communicate()
    assert until(lambda: not alive(engine), 2.0)
    assert 2 <= len(read_mattes(render.folder)) < 17
    assert not leftovers(scratch)


def test_what_a_cancelled_render_left_is_kept_by_the_next(
    running: Callable[..., Running], cli: RunCli, svd_plates: str, tiny: list[str]
) -> None:
    render = running()
    render.wait_for_frames(2)
    render.process.send_signal(signal.SIGTERM)
    assert render.end(10)[0] == 3
    before = {path.name: path.stat().st_mtime_ns for path in render.folder.iterdir()}
    done = cli("render", "--input", svd_plates, "--output", str(render.folder / "m.####.exr"), *tiny, "--json")
    assert done.returncode == 0, done.stderr
    assert len(read_mattes(render.folder)) == 17
    assert all((render.folder / name).stat().st_mtime_ns == time_ns for name, time_ns in before.items())
    assert done.stdout.count('"event": "framekept"') == len(before)


def test_what_changed_is_rendered_again(cli: RunCli, svd_plates: str, tiny: list[str], tmp_path: Path) -> None:
    plates = tmp_path / "plates"
    plates.mkdir()
    for path in Path(svd_plates).parent.glob("*.exr"):
        (plates / path.name).write_bytes(path.read_bytes())
        os.utime(plates / path.name, ns=(1_000, path.stat().st_mtime_ns))
    mattes = tmp_path / "out" / "m.####.exr"
    words = ["render", "--input", str(plates / "plate.####.exr"), "--output", str(mattes), "--json"]

    def render(*more: str) -> List[str]:
        done = cli(*words, *tiny, *more)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if "framewritten" in line]

    assert len(render()) == 17
    assert len(render()) == 0
    assert len(render("--edge", "clamp", "--frames", "1001-1003")) == 3  # another matte
    assert len(render("--frames", "1001-1003", "--edge", "none")) == 3
    os.utime(plates / "plate.1017.exr")  # in the windows of frames 1010 to 1017, and in those that blend with them
    assert 0 < len(render()) < 17
    (tmp_path / "out" / "m.1001.exr").write_bytes((tmp_path / "out" / "m.1001.exr").read_bytes()[:-20])  # truncated
    assert len(render()) == 1
    assert read_matte(tmp_path / "out" / "m.1001.exr").shape == (64, 96)
    assert len(render("--overwrite", "--frames", "1001-1002")) == 2
