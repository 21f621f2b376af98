"""Warm engines for a list of devices: numbered, one a device, used by one session after the other, replaced, and ended."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Callable, Iterator, List, Set

import pytest
from gvm_matte.client import MatteJob, MatteSession, connection_file_path, find_warm_engine, runtime_folder
from gvm_matte.client.devices.sessions import DeviceSessions, session_devices, start_warm_engines
from gvm_matte.client.warm import start_warm_engine, stop_warm_engine, stop_warm_engines
from gvm_matte.client.which_engine import EngineChoice, session_for
from gvm_matte.core.errors import DeviceError, EngineStartError, ParamError
from gvm_matte.core.processes import process_alive
from gvm_matte.protocol.messages import FrameWritten, Message
from gvm_matte.protocol.parts import Sink, Source

ENGINE = str(Path(__file__).parent / "several_problem_engine.py")
# Blocks of six frames: windows of 8 with 2 shared.
PARAMS = {"num_frames_per_batch": 8, "num_overlap_frames": 2, "device": "cpu,cpu"}
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")


@pytest.fixture
def begin(place: Path) -> Iterator[Callable[[], DeviceSessions]]:
    """begin() is what a farm's task has: sessions on two warm engines. None outlives its test."""
    made: List[DeviceSessions] = []
    command = [sys.executable, ENGINE, "even", "--marker", str(place / "lives")]

    def make() -> DeviceSessions:
        made.append(DeviceSessions(["cpu", "cpu"], warm=True, warm_command=command, command=command, start_seconds=10.0))
        return made[-1]

    yield make
    for sessions in made:
        sessions.close()
    stop_warm_engines(budget=1.0)
    left = [path.name for path in runtime_folder().glob("*") if path.suffix not in (".lock", ".log")]
    assert left == []


def job(folder: Path, frames: str) -> MatteJob:
    return MatteJob(Source("files", "/plates/a.####.exr"), Sink(str(folder / "m.####.exr")), frames, params=PARAMS)


def lives(place: Path) -> Set[int]:
    """Processes of all engines that have ever been."""
    return {int(line) for line in (place / "lives").read_text().splitlines()}


def environment_of_process(pid: int) -> Set[str]:
    return set(Path(f"/proc/{pid}/environ").read_text().split("\0"))


def test_one_session_after_the_other_uses_the_same_two_engines(
    begin: Callable[[], DeviceSessions], output: Path, place: Path
) -> None:
    for frames in ("1-24", "25-48"):
        with begin() as sessions:
            assert len(sessions.render(job(output, frames)).written) == 24
    pids = lives(place)
    assert len(pids) == 2 and all(process_alive(pid) for pid in pids)
    assert find_warm_engine() is None  # theirs are beside the only one's
    assert stop_warm_engines(budget=5.0) == 2
    assert not any(process_alive(pid) for pid in pids) and stop_warm_engines() == 0


def test_one_that_dies_is_replaced_within_the_render_and_warm_again_for_the_next(
    begin: Callable[[], DeviceSessions], output: Path, place: Path
) -> None:
    with begin() as sessions:
        first, second = (engine.info.pid for engine in sessions.engines())

        def on_event(message: Message) -> None:
            if isinstance(message, FrameWritten) and message.job == 2 and process_alive(second):
                os.kill(second, signal.SIGKILL)

        result = sessions.render(job(output, "1-48"), on_event=on_event)
        assert len(result.written) == 48 and result.restarts == 1
        assert len(lives(place)) == 3
    with begin() as sessions:
        kept, new = (engine.info.pid for engine in sessions.engines())
    assert kept == first and new not in (first, second) and len(lives(place)) == 4
    assert {pid for pid in lives(place) if process_alive(pid)} == {first, new}


def test_names_belong_to_the_numbers_and_the_only_engine_to_itself(
    problem: Callable[..., List[str]], begin: Callable[[], DeviceSessions], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GVM_ENGINE_FILE", str(place / "here.json"))
    assert connection_file_path("2") == place / "here-2.json" and connection_file_path() == place / "here.json"
    (place / "here-old.json").touch()
    command = problem("normal")
    with start_warm_engine(command=command) as only, start_warm_engine(name="2", command=command) as two:
        assert only.info.pid != two.info.pid
    assert stop_warm_engine(name="2", budget=5.0) and not stop_warm_engine(name="2")
    found = find_warm_engine()
    assert found is not None and found.info.pid == only.info.pid
    found.close()
    assert stop_warm_engines(budget=5.0) == 1
    assert sorted(path.name for path in place.glob("here*.json")) == ["here-old.json"]  # nobody's number


def test_each_has_its_devices_environment_and_the_jobs_idle_time(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVM_ENGINE_IDLE", "77")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,GPU-7a")
    engines = start_warm_engines(["cuda:0", "cuda:1"])
    try:
        shown = ["CUDA_VISIBLE_DEVICES=5", "CUDA_VISIBLE_DEVICES=GPU-7a"]
        for engine, words in zip(engines, shown):
            assert words in environment_of_process(engine.info.pid)
            assert engine.status(timeout=5.0).idle_timeout == 77
            engine.close()
        with pytest.raises(DeviceError, match="shows 2"):
            start_warm_engines(["cuda:0", "cuda:2"])
    finally:
        assert stop_warm_engines() == 2


def test_engines_that_are_up_stay_where_the_next_does_not_come_up(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flag, python = place / "flag", place / "second_fails.sh"
    python.write_text(f'#!/bin/sh\nif [ -e {flag} ]; then exit 7; fi\ntouch {flag}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("GVM_ENGINE_PYTHON", str(python))
    with pytest.raises(EngineStartError, match="exit code 7"):
        start_warm_engines(["cpu", "cpu"])
    assert stop_warm_engines() == 1  # whoever knows of the session ends it


def test_a_list_has_warm_engines_where_the_farm_session_keeps_them_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GVM_ENGINE_DEVICES", raising=False)
    assert session_devices() == ("auto",)
    monkeypatch.setenv("GVM_ENGINE_DEVICES", "cpu, cpu")
    assert session_devices() == ("cpu", "cpu")
    kept, other, one = (session_for(device, engine=EngineChoice.WARM) for device in ("cpu,cpu", "cpu,cpu,cpu", "cpu"))
    assert isinstance(kept, DeviceSessions) and isinstance(other, DeviceSessions) and isinstance(one, MatteSession)
    assert (kept.warm, other.warm) == (True, False)
    monkeypatch.setenv("GVM_ENGINE_DEVICES", "cpu,gpu")
    with pytest.raises(ParamError, match="cuda:0,cuda:1"):
        session_devices()
