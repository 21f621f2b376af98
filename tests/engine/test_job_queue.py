"""The queue of jobs: its order, and that it can be changed while the worker waits for the next."""

from __future__ import annotations

import threading
from typing import List, Optional

import pytest
from gvm_matte.engine.jobs.queue import JobQueue


@pytest.fixture
def jobs() -> JobQueue[str]:
    """A, b and c wait."""
    queue: JobQueue[str] = JobQueue()
    for name in "abc":
        queue.put(name)
    return queue


def test_first_come_is_first_served(jobs: JobQueue[str]) -> None:
    assert [jobs.get(), jobs.get(), jobs.get()] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("item", "before", "order"),
    [("c", "a", "cab"), ("a", "c", "bac"), ("a", None, "bca"), ("b", "b", "abc"), ("c", None, "abc"), ("b", "a", "bac")],
)
def test_what_waits_changes_places(jobs: JobQueue[str], item: str, before: Optional[str], order: str) -> None:
    assert jobs.move(item, before)
    assert "".join(jobs.waiting()) == order


@pytest.mark.parametrize(("item", "before"), [("x", None), ("x", "a"), ("a", "x")])
def test_what_does_not_wait_is_not_moved(jobs: JobQueue[str], item: str, before: Optional[str]) -> None:
    assert not jobs.move(item, before)
    assert jobs.waiting() == ["a", "b", "c"]


def test_what_is_taken_out_is_taken_once(jobs: JobQueue[str]) -> None:
    assert jobs.remove("b") and not jobs.remove("b")
    assert jobs.waiting() == ["a", "c"]


def test_a_closed_queue_gives_what_is_left_and_then_none(jobs: JobQueue[str]) -> None:
    jobs.close()
    assert [jobs.get() for _ in range(5)] == ["a", "b", "c", None, None]


def test_who_waits_gets_what_comes_and_the_end() -> None:
    queue: JobQueue[str] = JobQueue()
    found: List[Optional[str]] = []

    def take() -> None:
        while found[-1:] != [None]:
            found.append(queue.get())

    thread = threading.Thread(target=take)
    thread.start()
    queue.put("late")
    queue.close()
    thread.join(10)
    assert found == ["late", None]


def test_each_change_is_told() -> None:
    told: List[List[str]] = []
    queue: JobQueue[str] = JobQueue(lambda: told.append(queue.waiting()))
    queue.put("a")
    queue.put("b")
    queue.move("b", "a")
    queue.remove("x")
    queue.remove("a")
    queue.get()
    assert told == [["a"], ["a", "b"], ["b", "a"], ["b"], []]
