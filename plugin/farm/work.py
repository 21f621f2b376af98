"""What tasks compute: windows, plates and frames of any run of blocks, counted as the engine plans them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence

from ..core.frames import BlockPlan


@dataclass(frozen=True)
class Amount:
    """Windows, plates read and frames delivered."""

    windows: int = 0
    plates: int = 0
    frames: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.windows + other.windows, self.plates + other.plates, self.frames + other.frames)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.windows - other.windows, self.plates - other.plates, self.frames - other.frames)


class Work:
    """The blocks of a job, so that any run of them is counted in one step.

    What a block adds depends on the one before it in its task alone, so there are two amounts for each: where it begins
    a task, and where it follows.

    Args:
        firsts: first frames of the blocks, ascending.
    """

    def __init__(self, plan: BlockPlan, firsts: Sequence[int]) -> None:
        self.count = len(firsts)
        self.window = min(plan.window, plan.length)
        self.contexts: List[int] = []  # windows that a task computes before its first block's own
        self._starts: List[Amount] = []
        self._sums = [Amount()]  # of what follows, up to a block
        read_to, run_to = plan.first - 1, -1
        for first in firsts:
            block = plan.block_of(first)
            context = [plan.block(block.index - 1)] if block.index and plan.overlap else []
            begins = (context or [block])[0].window_first
            self.contexts.append(len(context))
            self._starts.append(Amount(1 + len(context), block.window_last - begins + 1, len(block.frames)))
            again = sum(one.index > run_to for one in context)
            unread = max((begins if again else block.window_first), read_to + 1)
            self._sums.append(self._sums[-1] + Amount(1 + again, block.window_last - unread + 1, len(block.frames)))
            read_to, run_to = block.window_last, block.index

    def run(self, start: int, count: int) -> Amount:
        """Of `count` blocks from the one at `start` on, as one task."""
        return self._starts[start] + (self._sums[start + count] - self._sums[start + 1])
