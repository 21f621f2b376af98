"""What tests of farm engines share: bundles of tiny shots, the environments with other people's programs, and a look at
processes and sessions.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from gvm_matte.farm import FarmJob, FarmSettings, write_bundle
from packaging.requirements import Requirement
from support import PARAMS, case, cli_command, read_mattes, until, write_plates

from install.side_environments import SideEnvironment

ROOT = Path(__file__).resolve().parents[2]
SHOT = (1001, 1017)  # of the windows case: blocks from 1001, 1007 and 1013
FRAMES = 120  # of the long shot
MEAN, LARGEST = 1e-5, 1e-3  # as tests/cli/test_render_parity.py has them


def side_environment(name: str, package: str) -> SideEnvironment:
    """An environment of `python3 install test`. A test without it fails, unless this platform has no such package."""
    environment = SideEnvironment(ROOT, name)
    lines = (line.partition(" #")[0].strip() for line in environment.requirements.read_text(encoding="utf-8").splitlines())
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    (pin,) = [pin for pin in pins if re.sub("[-_.]+", "-", pin.name) == package]
    if pin.marker is not None and not pin.marker.evaluate():
        pytest.skip(f"{package} has no packages for this platform ({pin.marker})")
    if not environment.is_ready():
        pytest.fail(
            f"{environment.folder} is not set up as {environment.requirements.name} has it: run python3 install test"
        )
    return environment


GRAMMAR = re.compile(r"^openjd_(progress|status|fail): (\S.*)$")


def messages(output: str) -> List[Tuple[str, str]]:
    """(kind, text) of what tasks told, out of a runner's log with its time stamps."""
    lines = [line.partition("\t")[2] for line in output.splitlines() if "openjd_" in line]
    matches = [GRAMMAR.match(line) for line in lines]
    assert all(matches), lines
    return [(match.group(1), match.group(2)) for match in matches if match is not None]


def processes_of(folder: Path) -> List[int]:
    """Processes with a temporary folder in `folder`: all of a test's, whoever their parent is."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(f"TMPDIR={folder}".encode()) for word in words) and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


class Running:
    """A job under way, by `farm submit` or a runner.

    Args:
        command: what runs it; it gets a session of its own, as from a terminal that is not ours.
        folder: with the mattes in it, and the log to come.
    """

    def __init__(self, command: List[str], folder: Path) -> None:
        self.mattes, self._log = folder / "mattes", folder / "log"
        with self._log.open("w") as stream:
            self.process = subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True)

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log.read_text()

    def wait_for_frames(self, count: int) -> None:
        """Until so many mattes are finished."""
        assert until(lambda: len(list(self.mattes.glob("m.*.exr"))) >= count or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.log


def tiny_job(plates: str, folder: Path, *, params: Dict[str, Any] | None = None, **settings: Any) -> FarmJob:
    """A job of the windows case's 17 plates in three blocks, one a task; mattes go to folder/mattes.

    It asks for a GPU, as jobs do, and its person chose the CPU all the same: that of whoever runs the tests.
    """
    return FarmJob(
        name="tiny shot",
        input=plates,
        output=str(folder / "mattes" / "m.####.exr"),
        shot=SHOT,
        params={**PARAMS, "device": "cpu", **(params or {})},
        settings=FarmSettings(**{"command": tuple(cli_command()), "blocks_per_chunk": 1, **settings}),
    )


def long_bundle(folder: Path, **settings: Any) -> Path:
    """A bundle of 120 plates of noise, 32x32, in one task: long enough for something to happen while it runs."""
    noise = np.random.default_rng(11).random((FRAMES, 32, 32, 3), dtype=np.float32)
    plates = write_plates(folder / "plates", list(noise))
    params = {"size": 32, "max_resolution": 32, "decode_chunk_size": 8}
    job = tiny_job(plates, folder, params=params, **{"blocks_per_chunk": 100, **settings})
    write_bundle(job.replace(shot=(1001, 1000 + FRAMES)), str(folder / "bundle"))
    return folder / "bundle"


def tiny_bundle(plates: str, folder: Path, **more: Any) -> Path:
    """Its bundle, in folder/bundle."""
    write_bundle(tiny_job(plates, folder, **more), str(folder / "bundle"))
    return folder / "bundle"


def agree_with_the_reference(mattes: Path, frames: Tuple[int, int]) -> bool:
    """Whether a folder holds these frames alone, and they are what the reference's own program gave for them.

    The mean is that over the frames, as everywhere where the reference's numbers are the measure: a single window's frames
    may be 2e-5 away on a processor with other instructions than the reference's.
    """
    found = read_mattes(mattes)
    wanted = range(frames[0], frames[1] + 1)
    if list(found) != [f"m.{frame}.exr" for frame in wanted]:
        return False
    alphas = case("svd_windows")[1]["alpha"][:, 0]
    differences = np.stack([np.abs(found[f"m.{frame}.exr"] - alphas[frame - SHOT[0]]) for frame in wanted])
    return bool(differences.mean() <= MEAN and differences.max() <= LARGEST)
