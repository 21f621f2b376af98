"""Warm engines: found again, shared, started once, ended, and replaced; and what a dead one leaves."""

from __future__ import annotations

import json
import os
import signal
import stat
import threading
import time
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
from gvm_matte.client import (
    EngineConnection,
    MatteJob,
    MatteSession,
    connection_file_path,
    find_warm_engine,
    runtime_folder,
    start_warm_engine,
    stop_warm_engine,
)
from gvm_matte.core.errors import EngineStartError, ProtocolError, VersionMismatchError
from gvm_matte.core.processes import process_alive
from gvm_matte.protocol.messages import PROTOCOL_VERSION
from gvm_matte.protocol.parts import Sink, Source

Problem = Callable[..., List[str]]


@pytest.fixture(autouse=True)
def ended(place: Path) -> Iterator[None]:
    """No warm engine outlives its test, and nothing of it is left but its lock and its log."""
    yield
    stop_warm_engine(budget=1.0)
    left = sorted(path.name for path in runtime_folder().glob("*"))
    assert [name for name in left if not name.endswith((".lock", ".log"))] == []


def test_a_warm_engine_is_found_again(problem: Problem) -> None:
    assert find_warm_engine() is None
    with start_warm_engine(idle_timeout=60, command=problem("normal")) as first:
        pid = first.info.pid
    with start_warm_engine(command=problem("normal")) as again:
        assert again.info.pid == pid
    found = find_warm_engine()
    assert found is not None and found.info.pid == pid
    found.close()
    assert stop_warm_engine(budget=5.0)
    assert not process_alive(pid)
    assert find_warm_engine() is None and not stop_warm_engine()


def test_its_file_and_folder_are_this_users_alone(problem: Problem) -> None:
    start_warm_engine(command=problem("normal")).close()
    path = connection_file_path()
    assert path.name == f"engine-{PROTOCOL_VERSION}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    content = json.loads(path.read_text())
    assert sorted(content) == ["address", "key", "package", "pid", "protocol"]
    assert stat.S_IMODE(Path(content["address"]).stat().st_mode) == 0o600


def test_a_file_that_others_can_read_is_not_trusted(problem: Problem) -> None:
    start_warm_engine(command=problem("normal")).close()
    connection_file_path().chmod(0o644)
    with pytest.raises(ProtocolError, match="another user"):
        find_warm_engine()
    connection_file_path().chmod(0o600)


def test_a_folder_that_others_can_write_is_not_trusted(problem: Problem) -> None:
    runtime_folder().mkdir()
    runtime_folder().chmod(0o777)
    with pytest.raises(ProtocolError, match="Others can write"):
        start_warm_engine(command=problem("normal"))


def test_it_ends_after_its_idle_time(problem: Problem) -> None:
    with start_warm_engine(idle_timeout=0.3, command=problem("normal")) as engine:
        pid = engine.info.pid
        time.sleep(0.5)
        assert engine.ping(5) < 5  # a client keeps it
    deadline = time.monotonic() + 5
    while process_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not process_alive(pid) and not connection_file_path().exists()


def test_what_a_killed_engine_left_is_removed(problem: Problem, place: Path) -> None:
    with start_warm_engine(command=problem("normal")) as engine:
        os.kill(engine.info.pid, signal.SIGKILL)
        while engine.error is None:
            time.sleep(0.005)
    assert connection_file_path().exists() and any(place.glob("gvm-matte-*-*"))
    assert find_warm_engine() is None
    assert not connection_file_path().exists() and not any(place.glob("gvm-matte-*-*"))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"address": "/x"}', '{"address": "/x", "key": "no hex", "pid": 1}'])
def test_a_file_that_makes_no_sense_is_removed(content: str, place: Path) -> None:
    path = connection_file_path()
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_text(content)
    assert find_warm_engine() is None
    assert not path.exists()


def test_two_clients_that_start_at_once_get_the_same_engine(problem: Problem, place: Path) -> None:
    engines: List[EngineConnection] = []
    command = problem("normal", "--marker", place / "lives")
    threads = [threading.Thread(target=lambda: engines.append(start_warm_engine(command=command))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({engine.info.pid for engine in engines}) == 1
    assert len((place / "lives").read_text().splitlines()) == 1
    for engine in engines:
        engine.close()


def test_one_that_dies_at_its_start_tells_its_last_words(problem: Problem) -> None:
    with pytest.raises(EngineStartError) as caught:
        start_warm_engine(command=problem("die-at-start"), timeout=10)
    assert caught.value.exit_code == 7 and "no luck" in caught.value.log_tail


def test_one_of_another_version_is_ended_again(problem: Problem) -> None:
    with pytest.raises(VersionMismatchError, match="protocol 99"):
        start_warm_engine(command=problem("other-version"), timeout=10)
    assert not connection_file_path().exists()


def test_a_stubborn_one_is_killed(problem: Problem) -> None:
    with start_warm_engine(command=problem("stubborn")) as engine:
        pid = engine.info.pid
    assert stop_warm_engine(budget=1.0)
    assert not process_alive(pid)


def test_the_file_can_be_named(problem: Problem, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVM_ENGINE_FILE", str(place / "here.json"))
    start_warm_engine(command=problem("normal")).close()
    assert (place / "here.json").exists()
    assert stop_warm_engine(budget=5.0)
    assert not (place / "here.json").exists()


def test_the_runtime_folder_of_the_session_is_preferred(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtime_folder() == place / f"gvm-matte-{os.getuid()}"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
    assert runtime_folder() == place / "gvm-matte"


def test_a_warm_session_replaces_a_warm_engine_that_dies_by_one_of_its_own(problem: Problem, place: Path) -> None:
    job = MatteJob(Source("files", path="/plates/a.####.exr"), Sink(path=str(place / "m.####.exr")), "1-6")
    warm = problem("dies-after-two")
    with MatteSession(warm=True, warm_command=warm, command=problem("normal"), restarts=1) as session:
        result = session.render(job)
        assert result.written == (1, 2, 3, 4, 5, 6) and result.restarts == 1
        assert not connection_file_path().exists() or find_warm_engine() is None
    assert len(list(place.glob("m.*.exr"))) == 6


def test_a_warm_session_leaves_the_engine_warm(problem: Problem, place: Path) -> None:
    job = MatteJob(Source("files", path="/plates/a.####.exr"), Sink(path=str(place / "m.####.exr")), "1-3")
    with MatteSession(warm=True, warm_command=problem("normal")) as session:
        session.render(job)
        pid = session.engine().info.pid
    assert process_alive(pid)


def test_a_warm_engine_that_hangs_is_ended(problem: Problem, place: Path) -> None:
    job = MatteJob(Source("files", path="/plates/a.####.exr"), Sink(path=str(place / "m.####.exr")), "1-3")
    warm = problem("hangs-in-job")
    with MatteSession(
        warm=True, warm_command=warm, command=problem("normal"), quiet_seconds=0.2, answer_seconds=0.2
    ) as session:
        pid = session.engine().info.pid
        assert session.render(job).written == (1, 2, 3)
        assert not process_alive(pid)
