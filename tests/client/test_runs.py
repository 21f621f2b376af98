"""The rule that hands out blocks: every frame once, few windows twice, and no device idle while others have much left."""

from __future__ import annotations

from typing import List, Tuple

import pytest
from gvm_matte.client.devices.runs import Runs, in_blocks
from gvm_matte.core.errors import FrameRangeError
from gvm_matte.core.frames import BlockPlan
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.several import simulate

steady = settings(
    derandomize=True, max_examples=80, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
speeds_of_devices = st.lists(st.integers(1, 60).map(float), min_size=1, max_size=9)


@st.composite
def plans(draw: st.DrawFn) -> BlockPlan:
    """A shot of up to 200 frames in any windows."""
    window = draw(st.integers(1, 12))
    first = draw(st.integers(-50, 50))
    last = first + draw(st.integers(0, 199))
    return BlockPlan(first, last, window, draw(st.integers(0, window // 2)), draw(st.integers(1, 8)))


@st.composite
def requests(draw: st.DrawFn) -> Tuple[BlockPlan, List[int]]:
    """A shot, and what is asked for of it: all, a range, or any frames."""
    plan = draw(plans())
    every = list(range(plan.first, plan.last + 1))
    first, last = sorted((draw(st.integers(0, len(every))), draw(st.integers(0, len(every)))))
    scattered = draw(st.lists(st.sampled_from(every), unique=True))
    return plan, draw(st.sampled_from([every, every[first:last], sorted(scattered)]))


def shot(blocks: int) -> BlockPlan:
    """Windows of 32 with 6 shared, as the default has them."""
    return BlockPlan(1, 26 * blocks + 6, 32, 6, 16)


def windows_of(plan: BlockPlan, frames: List[int]) -> int:
    return len(plan.steps(frames)) if frames else 0


@steady
@given(requests(), speeds_of_devices)
def test_devices_of_any_speed_deliver_every_frame_once_and_a_border_costs_one_window(
    asked: Tuple[BlockPlan, List[int]], speeds: List[float]
) -> None:
    plan, frames = asked
    found = simulate(plan, speeds, frames)
    assert sorted(found.frames) == frames
    assert found.windows <= windows_of(plan, frames) + max(found.runs - 1, 0)
    assert found.runs <= len(in_blocks(plan, frames))


@pytest.mark.parametrize("blocks", [48, 100, 300])
@pytest.mark.parametrize("speeds", [(1, 2, 4, 8), (8, 4, 2, 1), (1, 2), (2, 1), (1, 4), (1, 8), (8, 1)])
def test_devices_of_unequal_speed_do_at_least_85_percent_of_their_sum(blocks: int, speeds: Tuple[float, ...]) -> None:
    plan = shot(blocks)
    assert simulate(plan, speeds).seconds <= plan.count / sum(speeds) / 0.85


@pytest.mark.parametrize(("blocks", "most"), [(48, 4), (100, 5), (300, 6)])
@pytest.mark.parametrize("count", [2, 3, 4, 8])
def test_equal_devices_have_few_borders_and_compute_one_window_more_for_each(blocks: int, most: int, count: int) -> None:
    plan = shot(blocks)
    found = simulate(plan, [1.0] * count)
    assert found.windows == plan.count + found.runs - 1
    assert found.runs <= most * count
    assert simulate(plan, [1.0]).windows == plan.count  # a device that is alone has one run


@pytest.mark.parametrize("blocks", [24, 48, 100])
@pytest.mark.parametrize("slow", [0, 1])
def test_a_device_that_is_never_done_keeps_its_run_alone(blocks: int, slow: int) -> None:
    speeds = [1.0, 1.0]
    speeds[slow] = 1e-6
    found = simulate(shot(blocks), speeds)
    assert found.seconds <= 4.5e6  # a first run, and no second one
    assert sorted(found.frames) == list(range(1, shot(blocks).last + 1))


def test_first_runs_are_short_and_later_ones_a_large_part_of_what_is_left() -> None:
    runs = Runs(BlockPlan(1, 6 * 40 + 2, 8, 2, 8), range(1, 243), 2)
    assert [len(runs.take(number, 0.0)) for number in (0, 1)] == [4 * 6, 4 * 6]
    for number in (0, 1):
        runs.ready(number, 0.0)
    for frame in range(1, 25):
        runs.delivered(0, frame, frame / 6)
    assert runs.left == 242 - 24 and runs.end(0, 4.0) == ()
    later = runs.take(0, 4.0)  # nothing is known of the other but that its first block takes four times as long
    assert later[0] == 49 and len(later) == 6 * 22


def test_loading_does_not_count_and_what_was_not_delivered_is_handed_out_again() -> None:
    runs = Runs(BlockPlan(1, 26, 8, 2, 8), range(1, 27), 2)
    first, second = runs.take(0, 0.0), runs.take(1, 0.0)
    assert (first, second) == (tuple(range(1, 7)), tuple(range(7, 13)))
    runs.ready(0, 100.0)  # its model came from a network's disk
    for frame in first:
        runs.delivered(0, frame, 101.0)
        runs.delivered(0, frame, 101.0)
    runs.delivered(1, 7, 101.0)
    assert runs.left == 19 and runs.end(0, 101.0) == ()
    assert runs.end(1, 101.0) == tuple(range(8, 13))
    runs.retire(1)
    assert runs.take(0, 101.0)[:7] == (8, 9, 10, 11, 12, 13, 14)


def test_a_slow_device_leaves_the_last_block_to_a_fast_one_that_is_nearly_done() -> None:
    runs = Runs(BlockPlan(1, 18, 6, 0, 6), range(1, 19), 2)
    slow, fast = runs.take(0, 0.0), runs.take(1, 0.0)
    runs.ready(0, 0.0)
    runs.ready(1, 8.5)
    runs.delivered(1, fast[0], 8.6)
    for frame in slow:
        runs.delivered(0, frame, 9.0)
    runs.end(0, 9.0)
    assert runs.take(0, 9.0) == ()
    for frame in fast:
        runs.delivered(1, frame, 9.5)
    runs.end(1, 9.5)
    assert runs.take(1, 9.5) == tuple(range(13, 19)) and runs.take(0, 9.5) == ()


def test_a_frame_outside_the_shot_is_an_error() -> None:
    with pytest.raises(FrameRangeError, match="outside the shot"):
        Runs(BlockPlan(1, 20, 8, 2, 8), [21], 2)
