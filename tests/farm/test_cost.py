"""What a farm job costs: the model against the plan that engines follow, against a simulation, and against brute force."""

from __future__ import annotations

import dataclasses
import statistics
from typing import List

import pytest
from gvm_matte.core.errors import UsageError
from gvm_matte.core.frames import BlockPlan
from gvm_matte.farm import blocks_of, chunks, frames_of_blocks
from gvm_matte.farm.cost import COUNTED, Rates, best_blocks, chance_of_more, job_cost, rates_of_render, task_costs
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.farm_simulation import simulate

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
def test_a_task_is_counted_as_the_engine_plans_it(plan: BlockPlan, data: st.DataObject) -> None:
    picked = data.draw(st.sets(st.integers(0, plan.count - 1), min_size=1))
    firsts = [plan.block(index).first for index in sorted(picked)]
    size = data.draw(st.integers(1, len(firsts)))
    for chunk, task in zip(chunks(firsts, size), task_costs(plan, firsts, size, COUNTED)):
        steps = plan.steps(frames_of_blocks(plan, chunk))
        assert task.blocks == len(chunk)
        assert task.windows == len(steps)
        assert task.plates == sum(len(step.plates) for step in steps)
        assert task.frames == len(frames_of_blocks(plan, chunk))
        work = COUNTED.encode * task.plates + COUNTED.decode * task.frames
        work += COUNTED.denoise * task.windows * min(plan.window, plan.length)
        assert task.seconds == pytest.approx(COUNTED.task + work)


@given(plans(), st.integers(1, 20), st.integers(1, 9), st.booleans())
def test_the_time_to_finish_is_never_less_than_what_is_played(plan: BlockPlan, size: int, workers: int, warm: bool) -> None:
    rates = dataclasses.replace(COUNTED, warm=warm)
    firsts = blocks_of(plan, range(plan.first, plan.last + 1))
    cost, tasks = job_cost(plan, firsts, size, rates=rates, workers=workers), task_costs(plan, firsts, size, rates)
    played = simulate(tasks, rates=rates, workers=workers)
    longest = max(task.seconds for task in tasks)
    assert played.finish - 1e-9 <= cost.finish <= played.finish + longest + 1e-9
    assert cost.busy == pytest.approx(played.busy)


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 24, 100])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 8, 12, 24])
def test_where_tasks_are_equal_the_time_to_finish_is_exact(size: int, workers: int) -> None:
    firsts = blocks_of(EVEN, range(1, EVEN.last + 1))
    played = simulate(task_costs(EVEN, firsts, size, COUNTED), rates=COUNTED, workers=workers)
    assert job_cost(EVEN, firsts, size, rates=COUNTED, workers=workers).finish == pytest.approx(played.finish)


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize(("size", "failures"), [(1, 5.0), (8, 5.0), (8, 60.0), (39, 20.0)])
def test_workers_that_fail_take_as_long_in_the_mean_as_is_said(size: int, failures: float, warm: bool) -> None:
    rates = dataclasses.replace(COUNTED, failures=failures, warm=warm)
    cost, tasks = job_cost(PLAN, FIRSTS, size, rates=rates, workers=4), task_costs(PLAN, FIRSTS, size, rates)
    played = [simulate(tasks, rates=rates, workers=4, seed=seed) for seed in range(1500)]
    busy: List[float] = [one.busy for one in played]
    error = statistics.stdev(busy) / len(busy) ** 0.5
    assert abs(statistics.mean(busy) - cost.busy) < 4 * error  # the seeds are fixed: it holds or it does not
    stuck = [float(any(count > 2 for count in one.failures)) for one in played]
    error = (cost.stuck * (1 - cost.stuck) / len(stuck)) ** 0.5
    assert abs(statistics.mean(stuck) - cost.stuck) < 4 * error


def test_failures_make_a_job_longer_and_more_retries_make_it_safer() -> None:
    failing = dataclasses.replace(COUNTED, failures=2.0)
    well, bad = (job_cost(PLAN, FIRSTS, 8, rates=rates, workers=4) for rates in (COUNTED, failing))
    assert bad.finish > well.finish and bad.busy > well.busy and well.stuck == 0.0 < bad.stuck
    (task, *_) = task_costs(PLAN, FIRSTS, 8, failing)
    chances = [chance_of_more(retries, task, failing) for retries in range(6)]
    assert chances == sorted(chances, reverse=True) and chances[0] > 100 * chances[5]


def test_a_worker_that_fails_before_it_gets_anywhere_never_finishes() -> None:
    cost = job_cost(PLAN, FIRSTS, 39, rates=dataclasses.replace(COUNTED, failures=1e9), workers=1)
    assert cost.finish == float("inf") and cost.stuck == 1.0


@pytest.mark.parametrize("workers", [1, 2, 4, 7, 16, 64])
@pytest.mark.parametrize("most_waste", [0.0, 0.05, 0.15, 1.0])
def test_the_best_is_what_trying_all_would_find(workers: int, most_waste: float) -> None:
    best = best_blocks(PLAN, FIRSTS, rates=COUNTED, workers=workers, most_waste=most_waste)
    every = [job_cost(PLAN, FIRSTS, size, rates=COUNTED, workers=workers) for size in range(1, len(FIRSTS) + 1)]
    allowed = [cost for cost in every if cost.waste <= most_waste + 1e-9]
    assert best.waste <= most_waste + 1e-9
    assert best.finish == pytest.approx(min(cost.finish for cost in allowed))
    assert not [cost for cost in allowed if cost.tasks < best.tasks and cost.finish <= best.finish]


def test_one_worker_gets_one_task_and_many_get_as_many_as_the_waste_allows() -> None:
    assert best_blocks(PLAN, FIRSTS, rates=COUNTED, workers=1).tasks == 1
    assert best_blocks(PLAN, FIRSTS, rates=COUNTED, workers=4).tasks == 4
    free = Rates(start=0, load=0, task=0, encode=0, denoise=0, decode=0.2)  # a window costs nothing
    assert best_blocks(PLAN, FIRSTS, rates=free, workers=100).tasks == len(FIRSTS)


def test_without_sessions_a_task_should_have_more_blocks() -> None:
    cold = dataclasses.replace(COUNTED, warm=False)
    warm, without = (best_blocks(PLAN, FIRSTS, rates=rates, workers=16).blocks for rates in (COUNTED, cold))
    assert without > warm


def test_eight_blocks_a_task_waste_little() -> None:
    cost = job_cost(PLAN, FIRSTS, 8, rates=COUNTED, workers=4)
    assert (cost.tasks, round(cost.repeated, 3)) == (5, 0.103) and cost.waste < 0.1


def test_rates_are_read_out_of_a_renders_own_account() -> None:
    plan = BlockPlan(1001, 1017, 8, 2, 4)  # windows 1001-1008, 1007-1014, 1010-1017
    stages = {"reading": 1.0, "encoding": 2.4, "denoising": 4.8, "decoding": 1.0, "delivering": 0.5, "finishing": 0.2}
    event = {
        "event": "finished", "written": list(range(1001, 1018)), "seconds": 20.0, "stages": {**stages, "total": 15.0},
    }  # fmt: skip
    rates = rates_of_render([{"event": "progress"}, event], plan, task=1.0)
    assert dataclasses.asdict(rates) == pytest.approx({
        "start": 5.0, "load": 5.1, "task": 1.0, "encode": 3.4 / 17, "denoise": 4.8 / 24, "decode": 1.7 / 17,
        "failures": 0.0, "warm": True,
    })  # fmt: skip
    (task,) = task_costs(plan, blocks_of(plan, range(1001, 1018)), 3, rates)
    assert task.seconds == pytest.approx(1.0 + sum(stages.values()))
    for nothing in ([], [{"event": "finished", "written": [], "stages": {}, "seconds": 1.0}]):
        with pytest.raises(UsageError, match="no render that finished"):
            rates_of_render(nothing, plan)


@pytest.mark.parametrize("name", ["start", "load", "task", "encode", "denoise", "decode", "failures"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_rates_that_cannot_be_are_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        dataclasses.replace(COUNTED, **{name: value})


def test_a_job_needs_a_worker() -> None:
    with pytest.raises(UsageError, match="1 worker or more"):
        job_cost(PLAN, FIRSTS, 8, rates=COUNTED, workers=0)
