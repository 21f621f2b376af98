"""Farm jobs played event by event: workers that take the next task when they are free, and fail now and then.

`gvm_matte.farm.cost` says the same in formulas; this is what they are held against. A failure comes after a random time
(exponential, so a worker has no memory). The worker begins a new session, and the task goes on behind its last finished
block.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass

from gvm_matte.farm.cost import Rates, TaskCost


@dataclass(frozen=True)
class Outcome:
    """What came of one job: seconds until its last frame, seconds of all workers, and how often each task failed."""

    finish: float
    busy: float
    failures: tuple[int, ...]


def simulate(tasks: Sequence[TaskCost], *, rates: Rates, workers: int, seed: int = 0) -> Outcome:
    """Plays a job once.

    Args:
        tasks: as they are handed out.
        seed: of the failures.
    """
    luck = random.Random(seed)
    rate = rates.failures / 3600.0
    free = [_session(rates, rate, luck) for _ in range(min(workers, len(tasks)))]  # when each worker is free
    heapq.heapify(free)
    failures = []
    for task in tasks:
        began = heapq.heappop(free)
        seconds, failed = _task(task, rates, rate, luck)
        failures.append(failed)
        heapq.heappush(free, began + seconds)
    return Outcome(max(free), sum(free), tuple(failures))


def _session(rates: Rates, rate: float, luck: random.Random) -> float:
    return _until_done(rates.session, 0.0, rate, luck)[0] if rates.warm else 0.0


def _task(task: TaskCost, rates: Rates, rate: float, luck: random.Random) -> tuple[float, int]:
    """Seconds and failures of a task."""
    block = (task.seconds - task.before) / task.blocks
    again = rates.session if rates.warm else 0.0
    pieces = [(task.before + block, again), *[(block, again + task.before)] * (task.blocks - 1)]
    played = [_until_done(work, restart, rate, luck) for work, restart in pieces]
    return sum(seconds for seconds, _ in played), sum(failed for _, failed in played)


def _until_done(work: float, restart: float, rate: float, luck: random.Random) -> tuple[float, int]:
    """Seconds and failures until a piece of work is done, which starts anew behind each restart; restarts fail, too."""
    seconds, failed, left = 0.0, 0, work
    while rate > 0.0:
        life = luck.expovariate(rate)
        if life >= left:
            break
        seconds, failed, left = seconds + life, failed + 1, restart + work
    return seconds + left, failed
