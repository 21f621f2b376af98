"""A conversation with an engine: requests, rings, the rule for hung engines, and engines that talk rubbish."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
from gvm_matte.client import EngineConnection, EngineProcess
from gvm_matte.core.errors import (
    ConnectionLostError,
    EngineTimeoutError,
    GvmMatteError,
    MessageTooLargeError,
    PlateMissingError,
    ProtocolError,
)
from gvm_matte.protocol.frame_buffer import FrameRing
from gvm_matte.protocol.messages import Done, Render
from gvm_matte.protocol.parts import Sink, Source

Problem = Callable[..., List[str]]
Start = Callable[[str], EngineConnection]


@pytest.fixture
def start(problem: Problem) -> Iterator[Start]:
    """start("mode") is a connection to an engine of that mode, which ends with the test."""
    processes: List[EngineProcess] = []

    def begin(mode: str) -> EngineConnection:
        processes.append(EngineProcess(command=problem(mode)))
        return processes[-1].start(timeout=10)

    yield begin
    for process in processes:
        process.stop(1.0)


def render(engine: EngineConnection, frames: str = "1-3") -> List[object]:
    """All messages of a job that writes no file."""
    source = Source("files", path="/plates/a.####.exr")
    job = engine.render(lambda number: Render(number, source, Sink(), frames))
    found: List[object] = []
    while not found or not isinstance(found[-1], Done):
        message = job.next(0.1)
        if message is not None:
            found.append(message)
    return found


def test_requests_answer_each_other_out_of_order_threads(start: Start) -> None:
    with start("normal") as engine:
        assert engine.ping(5) < 1
        assert engine.status(5).pid == engine.info.pid
        assert [type(message).__name__ for message in render(engine)] == ["Accepted", *["Progress"] * 3, "Done"]
        assert engine.error is None


def test_the_engine_maps_rings_and_the_host_drops_their_descriptors(start: Start) -> None:
    plates, alphas = (FrameRing.create(slots=2, slot_bytes=100) for _ in range(2))
    with start("normal") as engine, plates, alphas:
        engine.attach(plates=plates, alphas=alphas)
        assert plates.handle is None and alphas.handle is None


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("rubbish", ProtocolError),
        ("oversized", MessageTooLargeError),
        ("host-message", ProtocolError),
        ("unknown-id", ProtocolError),
        ("dies-always", ConnectionLostError),
    ],
)
def test_an_ill_engine_ends_the_conversation_at_once(start: Start, mode: str, error: type[GvmMatteError]) -> None:
    with start(mode) as engine:
        started = time.monotonic()
        with pytest.raises(error):
            render(engine)
        assert time.monotonic() - started < 2
        with pytest.raises(error):
            engine.ping(5)  # for everybody who asks later, too


@pytest.mark.parametrize("mode", ["hangs-in-job", "half-message"])
def test_an_engine_that_hangs_is_told_from_one_that_is_slow(start: Start, mode: str) -> None:
    with start(mode) as engine:
        engine.quiet_seconds, engine.answer_seconds = 0.2, 0.2
        started = time.monotonic()
        with pytest.raises(EngineTimeoutError, match="hangs"):
            render(engine)
        assert time.monotonic() - started < 2


def test_a_slow_engine_that_answers_pings_is_left_alone(start: Start) -> None:
    with start("slow") as engine:
        engine.quiet_seconds, engine.answer_seconds = 0.03, 0.1
        assert isinstance(render(engine)[-1], Done)


def test_a_job_that_fails_is_the_error_of_its_code(start: Start) -> None:
    with start("job-fails") as engine:
        source = Source("files", path="/plates/a.####.exr")
        job = engine.render(lambda number: Render(number, source, Sink(path="/x/####.exr")))
        message = None
        while message is None:
            message = job.next(0.1)
        assert getattr(message, "code", "") == PlateMissingError.code


def test_a_ping_that_is_not_answered_times_out_and_its_late_answer_is_no_error(start: Start, place: Path) -> None:
    with start("normal") as engine:
        os.kill(engine.info.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, engine.info.pid, os.WSTOPPED)
        with pytest.raises(EngineTimeoutError, match=r"0\.2 s"):
            engine.ping(0.2)
        os.kill(engine.info.pid, signal.SIGCONT)
        assert engine.ping(5) < 5
        assert engine.error is None


def test_a_closed_connection_refuses(start: Start) -> None:
    engine = start("normal")
    engine.close()
    with pytest.raises(ConnectionLostError):
        engine.ping(1)
    engine.close()
