"""Memory does not grow with the number of frames, and no plate is read twice."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from gvm_matte.engine.jobs.job import Job, Rings
from gvm_matte.engine.jobs.status import EngineStatus
from gvm_matte.engine.pipeline.renderer import Renderer
from gvm_matte.engine.plates import Plate
from gvm_matte.engine.plates.sequence import ImageSequence
from gvm_matte.engine.watch.hub import WatchHub
from gvm_matte.protocol.messages import Done, Message, Render
from gvm_matte.protocol.parts import Sink, Source
from support import PARAMS, cli_command

SMALL = ["--size", "32", "--max-resolution", "64"]
GROWTH = 1.05


def resident(pid: int) -> int:
    """Bytes, or 0 for a process that is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def peaks(plates: str, folder: Path, *words: str) -> tuple[int, int]:
    """Largest resident size of the command and of its engine while it renders."""
    command = cli_command("render", "--input", plates, "--output", str(folder / "m.####.exr"), "--quiet", *words)
    process = subprocess.Popen(command)
    client = engine = 0
    while process.poll() is None:
        client = max(client, resident(process.pid))
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            engine = max(engine, resident(int(child)))
        time.sleep(0.02)
    assert process.returncode == 0
    return client, engine


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks /proc")
@pytest.mark.timeout(900)
def test_ten_times_the_frames_take_the_same_memory(svd_plates: str, tiny: list[str], scratch: Path, tmp_path: Path) -> None:
    sources = sorted(Path(svd_plates).parent.glob("*.exr"))
    (tmp_path / "plates").mkdir()
    for frame in range(480):
        os.link(sources[frame % len(sources)], tmp_path / "plates" / f"p.{frame + 1:04d}.exr")
    pattern = str(tmp_path / "plates" / "p.####.exr")

    few = peaks(pattern, tmp_path / "few", *tiny, *SMALL, "--shot-range", "1-48")
    many = peaks(pattern, tmp_path / "many", *tiny, *SMALL)

    assert len(list((tmp_path / "few").iterdir())) == 48 and len(list((tmp_path / "many").iterdir())) == 480
    assert many[0] <= few[0] * GROWTH, (few, many)
    assert many[1] <= few[1] * GROWTH, (few, many)


def test_each_plate_is_read_once(svd_plates: str, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: Counter[int] = Counter()
    really_read = ImageSequence.read

    def counted(self: ImageSequence, frame: int) -> Plate:
        reads[frame] += 1
        return really_read(self, frame)

    monkeypatch.setattr(ImageSequence, "read", counted)
    sent: list[Message] = []
    status = EngineStatus()
    request = Render(1, Source("files", svd_plates), Sink(str(tmp_path / "m.####.exr")), params=PARAMS)
    job = Job(request=request, rings=Rings(), send=sent.append, forget=lambda job: None)
    done = Renderer(status, WatchHub(status)).render(job)
    assert isinstance(done, Done) and (done.frames, done.plates) == (17, 17)
    assert reads == Counter(range(1001, 1018))
