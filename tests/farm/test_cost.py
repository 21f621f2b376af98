"""What a farm job costs: counts against the plan that engines follow, times against tasks handed out one by one."""

from __future__ import annotations

import dataclasses
import heapq

import pytest
from gvm_matte.core.errors import UsageError
from gvm_matte.core.frames import BlockPlan
from gvm_matte.farm import blocks_of, chunks, frames_of_blocks, repeated_share
from gvm_matte.farm.cost import COUNTED, JobCost, Rates, best_blocks, job_cost, rates_of_render
from hypothesis import given
from hypothesis import strategies as st

PLAN = BlockPlan(1001, 2000, 32, 6, 16)  # 39 blocks of 26 frames
FIRSTS = blocks_of(PLAN, range(1001, 2001))
EVEN = BlockPlan(1, 8 * 24, 8, 0, 8)  # 24 blocks that share nothing: all tasks are equal


@st.composite
def plans(draw: st.DrawFn) -> BlockPlan:
    """Shots of at most 120 frames."""
    window = draw(st.integers(1, 12))
    first = draw(st.integers(-50, 1001))
    last = first + draw(st.integers(0, 119))
    return BlockPlan(first, last, window, draw(st.integers(0, window // 2)), draw(st.integers(1, 6)))


@given(plans(), st.data())
def test_tasks_are_counted_as_the_engine_plans_them(plan: BlockPlan, data: st.DataObject) -> None:
    picked = data.draw(st.sets(st.integers(0, plan.count - 1), min_size=1))
    firsts = [plan.block(index).first for index in sorted(picked)]
    size = data.draw(st.integers(1, len(firsts)))
    cost = job_cost(plan, firsts, size, rates=COUNTED, workers=1)
    for chunk, task in zip(chunks(firsts, size), cost.tasks):
        steps = plan.steps(frames_of_blocks(plan, chunk))
        assert task.windows == len(steps)
        assert task.plates == sum(len(step.plates) for step in steps)
        assert task.frames == len(frames_of_blocks(plan, chunk))
        work = COUNTED.encode * task.plates + COUNTED.decode * task.frames
        work += COUNTED.denoise * task.windows * min(plan.window, plan.length)
        assert task.seconds(COUNTED) == pytest.approx(COUNTED.task + work)
    assert cost.repeated == repeated_share(plan, firsts, size)


def handed_out(cost: JobCost, rates: Rates) -> float:
    """When the last task ends where each goes to the first worker that is free."""
    free = [rates.session if rates.warm else 0.0] * min(cost.workers, len(cost.tasks))
    for task in cost.tasks:
        began = heapq.heappop(free)
        heapq.heappush(free, began + task.seconds(rates) + (0.0 if rates.warm else rates.session))
    return max(free)


@given(plans(), st.integers(1, 20), st.integers(1, 9), st.booleans())
def test_the_wall_time_is_never_less_than_handing_tasks_out_takes(
    plan: BlockPlan, size: int, workers: int, warm: bool
) -> None:
    rates = dataclasses.replace(COUNTED, warm=warm)
    cost = job_cost(plan, blocks_of(plan, range(plan.first, plan.last + 1)), size, rates=rates, workers=workers)
    played = handed_out(cost, rates)
    assert played - 1e-9 <= cost.finish <= played + cost.longest + 1e-9
    if workers == 1:
        assert cost.finish == pytest.approx(cost.busy)


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 24, 100])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 8, 12, 24])
def test_where_tasks_are_equal_the_wall_time_is_exact(size: int, workers: int) -> None:
    cost = job_cost(EVEN, blocks_of(EVEN, range(1, EVEN.last + 1)), size, rates=COUNTED, workers=workers)
    assert cost.finish == pytest.approx(handed_out(cost, COUNTED))


def test_machine_time_has_every_start_and_load_in_it() -> None:
    plan = BlockPlan(1001, 1800, 32, 6, 32)  # 31 blocks
    rates = Rates(start=6, load=60, task=2, encode=0.02, denoise=0.03, decode=0.05)
    firsts = blocks_of(plan, range(1001, 1801))
    one, cost = (job_cost(plan, firsts, size, rates=rates, workers=n) for size, n in ((31, 1), (7, 16)))
    assert one.busy == pytest.approx(66 + 2 + 800 * 0.02 + 31 * 32 * 0.03 + 800 * 0.05)
    assert cost.busy == pytest.approx(5 * 66 + 5 * 2 + 928 * 0.02 + 35 * 32 * 0.03 + 800 * 0.05)
    assert cost.sessions == 5 and cost.repeated == pytest.approx(4 / 31) and cost.starts == pytest.approx(330 / cost.busy)
    cold = job_cost(plan, firsts, 7, rates=dataclasses.replace(rates, warm=False), workers=2)
    assert cold.sessions == 5 and cold.busy == pytest.approx(cost.busy)
    assert cold.finish > job_cost(plan, firsts, 7, rates=rates, workers=2).finish


@pytest.mark.parametrize(
    ("workers", "most_twice", "size", "tasks"),
    [(1, 0.15, 39, 1), (4, 0.15, 10, 4), (16, 0.15, 7, 6), (16, 1.0, 3, 13), (16, 0.0, 39, 1), (1000, 1.0, 1, 39)],
)
def test_every_worker_gets_a_task_unless_too_much_were_computed_twice(
    workers: int, most_twice: float, size: int, tasks: int
) -> None:
    assert best_blocks(PLAN, FIRSTS, workers=workers, most_twice=most_twice) == size
    assert len(chunks(FIRSTS, size)) == tasks <= min(workers, 1 + most_twice * len(FIRSTS))


def test_windows_that_share_nothing_are_spread_over_all_workers() -> None:
    assert best_blocks(EVEN, blocks_of(EVEN, range(1, EVEN.last + 1)), workers=24) == 1


def test_eight_blocks_a_task_repeat_little() -> None:
    cost = job_cost(PLAN, FIRSTS, 8, rates=COUNTED, workers=4)
    assert (len(cost.tasks), round(cost.repeated, 3)) == (5, 0.103)


def test_rates_are_read_out_of_a_renders_own_account() -> None:
    plan = BlockPlan(1001, 1017, 8, 2, 4)  # windows 1001-1008, 1007-1014, 1010-1017
    stages = {"reading": 1.0, "encoding": 2.4, "denoising": 4.8, "decoding": 1.0, "delivering": 0.5, "finishing": 0.2}
    event = {"event": "finished", "written": list(range(1001, 1018)), "seconds": 20.0, "stages": {**stages, "total": 15.0}}
    rates = rates_of_render([{"event": "progress"}, event], plan, task=1.0)
    assert dataclasses.asdict(rates) == pytest.approx(
        {"start": 5, "load": 5.1, "task": 1, "encode": 3.4 / 17, "denoise": 4.8 / 24, "decode": 1.7 / 17, "warm": True}
    )
    cost = job_cost(plan, blocks_of(plan, range(1001, 1018)), 3, rates=rates, workers=1)
    assert cost.longest == pytest.approx(1.0 + sum(stages.values()))
    for nothing in ([], [{"event": "finished", "written": [], "stages": {}, "seconds": 1.0}]):
        with pytest.raises(UsageError, match="no render that finished"):
            rates_of_render(nothing, plan)


@pytest.mark.parametrize("name", ["start", "load", "task", "encode", "denoise", "decode"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_rates_that_cannot_be_are_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        Rates(**{**dataclasses.asdict(COUNTED), name: value})


def test_a_job_needs_a_worker() -> None:
    with pytest.raises(UsageError, match="1 worker or more"):
        job_cost(PLAN, FIRSTS, 8, rates=COUNTED, workers=0)
    with pytest.raises(UsageError, match="1 worker or more"):
        best_blocks(PLAN, FIRSTS, workers=0)
