"""Shares of several engines: every frame once, few windows twice, nobody idle while another has much left."""

from __future__ import annotations

import heapq
from typing import Dict, List, NamedTuple, Set, Tuple

import pytest
from gvm_matte.client.shares import CONTEXT, Shares, Steal, cut, in_blocks
from gvm_matte.errors import FrameRangeError
from gvm_matte.frames import BlockPlan
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

steady = settings(
    derandomize=True, max_examples=80, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


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


# -- the first cut


@steady
@given(requests(), st.integers(1, 9))
def test_shares_hold_every_frame_once_in_whole_blocks_and_in_order(asked: Tuple[BlockPlan, List[int]], count: int) -> None:
    plan, frames = asked
    shares = cut(plan, frames, count)
    assert [frame for share in shares for frame in share] == frames
    assert len(shares) <= count and all(shares)
    owners: Dict[int, Set[int]] = {}
    for index, share in enumerate(shares):
        for frame in share:
            owners.setdefault(plan.block_of(frame).index, set()).add(index)
    assert all(len(each) == 1 for each in owners.values())


@steady
@given(requests(), st.integers(1, 9))
def test_a_cut_costs_one_window_more_at_each_border_at_most(asked: Tuple[BlockPlan, List[int]], count: int) -> None:
    plan, frames = asked
    shares = cut(plan, frames, count)
    assert _windows(plan, shares) <= _windows(plan, [tuple(frames)]) + max(len(shares) - 1, 0)


@steady
@given(requests(), st.integers(1, 6))
def test_no_other_cut_has_a_cheaper_costliest_share(asked: Tuple[BlockPlan, List[int]], count: int) -> None:
    plan, frames = asked
    blocks = in_blocks(plan, frames)[:9]
    frames = [frame for block in blocks for frame in block]
    costliest = max((_cost(plan, share) for share in cut(plan, frames, count)), default=0)
    assert costliest == _best(plan, blocks, count)


def test_a_long_shot_is_cut_evenly() -> None:
    plan = BlockPlan(1001, 1400, 8, 2, 8)
    assert [(share[0], share[-1]) for share in cut(plan, range(1001, 1401), 2)] == [(1001, 1204), (1205, 1400)]
    assert cut(plan, [], 3) == []
    assert cut(plan, [1400], 3) == [(1400,)]


def test_a_frame_outside_the_shot_is_an_error() -> None:
    with pytest.raises(FrameRangeError, match="outside the shot"):
        cut(BlockPlan(1, 20, 8, 2, 8), [21], 2)


def _windows(plan: BlockPlan, shares: List[Tuple[int, ...]]) -> int:
    return sum(len(plan.steps(share)) for share in shares if share)


def _cost(plan: BlockPlan, share: Tuple[int, ...]) -> int:
    """A block is worth two, a window that is context alone one."""
    return len(in_blocks(plan, share)) + len(plan.steps(share))


def _best(plan: BlockPlan, blocks: List[Tuple[int, ...]], count: int) -> int:
    """The cost of the costliest share in the best of all cuts, by trying them all."""
    if not blocks:
        return 0
    whole = _cost(plan, tuple(frame for block in blocks for frame in block))
    if count == 1:
        return whole
    found = whole
    for size in range(1, len(blocks)):
        own = _cost(plan, tuple(frame for block in blocks[:size] for frame in block))
        found = min(found, max(own, _best(plan, blocks[size:], count - 1)))
    return found


# -- stealing


class Outcome(NamedTuple):
    """What came of a simulated render."""

    delivered: List[int]
    windows: int
    runs: int
    steals: int
    seconds: float


def simulate(plan: BlockPlan, frames: List[int], speeds: List[float], *, stealing: bool = True) -> Outcome:
    """Engines of these speeds (blocks a second) at work; a recalled engine loses the block that it has begun."""
    shares = Shares(plan, frames, len(speeds))
    delivered: List[int] = []
    windows = runs = steals = 0
    now = 0.0
    ends: List[Tuple[float, int, int, Tuple[int, ...]]] = []  # time, engine, its run's number, the block's frames
    run_of = [0] * len(speeds)

    def begin(engine: int) -> None:
        nonlocal runs
        run_of[engine] += 1
        rest, time = shares.of(engine), now
        runs += bool(rest)
        for step in plan.steps(rest) if rest else ():
            block = tuple(frame for frame in step.block.frames if frame in set(rest))
            time += (1.0 if block else CONTEXT) / speeds[engine]
            heapq.heappush(ends, (time, engine, run_of[engine], block))

    for engine in range(len(speeds)):
        begin(engine)
    while ends:
        time, engine, run, block = heapq.heappop(ends)
        if run != run_of[engine]:
            continue  # of a run that was called off
        now, windows = time, windows + 1
        delivered += block
        for frame in block:
            shares.delivered(frame)
        for thief in [each for each in range(len(speeds)) if stealing and not shares.of(each)]:
            found = shares.best_steal(thief, [each for each in range(len(speeds)) if shares.of(each)], speeds)
            if found is not None:
                assert shares.steal(thief, found.victim, speeds)
                steals += 1
                begin(found.victim)
                begin(thief)
    return Outcome(delivered, windows, runs, steals, now)


speeds_of_engines = st.lists(st.integers(1, 60).map(float), min_size=1, max_size=5)


@steady
@given(requests(), speeds_of_engines)
def test_engines_of_any_speed_deliver_every_frame_exactly_once(
    asked: Tuple[BlockPlan, List[int]], speeds: List[float]
) -> None:
    plan, frames = asked
    assert sorted(simulate(plan, frames, speeds).delivered) == frames


@steady
@given(plans(), speeds_of_engines)
def test_windows_beyond_those_of_one_engine_are_bounded_by_runs(plan: BlockPlan, speeds: List[float]) -> None:
    frames = list(range(plan.first, plan.last + 1))
    outcome = simulate(plan, frames, speeds)
    assert outcome.windows <= _windows(plan, [tuple(frames)]) + outcome.runs - 1
    assert outcome.runs <= len(speeds) + 2 * outcome.steals
    assert outcome.steals <= plan.count


@steady
@given(st.integers(0, 60), st.integers(1, 5))
def test_engines_of_one_speed_hardly_steal(blocks: int, count: int) -> None:
    plan = BlockPlan(1, 6 * blocks + 8, 8, 2, 4)
    outcome = simulate(plan, list(range(1, plan.last + 1)), [1.0] * count)
    # the costliest share is as cheap as can be, which may leave the last engine with less than the others
    assert outcome.steals <= max(count - 1, 0)


@steady
@given(plans(), speeds_of_engines)
def test_the_end_is_near_the_best_that_there_is(plan: BlockPlan, speeds: List[float]) -> None:
    frames = list(range(plan.first, plan.last + 1))
    outcome = simulate(plan, frames, speeds)
    fixed = simulate(plan, frames, speeds, stealing=False)
    slowest = min(speeds)
    best = plan.count / sum(speeds)
    # Nobody waits for a rest that is worth stealing from: a block of the slowest engine that is begun, one that a steal
    # would not save, the context of its last run; and what steals cost all together.
    assert outcome.seconds <= best + 3.0 / slowest + 3 * outcome.steals / sum(speeds)
    assert outcome.seconds <= fixed.seconds + 1e-9


def test_a_thief_of_the_same_speed_gets_the_far_half_in_whole_blocks() -> None:
    plan = BlockPlan(1, 62, 8, 2, 4)  # ten blocks of six, the last of eight
    shares = Shares(plan, range(1, 63), 2)
    assert shares.of(0) == tuple(range(1, 31)) and shares.of(1) == tuple(range(31, 63))
    for frame in range(1, 31):
        shares.delivered(frame)
    assert shares.best_steal(0, [1], [1.0, 1.0]) == Steal(1, 2, 1.0) and shares.left == 32
    assert shares.steal(0, 1, [1.0, 1.0])
    assert shares.of(1) == tuple(range(31, 49)) and shares.of(0) == tuple(range(49, 63))
    shares.delivered(50)  # of the thief's by now
    assert 50 not in shares.of(0) and shares.left == 31


def test_a_fast_thief_gets_more_and_a_slow_one_leaves_a_fast_one_alone() -> None:
    plan = BlockPlan(1, 62, 8, 2, 4)
    shares = Shares(plan, range(1, 63), 2)
    for frame in range(1, 31):
        shares.delivered(frame)
    twice, far_faster = (shares.best_steal(0, [1], [speed, 1.0]) for speed in (2.0, 10.0))
    assert twice is not None and twice.blocks == 4
    assert far_faster is not None and far_faster.blocks == 5  # all of it
    assert shares.best_steal(0, [1], [0.2, 1.0]) is None
    assert shares.best_steal(0, [], [1.0, 1.0]) is None


def test_a_rest_that_its_engine_finishes_as_soon_is_left_to_it() -> None:
    plan = BlockPlan(1, 62, 8, 2, 4)
    shares = Shares(plan, range(1, 19), 1)
    assert shares.best_steal(0, [0], [1.0]) is None
    for frame in (1, 2, 3):
        shares.delivered(frame)
    assert shares.of(0)[:3] == (4, 5, 6)  # a block that is half delivered stays with the one that has it
