"""Renders over engines that die, hang, lie and dawdle: what is delivered, what is raised, and that nothing is left."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Dict, List

import pytest
from gvm_matte.client import Buffers, MatteJob
from gvm_matte.core.errors import (
    CancelledError,
    EngineDiedError,
    EngineStartError,
    EngineTimeoutError,
    FrameBufferError,
    GvmMatteError,
    ProtocolError,
)
from gvm_matte.protocol.messages import Accepted, FrameWritten, Message, Notice, Progress
from gvm_matte.protocol.parts import Sink
from session_kit import BUFFERS, FILES, Begin, Plate, Taker, names, to_files

# -- engines that die or hang


def test_an_engine_that_dies_is_replaced_and_the_missing_frames_follow(begin: Begin, output: Path, place: Path) -> None:
    events: List[Message] = []
    result = begin("dies-once", "--marker", place / "lives").render(to_files(output), on_event=events.append)
    assert result.written == (1, 2, 3, 4, 5, 6) and result.restarts == 1
    assert "SIGKILL" in result.notices[0].text
    assert sum(isinstance(event, Accepted) for event in events) == 1
    assert [event.frame for event in events if isinstance(event, FrameWritten)] == [1, 2, 3, 4, 5, 6]
    progress = [(event.done, event.total) for event in events if isinstance(event, Progress)]
    assert progress[-1] == (6, 6) and {total for _, total in progress} == {6}


def test_plates_are_pushed_again_to_the_next_engine(begin: Begin, place: Path, plate: Plate) -> None:
    taker = Taker()
    job = MatteJob(BUFFERS, Sink(buffers=True), "1-9")
    result = begin("dies-once", "--marker", place / "lives").render(job, plates=plate, take_alpha=taker)
    assert taker.values == {frame: float(frame) for frame in range(1, 10)} and result.restarts == 1


def test_files_and_alphas_are_both_complete_after_a_restart(begin: Begin, output: Path, place: Path) -> None:
    taken: Dict[int, int] = {}
    job = MatteJob(FILES, Sink(path=str(output / "m.####.exr"), buffers=True), "1-6")
    result = begin("dies-once", "--marker", place / "lives").render(
        job, take_alpha=lambda frame, info, pixels: taken.update({frame: frame}), buffers=Buffers(alpha_bytes=64)
    )
    assert result.written == result.taken == tuple(taken) == (1, 2, 3, 4, 5, 6)


def test_an_engine_that_hangs_is_ended_and_replaced(begin: Begin, output: Path, place: Path) -> None:
    result = begin("hangs-once", "--marker", place / "lives").render(to_files(output))
    assert result.written == (1, 2, 3, 4, 5, 6) and result.restarts == 1
    assert "hangs" in result.notices[0].text


def test_engines_that_die_before_any_frame_are_given_up(begin: Begin, output: Path, place: Path) -> None:
    with pytest.raises(EngineDiedError) as caught:
        begin("dies-always", "--marker", place / "lives", restarts=3).render(to_files(output))
    assert len((place / "lives").read_text().splitlines()) == 4
    assert caught.value.exit_code == -signal.SIGKILL
    assert "problem engine dies-always" in caught.value.log_tail
    assert "3 times" in str(caught.value) and "0 of 6 frames" in str(caught.value)


def test_an_engine_that_brings_frames_each_time_is_started_more_often(begin: Begin, output: Path, place: Path) -> None:
    session = begin("dies-after-two", "--marker", place / "lives", restarts=1)
    result = session.render(to_files(output, "1-9"))
    assert result.written == tuple(range(1, 10))
    assert result.restarts == 4


def test_engines_that_keep_hanging_are_given_up(begin: Begin, output: Path) -> None:
    started = time.monotonic()
    with pytest.raises(EngineTimeoutError, match="started again 1 times"):
        begin("hangs-in-job", restarts=1).render(to_files(output))
    assert time.monotonic() - started < 10


def test_a_slow_engine_is_not_killed(begin: Begin, output: Path) -> None:
    session = begin("slow", quiet_seconds=0.03, answer_seconds=0.1)
    assert session.render(to_files(output, "1-4")).restarts == 0


def test_a_slot_that_was_out_when_its_engine_died_is_no_leak(begin: Begin, place: Path, plate: Plate) -> None:
    session = begin("dies-after-two", "--marker", place / "lives")
    before = len(os.listdir("/proc/self/fd"))
    job = MatteJob(BUFFERS, Sink(buffers=True), "1-8")
    session.render(job, plates=plate, take_alpha=Taker(), buffers=Buffers(slots=2))
    session.close()
    deadline = time.monotonic() + 2
    while len(os.listdir("/proc/self/fd")) > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_an_engine_that_died_between_two_jobs_is_replaced_in_silence(begin: Begin, output: Path) -> None:
    session = begin("normal")
    session.render(to_files(output, "1-2"))
    engine = session.engine()
    os.kill(engine.info.pid, signal.SIGKILL)
    while engine.error is None:
        time.sleep(0.005)
    assert session.render(to_files(output, "3-4")).restarts == 0


def test_a_session_whose_engine_does_not_start_says_so(begin: Begin, output: Path) -> None:
    with pytest.raises(EngineStartError, match="exit code 7"):
        begin("die-at-start").render(to_files(output))


# -- engines that are ill


@pytest.mark.parametrize(
    ("mode", "error", "words"),
    [
        ("slot-beyond-ring", FrameBufferError, "no slot 1000"),
        ("free-beyond-ring", FrameBufferError, "Slot 1000"),
        ("sequence-wrong", FrameBufferError, "was announced"),
        ("wrong-frame", FrameBufferError, "was announced"),
        ("rubbish", ProtocolError, "JSON"),
        ("oversized", ProtocolError, "bytes"),
        ("host-message", ProtocolError, "Ping"),
        ("unknown-id", ProtocolError, "4711"),
        ("done-too-early", ProtocolError, "missing"),
        ("unasked-frame", ProtocolError, "1003"),
    ],
)
def test_an_ill_engine_fails_the_job_at_once_and_is_ended(
    begin: Begin, plate: Plate, mode: str, error: type[GvmMatteError], words: str
) -> None:
    session = begin(mode)
    pid = session.engine().info.pid
    started = time.monotonic()
    with pytest.raises(error, match=words):
        session.render(MatteJob(BUFFERS, Sink(buffers=True), "1-3"), plates=plate, take_alpha=Taker())
    assert time.monotonic() - started < 4
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


# -- cancel


@pytest.mark.parametrize("mode", ["slow", "deaf-to-cancel", "hangs-in-job"])
def test_cancel_ends_the_job_soon_and_leaves_nothing(begin: Begin, output: Path, mode: str) -> None:
    session = begin(mode, quiet_seconds=30.0)
    pid = session.engine().info.pid
    cancel = threading.Event()

    def on_event(event: Message) -> None:
        threading.Timer(0.2, cancel.set).start()

    (output / ".gvm-part.elsewhere.1.m.0001.exr").touch()  # another host's: not ours to remove
    started = time.monotonic()
    with pytest.raises(CancelledError):
        session.render(to_files(output, "1-50"), on_event=on_event, cancel=cancel)
    assert time.monotonic() - started < 5
    (output / ".gvm-part.elsewhere.1.m.0001.exr").unlink()
    if mode == "slow":  # it answered, so it lives, and the frames that were finished are there
        assert session.engine().info.pid == pid and 1 <= len(names(output)) < 50
    else:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_cancel_while_the_host_waits_for_a_slot(begin: Begin, plate: Plate) -> None:
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(CancelledError):
        begin("deaf-to-cancel").render(
            MatteJob(BUFFERS, Sink(buffers=True), "1-50"), plates=plate, take_alpha=Taker(), cancel=cancel
        )
    assert [thread.name for thread in threading.enumerate() if thread.name == "gvm-matte-plates"] == []


def test_part_files_of_an_engine_that_was_killed_are_swept(begin: Begin, output: Path) -> None:
    with pytest.raises(EngineTimeoutError):
        begin("hangs-in-write", restarts=0).render(to_files(output))


def test_a_notice_is_part_of_the_result(begin: Begin, output: Path, place: Path) -> None:
    result = begin("dies-once", "--marker", place / "lives").render(to_files(output))
    assert [type(notice) for notice in result.notices] == [Notice]
