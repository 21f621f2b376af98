"""What a job gives up of its blocks: those that it has not begun, in whole blocks, each once, and locks before words."""

from __future__ import annotations

import threading
from typing import List, NamedTuple, Tuple

import pytest
from gvm_matte.core.frames import BlockPlan
from gvm_matte.engine.jobs.steps import Share
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

steady = settings(
    derandomize=True, max_examples=100, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
PLAN = BlockPlan(1, 62, 8, 2, 4)  # ten blocks of six, the last of eight


class Told(NamedTuple):
    """An answer."""

    request: int
    frames: Tuple[int, ...]
    plates: Tuple[int, ...]


class Kit:
    """A share, and what comes out of it in order: first frames whose locks are freed, and answers."""

    def __init__(self, plan: BlockPlan, frames: List[int], *, fixed: bool = False) -> None:
        self.out: List[object] = []
        self.share = Share(
            plan, frames, fixed=fixed, free=self.out.append, told=lambda *answer: self.out.append(Told(*answer))
        )

    def begin(self, count: int) -> List[int]:
        """Begins so many steps; their blocks' numbers."""
        steps = [self.share.begin() for _ in range(count)]
        return [step.block.index for step in steps if step is not None]


def test_what_is_not_begun_is_given_up_and_its_locks_are_free_before_anybody_is_told() -> None:
    kit = Kit(PLAN, list(range(1, 63)))
    assert kit.begin(3) == [0, 1, 2]
    kit.share.give_up(7, 30)
    assert kit.out == [31, Told(7, tuple(range(31, 63)), tuple(range(33, 63)))]
    assert kit.share.frames == tuple(range(1, 31)) and kit.share.plates == tuple(range(1, 33))
    assert kit.begin(9) == [3, 4]
    assert kit.share.renders(30) and not kit.share.renders(31) and kit.share.reads(32) and not kit.share.reads(33)


@pytest.mark.parametrize(("last", "kept"), [(-99, 18), (1, 18), (18, 18), (19, 24), (24, 24), (61, 62), (99, 62)])
def test_a_block_that_is_begun_or_asked_for_in_part_stays_whole(last: int, kept: int) -> None:
    kit = Kit(PLAN, list(range(1, 63)))
    kit.begin(3)
    kit.share.give_up(1, last)
    assert kit.share.frames == tuple(range(1, kept + 1))


def test_a_window_of_context_begins_its_block() -> None:
    kit = Kit(PLAN, list(range(31, 63)))
    assert kit.begin(1) == [4]  # the context of the block of 31 to 36
    kit.share.give_up(1, 0)
    assert kit.share.frames == tuple(range(31, 37)) and kit.begin(9) == [5]


def test_context_goes_with_the_block_that_it_was_for() -> None:
    kit = Kit(PLAN, [*range(1, 7), *range(31, 43)])  # block 0; block 4 as context; blocks 5 and 6
    assert kit.begin(1) == [0]
    kit.share.give_up(1, 6)
    assert kit.begin(9) == [] and kit.share.frames == tuple(range(1, 7)) and kit.share.plates == tuple(range(1, 9))


def test_all_of_a_job_that_has_begun_nothing_can_be_given_up() -> None:
    kit = Kit(PLAN, list(range(31, 63)))
    kit.share.give_up(1, 30)
    assert kit.begin(1) == [] and kit.share.frames == kit.share.plates == () and not kit.share.reads(31)
    kit.share.give_up(2, 0)
    assert kit.out[-1] == Told(2, (), ())


def test_a_job_that_is_too_far_says_that_it_gives_up_nothing() -> None:
    kit = Kit(PLAN, list(range(1, 63)))
    kit.begin(10)
    kit.share.give_up(5, 0)
    assert kit.out == [Told(5, (), ())] and len(kit.share.frames) == 62


def test_a_job_whose_frames_must_stay_together_gives_up_nothing() -> None:
    kit = Kit(PLAN, list(range(1, 63)), fixed=True)
    kit.share.give_up(5, 0)
    assert kit.out == [Told(5, (), ())] and kit.begin(99) == list(range(10))


def test_after_its_end_a_job_says_nothing_more() -> None:
    kit = Kit(PLAN, list(range(1, 63)))
    kit.share.close()
    kit.share.give_up(5, 0)
    assert kit.out == [] and len(kit.share.frames) == 62


@st.composite
def lives(draw: st.DrawFn) -> Tuple[BlockPlan, List[int], List[int]]:
    """A shot, what is asked for of it, and what happens: steps that begin (0), and frames behind which some are taken."""
    window = draw(st.integers(1, 12))
    plan = BlockPlan(1, draw(st.integers(1, 150)), window, draw(st.integers(0, window // 2)), draw(st.integers(1, 8)))
    every = list(range(1, plan.last + 1))
    frames = draw(st.sampled_from([every, sorted(draw(st.lists(st.sampled_from(every), unique=True)))]))
    return plan, frames, draw(st.lists(st.one_of(st.just(0), st.just(0), st.integers(1, 150)), max_size=30))


@steady
@given(lives())
def test_what_is_kept_and_what_is_given_up_are_the_job_with_one_window_more_for_each_part(
    life: Tuple[BlockPlan, List[int], List[int]],
) -> None:
    plan, frames, happens = life
    kit = Kit(plan, frames)
    begun: List[int] = []
    for what in happens:
        if what:
            kit.share.give_up(what, what)
        else:
            begun += kit.begin(1)
    begun += kit.begin(1000)

    answers = [each for each in kit.out if isinstance(each, Told)]
    parts = [kit.share.frames, *(each.frames for each in answers if each.frames)]
    assert sorted(frame for part in parts for frame in part) == frames
    assert all(frame > each.request for each in answers for frame in each.frames)
    owners = [{plan.block_of(frame).index for frame in part} for part in parts]
    assert sum(map(len, owners)) == len(set().union(*owners))  # no block in two parts
    windows = [len(plan.steps(part)) if part else 0 for part in parts]
    assert len(begun) == windows[0]  # what was begun is used, each window of it
    assert sum(windows) <= (len(plan.steps(frames)) if frames else 0) + max(len([part for part in parts if part]) - 1, 0)
    assert kit.share.plates == tuple(plan.plates(parts[0]) if parts[0] else ())
    assert [each for each in kit.out if isinstance(each, int)] == [each.frames[0] for each in answers if each.frames]


def test_a_block_is_the_runners_or_the_hosts_however_their_threads_meet() -> None:
    plan = BlockPlan(1, 3000, 1, 0, 1)
    for _ in range(5):
        kit = Kit(plan, list(range(1, 3001)))
        steps = kit.share.steps()
        begun = [next(steps).block.index]

        def take_back(kit: Kit = kit) -> None:
            for last in range(2900, 0, -100):
                kit.share.give_up(1, last)

        host = threading.Thread(target=take_back)
        host.start()
        begun += [step.block.index for step in steps]
        host.join()
        given = [frame - 1 for each in kit.out if isinstance(each, Told) for frame in each.frames]
        assert sorted(begun + given) == list(range(3000))
