"""Frame ranges, the shot, and the block plan: which windows, plates and decode groups a request needs.

Pure arithmetic on absolute frame numbers, which may be negative and are never re-based to 0. The plan is anchored on the
shot, so a frame comes out the same whether it is asked for alone, in a farm chunk or with its whole shot:

    shot F…L, N frames; window W, overlap V, stride S = W−V, decode group C
    N ≤ W: one block, one window of N frames
    else:  K = ceil((N−W)/S)+1 blocks; block k starts at b_k = F+k·S and ends before b_{k+1}, the last at L
           window k starts at min(b_k, L−W+1) and is always W frames long
    frame f of block k ≥ 1, i = f−b_k < V: latent = (1−r)·latent_{k−1}[f] + r·latent_k[f], r = (i+1)/(V+1)
    decode groups: C frames at a time from the start of each block, never across blocks

So a block depends on windows k−1 and k alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Dict, Iterable, Iterator, List, Protocol, Sequence, Set, Tuple

from .errors import FrameRangeError

_PART = re.compile(r"^(-?\d+)(?:-(-?\d+)(?:[x:](\d+))?)?$")
MAX_FRAMES = 1_000_000  # a typing error like 1-10000000 must not eat the memory


@dataclass(frozen=True)
class FrameRange:
    """A set of frame numbers, ascending and without repeats; it may be empty, which is "" as text."""

    frames: Tuple[int, ...] = ()

    @classmethod
    def of(cls, frames: Iterable[int]) -> FrameRange:
        """From numbers in any order, repeats allowed."""
        return cls(tuple(sorted(set(frames))))

    @classmethod
    def between(cls, first: int, last: int) -> FrameRange:
        """All frames from first to last, both included."""
        return cls(tuple(range(first, last + 1)))

    @classmethod
    def parse(cls, text: str) -> FrameRange:
        """From text: `1001-1048`, `1-10,15,20-30x2` (`:` works as `x`), negative numbers as in `-5--1`; an empty
        text is the empty range.

        Raises:
            FrameRangeError: the text is no frame range, runs backwards, steps by 0, or names too many frames.
        """
        frames: Set[int] = set()
        plain = text.replace(" ", "")
        for part in plain.split(",") if plain else ():
            match = _PART.match(part)
            if match is None:
                raise FrameRangeError(f'"{text}" is no frame range; write for instance 1001-1048 or 1-10,15,20-30x2.')
            first, step = int(match.group(1)), int(match.group(3) or 1)
            last = first if match.group(2) is None else int(match.group(2))
            if last < first:
                raise FrameRangeError(f'"{part}" runs backwards; write {last}-{first}.')
            if step == 0:
                raise FrameRangeError(f'"{part}" steps by 0; the number behind x is at least 1.')
            if (last - first) // step >= MAX_FRAMES:
                raise FrameRangeError(f'"{part}" names more than {MAX_FRAMES:,} frames.')
            frames.update(range(first, last + 1, step))
        return cls.of(frames)

    @property
    def first(self) -> int:
        """The lowest frame number; FrameRangeError where there is none."""
        return self._some[0]

    @property
    def last(self) -> int:
        """The highest frame number; FrameRangeError where there is none."""
        return self._some[-1]

    @property
    def _some(self) -> Tuple[int, ...]:
        if not self.frames:
            raise FrameRangeError("A frame range with no frames has no first and no last one.")
        return self.frames

    def __iter__(self) -> Iterator[int]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)

    def __contains__(self, frame: object) -> bool:
        if not isinstance(frame, int):
            return False
        place = bisect_left(self.frames, frame)  # asked once a frame, so it may not look at all of them
        return place < len(self.frames) and self.frames[place] == frame

    def __str__(self) -> str:
        """As short as `parse` reads it back: runs of one step are joined."""
        return ",".join(_run_text(run) for run in _runs(self.frames))


def _runs(frames: Tuple[int, ...]) -> List[Tuple[int, ...]]:
    """Splits into runs of equal step: three or more frames for a step above 1, else runs of step 1 or single frames."""
    runs: List[Tuple[int, ...]] = []
    start = 0
    while start < len(frames):
        end = start + 1
        if end < len(frames):
            step = frames[end] - frames[start]
            while end + 1 < len(frames) and frames[end + 1] - frames[end] == step:
                end += 1
            if step > 1 and end - start < 2:
                end = start  # two frames apart are two frames, not a stepped run
        runs.append(frames[start : min(end, len(frames) - 1) + 1])
        start = min(end, len(frames) - 1) + 1
    return runs


def _run_text(run: Tuple[int, ...]) -> str:
    if len(run) == 1:
        return str(run[0])
    step = run[1] - run[0]
    return f"{run[0]}-{run[-1]}" + (f"x{step}" if step > 1 else "")


@dataclass(frozen=True)
class Block:
    """A unit of work: frames first…last, all that window `index` delivers; inclusive absolute frame numbers."""

    index: int
    first: int
    last: int
    window_first: int
    window_last: int
    groups: Tuple[Tuple[int, int], ...]  # decode groups, (first, last) inclusive

    @property
    def frames(self) -> range:
        """The block's own frames."""
        return range(self.first, self.last + 1)

    @property
    def window(self) -> range:
        """All frames of the block's window: its own, the overlap, and context."""
        return range(self.window_first, self.window_last + 1)


@dataclass(frozen=True)
class Step:
    """One window of a request, in the order of work."""

    block: Block
    plates: Tuple[int, ...]  # to be read and encoded now: not read by an earlier step
    groups: Tuple[Tuple[int, int], ...]  # to be decoded after this window: (first, last) inclusive
    keep_latents_from: int  # plate latents of earlier frames are needed by no later step


class Windows(Protocol):
    """Parameters that say how a shot is cut, as `params.fields.MatteParams` has them."""

    @property
    def num_frames_per_batch(self) -> int: ...
    @property
    def num_overlap_frames(self) -> int: ...
    @property
    def decode_chunk_size(self) -> int: ...


@dataclass(frozen=True)
class BlockPlan:
    """How a shot is cut: see the top of this file.

    Args:
        first, last: the shot, inclusive.
        window: frames of one pass of the UNet, at least 1.
        overlap: frames that neighbouring windows share, 0 to window/2.
        group: frames of one pass of the decoder, at least 1.
    """

    first: int
    last: int
    window: int
    overlap: int
    group: int

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise FrameRangeError(f"The shot range {self.first}-{self.last} runs backwards.")
        if self.window < 1 or self.group < 1:
            raise FrameRangeError("num_frames_per_batch and decode_chunk_size are at least 1.")
        if not 0 <= 2 * self.overlap <= self.window:
            raise FrameRangeError(
                f"num_overlap_frames is {self.overlap}; with num_frames_per_batch {self.window} it can be 0 to "
                f"{self.window // 2}. Lower the overlap or raise the frames per batch."
            )

    @classmethod
    def of(cls, params: Windows, shot: Sequence[int]) -> BlockPlan:
        """The plan of a shot (first, last) with a job's parameters."""
        first, last = shot
        return cls(first, last, params.num_frames_per_batch, params.num_overlap_frames, params.decode_chunk_size)

    @property
    def length(self) -> int:
        """Frames in the shot."""
        return self.last - self.first + 1

    @property
    def stride(self) -> int:
        """Frames from one block's start to the next."""
        return self.window - self.overlap

    @property
    def count(self) -> int:
        """Number of blocks."""
        return 1 if self.length <= self.window else -(-(self.length - self.window) // self.stride) + 1

    def block(self, index: int) -> Block:
        """Block number `index`, 0 to count−1.

        Raises:
            FrameRangeError: there is no such block.
        """
        if not 0 <= index < self.count:
            raise FrameRangeError(f"There is no block {index}; the shot has {self.count}.")
        first = self.first + index * self.stride
        last = self.last if index == self.count - 1 else first + self.stride - 1
        window_first = min(first, max(self.last - self.window + 1, self.first))
        window_last = min(window_first + self.window - 1, self.last)
        groups = tuple((g, min(g + self.group - 1, last)) for g in range(first, last + 1, self.group))
        return Block(index, first, last, window_first, window_last, groups)

    def block_of(self, frame: int) -> Block:
        """The block that delivers a frame.

        Raises:
            FrameRangeError: the frame is outside the shot.
        """
        if not self.first <= frame <= self.last:
            raise FrameRangeError(f"Frame {frame} is outside the shot range {self.first}-{self.last}.")
        return self.block(min((frame - self.first) // self.stride, self.count - 1))

    def blend(self, block: Block, frame: int) -> float:
        """Weight of the block's own window at a frame, in (0,1]; the rest is the window before's. 1 outside the overlap."""
        offset = frame - block.first
        return 1.0 if block.index == 0 or offset >= self.overlap else (offset + 1) / (self.overlap + 1)

    def windows_of(self, block: Block, group: Tuple[int, int]) -> Tuple[int, ...]:
        """Indices of the windows that a decode group's pixels depend on, ascending."""
        blended = block.index > 0 and group[0] - block.first < self.overlap
        return (block.index - 1, block.index) if blended else (block.index,)

    def plates_of(self, block: Block, group: Tuple[int, int]) -> range:
        """The frames whose plates a decode group's pixels depend on."""
        indices = self.windows_of(block, group)
        return range(self.block(indices[0]).window_first, self.block(indices[-1]).window_last + 1)

    def group_of(self, frame: int) -> Tuple[Block, Tuple[int, int]]:
        """The block and decode group that deliver a frame."""
        block = self.block_of(frame)
        return block, block.groups[(frame - block.first) // self.group]

    def steps(self, frames: Iterable[int]) -> List[Step]:
        """The windows to run for the frames asked for, in order; each plate is read in one step only.

        Raises:
            FrameRangeError: a frame is outside the shot.
        """
        groups: Dict[int, Set[Tuple[int, int]]] = {}
        for frame in frames:
            block, group = self.group_of(frame)
            for index in self.windows_of(block, group):
                groups.setdefault(index, set())
            groups[block.index].add(group)
        blocks = [self.block(index) for index in sorted(groups)]
        steps, read_to = [], self.first - 1
        for position, block in enumerate(blocks):
            later = blocks[position + 1].window_first if position + 1 < len(blocks) else self.last + 1
            plates = tuple(frame for frame in block.window if frame > read_to)
            read_to = max(read_to, block.window_last)
            steps.append(Step(block, plates, tuple(sorted(groups[block.index])), later))
        return steps

    def plates(self, frames: Iterable[int]) -> FrameRange:
        """Every frame whose plate a request needs: what is asked for, the overlap, and context."""
        return FrameRange.of(frame for step in self.steps(frames) for frame in step.plates)
