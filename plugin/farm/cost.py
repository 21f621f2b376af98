"""What a farm job costs, and into how many tasks to cut it: sums that can be checked by hand.

A block is one window of the model. A task computes the windows of its blocks and, unless it begins the shot, the window
before them once more, which another task computes as well. So T tasks of a shot of B blocks compute T − 1 of B windows
twice. The rule: a task for each worker, but only so many that at most 15 % is computed twice.

    a task        task + encode · plates + denoise · W · windows + decode · frames
    wall time     start + load + the longest task of each round, of as many tasks as there are workers
    machine time  (start + load) · sessions + all tasks

A worker that gets a task has one session; where tasks share no engine, as on OpenCue, each task has one.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Mapping, Sequence, Tuple

from ..core.errors import UsageError
from ..core.frames import BlockPlan
from .blocks import blocks_computed, chunks

MOST_TWICE = 0.15  # of the windows
_SAME = 1e-9


@dataclass(frozen=True)
class Rates:
    """Seconds of one worker.

    Attributes:
        start: of a session, until its engine answers; load: of the model.
        task: of a task beside its frames: the command's start, the look at plates and at what is there.
        encode: a plate, from its file; denoise: a frame of a window, all steps; decode: a frame, to its file.
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
    warm: bool = True

    def __post_init__(self) -> None:
        for name in ("start", "load", "task", "encode", "denoise", "decode"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise UsageError(f"The cost's {name} is a number from 0 on, not {value!r}.")

    @property
    def session(self) -> float:
        """Until a session's first task can begin its frames."""
        return self.start + self.load


# start: 1.7 to 2.4 s of processor time, `gvm-matte openjd enter` and `exit` on two cores of a server, the built-in model.
# task: 0.35 s of processor time, `gvm-matte render` of 26 plates that were all there, with a warm engine.
# load: the released model's 5 GB from a local disk at about 350 MB/s.
# The others: its operations a frame at 1024×1824 (encoder 9.4, UNet 14.2, decoder 23.1 TFLOP, attention included) at
# 100 TFLOP/s: what matters is how the stages relate.
COUNTED = Rates(start=2.4, load=15.0, task=0.4, encode=0.094, denoise=0.142, decode=0.231)


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
    last = finished[-1]
    stages = {name: float(seconds) for name, seconds in last["stages"].items()}
    reading, denoising, decoding = (
        sum(stages.get(name, 0.0) for name in names)
        for names in (("reading", "encoding"), ("denoising",), ("decoding", "delivering", "finishing"))
    )
    steps, total = plan.steps(last["written"]), stages.get("total", 0.0)
    return Rates(
        start=max(float(last["seconds"]) - total, 0.0),
        load=max(total - reading - denoising - decoding, 0.0),
        task=task,
        encode=reading / sum(len(step.plates) for step in steps),
        denoise=denoising / (min(plan.window, plan.length) * len(steps)),
        decode=decoding / len(last["written"]),
    )


@dataclass(frozen=True)
class TaskWork:
    """What a task computes: windows of `frames_per_window` frames, plates that it reads, frames that it delivers."""

    windows: int
    plates: int
    frames: int
    frames_per_window: int

    def seconds(self, rates: Rates) -> float:
        """Of one worker, without the start of a session."""
        model = rates.denoise * self.frames_per_window * self.windows
        return rates.task + rates.encode * self.plates + model + rates.decode * self.frames


def task_work(plan: BlockPlan, firsts: Sequence[int]) -> TaskWork:
    """What one task of these blocks computes, by their first frames, ascending."""
    computed, plates, read_to = blocks_computed(plan, firsts), 0, plan.first - 1
    for block in computed:
        plates += block.window_last - max(block.window_first - 1, read_to)
        read_to = block.window_last
    frames = sum(len(plan.block_of(first).frames) for first in firsts)
    return TaskWork(len(computed), plates, frames, min(plan.window, plan.length))


@dataclass(frozen=True)
class JobCost:
    """A job with one number of blocks per task.

    Attributes:
        blocks: per task, at most; tasks: how many, in the order in which they are handed out.
        workers: how many the job has; sessions: how many starts and loads they need.
        repeated: windows that are computed more than once, as a share of those of one task for all.
        longest: seconds of the longest task.
        finish: wall time: seconds until the last frame is there; busy: machine time: seconds of all workers together.
        starts: share of `busy` that is sessions' starts and loads.
    """

    blocks: int
    tasks: Tuple[TaskWork, ...]
    workers: int
    sessions: int
    repeated: float
    longest: float
    finish: float
    busy: float
    starts: float


def job_cost(plan: BlockPlan, firsts: Sequence[int], size: int, *, rates: Rates, workers: int) -> JobCost:
    """A job with `size` blocks per task on so many workers, see the top of this file.

    Args:
        firsts: first frames of the blocks to render, ascending.

    Raises:
        UsageError: no worker.
    """
    if workers < 1:
        raise UsageError(f"A job needs 1 worker or more, not {workers}.")
    tasks = _tasks(plan, tuple(firsts), size)
    again = 0.0 if rates.warm else rates.session
    seconds = [task.seconds(rates) for task in tasks]
    rounds = [max(seconds[start : start + workers]) + again for start in range(0, len(tasks), workers)]
    sessions = min(workers, len(tasks)) if rates.warm else len(tasks)
    busy = sessions * rates.session + sum(seconds)
    return JobCost(
        blocks=size,
        tasks=tasks,
        workers=workers,
        sessions=sessions,
        repeated=_repeated(plan, tuple(firsts), size),
        longest=max(seconds),
        finish=sum(rounds) + (rates.session if rates.warm else 0.0),
        busy=busy,
        starts=sessions * rates.session / busy if busy else 0.0,
    )


def best_blocks(plan: BlockPlan, firsts: Sequence[int], *, workers: int, most_twice: float = MOST_TWICE) -> int:
    """Blocks per task: a task for each worker, but only so many that at most this share of the windows is computed twice.

    Raises:
        UsageError: no worker.
    """
    if workers < 1:
        raise UsageError(f"A job needs 1 worker or more, not {workers}.")
    wanted = tuple(firsts)
    sizes = range(-(-len(wanted) // workers), len(wanted) + 1)  # the last repeats nothing
    return next(size for size in sizes if _repeated(plan, wanted, size) <= most_twice + _SAME)


@functools.lru_cache(maxsize=64)
def _tasks(plan: BlockPlan, firsts: Tuple[int, ...], size: int) -> Tuple[TaskWork, ...]:
    """Counted once for all numbers of workers that are asked about."""
    return tuple(task_work(plan, chunk) for chunk in chunks(firsts, size))


def _repeated(plan: BlockPlan, firsts: Tuple[int, ...], size: int) -> float:
    (alone,) = _tasks(plan, firsts, len(firsts))
    return sum(task.windows for task in _tasks(plan, firsts, size)) / alone.windows - 1.0
