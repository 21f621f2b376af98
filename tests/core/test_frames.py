"""Frame ranges, and the block plan: the same for a frame, a chunk and the whole shot."""

from __future__ import annotations

import random
from typing import Dict, List, Set, Tuple

import pytest
from gvm_matte.core.errors import FrameRangeError
from gvm_matte.core.frames import BlockPlan, FrameRange

# -- ranges


@pytest.mark.parametrize(
    ("text", "frames", "again"),
    [
        ("7", [7], "7"),
        ("1001-1004", [1001, 1002, 1003, 1004], "1001-1004"),
        ("1-10,15,20-30x2", [*range(1, 11), 15, *range(20, 31, 2)], "1-10,15,20-30x2"),
        ("20-30:5", [20, 25, 30], "20-30x5"),
        ("-5--1", [-5, -4, -3, -2, -1], "-5--1"),
        ("-3-2", [-3, -2, -1, 0, 1, 2], "-3-2"),
        ("3,1,2,2", [1, 2, 3], "1-3"),
        (" 1 - 3 , 9 ", [1, 2, 3, 9], "1-3,9"),
        ("1-10x20", [1], "1"),
        ("1,2", [1, 2], "1-2"),
        ("1,5", [1, 5], "1,5"),
        ("0", [0], "0"),
    ],
)
def test_ranges_are_read_and_written(text: str, frames: List[int], again: str) -> None:
    found = FrameRange.parse(text)
    assert list(found) == frames and len(found) == len(frames)
    assert (found.first, found.last) == (frames[0], frames[-1])
    assert str(found) == again and FrameRange.parse(again) == found
    assert frames[0] in found and frames[-1] + 1 not in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (",", "no frame range"), ("1-", "no frame range"), ("-", "no frame range"),
        ("a", "no frame range"), ("1..5", "no frame range"), ("1-5x", "no frame range"), ("1-5x-2", "no frame range"),
        ("1.5", "no frame range"), ("1-2-3", "no frame range"), ("5-1", "write 1-5"), ("1-5x0", "steps by 0"),
        ("1-10000000", "more than"), ("1,2,", "no frame range"),
    ],
)  # fmt: skip
def test_what_is_no_range_says_so(text: str, words: str) -> None:
    with pytest.raises(FrameRangeError, match=words):
        FrameRange.parse(text)


def test_a_range_may_be_empty() -> None:
    empty = FrameRange.parse("")
    assert empty == FrameRange.of([]) == FrameRange() == FrameRange.between(2, 1) == FrameRange.parse(" ")
    assert str(empty) == "" and not empty and list(empty) == [] and 1 not in empty
    for ask in (lambda: empty.first, lambda: empty.last):
        with pytest.raises(FrameRangeError, match="no frames"):
            ask()


def test_any_set_of_frames_is_written_so_that_it_is_read_back() -> None:
    rng = random.Random(1)
    for _ in range(300):
        found = FrameRange.of(rng.sample(range(-30, 30), rng.randint(0, 40)))
        assert FrameRange.parse(str(found)) == found


# -- the plan


def test_the_plan_of_the_reference() -> None:
    plan = BlockPlan(first=0, last=16, window=8, overlap=2, group=4)
    blocks = [plan.block(index) for index in range(plan.count)]
    assert [(block.first, block.last) for block in blocks] == [(0, 5), (6, 11), (12, 16)]
    assert [(block.window_first, block.window_last) for block in blocks] == [(0, 7), (6, 13), (9, 16)]
    assert [block.groups for block in blocks] == [((0, 3), (4, 5)), ((6, 9), (10, 11)), ((12, 15), (16, 16))]
    assert [plan.blend(blocks[1], frame) for frame in (6, 7, 8)] == [1 / 3, 2 / 3, 1.0]
    assert [plan.blend(blocks[0], frame) for frame in (0, 1)] == [1.0, 1.0]
    assert [plan.blend(blocks[2], frame) for frame in (12, 13, 14)] == [1 / 3, 2 / 3, 1.0]


@pytest.mark.parametrize("last", [-10, -4, -3])
def test_a_shot_no_longer_than_the_window_is_one_block(last: int) -> None:
    plan = BlockPlan(first=-10, last=last, window=8, overlap=3, group=3)
    block = plan.block(0)
    assert plan.count == 1
    assert (block.first, block.last, block.window_first, block.window_last) == (-10, last, -10, last)


def test_a_shot_of_one_frame() -> None:
    plan = BlockPlan(first=1001, last=1001, window=32, overlap=6, group=16)
    assert plan.block_of(1001).groups == ((1001, 1001),)
    assert plan.plates([1001]) == FrameRange((1001,))


def test_no_overlap_means_no_blend() -> None:
    plan = BlockPlan(first=0, last=99, window=8, overlap=0, group=8)
    for frame in range(100):
        block = plan.block_of(frame)
        assert plan.blend(block, frame) == 1.0
        assert plan.windows_of(block, plan.group_of(frame)[1]) == (block.index,)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"last": -1}, "runs backwards"), ({"window": 0}, "at least 1"), ({"group": 0}, "at least 1"),
        ({"overlap": -1}, "0 to 4"), ({"overlap": 5}, "0 to 4"), ({"window": 1, "overlap": 1}, "0 to 0"),
    ],
)  # fmt: skip
def test_plans_that_make_no_sense(values: Dict[str, int], words: str) -> None:
    with pytest.raises(FrameRangeError, match=words):
        BlockPlan(**{"first": 0, "last": 16, "window": 8, "overlap": 2, "group": 4, **values})


def test_frames_and_blocks_outside_the_shot() -> None:
    plan = BlockPlan(first=0, last=16, window=8, overlap=2, group=4)
    for frame in (-1, 17):
        with pytest.raises(FrameRangeError, match="outside"):
            plan.block_of(frame)
        with pytest.raises(FrameRangeError, match="outside"):
            plan.steps([frame])
    for index in (-1, 3):
        with pytest.raises(FrameRangeError, match="no block"):
            plan.block(index)


def plans() -> List[BlockPlan]:
    """Every small shape, and some large ones, at places on both sides of 0."""
    found = []
    for first in (-7, 0, 1001):
        for length in (*range(1, 31), 97):
            for window, overlap in ((1, 0), (2, 1), (3, 1), (5, 0), (5, 2), (8, 2), (8, 4), (32, 6)):
                for group in (1, 3, 4, 16):
                    found.append(BlockPlan(first, first + length - 1, window, overlap, group))
    return found


PLANS = plans()


def test_every_frame_is_in_one_block_and_one_group() -> None:
    for plan in PLANS:
        seen: List[int] = []
        grouped: List[int] = []
        for index in range(plan.count):
            block = plan.block(index)
            seen.extend(block.frames)
            for first, last in block.groups:
                assert 1 <= last - first + 1 <= plan.group
                grouped.extend(range(first, last + 1))
            assert set(block.frames) <= set(block.window)
            assert len(block.window) == min(plan.window, plan.length)
            assert plan.first <= block.window_first and block.window_last <= plan.last
        assert seen == grouped == list(range(plan.first, plan.last + 1))
        for frame in seen:
            block, group = plan.group_of(frame)
            assert frame in block.frames and group[0] <= frame <= group[1]


def test_the_window_before_holds_the_overlap() -> None:
    """Blending frame f of block k needs its latent in window k−1."""
    for plan in PLANS:
        for index in range(1, plan.count):
            block, before = plan.block(index), plan.block(index - 1)
            for frame in block.frames:
                weight = plan.blend(block, frame)
                assert 0 < weight <= 1
                if weight < 1:
                    assert frame in before.window


def covered(plan: BlockPlan, frames: List[int]) -> Set[Tuple[int, Tuple[int, int], Tuple[int, ...]]]:
    """(block, group, windows run for it) of a request."""
    steps = plan.steps(frames)
    run = {step.block.index for step in steps}
    return {
        (step.block.index, group, tuple(w for w in plan.windows_of(step.block, group) if w in run))
        for step in steps
        for group in step.groups
    }


def test_any_split_of_a_shot_covers_the_same_groups_with_the_same_windows() -> None:
    rng = random.Random(2)
    for plan in rng.sample(PLANS, 600):
        shot = list(range(plan.first, plan.last + 1))
        whole = covered(plan, shot)
        assert all(windows == plan.windows_of(plan.block(index), group) for index, group, windows in whole)
        cuts = sorted(rng.sample(range(len(shot) + 1), min(len(shot), rng.randint(0, 5))))
        chunks = [shot[a:b] for a, b in zip([0, *cuts], [*cuts, len(shot)]) if a < b]
        assert set().union(*(covered(plan, chunk) for chunk in chunks)) == whole
        scattered = rng.sample(shot, rng.randint(1, len(shot)))
        assert set().union(*(covered(plan, [frame]) for frame in scattered)) == covered(plan, scattered) <= whole


def test_each_plate_is_read_once_and_before_it_is_needed() -> None:
    rng = random.Random(3)
    for plan in rng.sample(PLANS, 600):
        frames = rng.sample(range(plan.first, plan.last + 1), rng.randint(1, plan.length))
        read: List[int] = []
        for step in plan.steps(frames):
            read.extend(step.plates)
            assert set(step.block.window) <= set(read)
        assert read == sorted(set(read)) == list(plan.plates(frames))
        assert set(frames) <= set(read)


def test_latents_are_kept_as_long_as_a_later_step_needs_them() -> None:
    rng = random.Random(4)
    for plan in rng.sample(PLANS, 600):
        frames = rng.sample(range(plan.first, plan.last + 1), rng.randint(1, plan.length))
        kept: Set[int] = set()
        for step in plan.steps(frames):
            kept |= set(step.plates)
            assert set(step.block.window) <= kept
            kept = {frame for frame in kept if frame >= step.keep_latents_from}
            assert len(kept) <= plan.window


def test_a_requests_groups_hold_its_frames_and_their_plates_are_read() -> None:
    rng = random.Random(5)
    for plan in rng.sample(PLANS, 600):
        frames = rng.sample(range(plan.first, plan.last + 1), rng.randint(1, plan.length))
        delivered: Set[int] = set()
        plates = set(plan.plates(frames))
        for step in plan.steps(frames):
            for group in step.groups:
                delivered |= set(range(group[0], group[1] + 1))
                indices = plan.windows_of(step.block, group)
                for index in indices:
                    assert set(plan.block(index).window) <= plates
                assert set(plan.plates_of(step.block, group)) >= set(range(group[0], group[1] + 1))
        assert set(frames) <= delivered
