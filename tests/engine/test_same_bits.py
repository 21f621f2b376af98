"""The same frame is the same bits: alone, in any split of the shot, from and to files or buffers, cold or warm."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
from gvm_matte.client import MatteJob, MatteSession, PlateData
from gvm_matte.core.frames import FrameRange
from gvm_matte.core.image import Box
from gvm_matte.protocol.frame_buffer import SlotInfo
from gvm_matte.protocol.messages import Accepted, Message
from gvm_matte.protocol.parts import Sink, Source
from support import PARAMS, RunCli, case, read_matte, read_mattes

FIRST, LAST = 1001, 1017
DISPLAY = (0, 0, 96, 64)


def plate_of(frame: int) -> PlateData:
    """The plate of a frame of the windows case, as a host would push it."""
    rgb = case("svd_windows")[1]["rgb"][frame - FIRST].transpose(1, 2, 0)
    return PlateData(np.ascontiguousarray(rgb), Box(*DISPLAY), 3, "float")


def render(session: MatteSession, plates: str, out: Path, frames: str, **params: Any) -> None:
    """Files to files."""
    job = MatteJob(Source("files", plates), Sink(str(out / "m.####.exr")), frames=frames, params={**PARAMS, **params})
    session.render(job)


SPLITS = [["1001-1017"], ["1009"], ["1017"], ["1001-1006", "1007-1012", "1013-1017"], ["1004-1008", "1016"]]


@pytest.mark.parametrize("split", SPLITS)
def test_any_split_gives_the_bits_of_the_whole(
    split: list[str], session: MatteSession, whole: Path, svd_plates: str, tmp_path: Path
) -> None:
    for frames in split:
        render(session, svd_plates, tmp_path, frames)
    mattes = read_mattes(tmp_path)
    assert list(mattes) == [f"m.{frame}.exr" for frame in FrameRange.parse(",".join(split))]
    for name, matte in mattes.items():
        assert np.array_equal(matte, read_matte(whole / name)), name


@pytest.mark.parametrize("source", ["files", "buffers"])
@pytest.mark.parametrize("sink", ["files", "buffers", "both"])
def test_every_source_and_sink_gives_the_same_bits(
    source: str, sink: str, session: MatteSession, whole: Path, svd_plates: str, tmp_path: Path
) -> None:
    taken: Dict[int, np.ndarray[Any, Any]] = {}

    def take(frame: int, info: SlotInfo, pixels: memoryview) -> None:
        assert (info.box, info.channels, info.dtype) == (Box(*DISPLAY), 1, "float")
        taken[frame] = np.frombuffer(pixels, np.float32).reshape(64, 96).copy()

    job = MatteJob(
        Source("files", svd_plates) if source == "files" else Source("buffers", display=DISPLAY),
        Sink("" if sink == "buffers" else str(tmp_path / "m.####.exr"), sink != "files"),
        frames="1005-1010",
        shot=(FIRST, LAST),
        params=PARAMS,
    )
    result = session.render(
        job, plates=plate_of if source == "buffers" else None, take_alpha=take if sink != "files" else None
    )

    frames = list(range(1005, 1011))
    assert list(result.taken) == (frames if sink != "files" else [])
    assert list(result.written) == (frames if sink != "buffers" else [])
    written = read_mattes(tmp_path)
    for frame in frames:
        expected = read_matte(whole / f"m.{frame}.exr")
        if sink != "files":
            assert np.array_equal(taken[frame], expected), frame
        if sink != "buffers":
            assert np.array_equal(written[f"m.{frame}.exr"], expected), frame


def test_only_the_plates_that_matter_are_asked_for(session: MatteSession) -> None:
    seen: list[Message] = []
    pushed: list[int] = []

    def push(frame: int) -> PlateData:
        pushed.append(frame)
        return plate_of(frame)

    job = MatteJob(Source("buffers", display=DISPLAY), Sink(buffers=True), "1001", (FIRST, LAST), PARAMS)
    session.render(job, plates=push, take_alpha=lambda frame, info, pixels: None, on_event=seen.append)
    accepted = next(message for message in seen if isinstance(message, Accepted))
    assert accepted.plates == "1001-1008"
    assert pushed == list(range(1001, 1009))  # in order, and each once


def test_gaussian_noise_belongs_to_the_frame(session: MatteSession, svd_plates: str, tmp_path: Path) -> None:
    render(session, svd_plates, tmp_path / "whole", "", noise_type="gaussian", seed=7)
    render(session, svd_plates, tmp_path / "part", "1009-1011", noise_type="gaussian", seed=7)
    render(session, svd_plates, tmp_path / "other", "1009", noise_type="gaussian", seed=8)
    for frame in (1009, 1010, 1011):
        assert np.array_equal(read_matte(tmp_path / f"whole/m.{frame}.exr"), read_matte(tmp_path / f"part/m.{frame}.exr"))
    assert not np.array_equal(read_matte(tmp_path / "whole/m.1009.exr"), read_matte(tmp_path / "other/m.1009.exr"))


def test_a_warm_engine_gives_the_bits_of_a_cold_one(
    cli: RunCli, whole: Path, svd_plates: str, tiny: list[str], tmp_path: Path
) -> None:
    started = cli("engine", "start", "--json")
    assert started.returncode == 0, started.stderr
    try:
        for folder in ("first", "second"):
            output = str(tmp_path / folder / "m.####.exr")
            done = cli("render", "--input", svd_plates, "--output", output, "--frames", "1006-1007", *tiny)
            assert done.returncode == 0, done.stderr
        status = cli("engine", "status", "--json")
        assert '"jobs_done": 2' in status.stdout and '"frames_done": 4' in status.stdout  # it was this engine's work
    finally:
        stopped = cli("engine", "stop")
    assert stopped.returncode == 0, stopped.stderr
    assert cli("engine", "status").returncode == 1
    for folder in ("first", "second"):
        for name, matte in read_mattes(tmp_path / folder).items():
            assert np.array_equal(matte, read_matte(whole / name))
