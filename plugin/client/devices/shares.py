"""Who renders which blocks where several engines share one shot. Pure arithmetic; `several` does as it says.

    asked for            ├──┬──┬──┬──┬──┬──┬──┬──┬──┬──┬──┬──┤  blocks, whole ones
    engine 0, 1, 2       ├───────────┼───────────┼───────────┤  a run of blocks each
    engine 0 is done     ┄┄┄┄┄┄┄┄┄┄┄┄├─────┼─────┤             it steals the far part of the largest rest

A block is the unit, since its decode groups and blends are the shot's own (see `frames`): a frame comes out the same
whoever renders it. A run that does not begin with the shot computes one window that its neighbour computes, too, because
its first block blends with the window before; so runs are as long as can be, and few.

A steal leaves each of the two what it finishes in the same time, by the speed that it has shown: half the rest where both
are alike. The engine that it steals from goes on meanwhile and loses nothing: it keeps the block that it has begun, and
says itself which ones those are (`protocol.Shorten`). Only the thief begins a run, with one window more. So all engines
together compute at most one window more than one engine for every run behind the first.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from ...core.frames import BlockPlan

CONTEXT = 0.5  # a window that is context alone, in blocks: it is encoded and goes through the UNet, and is not decoded
BEGUN = 0.5  # of the block at hand, what an engine has done of it, on the average; nobody but the engine knows better
# What a steal must promise to save, in blocks of the one that is stolen from. Where that one has done all of the block at
# hand, and not the half that was counted on, the steal saves 1 - BEGUN less: so it never makes the end later.
GAIN = 1.0 - BEGUN
Frames = Tuple[int, ...]


class Steal(NamedTuple):
    """Blocks for a thief: the far ones of a victim's rest, all behind frame `last`.

    `gain` is what it saves, in blocks of the victim.
    """

    thief: int
    victim: int
    blocks: int
    last: int
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
        self._begun: Set[int] = set()  # engines that have begun all that they have left
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

    def best_steal(self, thieves: Iterable[int], victims: Iterable[int], speeds: Sequence[float]) -> Optional[Steal]:
        """What the fastest of some engines without work would best ask for, and whom; None where nothing is worth it.

        Args:
            thieves: engines that have nothing to do.
            victims: engines at work that may be asked.
            speeds: of all engines, in any one unit.
        """
        rests = [in_blocks(self._plan, left) for left in self._left]
        asked = [victim for victim in victims if victim not in self._begun and len(rests[victim]) > 1]
        for thief in sorted(thieves, key=lambda each: -speeds[each]):
            found = [self._steal(thief, victim, speeds, rests) for victim in asked]
            worth = [each for each in found if each.gain >= GAIN]
            if worth:
                return max(worth, key=lambda each: (each.gain / speeds[each.victim], -each.victim))
        return None

    def give(self, steal: Steal, frames: Iterable[int]) -> None:
        """Gives the thief what the victim gave up when it was asked for this, be it all, less or nothing.

        A victim that gave less has begun all that is left to it, so it is not asked again.
        """
        given, thief, victim = set(frames), steal.thief, steal.victim
        self._left[victim] -= given
        self._left[thief] |= given
        self._owner.update(dict.fromkeys(given, thief))
        if given:
            self._begun.discard(thief)
        if any(frame > steal.last for frame in self._left[victim]):
            self._begun.add(victim)

    @staticmethod
    def _steal(thief: int, victim: int, speeds: Sequence[float], rests: Sequence[Sequence[Frames]]) -> Steal:
        """The cut of a victim's rest, of two blocks or more, with which the two are done soonest.

        It saves nothing where somebody else, who is still at work, will come and do it sooner: a slow engine that took a
        block then would keep it, and all would wait for that.
        """
        rest, speed = len(rests[victim]) - BEGUN, speeds[victim]
        end, count = _cut(rest, speed, speeds[thief], at=0.0)
        otherwise = rest / speed
        for other, theirs in enumerate(rests):
            if theirs and other not in (thief, victim):
                idle = (len(theirs) - BEGUN) / speeds[other]
                otherwise = min(otherwise, _cut(rest, speed, speeds[other], at=idle)[0])
        return Steal(thief, victim, count, rests[victim][-count - 1][-1], (otherwise - end) * speed)


def _cut(rest: float, speed: float, thief: float, at: float) -> Tuple[float, int]:
    """When a rest of blocks is done at the soonest if a thief takes some of it, and how many it takes then.

    Args:
        speed: of the engine that has the rest; thief: of the other.
        at: when the thief comes.
    """
    rest -= at * speed

    def end(count: int) -> float:
        return max((rest - count) / speed, (count + CONTEXT) / thief)

    count = min(range(1, int(rest) + 1), key=end, default=0)
    return at + (end(count) if count else max(rest, 0.0) / speed), count


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
