"""Shares of several engines: every frame once, few windows twice, nobody idle while another has much left."""

from __future__ import annotations

import heapq
import itertools
from typing import Dict, List, NamedTuple, Set, Tuple

import pytest
from gvm_matte.client.devices.shares import CONTEXT, Shares, Steal, cut, in_blocks
from gvm_matte.core.errors import FrameRangeError
from gvm_matte.core.frames import BlockPlan, Step
from gvm_matte.engine.jobs.steps import Share
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
    """What came of a simulated render; `runs` are engines' jobs, `asked` how often one was asked to give blocks up."""

    delivered: List[int]
    windows: int
    runs: int
    steals: int
    asked: int
    seconds: float


class Simulation:
    """Engines of these speeds (blocks a second) at work on a clock of their own, with the real shares of host and engines.

    Args:
        late: a host hears of an engine's block only when that one has done the next, so it asks for blocks that are begun.
    """

    def __init__(self, plan: BlockPlan, frames: List[int], speeds: List[float], *, late: bool = False) -> None:
        self.plan, self.frames, self.speeds, self.late = plan, set(frames), speeds, late
        self.shares = Shares(plan, frames, len(speeds))
        self.work: List[Share] = [Share(plan, ()) for _ in speeds]
        self.busy = [False] * len(speeds)
        self.untold: List[List[int]] = [[] for _ in speeds]
        self.ends: List[Tuple[float, int, Step]] = []
        self.answer: Tuple[int, ...] = ()
        self.delivered: List[int] = []
        self.now, self.windows, self.runs, self.steals, self.asked = 0.0, 0, 0, 0, 0

    def run(self, *, stealing: bool = True) -> Outcome:
        for engine in range(len(self.speeds)):
            self.begin(engine)
        while self.ends:
            self.now, engine, step = heapq.heappop(self.ends)
            self.windows += 1
            block = [frame for frame in step.block.frames if step.groups and frame in self.frames]
            self.delivered += block
            heard, self.untold[engine] = self.untold[engine] + block, []
            if self.late:
                heard, self.untold[engine] = heard[: len(heard) - len(block)], block
            self.go_on(engine)
            for frame in heard if self.busy[engine] else [*heard, *self.untold[engine]]:
                self.shares.delivered(frame)
            while stealing and self.steal():
                pass
        return Outcome(self.delivered, self.windows, self.runs, self.steals, self.asked, self.now)

    def begin(self, engine: int) -> None:
        """A job for what the engine has still to deliver."""
        frames = self.shares.of(engine)
        self.runs += bool(frames)
        self.work[engine] = Share(self.plan, frames, told=self.told)
        self.go_on(engine)

    def go_on(self, engine: int) -> None:
        step = self.work[engine].begin()
        self.busy[engine] = step is not None
        if step is not None:
            at = self.now + (1.0 if step.groups else CONTEXT) / self.speeds[engine]
            heapq.heappush(self.ends, (at, engine, step))

    def told(self, request: int, frames: Tuple[int, ...], plates: Tuple[int, ...]) -> None:
        self.answer = frames

    def steal(self) -> bool:
        """Asks once, for one who has nothing to do; False where nobody is to be asked."""
        idle = [each for each in range(len(self.speeds)) if not self.busy[each]]
        victims = [each for each in range(len(self.speeds)) if self.busy[each]]
        found = self.shares.best_steal(idle, victims, self.speeds)
        if found is None:
            return False
        self.asked += 1
        self.work[found.victim].give_up(0, found.last)
        self.shares.give(found, self.answer)
        if self.answer:
            self.steals += 1
            self.begin(found.thief)
        return True


def simulate(
    plan: BlockPlan, frames: List[int], speeds: List[float], *, stealing: bool = True, late: bool = False
) -> Outcome:
    return Simulation(plan, frames, speeds, late=late).run(stealing=stealing)


speeds_of_engines = st.lists(st.integers(1, 60).map(float), min_size=1, max_size=5)


RATIOS = [
    (1.0, *others) for count in (1, 2, 3) for others in itertools.combinations_with_replacement((1.0, 2.0, 4.0, 8.0), count)
]


@pytest.mark.parametrize("speeds", [[*order] for ratio in RATIOS for order in (ratio, ratio[::-1])], ids=str)
@pytest.mark.parametrize("late", [False, True])
def test_engines_of_unequal_speed_compute_one_window_more_for_each_run_behind_the_first(
    speeds: List[float], late: bool
) -> None:
    for blocks, overlap in itertools.product((1, 2, 3, 5, 12, 48), (0, 2)):
        plan = BlockPlan(1, (8 - overlap) * blocks + overlap, 8, overlap, 4)
        frames = list(range(1, plan.last + 1))
        outcome = simulate(plan, frames, speeds, late=late)
        assert sorted(outcome.delivered) == frames
        assert outcome.runs <= len(speeds) + outcome.steals  # the engine that is stolen from begins none
        assert outcome.windows <= plan.count + (outcome.runs - 1 if overlap else 0)


@steady
@given(requests(), speeds_of_engines, st.booleans())
def test_engines_of_any_speed_deliver_every_frame_exactly_once(
    asked: Tuple[BlockPlan, List[int]], speeds: List[float], late: bool
) -> None:
    plan, frames = asked
    assert sorted(simulate(plan, frames, speeds, late=late).delivered) == frames


@steady
@given(requests(), speeds_of_engines, st.booleans())
def test_windows_beyond_those_of_one_engine_are_bounded_by_runs(
    asked: Tuple[BlockPlan, List[int]], speeds: List[float], late: bool
) -> None:
    plan, frames = asked
    outcome = simulate(plan, frames, speeds, late=late)
    assert outcome.windows <= _windows(plan, [tuple(frames)] if frames else []) + max(outcome.runs - 1, 0)
    assert outcome.runs <= len(speeds) + outcome.steals
    assert outcome.steals <= plan.count and outcome.asked <= outcome.steals + plan.count


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
    # Nobody waits for a rest that is worth stealing from: a block of the slowest engine that is begun, and one that a steal
    # would not save, each with its context; and what steals cost all together.
    assert outcome.seconds <= best + 3.0 / slowest + outcome.steals * CONTEXT / sum(speeds)
    assert outcome.seconds <= fixed.seconds + 1e-9


def half_done() -> Shares:
    """Ten blocks of six, the last of eight: the first engine of two is done with its five."""
    shares = Shares(BlockPlan(1, 62, 8, 2, 4), range(1, 63), 2)
    assert shares.of(0) == tuple(range(1, 31)) and shares.of(1) == tuple(range(31, 63))
    for frame in range(1, 31):
        shares.delivered(frame)
    return shares


def test_a_thief_of_the_same_speed_gets_the_far_half_in_whole_blocks() -> None:
    shares = half_done()
    steal = shares.best_steal([0], [1], [1.0, 1.0])
    assert steal == Steal(0, 1, 2, 48, 2.0) and shares.left == 32
    shares.give(steal, range(49, 63))
    assert shares.of(1) == tuple(range(31, 49)) and shares.of(0) == tuple(range(49, 63))
    shares.delivered(50)  # of the thief's by now
    assert 50 not in shares.of(0) and shares.left == 31


def test_a_fast_thief_gets_more_but_never_what_is_begun_and_a_slow_one_leaves_a_fast_one_alone() -> None:
    shares = half_done()
    same, twice, far_faster = (shares.best_steal([0], [1], [speed, 1.0]) for speed in (1.0, 2.0, 10.0))
    assert same is not None and same.blocks == 2
    assert twice is not None and twice.blocks == 3
    assert far_faster is not None and (far_faster.blocks, far_faster.last) == (4, 36)
    assert shares.best_steal([0], [1], [0.2, 1.0]) is None
    assert shares.best_steal([0], [], [1.0, 1.0]) is None


def test_the_fastest_of_those_without_work_comes_first_and_a_slow_one_waits_for_a_fast_one_that_is_nearly_done() -> None:
    plan = BlockPlan(1, 74, 8, 2, 4)  # twelve blocks, four for each of three
    shares = Shares(plan, range(1, 75), 3)
    for frame in range(1, 49):
        shares.delivered(frame)
    steal = shares.best_steal([0, 1], [2], [1.0, 8.0, 2.0])
    assert steal is not None and (steal.thief, steal.blocks) == (1, 3)
    same = shares.best_steal([0, 1], [2], [2.0, 2.0, 2.0])
    assert same is not None and same.thief == 0  # neither leaves it to the other

    shares = Shares(plan, range(1, 75), 3)
    for frame in [*range(1, 25), *range(25, 43)]:  # the second one has a block left, which it does in no time
        shares.delivered(frame)
    assert shares.best_steal([0], [1, 2], [1.0, 8.0, 2.0]) is None
    assert shares.best_steal([0], [1, 2], [1.0, 0.1, 2.0]) is not None


def test_an_engine_that_gave_less_than_it_was_asked_for_is_not_asked_again() -> None:
    for part in ((), range(57, 63)):
        shares = half_done()
        steal = shares.best_steal([0], [1], [1.0, 1.0])
        assert steal is not None
        shares.give(steal, part)
        assert shares.of(0) == tuple(part) and shares.best_steal([0], [1], [8.0, 1.0]) is None


def test_a_rest_that_its_engine_finishes_as_soon_is_left_to_it() -> None:
    plan = BlockPlan(1, 62, 8, 2, 4)
    shares = Shares(plan, range(1, 13), 1)
    assert shares.best_steal([0], [0], [1.0]) is None  # one block is begun, and the other would cost its context
    for frame in (1, 2, 3):
        shares.delivered(frame)
    assert shares.of(0)[:3] == (4, 5, 6)  # a block that is half delivered stays with the one that has it
