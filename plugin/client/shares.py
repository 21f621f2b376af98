"""Who renders which blocks where several engines share one shot. Pure arithmetic; `several` does as it says.

    asked for            ├──┬──┬──┬──┬──┬──┬──┬──┬──┬──┬──┬──┤  blocks, whole ones
    engine 0, 1, 2       ├───────────┼───────────┼───────────┤  a run of blocks each
    engine 0 is done     ┄┄┄┄┄┄┄┄┄┄┄┄├─────┼─────┤             it steals the far part of the largest rest

A block is the unit, since its decode groups and blends are the shot's own (see `frames`): a frame comes out the same
whoever renders it. A run that does not begin with the shot computes one window that its neighbour computes, too, because
its first block blends with the window before; so runs are as long as can be, and few.

A steal leaves each of the two what it finishes in the same time, by the speed that it has shown: half the rest where both
are alike. It stops the engine that it steals from: what that one had begun of its block is lost, and both begin a run,
each with one window more. So it must promise to save `GAIN` of a block's time, and engines that are alike hardly steal.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from ..frames import BlockPlan

CONTEXT = 0.5  # a window that is context alone, in blocks: it is encoded and goes through the UNet, and is not decoded
BEGUN = 0.5  # of the block at hand, what an engine has done of it, on the average
GAIN = 1.0  # what a steal must save, in blocks of the one that is stolen from
Frames = Tuple[int, ...]


class Steal(NamedTuple):
    """Blocks for a thief: the far ones of a victim's rest. `gain` is what it saves, in blocks of the victim."""

    victim: int
    blocks: int
    gain: float


class Shares:
    """Which engine has still to deliver which frames.

    Args:
        plan: of the shot.
        frames: all that is to be rendered; may be scattered, or empty.
        count: engines, numbered from 0; some get nothing where there is not enough.
    """

    def __init__(self, plan: BlockPlan, frames: Iterable[int], count: int) -> None:
        self._plan = plan
        shares = cut(plan, frames, count)
        self._left: List[Set[int]] = [set(share) for share in shares] + [set() for _ in range(count - len(shares))]
        self._owner: Dict[int, int] = {frame: index for index, share in enumerate(shares) for frame in share}

    def of(self, engine: int) -> Frames:
        """What an engine has still to deliver, ascending."""
        return tuple(sorted(self._left[engine]))

    @property
    def left(self) -> int:
        """How many frames are still to be delivered."""
        return sum(map(len, self._left))

    def delivered(self, frame: int) -> None:
        """A frame is there; telling it twice is no error."""
        if frame in self._owner:
            self._left[self._owner[frame]].discard(frame)

    def best_steal(self, thief: int, victims: Iterable[int], speeds: Sequence[float]) -> Optional[Steal]:
        """What an engine without work would best take from whom; None where nothing is worth it.

        Args:
            victims: engines that may be stopped.
            speeds: of all engines, in any one unit.
        """
        found = [self._steal(thief, victim, speeds) for victim in victims]
        worth = [each for each in found if each.blocks and each.gain >= GAIN]
        return max(worth, key=lambda each: (each.gain / speeds[each.victim], -each.victim), default=None)

    def steal(self, thief: int, victim: int, speeds: Sequence[float]) -> bool:
        """Gives the far part of one engine's rest to another, in whole blocks; whether there was something to give.

        The victim must have stopped: neither may render what the other has now.
        """
        blocks = in_blocks(self._plan, self._left[victim])
        count = self._steal(thief, victim, speeds).blocks
        for block in blocks[len(blocks) - count :]:
            self._left[victim].difference_update(block)
            self._left[thief].update(block)
            self._owner.update(dict.fromkeys(block, thief))
        return count > 0

    def _steal(self, thief: int, victim: int, speeds: Sequence[float]) -> Steal:
        """The cut of a victim's rest with which the two are done soonest."""
        rest = len(in_blocks(self._plan, self._left[victim]))
        alone = (rest - BEGUN) / speeds[victim]

        def both(count: int) -> float:
            kept = rest - count
            return max((kept + CONTEXT) / speeds[victim] if kept else 0.0, (count + CONTEXT) / speeds[thief])

        count = min(range(1, rest + 1), key=both, default=0)
        return Steal(victim, count, (alone - both(count)) * speeds[victim] if count else 0.0)


def in_blocks(plan: BlockPlan, frames: Iterable[int]) -> List[Frames]:
    """Frames by the block that delivers them, both ascending.

    Raises:
        FrameRangeError: a frame is outside the shot.
    """
    blocks: List[List[int]] = []
    last: Optional[int] = None  # of the block at hand
    for frame in sorted(frames):
        if last is None or frame > last:
            last = plan.block_of(frame).last
            blocks.append([])
        blocks[-1].append(frame)
    return [tuple(block) for block in blocks]


def cut(plan: BlockPlan, frames: Iterable[int], count: int) -> List[Frames]:
    """At most `count` runs of blocks, in the shot's order, of which the costliest is as cheap as can be.

    A block counts for two and a window that is context alone for one: it is encoded and goes through the UNet, but nothing
    of it is decoded.

    Raises:
        FrameRangeError: a frame is outside the shot.
    """
    blocks = in_blocks(plan, frames)
    if not blocks:
        return []
    windows = [_windows(plan, block) for block in blocks]
    low, high = 0, 2 * len(blocks) + sum(map(len, windows))  # too little, enough
    while high - low > 1:
        middle = (low + high) // 2
        if len(_filled(windows, middle)) <= count and _fits(windows, middle):
            high = middle
        else:
            low = middle
    runs, start = [], 0
    for size in _filled(windows, high):
        runs.append(tuple(frame for block in blocks[start : start + size] for frame in block))
        start += size
    return runs


def _windows(plan: BlockPlan, block: Sequence[int]) -> Set[int]:
    """The windows that frames of one block depend on."""
    return {step.block.index for step in plan.steps(block)}


def _fits(windows: Sequence[Set[int]], limit: int) -> bool:
    return all(1 + len(each) <= limit for each in windows)


def _filled(windows: Sequence[Set[int]], limit: int) -> List[int]:
    """Numbers of blocks of runs, each as long as its cost allows: the fewest runs of at most that cost."""
    sizes: List[int] = []
    run: Set[int] = set()
    for each in windows:
        if sizes and sizes[-1] + 1 + len(run) + len(each - run) <= limit:
            sizes[-1] += 1
            run |= each
        else:
            sizes.append(1)
            run = set(each)
    return sizes
