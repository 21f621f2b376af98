"""What is known of an engine's jobs, by what they say to their hosts."""

from __future__ import annotations

from typing import Any, List

import pytest
from gvm_matte.engine.jobs.job import Job, Rings
from gvm_matte.engine.jobs.log import KEPT_LINES, LONGEST_LINE, LogRing
from gvm_matte.engine.watch.register import KEPT_ENDED, JobRecord, Register
from gvm_matte.protocol.codec import encode
from gvm_matte.protocol.messages import (
    Accepted,
    AlphaReady,
    Done,
    Failed,
    FrameKept,
    FrameWritten,
    Message,
    Render,
)
from gvm_matte.protocol.parts import Sink, Source
from gvm_matte.protocol.watching import CANCELLED, DONE, FAILED, RUNNING, WAITING


class Kit:
    """A register, what it says has changed, and jobs with what their hosts are told."""

    def __init__(self) -> None:
        self.changed: List[int] = []
        self.told: List[Message] = []
        self.register = Register(self.changed.append)

    def job(self, **more: Any) -> tuple[Job, JobRecord]:
        request = Render(5, Source("files", "/p.####.exr"), Sink("/m.####.exr"), "1-9", **more)
        record = self.register.add(request, 4711)
        job = Job(request=request, rings=Rings(), send=self.told.append, forget=lambda number: None, record=record)
        record.job = job
        return job, record


@pytest.fixture
def kit() -> Kit:
    return Kit()


def test_a_job_is_known_by_what_it_says(kit: Kit) -> None:
    job, record = kit.job(params={"gamma": 1.2})
    state = record.tell(3)
    assert (state.number, state.client, state.state, state.position) == (1, 4711, WAITING, 3)
    assert (state.frames, state.shot, state.total, state.params) == ("1-9", (), 0, {"gamma": 1.2})
    record.begin()
    job.total, job.delivered = 9, 1
    job.send(Accepted(5, (1, 20), "1-9", "4", "1-9"))
    job.send(FrameKept(5, 4, "/m.0004.exr"))
    record.computes(lambda: {"decoding": 0.5})
    for message in (FrameWritten(5, 1, "/m.0001.exr"), AlphaReady(5, 0, 1, 1), FrameWritten(5, 2, "/m.0002.exr")):
        job.send(message)
    job.delivered = 3
    job.progress("decoding")
    state = record.tell(0)
    assert (state.state, state.position, state.shot, state.stage) == (RUNNING, 0, (1, 20), "decoding")
    assert (state.kept, state.finished, state.done, state.total) == ("4", "1-2", 3, 9)
    assert state.seconds > 0 and state.rate > 0
    job.end(Done(5, 8, 9, {"decoding": 0.75}))
    last = record.tell(0)
    assert last.state == DONE and record.job is None and record.stages() == {"decoding": 0.5}
    assert record.tell(0) == last  # it stands still
    assert set(kit.changed) == {1}


@pytest.mark.parametrize(
    ("last", "state"),
    [(Failed(5, "plate.missing", "No plate."), FAILED), (Failed(5, "cancelled", "It was cancelled."), CANCELLED)],
)
def test_how_a_job_ended_is_known(kit: Kit, last: Message, state: str) -> None:
    job, record = kit.job()
    record.missing = [7, 8]
    job.end(last)
    told = record.tell(0)
    assert isinstance(last, Failed)
    assert (told.state, told.code, told.message, told.missing_plates) == (state, last.code, last.message, "7-8")
    assert told.seconds == 0.0  # it never began


def test_the_last_jobs_that_ended_are_remembered(kit: Kit) -> None:
    waits, _ = kit.job()
    for _ in range(KEPT_ENDED + 10):
        kit.job()[0].end(Done(5, 0, 0, {}))
    kit.job()
    numbers = kit.register.numbers()
    assert numbers == [1, *range(12, KEPT_ENDED + 13)]
    assert kit.register.find(5) is None and waits.record is kit.register.find(1)


def test_the_job_that_ran_last_is_known(kit: Kit) -> None:
    _, first = kit.job()
    kit.job()
    assert kit.register.latest is None
    first.begin()
    assert kit.register.latest is first


def test_a_state_fits_into_a_message_whatever_was_asked_for(kit: Kit) -> None:
    _, record = kit.job(params={"roi": {str(frame): "0,0,1920,1080" for frame in range(40_000)}})
    state = record.tell(1)
    assert encode(state) and (state.params, state.plates) == ({}, "/p.####.exr")


def test_the_log_keeps_its_last_lines() -> None:
    ring = LogRing()
    ring.add("one\ntwo")
    assert ring.since(0) == (2, ["one", "two"]) and ring.since(1) == (2, ["two"]) and ring.since(2) == (2, [])
    for number in range(KEPT_LINES):
        ring.add(f"{number}" + "x" * 2 * LONGEST_LINE)
    last, lines = ring.since(1)
    assert last == KEPT_LINES + 2 and len(lines) == KEPT_LINES
    assert lines[0].startswith("0x") and max(map(len, lines)) == LONGEST_LINE
