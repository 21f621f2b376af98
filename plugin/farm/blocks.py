"""Blocks as tasks: their first frames as range expressions, rounding out, chunks, and what a chunk computes twice.

A farm hands out block first frames: `1001-1385:8` is every block of a shot whose blocks begin every 8 frames. The grid is
the shot's (see `frames`), never the chunk's, so it does not matter who renders which blocks together.
"""

from __future__ import annotations

from typing import Iterable, List, Sequence, Tuple

from ..core.errors import FrameRangeError
from ..core.frames import Block, BlockPlan, FrameRange


def blocks_of(plan: BlockPlan, frames: Iterable[int]) -> Tuple[int, ...]:
    """First frames of the blocks that deliver these frames, ascending: a request rounded out to blocks.

    Raises:
        FrameRangeError: a frame is outside the shot.
    """
    return tuple(sorted({plan.block_of(frame).first for frame in frames}))


def parse_blocks(plan: BlockPlan, text: str) -> Tuple[int, ...]:
    """First frames out of a range expression such as `1001-1025:8` or `1001,1033`.

    Raises:
        FrameRangeError: it is none, or a frame in it is not the first of a block.
    """
    firsts = FrameRange.parse(text)
    for first in firsts:
        if plan.block_of(first).first != first:
            raise FrameRangeError(
                f"No block begins at frame {first}; the blocks of the shot {plan.first}-{plan.last} begin every "
                f"{plan.stride} frames from {plan.first} on.",
                frame=first,
            )
    return firsts.frames


def frames_of_blocks(plan: BlockPlan, firsts: Iterable[int]) -> FrameRange:
    """Every frame of these blocks."""
    return FrameRange.of(frame for first in firsts for frame in plan.block_of(first).frames)


def range_expression(firsts: Iterable[int]) -> str:
    """A range expression as Open Job Description writes it: `1001-1385:8`, a step of 1 without its colon."""
    return str(FrameRange.of(firsts)).replace("x", ":")


def chunks(firsts: Sequence[int], size: int) -> List[Tuple[int, ...]]:
    """Blocks in even chunks of at most `size`, the longer ones first, as a scheduler of TASK_CHUNKING splits them."""
    count = -(-len(firsts) // size)
    short, longer = divmod(len(firsts), count)
    found, start = [], 0
    for index in range(count):
        end = start + short + (index < longer)
        found.append(tuple(firsts[start:end]))
        start = end
    return found


def blocks_computed(plan: BlockPlan, firsts: Iterable[int]) -> List[Block]:
    """Blocks whose windows a task computes: its own, and the one before each, where neighbouring windows share frames."""
    own = {plan.block_of(first).index for first in firsts}
    before = {index - 1 for index in own if index} if plan.overlap else set()
    return [plan.block(index) for index in sorted(own | before)]


def repeated_share(plan: BlockPlan, firsts: Sequence[int], size: int) -> float:
    """Windows that this chunking computes beyond those of one task for all, as a share of the latter; 0 is none.

    A chunk's first block blends with the window before it, which another chunk computes, too.
    """
    windows = sum(len(blocks_computed(plan, chunk)) for chunk in chunks(firsts, size))
    return windows / len(blocks_computed(plan, firsts)) - 1.0
