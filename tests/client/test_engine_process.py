"""Starting and ending an owned engine: every way in which it can fail to come up, and every way in which it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Callable, List

import pytest
from gvm_matte.client import EngineProcess, engine_command, engine_environment
from gvm_matte.core.errors import (
    AuthenticationError,
    EngineStartError,
    EngineTimeoutError,
    GvmMatteError,
    VersionMismatchError,
)
from gvm_matte.core.processes import process_alive
from gvm_matte.protocol.messages import PROTOCOL_VERSION

Problem = Callable[..., List[str]]


def gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not process_alive(pid)


def test_an_engine_starts_answers_and_ends(problem: Problem) -> None:
    process = EngineProcess(command=problem("normal"))
    with process.start(timeout=10) as engine:
        assert process.alive and process.exit_code is None
        assert engine.info.pid == process.pid
        assert engine.ping(5) < 1
        assert engine.status(5).state == "idle"
    process.stop()
    assert not process.alive and process.exit_code == 0
    assert "problem engine normal" in process.log_tail
    process.stop()  # once more is no error


def test_an_engine_is_a_session_of_its_own(problem: Problem) -> None:
    with EngineProcess(command=problem("normal")) as process, process.start(timeout=10):
        assert process.pid is not None
        assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_an_engine_that_dies_at_its_start_tells_exit_code_and_last_words(problem: Problem) -> None:
    process = EngineProcess(command=problem("die-at-start"))
    with pytest.raises(EngineStartError) as caught:
        process.start(timeout=10)
    assert caught.value.exit_code == 7
    assert "no weights, no luck" in caught.value.log_tail
    assert "exit code 7" in str(caught.value) and "no weights, no luck" in str(caught.value)


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("never-listens", EngineTimeoutError),
        ("silent", EngineTimeoutError),
        ("other-version", VersionMismatchError),
        ("wrong-key", AuthenticationError),
    ],
)
def test_an_engine_that_does_not_come_up_is_a_clear_error_in_bounded_time(
    problem: Problem, mode: str, error: type[GvmMatteError]
) -> None:
    process = EngineProcess(command=problem(mode))
    started = time.monotonic()
    with pytest.raises(error) as caught:
        process.start(timeout=1.0)
    assert time.monotonic() - started < 4
    assert not process.alive and process.exit_code is not None
    if isinstance(caught.value, VersionMismatchError):
        assert "protocol 99" in str(caught.value) and f"protocol {PROTOCOL_VERSION}" in str(caught.value)
        assert "0.1.0-problem" in str(caught.value)


def test_a_python_that_is_not_there_is_a_start_error(place: Path) -> None:
    with pytest.raises(EngineStartError, match="GVM_ENGINE_PYTHON"):
        EngineProcess(python=str(place / "no-python")).start(timeout=5)


def test_a_process_starts_once(problem: Problem) -> None:
    with EngineProcess(command=problem("normal")) as process:
        process.start(timeout=10).close()
        with pytest.raises(EngineStartError, match="make a new one"):
            process.start(timeout=10)


def test_a_stubborn_engine_is_killed_within_the_budget(problem: Problem) -> None:
    process = EngineProcess(command=problem("stubborn"))
    process.start(timeout=10).close()
    started = time.monotonic()
    process.stop(budget=1.0)
    assert time.monotonic() - started < 2.5
    assert process.exit_code == -signal.SIGKILL


def test_a_stopped_engine_is_killed_too(problem: Problem) -> None:
    process = EngineProcess(command=problem("normal"))
    process.start(timeout=10).close()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    process.stop(budget=1.0)
    assert process.exit_code == -signal.SIGKILL


def test_an_engine_that_was_killed_leaves_no_socket(problem: Problem, place: Path) -> None:
    process = EngineProcess(command=problem("normal"))
    process.start(timeout=10).close()
    assert len(list(place.glob("gvm-matte-*-*/s"))) == 1
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.stop()
    assert process.exit_code == -signal.SIGKILL
    assert list(place.iterdir()) == []


def test_the_engine_ends_when_its_owner_is_killed(problem: Problem, place: Path) -> None:
    script = (
        "import sys, time; from gvm_matte.client import EngineProcess\n"
        f"process = EngineProcess(command={problem('normal')!r}); engine = process.start(timeout=10)\n"
        "print(process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert process_alive(pid)
        owner.kill()
        owner.wait()
        assert gone(pid, 2.0)
    assert list(place.iterdir()) == []


def test_log_lines_go_on_to_the_caller_even_if_the_caller_fails(problem: Problem) -> None:
    lines: List[str] = []

    def log(line: str) -> None:
        lines.append(line)
        raise RuntimeError("the caller's own")

    with EngineProcess(command=problem("die-at-start"), log=log) as process, pytest.raises(EngineStartError):
        process.start(timeout=10)
    assert len(lines) == 2 and "last word" in lines[1]


def test_the_engines_environment_is_scrubbed() -> None:
    python = ["PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP"]
    libraries = ["LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "QT_PLUGIN_PATH"]
    stays = {"PATH": "/bin", "HOME": "/h", "CUDA_VISIBLE_DEVICES": "1", "OCIO": "/c"}
    base = {**stays, **dict.fromkeys([*python, *libraries, "NUKE_PATH"], "x")}
    found = engine_environment(base)
    assert {k for k in found if k in base} == set(stays)
    assert found["PYTHONUNBUFFERED"] == "1" and found["PYTHONIOENCODING"] == "utf-8" and found["MALLOC_ARENA_MAX"] == "1"


def test_the_engines_python_is_the_argument_or_the_variable_or_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GVM_ENGINE_PYTHON", raising=False)
    assert engine_command() == [sys.executable, "-m", "gvm_matte.engine"]
    monkeypatch.setenv("GVM_ENGINE_PYTHON", "/engine/python")
    assert engine_command()[0] == "/engine/python"
    assert engine_command("/mine")[0] == "/mine"


def test_fifty_engines_leak_no_descriptor_and_no_thread(problem: Problem) -> None:
    with EngineProcess(command=problem("normal")) as process:
        process.start(timeout=10).close()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(50):
            process.connect(timeout=5).close()
        assert len(os.listdir("/proc/self/fd")) == before
    deadline = time.monotonic() + 2
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("gvm-matte")] == []
