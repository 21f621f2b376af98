"""Medians of what takes turns."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Work = Callable[[], object]


def clock(work: Work) -> float:
    """Seconds that it took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def take_turns(works: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Runs each once a round, in an order that turns around every round, so that a drift of the machine hits all.

    Args:
        works: by name; each returns its own seconds, so that it may leave out what does not count.

    Returns:
        By name, one value a round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for index in range(rounds):
        names = list(works) if index % 2 == 0 else list(works)[::-1]
        for name in names:
            seconds[name].append(works[name]())
    return seconds


def ratio(seconds: Sequence[float], baseline: Sequence[float]) -> float:
    """How many times as fast as the baseline: the median over rounds, each with its neighbour in time."""
    return statistics.median(base / own for own, base in zip(seconds, baseline))


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, extremes and number of values, for JSON."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]
