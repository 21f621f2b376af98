"""What is played, in which order, and what is left out when time has gone on. The clock is wound by hand."""

from __future__ import annotations

from typing import Callable, List

import pytest
from gvm_matte.ui.picture.playback import Playback, Speed, due
from pytestqt.qtbot import QtBot

THERE = [1001, 1002, 1005, 1006]


class Player:
    """A playback with a screen and a clock."""

    def __init__(self) -> None:
        self.now, self.frame, self.there = 0.0, 1001, list(THERE)
        self.shown: List[int] = []
        self.playback = Playback(frames=lambda: self.there, current=lambda: self.frame, clock=lambda: self.now)
        self.playback.stepped.connect(self._show)
        self.playback.set_rate(10.0)

    def _show(self, frame: int) -> None:
        self.frame = frame
        self.shown.append(frame)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.playback.step()


@pytest.fixture
def player(qtbot: QtBot) -> Player:
    return Player()


@pytest.mark.parametrize(
    ("current", "steps", "loop", "expected"),
    [
        (1001, 1, True, 1002), (1002, 1, True, 1005), (1006, 1, True, 1001), (1003, 1, True, 1005), (1001, 2, True, 1005),
        (1001, 4, True, 1001), (990, 1, True, 1001), (1006, 1, False, None), (1005, 9, False, 1006), (1100, 1, False, None),
    ],
)  # fmt: skip
def test_the_next_frame_is_the_next_that_is_there(current: int, steps: int, loop: bool, expected: int) -> None:
    assert due(THERE, current, steps, loop=loop) == expected


def test_nothing_there_is_nothing_to_play() -> None:
    assert due([], 1001, 1, loop=True) is None


def test_frames_come_in_their_order_and_begin_again(player: Player) -> None:
    player.playback.start()
    for _ in range(5):
        player.wait(0.1)

    assert player.shown == [1002, 1005, 1006, 1001, 1002]


def test_nothing_is_shown_before_its_time(player: Player) -> None:
    player.playback.start()
    player.wait(0.05)
    assert player.shown == []
    player.wait(0.06)
    assert player.shown == [1002]


def test_late_frames_are_left_out(player: Player) -> None:
    player.playback.start()
    player.wait(0.3)

    assert player.shown == [1006]


def test_without_a_loop_it_ends_at_the_last_frame_and_starts_over(player: Player) -> None:
    player.playback.loop = False
    told: List[bool] = []
    player.playback.playing_changed.connect(told.append)
    player.playback.start()
    for _ in range(4):
        player.wait(0.1)
    assert player.shown == [1002, 1005, 1006] and told == [True, False]

    player.playback.start()
    assert player.frame == 1001


def test_frames_that_come_meanwhile_are_played_too(player: Player) -> None:
    player.playback.start()
    player.wait(0.1)
    player.there.append(1007)
    for _ in range(3):
        player.wait(0.1)

    assert player.shown == [1002, 1005, 1006, 1007]


def test_stopped_is_stopped(player: Player) -> None:
    player.playback.start()
    player.playback.stop()
    player.wait(1.0)

    assert player.shown == [] and not player.playback.playing


def clock_of(times: List[float]) -> Callable[[], float]:
    return lambda: times[-1]


def test_speed_is_that_of_the_last_second() -> None:
    times = [0.0]
    speed = Speed(clock_of(times))
    assert speed.words() == ""
    for index in range(80):
        times.append(index / 20)
        speed.note()

    assert speed.per_second() == pytest.approx(20.0)
    times.append(times[-1] + 5)
    assert speed.words() == ""
