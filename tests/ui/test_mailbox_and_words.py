"""What stands between an engine that floods and the window, and how numbers are written."""

from __future__ import annotations

from typing import Any, List

import pytest
from gvm_matte.client.watch.watch import Lost, PictureView
from gvm_matte.core.image import Box
from gvm_matte.protocol.watching import FrameState, LogLines
from gvm_matte.ui.kit import words
from gvm_matte.ui.monitor.mailbox import LIMIT, LOG_LINES, Mailbox
from window_kit import CONNECTED, engine, job


def drained(mailbox: Mailbox) -> List[Any]:
    found = []
    while (event := mailbox.take()) is not None:
        found.append(event)
    return found


def a_picture(given_back: List[int], frame: int = 1) -> PictureView:
    pixels = memoryview(bytes(8))
    return PictureView(
        1, 0, frame, True, 0.5, -1.0, 1, 1, Box(0, 0, 1, 1), pixels, 4, memoryview(bytes(8)), 2,
        give_back=lambda: given_back.append(frame),
    )  # fmt: skip


def test_only_the_newest_state_of_a_job_waits() -> None:
    mailbox = Mailbox()
    assert mailbox.put(job(1, done=1)) and not mailbox.put(job(2)) and not mailbox.put(job(1, done=2))
    assert [(one.number, one.done) for one in drained(mailbox)] == [(1, 2), (2, 0)]
    assert mailbox.put(job(1, done=3))


def test_states_of_two_engines_are_kept_apart() -> None:
    mailbox = Mailbox()
    for event in (job(1, done=5), Lost("It went."), CONNECTED, job(1, done=0)):
        mailbox.put(event)
    assert [type(event).__name__ for event in drained(mailbox)] == ["JobState", "Lost", "Connected", "JobState"]


def test_a_flood_waits_in_bounded_room() -> None:
    mailbox = Mailbox()
    for frame in range(3 * LIMIT):
        mailbox.put(FrameState(1, frame, 0.5, 0.1))
        mailbox.put(LogLines((f"line {frame}",)))
        mailbox.put(engine(uptime=float(frame)))
    found = drained(mailbox)
    assert len(found) <= LIMIT
    assert found[-1] == FrameState(1, 3 * LIMIT - 1, 0.5, 0.1)
    (log,) = [event for event in found if isinstance(event, LogLines)] or [LogLines(())]
    assert len(log.lines) <= LOG_LINES


def test_pictures_that_nobody_takes_are_given_back() -> None:
    mailbox, given_back = Mailbox(), []  # type: ignore[var-annotated]
    mailbox.put(a_picture(given_back, 1))
    for frame in range(LIMIT):
        mailbox.put(FrameState(1, frame, 0.5, 0.1))
    assert given_back == [1]
    mailbox.put(a_picture(given_back, 2))
    mailbox.close()
    mailbox.put(a_picture(given_back, 3))
    assert given_back == [1, 2, 3] and mailbox.take() is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (3723.0, "1:02:03"), (-1.0, "–"), (float("nan"), "–")],
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_sizes_and_rates() -> None:
    assert (words.size(0), words.size(812 << 20), words.size(23.4 * 2**30)) == ("–", "812 MiB", "23.4 GiB")
    assert (words.rate(0.0), words.rate(3.456), words.rate(24.04)) == ("–", "3.46", "24.0")


@pytest.mark.parametrize(
    ("plates", "mattes", "name"),
    [
        ("/a/sh010_plate.####.exr", "/b/m.####.exr", "sh010_plate"), ("/a/sh010_v02.%04d.dpx", "", "sh010_v02"),
        ("/a/clip.mov", "", "clip.mov"), ("", "/b/sh020_matte_@@@@.exr", "sh020_matte"), ("", "", "Job 7"),
        ("/a/####.exr", "", "####.exr"),
    ],
)  # fmt: skip
def test_a_job_is_called_by_its_plates(plates: str, mattes: str, name: str) -> None:
    assert words.name_of(job(7, plates=plates, mattes=mattes)) == name


def test_what_is_left_of_the_queue() -> None:
    jobs = [job(1, done=8, rate=4.0), job(2, "waiting", total=0, frames="1-20"), job(3, "done", done=48)]
    assert [words.left_of(one) for one in jobs] == [40, 20, 0]
    assert words.eta(jobs[0]) == 10.0 and words.eta(jobs[1]) == -1.0
    assert words.total_eta(jobs) == 15.0 and words.total_eta(jobs[1:]) == -1.0
