"""A monitor's side of the watch: it finds engines, survives them, and believes nothing that they say unchecked."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional

import pytest
from gvm_matte.client import (
    Connected,
    EngineConnection,
    EngineProcess,
    EngineWatch,
    Event,
    Lost,
    PictureView,
    find_warm_engine,
    runtime_folder,
    start_warm_engine,
    stop_warm_engine,
)
from gvm_matte.core.errors import ProtocolError
from gvm_matte.core.image import Box
from gvm_matte.protocol.watching import JobState
from support import until
from watch_kit import SHOWN, Heard

Problem = Callable[..., List[str]]


@pytest.fixture
def watch(place: Path) -> Iterator[Callable[..., Heard]]:
    """watch() follows the warm engine; in the end no watch has a thread, and no engine is left."""
    made: List[Heard] = []

    def begin(**more: Any) -> Heard:
        made.append(Heard(**more))
        return made[-1]

    yield begin
    for heard in made:
        heard.watch.close()
    stop_warm_engine(budget=1.0)
    for thread in threading.enumerate():
        if thread.name == "gvm-matte-watch":  # one that was connecting to an engine that hung until now
            thread.join(5)
            assert not thread.is_alive()


def start(problem: Problem, mode: str) -> int:
    """The process id of a warm engine of this mode."""
    with start_warm_engine(idle_timeout=60, command=problem(mode)) as engine:
        return engine.info.pid


def test_an_engine_that_comes_later_is_found(watch: Callable[..., Heard], problem: Problem) -> None:
    heard = watch()
    assert "No engine" in heard.next(Lost).message
    pid = start(problem, "normal")
    found = heard.next(Connected)
    assert (found.pid, found.device) == (pid, "cpu")
    assert heard.next(JobState).number == 1


def test_a_killed_engine_is_lost_and_the_next_one_found(watch: Callable[..., Heard], problem: Problem) -> None:
    pid = start(problem, "normal")
    heard = watch()
    assert heard.next(Connected).pid == pid
    os.kill(pid, signal.SIGKILL)
    assert "lost" in heard.next(Lost).message
    again = start(problem, "normal")
    assert again != pid and heard.next(Connected).pid == again


def test_that_there_is_no_engine_is_told_once(place: Path) -> None:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    looked = threading.Semaphore(0)

    def find() -> Optional[EngineConnection]:
        looked.release()
        return None

    watch = EngineWatch(on_event=events.put, find=find)
    assert all(looked.acquire(timeout=30) for _ in range(3))
    watch.close()
    assert events.qsize() == 1


def test_requests_without_an_engine_are_answered(watch: Callable[..., Heard]) -> None:
    heard = watch()
    heard.next(Lost)
    assert "No engine" in heard.answer(heard.watch.cancel(1))
    assert "No engine" in heard.answer(heard.watch.show(**SHOWN))


def test_requests_are_answered_each(watch: Callable[..., Heard], problem: Problem) -> None:
    start(problem, "normal")
    heard = watch()
    heard.next(Connected)
    asked = [heard.watch.cancel(1), heard.watch.move(1, 2), heard.watch.release()]
    assert [heard.answer(request) for request in asked] == ["", "", ""]
    assert len(set(asked)) == 3


def test_a_picture_lies_in_the_shared_memory_until_it_is_released(watch: Callable[..., Heard], problem: Problem) -> None:
    start(problem, "normal")
    heard = watch(slots=1)
    heard.next(Connected)
    request = heard.watch.show(**SHOWN)
    view = heard.next(PictureView)
    assert heard.answer(request) == ""
    assert (view.request, view.job, view.frame, view.raw, view.mean) == (request, 0, 5, False, 0.5)
    assert (view.width, view.height, view.box) == (4, 2, Box(-1, 0, 3, 2))
    assert (view.plate_stride, view.alpha_stride) == (16, 8)
    assert bytes(view.plate) == b"\7" * 32 and bytes(view.alpha) == b"\7" * 16 and view.plate.readonly
    view.release()
    view.release()
    with pytest.raises(ValueError, match="released"):
        bytes(view.plate)
    heard.watch.show(**SHOWN)  # the only slot is free again
    heard.next(PictureView).release()


def test_a_picture_that_outlives_its_watch_stays_readable(watch: Callable[..., Heard], problem: Problem) -> None:
    start(problem, "normal")
    heard = watch()
    heard.next(Connected)
    heard.watch.show(**SHOWN)
    view = heard.next(PictureView)
    heard.watch.close()
    assert bytes(view.plate) == b"\7" * 32
    view.release()


@pytest.mark.parametrize(
    ("mode", "words"),
    [("picture-nowhere", "no slot 1000"), ("picture-stale", "was announced"), ("picture-halved", "not of a plate")],
)
def test_a_picture_that_cannot_be_ends_the_conversation(
    watch: Callable[..., Heard], problem: Problem, mode: str, words: str
) -> None:
    start(problem, mode)
    heard = watch()
    heard.next(Connected)
    heard.watch.show(**SHOWN)
    assert words in heard.next(Lost).message
    heard.next(Connected)  # it looks again all the same


def test_an_answer_to_nothing_ends_the_conversation(watch: Callable[..., Heard], problem: Problem) -> None:
    start(problem, "answers-twice")
    heard = watch()
    heard.next(Connected)
    heard.watch.cancel(1)
    assert "asked for none" in heard.next(Lost).message


def test_an_engine_that_floods_fills_no_memory(
    watch: Callable[..., Heard], problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gvm_matte.client.watch.watch.MAX_INBOX", 300)
    start(problem, "floods-watch")
    busy, lost = threading.Event(), threading.Event()

    def on_event(event: Event) -> None:
        if isinstance(event, JobState):
            busy.wait(60)  # a window that does something else
        if isinstance(event, Lost) and "more than can be taken in" in event.message:
            lost.set()

    flooded = EngineWatch(on_event=on_event, pictures=False)
    try:
        assert until(lambda: flooded._engine is not None and flooded._engine.error is not None, 60)
        assert flooded._inbox.qsize() < 310
        busy.set()
        assert lost.wait(60)
    finally:
        busy.set()
        flooded.close()


def test_an_engine_that_hangs_is_lost(
    watch: Callable[..., Heard], problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gvm_matte.client.watch.watch.QUIET_SECONDS", 0.2)
    monkeypatch.setattr("gvm_matte.client.watch.watch.ANSWER_SECONDS", 0.2)
    start(problem, "hangs-in-watch")
    heard = watch()
    heard.next(Connected)
    request = heard.watch.cancel(1)
    assert "hangs" in heard.answer(request)
    assert "hangs" in heard.next(Lost).message


def test_an_engine_that_dies_answering_leaves_no_request_open(watch: Callable[..., Heard], problem: Problem) -> None:
    start(problem, "dies-in-watch")
    heard = watch()
    heard.next(Connected)
    heard.next(Lost)
    assert heard.answer(heard.watch.cancel(1)) != ""


def test_a_watch_closes_while_its_engine_is_silent(watch: Callable[..., Heard], problem: Problem) -> None:
    start(problem, "hangs-in-watch")
    heard = watch()
    heard.next(JobState)
    before = threading.active_count()
    heard.watch.close()
    heard.watch.close()
    until(lambda: threading.active_count() < before, 10.0)  # its thread is gone though the engine never answered
    assert threading.active_count() < before


def test_a_watch_may_be_closed_by_what_it_tells(problem: Problem, place: Path) -> None:
    made: queue.SimpleQueue[EngineWatch] = queue.SimpleQueue()
    closed = threading.Event()

    def on_event(_: Event) -> None:
        made.get(timeout=30).close()
        closed.set()

    watch = EngineWatch(on_event=on_event)
    made.put(watch)
    assert closed.wait(30)
    watch.close()


def test_states_that_nobody_asked_for_end_a_conversation(problem: Problem) -> None:
    process = EngineProcess(command=problem("states-unasked"))
    with process.start(timeout=10) as engine, pytest.raises(ProtocolError, match="does not watch"):
        while True:
            engine.ping(10)
    process.stop(1.0)


def test_a_watch_ends_its_engine_on_request(watch: Callable[..., Heard], problem: Problem) -> None:
    start(problem, "normal")
    heard = watch()
    heard.next(Connected)
    assert heard.answer(heard.watch.shutdown()) == ""
    heard.next(Lost)
    assert find_warm_engine() is None


def test_a_killed_monitor_leaves_no_shared_memory(watch: Callable[..., Heard], problem: Problem) -> None:
    start(problem, "normal")
    script = (
        "import os, sys, threading\n"
        "from gvm_matte.client import Connected, EngineWatch\n"
        "EngineWatch(on_event=lambda event: isinstance(event, Connected) and print(event.pid, flush=True))\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as monitor:
        assert monitor.stdout is not None and monitor.stdout.readline().strip().isdigit()
        monitor.kill()
    # the fixtures look into /dev/shm and for leftovers
    assert runtime_folder().is_dir()
