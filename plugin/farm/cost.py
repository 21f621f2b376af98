"""What a farm job costs: time to finish and worker-seconds, over blocks per task and workers. Arithmetic alone.

A task of m blocks takes, with windows of W frames, V shared by neighbours and S = W − V from block to block,

    task + encode · plates + denoise · W · windows + decode · frames

where windows = m + 1 (m for a shot's first task, and for all where V is 0), and plates are the frames of those windows
together: m·S + W. A session begins with start + load, which every worker pays once, and on farms without sessions every
task. T tasks over P workers are ⌈T/P⌉ rounds, and each round takes at most as long as its longest task:

    start + load + Σ over rounds of (longest task of the round)

That is never less than what handing out tasks to whoever is free takes, and the same where tasks are equal.

Failures come at a rate λ a worker's second. Another session starts (R = start + load + task + the context window) and goes
on behind the last finished block, since finished frames are kept. A piece of work of t seconds then takes, in the mean,

    e^(λR) · (e^(λt) − 1) / λ

(J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", Future Generation Computer
Systems 22, 2006). The time to finish is that of tasks which all take their mean, so with failures it is a lower estimate.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ..core.errors import UsageError
from ..core.frames import BlockPlan
from .blocks import chunks
from .work import Work

MOST_WASTE = 0.15  # of the work, that may be done twice to be done sooner
_SAME = 1e-9
_STAGES = ("reading", "encoding", "denoising", "decoding", "delivering", "finishing")  # one after the other, see `Done`


@dataclass(frozen=True)
class Rates:
    """Seconds of one worker.

    Attributes:
        start: of a session, until its engine answers; load: of the model.
        task: of a task beside its frames: the command's start, the look at plates and at what is there.
        encode: a plate, from its file; denoise: a frame of a window, all steps; decode: a frame, to its file.
        failures: of a worker in an hour of work.
        warm: whether a session's tasks share an engine, as Open Job Description's do; OpenCue's do not.

    Raises:
        UsageError: a number that is negative or not finite.
    """

    start: float
    load: float
    task: float
    encode: float
    denoise: float
    decode: float
    failures: float = 0.0
    warm: bool = True

    def __post_init__(self) -> None:
        for name in ("start", "load", "task", "encode", "denoise", "decode", "failures"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise UsageError(f"The cost's {name} is a number from 0 on, not {value!r}.")

    @property
    def session(self) -> float:
        """Until a session's first task can begin its frames."""
        return self.start + self.load


# The released model at 1024×1824, by its operations a frame (encoder 9.4, UNet 14.2, decoder 23.1 TFLOP, attention
# included) at 100 TFLOP/s: what matters is how the stages relate. Starts and loads as on a local disk.
COUNTED = Rates(start=6.0, load=15.0, task=2.0, encode=0.094, denoise=0.142, decode=0.231)


def rates_of_render(events: Sequence[Mapping[str, Any]], plan: BlockPlan, *, task: float = COUNTED.task) -> Rates:
    """Rates as a render's own account has them: what `gvm-matte render --json` prints, one event a line.

    Args:
        plan: of the shot that was rendered; task: as in `Rates`, which a render cannot tell of itself.

    Raises:
        UsageError: no render finished, or it kept all of its frames.
    """
    finished = [event for event in events if event.get("event") == "finished"]
    if not finished or not finished[-1].get("written"):
        raise UsageError(
            "The measurement is no render that finished. Make one with: gvm-matte render … --json --overwrite > FILE"
        )
    last, stages = finished[-1], finished[-1]["stages"]
    steps = plan.steps(last["written"])
    model = {name: float(stages.get(name, 0.0)) for name in _STAGES}
    plates, frames = sum(len(step.plates) for step in steps), len(last["written"])
    total = float(stages.get("total", 0.0))
    return Rates(
        start=max(float(last["seconds"]) - total, 0.0),
        load=max(total - sum(model.values()), 0.0),
        task=task,
        encode=(model["reading"] + model["encoding"]) / plates,
        denoise=model["denoising"] / (min(plan.window, plan.length) * len(steps)),
        decode=(model["decoding"] + model["delivering"] + model["finishing"]) / frames,
    )


@dataclass(frozen=True)
class TaskCost:
    """One task, without failures.

    Attributes:
        blocks, windows, plates, frames: how many it computes, reads, delivers.
        before: seconds until its first own block begins: its start and the context window.
        seconds: of all.
    """

    blocks: int
    windows: int
    plates: int
    frames: int
    before: float
    seconds: float


@dataclass(frozen=True)
class JobCost:
    """A job with one number of blocks per task.

    Attributes:
        blocks: per task, at most; tasks: how many; repeated: share of windows that are computed more than once.
        finish: seconds until the last frame is there; busy: seconds of all workers together.
        waste: share of the work that one task for all would not have done; sessions' starts are not counted.
        stuck: chance that a task fails more often than it is tried again, so that a person is needed.
    """

    blocks: int
    tasks: int
    repeated: float
    finish: float
    busy: float
    waste: float
    stuck: float


def task_costs(plan: BlockPlan, firsts: Sequence[int], size: int, rates: Rates) -> List[TaskCost]:
    """Every task of a job, in the order in which they are handed out.

    Args:
        firsts: first frames of the blocks to render, ascending; size: blocks per task.
    """
    return _tasks(_work(plan, tuple(firsts)), size, rates)


@functools.lru_cache(maxsize=4)
def _work(plan: BlockPlan, firsts: Tuple[int, ...]) -> Work:
    """Counted once for all sizes and numbers of workers that are asked about."""
    return Work(plan, firsts)


def _tasks(work: Work, size: int, rates: Rates) -> List[TaskCost]:
    found, start = [], 0
    for chunk in chunks(range(work.count), size):
        found.append(_task(work, start, len(chunk), rates))
        start += len(chunk)
    return found


def _task(work: Work, start: int, count: int, rates: Rates) -> TaskCost:
    """A task of `count` blocks from the one at `start` on."""
    amount = work.run(start, count)
    seconds = rates.denoise * work.window * amount.windows + rates.encode * amount.plates + rates.decode * amount.frames
    before = rates.task if rates.warm else rates.task + rates.session
    context = work.contexts[start] * (rates.encode + rates.denoise) * work.window
    return TaskCost(count, amount.windows, amount.plates, amount.frames, before + context, before + seconds)


def expected_seconds(task: TaskCost, rates: Rates) -> float:
    """What a task takes in the mean, where workers fail now and then."""
    (first, again), (block, behind) = _pieces(task, rates)
    return _with_restarts(first, again, rates) + (task.blocks - 1) * _with_restarts(block, behind, rates)


def _pieces(task: TaskCost, rates: Rates) -> Tuple[Tuple[float, float], Tuple[float, float]]:
    """A task's first block, with all that comes before it, and each of the others: seconds, and what a restart takes."""
    block = (task.seconds - task.before) / task.blocks
    session = rates.session if rates.warm else 0.0  # where tasks share no engine, it is within `before`
    return (task.before + block, session), (block, session + task.before)


def _with_restarts(work: float, again: float, rates: Rates) -> float:
    rate = rates.failures / 3600.0
    if rate == 0.0:
        return work
    try:
        return math.exp(rate * again) * math.expm1(rate * work) / rate
    except OverflowError:  # longer than workers live: it never ends
        return math.inf


def chance_of_more(failures: int, task: TaskCost, rates: Rates) -> float:
    """The chance that a task fails more often than so many times.

    A piece fails with q = 1 − e^(−λt), and again with q' = 1 − e^(−λ(R+t)), so k times with q · q'^(k−1) · (1 − q').
    """
    first, other = (_times_failed(*piece, failures, rates) for piece in _pieces(task, rates))
    found, left = first, task.blocks - 1
    while left:  # the other pieces' failures add up: a power by squaring
        if left % 2:
            found = _added(found, other)
        other, left = _added(other, other), left // 2
    return max(1.0 - sum(found), 0.0)


def _times_failed(work: float, again: float, most: int, rates: Rates) -> List[float]:
    """Chances of 0 to `most` failures of one piece."""
    rate = rates.failures / 3600.0
    well, later = math.exp(-rate * work), math.exp(-rate * (again + work))
    return [well, *((1.0 - well) * (1.0 - later) ** count * later for count in range(most))]


def _added(one: Sequence[float], other: Sequence[float]) -> List[float]:
    """Chances of the sum of two counts."""
    return [sum(one[at] * other[count - at] for at in range(count + 1)) for count in range(len(one))]


def job_cost(plan: BlockPlan, firsts: Sequence[int], size: int, *, rates: Rates, workers: int, retries: int = 2) -> JobCost:
    """A job with `size` blocks per task on so many workers, see the top of this file.

    Raises:
        UsageError: no worker.
    """
    return _job_cost(_work(plan, tuple(firsts)), size, rates, workers, retries)


def _job_cost(work: Work, size: int, rates: Rates, workers: int, retries: int) -> JobCost:
    if workers < 1:
        raise UsageError(f"A job needs 1 worker or more, not {workers}.")
    tasks, alone = _tasks(work, size, rates), _task(work, 0, work.count, rates)
    expected = [expected_seconds(task, rates) for task in tasks]
    rounds = [max(expected[start : start + workers]) for start in range(0, len(tasks), workers)]
    session = _with_restarts(rates.session, 0.0, rates) if rates.warm else 0.0
    done = sum(task.seconds for task in tasks)
    return JobCost(
        blocks=size,
        tasks=len(tasks),
        repeated=sum(task.windows for task in tasks) / alone.windows - 1.0,
        finish=session + sum(rounds),
        busy=session * min(workers, len(tasks)) + sum(expected),
        waste=done / alone.seconds - 1.0 if alone.seconds else 0.0,
        stuck=_chance_of_any([chance_of_more(retries, task, rates) for task in tasks]) if rates.failures else 0.0,
    )


def _chance_of_any(chances: Sequence[float]) -> float:
    return -math.expm1(sum(math.log1p(-chance) if chance < 1.0 else -math.inf for chance in chances))


def best_blocks(
    plan: BlockPlan,
    firsts: Sequence[int],
    *,
    rates: Rates,
    workers: int,
    retries: int = 2,
    most_waste: float = MOST_WASTE,
    sizes: Optional[Sequence[int]] = None,
) -> JobCost:
    """The blocks per task that finish soonest with at most so much waste; of equal ones the one with the fewest tasks.

    Where none keeps the limit, the one that wastes least.

    Args:
        most_waste: share of the work.
        sizes: what to choose among; None: one for every number of tasks that can be.
    """
    work = _work(plan, tuple(firsts))
    found = [_job_cost(work, size, rates, workers, retries) for size in sizes or _sizes(work.count)]
    allowed = [cost for cost in found if cost.waste <= most_waste + _SAME]
    if not allowed:
        return min(found, key=lambda cost: (cost.waste, cost.tasks))
    soonest = min(cost.finish for cost in allowed)
    return min((cost for cost in allowed if cost.finish <= soonest * (1 + _SAME)), key=lambda cost: cost.tasks)


def _sizes(count: int) -> Tuple[int, ...]:
    """The least size for every number of tasks that some size gives: about 2·√count of them."""
    return tuple(sorted({-(-count // -(-count // size)) for size in range(1, count + 1)}))
