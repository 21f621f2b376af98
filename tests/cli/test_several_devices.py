"""Renders on `cpu,cpu`, with real engines: the frames of one engine bit by bit, and every way to ask for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any, Dict, Iterator, List

import numpy as np
import pytest
from gvm_matte.client import MatteJob, MatteSession, PlateData
from gvm_matte.client.devices.sessions import DeviceSessions
from gvm_matte.core.frames import FrameRange
from gvm_matte.core.image import Box
from gvm_matte.protocol.frame_buffer import SlotInfo
from gvm_matte.protocol.messages import Accepted, FrameWritten, Message
from gvm_matte.protocol.parts import Sink, Source
from support import PARAMS, RunCli, cli_command, events, leftovers, read_matte, read_mattes, until, write_plates

PAIR = {**PARAMS, "device": "cpu,cpu"}
# 400 frames in blocks of 6, at the smallest size that there is.
SMALL = {**PARAMS, "size": 32, "max_resolution": 32, "decode_chunk_size": 8}


pytestmark = pytest.mark.usefixtures("one_thread_an_engine")


@pytest.fixture(scope="module")
def one(one_thread_an_engine: None) -> Iterator[MatteSession]:
    """One engine for all tests."""
    with MatteSession() as session:
        yield session


@pytest.fixture(scope="module")
def pair(one_thread_an_engine: None) -> Iterator[DeviceSessions]:
    """Two engines for all tests."""
    with DeviceSessions(["cpu", "cpu"]) as sessions:
        yield sessions


@pytest.fixture(scope="module")
def plates(tmp_path_factory: pytest.TempPathFactory) -> str:
    """62 plates of noise, 48x32: ten blocks of 6, the last of 8."""
    noise = np.random.default_rng(11).random((62, 32, 48, 3), dtype=np.float32)
    return write_plates(tmp_path_factory.mktemp("several"), list(noise))


@pytest.fixture(scope="module")
def whole(one: MatteSession, plates: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their mattes by one engine."""
    folder = tmp_path_factory.mktemp("whole")
    one.render(MatteJob(Source("files", plates), to(folder), params=PARAMS))
    return folder


def to(folder: Path, **more: Any) -> Sink:
    return Sink(str(folder / "m.####.exr"), **more)


def same(folder: Path, whole: Path, frames: str) -> bool:
    """Whether a folder holds these frames alone, each bit by bit that of the whole render."""
    mattes = read_mattes(folder)
    if list(mattes) != [f"m.{frame}.exr" for frame in FrameRange.parse(frames)]:
        return False
    return all(np.array_equal(mattes[name], read_matte(whole / name)) for name in mattes)


def test_two_engines_give_the_frames_of_one(pair: DeviceSessions, plates: str, whole: Path, tmp_path: Path) -> None:
    told: List[Message] = []
    result = pair.render(MatteJob(Source("files", plates), to(tmp_path / "m"), params=PAIR), on_event=told.append)
    assert len(result.written) == 62 and result.restarts == 0
    assert same(tmp_path / "m", whole, "1001-1062")
    by_device: Dict[int, List[int]] = {}
    for message in told:
        if isinstance(message, FrameWritten):
            by_device.setdefault(message.job, []).append(message.frame)
    assert set(by_device) == {1, 2}


@pytest.mark.parametrize("frames", ["1003", "1008-1033x3", "1007-1012,1031-1036,1055-1062"])
def test_any_request_gives_the_frames_of_the_whole(
    frames: str, pair: DeviceSessions, plates: str, whole: Path, tmp_path: Path
) -> None:
    pair.render(MatteJob(Source("files", plates), to(tmp_path / "m"), frames, params=PAIR))
    assert same(tmp_path / "m", whole, frames)


def test_masks_and_keys_give_the_frames_of_one(
    one: MatteSession, pair: DeviceSessions, plates: str, tmp_path: Path
) -> None:
    masks = {"garbage": plates, "core": plates, "gamma": {"1001": 0.5, "1062": 2.0}, "edge": "rescale"}
    one.render(MatteJob(Source("files", plates), to(tmp_path / "one"), "1001-1024", params={**PARAMS, **masks}))
    pair.render(MatteJob(Source("files", plates), to(tmp_path / "two"), "1001-1024", params={**PAIR, **masks}))
    assert same(tmp_path / "two", tmp_path / "one", "1001-1024")


def test_pushed_plates_and_taken_alphas_are_those_of_files(
    pair: DeviceSessions, plates: str, whole: Path, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(11).random((62, 32, 48, 3), dtype=np.float32)
    alphas: Dict[int, Any] = {}

    def take(frame: int, info: SlotInfo, view: memoryview) -> None:
        assert frame not in alphas
        alphas[frame] = np.frombuffer(bytes(view), np.float32).reshape(info.box.height, info.box.width)

    pair.render(
        MatteJob(Source("buffers", display=(0, 0, 48, 32)), Sink(buffers=True), "1001-1062", params=PAIR),
        plates=lambda frame: PlateData(pixels[frame - 1001], Box(0, 0, 48, 32), 3, "float"),
        take_alpha=take,
    )
    assert sorted(alphas) == list(range(1001, 1063))
    assert all(np.array_equal(alphas[frame], read_matte(whole / f"m.{frame}.exr")) for frame in alphas)


def test_what_is_there_is_kept_and_the_rest_is_shared(
    one: MatteSession, pair: DeviceSessions, plates: str, whole: Path, tmp_path: Path
) -> None:
    one.render(MatteJob(Source("files", plates), to(tmp_path / "m"), "1013-1036", params=PARAMS))
    result = pair.render(MatteJob(Source("files", plates), to(tmp_path / "m"), params=PAIR))
    assert result.kept == tuple(range(1013, 1037)) and len(result.written) == 38
    assert same(tmp_path / "m", whole, "1001-1062")
    again = pair.render(MatteJob(Source("files", plates), to(tmp_path / "m"), params={**PAIR, "existing": "overwrite"}))
    assert len(again.written) == 62


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_others_render_what_an_engine_that_falls_behind_has_not_begun(
    pair: DeviceSessions, plates: str, whole: Path, tmp_path: Path
) -> None:
    _, slow = (engine.info.pid for engine in pair.engines())
    written: Dict[int, List[int]] = {1: [], 2: []}

    def on_event(message: Message) -> None:
        if isinstance(message, FrameWritten):
            written[message.job].append(message.frame)
            if message.job == 2 and len(written[2]) == 1:
                os.kill(slow, signal.SIGSTOP)
            if message.job == 1 and len(written[1]) == 30:
                threading.Timer(1.0, os.kill, (slow, signal.SIGCONT)).start()

    try:
        result = pair.render(MatteJob(Source("files", plates), to(tmp_path / "m"), params=PAIR), on_event=on_event)
    finally:
        os.kill(slow, signal.SIGCONT)
    assert len(result.written) == 62 and result.restarts == 0
    assert len(written[1]) >= 30 and not set(written[1]) & set(written[2])
    assert same(tmp_path / "m", whole, "1001-1062")


def test_a_pickup_of_4_frames_renders_their_blocks_alone(one: MatteSession, pair: DeviceSessions, tmp_path: Path) -> None:
    noise = np.random.default_rng(7).random((400, 32, 32, 3), dtype=np.float32)
    source = Source("files", write_plates(tmp_path / "plates", list(noise)))
    pair.render(MatteJob(source, to(tmp_path / "whole"), params={**SMALL, "device": "cpu,cpu"}))
    assert len(list((tmp_path / "whole").iterdir())) == 400
    told: List[Message] = []
    one.render(
        MatteJob(source, to(tmp_path / "pickup"), "1148-1151", shot=(1001, 1400), params=SMALL), on_event=told.append
    )
    assert same(tmp_path / "pickup", tmp_path / "whole", "1148-1151")
    accepted = next(message for message in told if isinstance(message, Accepted))
    # They lie in the blocks that begin at 1145 and 1151, whose windows, and the one before those, are 1139 to 1158.
    assert FrameRange.parse(accepted.plates).frames == tuple(range(1139, 1159))


# -- the command line


def test_the_command_shares_blocks_and_makes_movies_once(
    cli: RunCli, svd_plates: str, tiny: list[str], tmp_path: Path
) -> None:
    words = ["render", "--input", svd_plates, "--output", str(tmp_path / "m" / "m.####.exr"), "--device", "cpu,cpu", *tiny]
    done = cli(*words, "--alpha-movie", str(tmp_path / "a.mp4"), "--json")
    assert done.returncode == 0, done.stderr
    told = events(done.stdout)
    written = [event for event in told if event["event"] == "framewritten"]
    assert sorted(event["frame"] for event in written) == list(range(1001, 1018))
    assert {(event["device"], event["engine"]) for event in written} == {("cpu", 1), ("cpu", 2)}
    assert [event["event"] for event in told].count("accepted") == [event["event"] for event in told].count("done") == 1
    assert "device" not in next(event for event in told if event["event"] == "accepted")
    assert any(event.get("stage") == "making movies" for event in told)
    assert (tmp_path / "a.mp4").stat().st_size > 0 and len(read_mattes(tmp_path / "m")) == 17


def test_a_dry_run_tells_what_each_device_begins_with(cli: RunCli, plates: str, tiny: list[str], tmp_path: Path) -> None:
    words = ["--output", str(tmp_path / "m" / "m.####.exr"), "--device", "cpu,cpu", *tiny, "--blocks", "1001-1055:6"]
    done = cli("render", "--input", plates, *words, "--shot-range", "1001-1062", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert plan["devices"] == [
        {"device": "cpu 1", "frames": "1001-1006", "windows": 1},
        {"device": "cpu 2", "frames": "1007-1012", "windows": 2},
    ]
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("device", "code", "words"),
    [
        ("cuda:0,cpu", 2, "one kind"),
        ("cpu,cuda:x", 2, "cuda:0,cuda:1"),
        ("cuda:0,cuda:1", 1, "this task has 1 GPU"),
    ],
)
def test_devices_that_are_not_there_are_told_before_anything(
    cli: RunCli, svd_plates: str, tiny: list[str], tmp_path: Path, device: str, code: int, words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("CUE_GPU_CORES", "3")
    done = cli("render", "--input", svd_plates, "--output", str(tmp_path / "m" / "m.####.exr"), "--device", device, *tiny)
    assert done.returncode == code and words in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "m").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals and /proc")
def test_a_signal_ends_all_engines_and_keeps_what_is_finished(
    plates: str, tiny: list[str], tmp_path: Path, scratch: Path
) -> None:
    folder = tmp_path / "m"
    words = ["render", "--input", plates, "--output", str(folder / "m.####.exr"), "--device", "cpu,cpu", *tiny]
    running = subprocess.Popen(cli_command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert until(lambda: len(list(folder.glob("m.*.exr"))) >= 2 or running.poll() is not None, 120)
        threads = Path(f"/proc/{running.pid}/task").glob("*/children")
        engines = {int(word) for path in threads for word in path.read_text().split()}
        assert len(engines) == 2
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=10)
    finally:
        if running.poll() is None:
            running.kill()
            running.communicate()
    assert running.returncode == 3 and "cancelled" in errors and "Traceback" not in errors, errors
    assert until(lambda: not any(_lives(pid) for pid in engines), 2)
    assert 2 <= len(read_mattes(folder)) < 62
    assert not leftovers(scratch)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
