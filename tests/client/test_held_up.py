"""Runs on two real engines of which one is held up: the frames of one engine bit by bit, each written once."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterator, List

import numpy as np
import pytest
from gvm_matte.client import MatteJob, MatteSession, PlateData
from gvm_matte.client.devices.sessions import DeviceSessions
from gvm_matte.core.frames import BlockPlan, FrameRange
from gvm_matte.core.image import Box
from gvm_matte.engine.model.weights import BUILTIN
from gvm_matte.protocol.frame_buffer import SlotInfo
from gvm_matte.protocol.messages import FrameWritten, Message, Progress
from gvm_matte.protocol.parts import Sink, Source
from support import read_mattes, write_plates

ENGINE = str(Path(__file__).parent / "gated_engine.py")
PLAN = BlockPlan(1001, 1062, 8, 2, 8)  # ten blocks of six, the last of eight
WINDOWS = {"num_frames_per_batch": 8, "num_overlap_frames": 2, "decode_chunk_size": 8}
PARAMS: Dict[str, Any] = {"model_base": str(BUILTIN), **WINDOWS, "size": 32, "max_resolution": 48}


class Engines:
    """Two engines of which one is held up, and what they note."""

    def __init__(self, folder: Path) -> None:
        self.marker = folder / "lives"
        self.sessions = DeviceSessions(["cpu", "cpu"], command=[sys.executable, ENGINE, "--marker", str(self.marker)])
        self.sessions.engines()  # one after the other: their lives are their numbers

    def hold(self, life: int, *, until: int) -> None:
        """This one waits in its window until the other has done so many jobs more."""
        done = sum(job["life"] != life for job in self.noted("jobs"))
        self.marker.with_suffix(".gate").write_text(str(done + until))
        self.marker.with_suffix(".slow").write_text(str(life))

    def noted(self, what: str) -> List[Dict[str, Any]]:
        path = self.marker.with_suffix(f".{what}")
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


pytestmark = pytest.mark.usefixtures("one_thread_an_engine")


@pytest.fixture(scope="module")
def plates(tmp_path_factory: pytest.TempPathFactory) -> str:
    noise = np.random.default_rng(7).random((62, 32, 48, 3), dtype=np.float32)
    return write_plates(tmp_path_factory.mktemp("held_up"), list(noise))


@pytest.fixture(scope="module")
def engines(one_thread_an_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    engines = Engines(tmp_path_factory.mktemp("engines"))
    yield engines
    engines.sessions.close()


@pytest.fixture(scope="module")
def whole(one_thread_an_engine: None, plates: str, tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Any]:
    """The mattes of one engine, which computes each window once."""
    folder = tmp_path_factory.mktemp("whole")
    with MatteSession() as one:
        result = one.render(job(plates, folder, "cpu"))
    assert result.windows == PLAN.count
    return read_mattes(folder)


def job(plates: str, folder: Path, device: str) -> MatteJob:
    return MatteJob(Source("files", plates), Sink(str(folder / "m.####.exr")), params={**PARAMS, "device": device})


@pytest.mark.parametrize("slow", [2, 1])
def test_a_device_that_is_held_up_keeps_its_run_and_the_other_renders_the_rest(
    slow: int, engines: Engines, whole: Dict[str, Any], plates: str, tmp_path: Path
) -> None:
    seen: List[Message] = []
    windows_before, jobs_before = len(engines.noted("windows")), len(engines.noted("jobs"))
    engines.hold(slow, until=2)
    result = engines.sessions.render(job(plates, tmp_path, "cpu,cpu"), on_event=seen.append)
    windows, jobs = engines.noted("windows")[windows_before:], engines.noted("jobs")[jobs_before:]

    # the frames are those of one engine, each written once
    mattes = read_mattes(tmp_path)
    assert list(mattes) == list(whole) and all(np.array_equal(mattes[name], whole[name]) for name in whole)
    written = Counter(message.frame for message in seen if isinstance(message, FrameWritten))
    assert sorted(written) == list(range(1001, 1063)) and set(written.values()) == {1}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []  # no lock, no part file

    # each run is one job, and begins with one window more; no block is rendered twice
    held = next(each for each in jobs if each["life"] == slow)
    assert held["frames"] == held["total"] == len(FrameRange.parse(held["asked"])) == 6
    assert sum(each["frames"] for each in jobs) == 62
    assert len(windows) == sum(each["windows"] for each in jobs) == result.windows == PLAN.count + len(jobs) - 1
    assert not [block for block, count in Counter(_own(windows)).items() if count != 1]
    progress = [message for message in seen if isinstance(message, Progress)]
    assert {message.total for message in progress} == {62} and progress[-1].done == 62


def test_plates_of_a_block_are_pushed_to_the_engine_that_renders_it(engines: Engines, whole: Dict[str, Any]) -> None:
    plate = np.empty((32, 48, 3), np.float32)  # a host may use its memory again for the next plate
    pixels = np.random.default_rng(7).random((62, 32, 48, 3), dtype=np.float32)
    alphas: Dict[int, Any] = {}

    def plates(frame: int) -> PlateData:
        plate[:] = pixels[frame - 1001]
        return PlateData(plate, Box(0, 0, 48, 32), 3, "float")

    def take(frame: int, info: SlotInfo, view: memoryview) -> None:
        assert frame not in alphas
        alphas[frame] = np.frombuffer(bytes(view), np.float16).reshape(info.box.height, info.box.width)

    engines.hold(2, until=2)
    params = {**PARAMS, "device": "cpu,cpu", "channels": "rgba-premult"}  # plates are needed twice
    pushed = MatteJob(Source("buffers", display=(0, 0, 48, 32)), Sink(buffers=True), "1001-1062", params=params)
    result = engines.sessions.render(pushed, plates=plates, take_alpha=take)
    assert result.taken == tuple(sorted(alphas)) == tuple(range(1001, 1063))
    assert all(np.array_equal(alphas[frame], whole[f"m.{frame}.exr"]) for frame in alphas)


def _own(windows: List[Dict[str, Any]]) -> List[int]:
    """The blocks that were rendered, without windows that are context alone."""
    return [each["block"] for each in windows if not each["context"]]
