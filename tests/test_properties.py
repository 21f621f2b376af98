"""What holds for any pattern, box, frame range and block plan, not only for those that somebody thought of.

The examples are drawn by Hypothesis and are the same in every run.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Callable, FrozenSet, List, Set, Tuple

import pytest
from gvm_matte.core.errors import FrameRangeError, UsageError
from gvm_matte.core.frames import BlockPlan, FrameRange
from gvm_matte.core.image import Box
from gvm_matte.core.paths import frame_field, frame_path
from gvm_matte.engine.plates.scan import scan_frames, sequences_in
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

# Deterministic, without a database on disk, and without a clock.
steady = settings(
    derandomize=True, max_examples=120, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
few = settings(steady, max_examples=40)  # those that write files

frame_numbers = st.integers(-99_999, 9_999_999)
# Any character that a name may hold on a file system, but no digit at an end: `take2` + `0001` would be another number.
stems = st.text(
    st.characters(codec="utf-8", exclude_characters='/\\\0#@%:*?"<>|\r\n', exclude_categories=["Cs", "Cc"]), max_size=8
)
stems = stems.map(lambda text: text + ".")
widths = st.integers(1, 7)


def spellings(width: int) -> List[str]:
    """The three ways to write a field of this many digits."""
    return ["#" * width, "@" * width, f"%0{width}d"]


@steady
@given(stem=stems, width=widths, frame=frame_numbers)
def test_every_spelling_of_a_field_names_the_same_file(stem: str, width: int, frame: int) -> None:
    paths = {frame_path(f"/a/{stem}{field}.exr", frame) for field in spellings(width)}
    assert len(paths) == 1
    name = os.path.basename(paths.pop())
    digits = name[len(stem) : -len(".exr")]
    assert name == f"{stem}{digits}.exr"
    assert int(digits) == frame and len(digits) >= width
    assert len(digits) == width or not digits.lstrip("-").startswith("0")


@steady
@given(stem=stems, width=widths, frames=st.sets(frame_numbers, min_size=2, max_size=6))
def test_no_two_frames_share_a_file(stem: str, width: int, frames: Set[int]) -> None:
    for field in spellings(width):
        assert len({frame_path(f"{stem}{field}.exr", frame) for frame in frames}) == len(frames)


@steady
@given(stem=stems, folder=stems, width=widths)
def test_a_field_is_found_in_the_name_and_never_in_the_folder(stem: str, folder: str, width: int) -> None:
    for field in spellings(width):
        assert frame_field(f"/{folder}{field}/{stem}{field}.exr") == field
        assert frame_field(f"/{folder}{field}/{stem}exr") is None
        assert frame_path(f"/{folder}{field}/{stem}exr", 7) == f"/{folder}{field}/{stem}exr"
        with pytest.raises(UsageError):
            frame_field(f"{stem}{field}.{field}.exr")


@few
@given(stem=stems, width=widths, frames=st.sets(st.integers(-999, 99_999), min_size=1, max_size=8))
def test_what_a_pattern_names_is_what_is_found(stem: str, width: int, frames: Set[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pattern = os.path.join(folder, f"{stem}{'#' * width}.exr")
        for frame in frames:
            Path(frame_path(pattern, frame)).touch()
            Path(frame_path(pattern, frame) + ".md5").touch()
        for field in spellings(width):
            assert scan_frames(os.path.join(folder, f"{stem}{field}.exr")) == tuple(sorted(frames))


@few
@given(width=widths, frames=st.sets(st.integers(-999, 99_999), min_size=1, max_size=8))
def test_every_file_of_a_folder_is_in_one_of_its_sequences(width: int, frames: Set[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pattern = os.path.join(folder, f"plate.{'#' * width}.exr")
        files = {frame_path(pattern, frame) for frame in frames}
        for path in files:
            Path(path).touch()
        listed = [
            frame_path(sequence.path, frame)
            for sequence in sequences_in(folder, endings=(".exr",))
            for frame in sequence.frames
        ]
        assert sorted(listed) == sorted(files)


boxes = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height),
    *(st.integers(-60, 60), st.integers(-60, 60), st.integers(1, 50), st.integers(1, 50)),
)
points = st.tuples(st.integers(-120, 120), st.integers(-120, 120))


def holds(box: Box, point: Tuple[int, int]) -> bool:
    """Whether a pixel lies in a box, by the definition of half open."""
    return box.x0 <= point[0] < box.x1 and box.y0 <= point[1] < box.y1


@steady
@given(a=boxes, b=boxes, point=points)
def test_an_intersection_holds_what_both_hold(a: Box, b: Box, point: Tuple[int, int]) -> None:
    assert a.overlaps(b) == b.overlaps(a)
    if not a.overlaps(b):
        assert not (holds(a, point) and holds(b, point))
        with pytest.raises(UsageError):
            a.intersection(b)
        return
    both = a.intersection(b)
    assert both == b.intersection(a) and a.intersection(a) == a
    assert holds(both, point) == (holds(a, point) and holds(b, point))


@steady
@given(a=boxes, b=boxes, c=boxes, point=points)
def test_a_union_is_the_smallest_box_around_both(a: Box, b: Box, c: Box, point: Tuple[int, int]) -> None:
    around = a.union(b)
    assert around == b.union(a) and a.union(a) == a
    assert around.union(c) == a.union(b.union(c))
    assert around.intersection(a) == a and around.intersection(b) == b
    assert holds(around, point) or not (holds(a, point) or holds(b, point))
    for edge in (0, 1):
        assert around.as_tuple[edge] in (a.as_tuple[edge], b.as_tuple[edge])
        assert around.as_tuple[edge + 2] in (a.as_tuple[edge + 2], b.as_tuple[edge + 2])


@steady
@given(x=st.integers(-9, 9), y=st.integers(-9, 9), width=st.integers(-3, 3), height=st.integers(-3, 3))
def test_a_box_holds_a_pixel_or_is_none(x: int, y: int, width: int, height: int) -> None:
    if width > 0 and height > 0:
        box = Box(x, y, x + width, y + height)
        assert (box.width, box.height) == (width, height) and holds(box, (x, y))
    else:
        with pytest.raises(UsageError):
            Box(x, y, x + width, y + height)


@steady
@given(frames=st.lists(st.integers(-300, 300), min_size=1, max_size=40))
def test_a_frame_range_is_read_back_from_its_own_text(frames: List[int]) -> None:
    given_range = FrameRange.of(frames)
    assert given_range.frames == tuple(sorted(set(frames)))
    assert FrameRange.parse(str(given_range)) == given_range
    assert (given_range.first, given_range.last, len(given_range)) == (min(frames), max(frames), len(set(frames)))
    assert all((frame in given_range) == (frame in frames) for frame in range(-301, 302, 7))


@steady
@given(first=st.integers(-200, 200), length=st.integers(0, 100), step=st.integers(1, 20))
def test_a_stepped_range_is_what_python_steps_through(first: int, length: int, step: int) -> None:
    last = first + length
    for mark in "x:":
        assert FrameRange.parse(f"{first}-{last}{mark}{step}").frames == tuple(range(first, last + 1, step))


@steady
@given(text=st.text("0123456789-,x: ab", max_size=12))
def test_any_other_text_is_refused_with_one_error(text: str) -> None:
    try:
        frames = FrameRange.parse(text)
    except FrameRangeError:
        assert not re.fullmatch(r"\d{1,6}(,\d{1,6})*", text)
    else:
        assert FrameRange.parse(str(frames)) == frames


@st.composite
def plans(draw: Callable[..., int]) -> BlockPlan:
    first = draw(st.integers(-1000, 1000))
    window = draw(st.integers(1, 40))
    return BlockPlan(
        first,
        first + draw(st.integers(0, 250)),
        window=window,
        overlap=draw(st.integers(0, window // 2)),
        group=draw(st.integers(1, 12)),
    )


@st.composite
def plans_and_frames(draw: Callable[..., BlockPlan]) -> Tuple[BlockPlan, FrozenSet[int]]:
    plan = draw(plans())
    return plan, draw(st.frozensets(st.integers(plan.first, plan.last), min_size=1, max_size=12))  # type: ignore[return-value]


@steady
@given(plan=plans())
def test_blocks_and_groups_partition_the_shot(plan: BlockPlan) -> None:
    blocks = [plan.block(index) for index in range(plan.count)]
    assert [frame for block in blocks for frame in block.frames] == list(range(plan.first, plan.last + 1))
    for block in blocks:
        groups = [frame for first, last in block.groups for frame in range(first, last + 1)]
        assert groups == list(block.frames)
        assert all(last - first < plan.group for first, last in block.groups)
        assert {plan.block_of(frame) for frame in block.frames} == {block}
    with pytest.raises(FrameRangeError):
        plan.block(plan.count)


@steady
@given(plan=plans())
def test_every_window_is_whole_and_holds_its_block(plan: BlockPlan) -> None:
    for index in range(plan.count):
        block = plan.block(index)
        assert len(block.window) == min(plan.window, plan.length)
        assert set(block.frames) <= set(block.window) <= set(range(plan.first, plan.last + 1))
        if index:
            shared = set(block.frames[: plan.overlap])
            assert shared <= set(plan.block(index - 1).window), "what is blended is in both windows"


@steady
@given(plan=plans())
def test_the_blend_rises_through_the_overlap_and_is_one_behind_it(plan: BlockPlan) -> None:
    for index in range(plan.count):
        block = plan.block(index)
        weights = [plan.blend(block, frame) for frame in block.frames]
        blended = 0 if index == 0 else min(plan.overlap, len(weights))
        assert all(0 < weight < 1 for weight in weights[:blended]) and set(weights[blended:]) <= {1.0}
        assert weights == sorted(weights) and len(set(weights[:blended])) == blended


@steady
@given(drawn=plans_and_frames())
def test_what_a_frame_depends_on_is_the_same_whatever_else_is_asked(drawn: Tuple[BlockPlan, FrozenSet[int]]) -> None:
    plan, asked = drawn
    together = {step.block.index: step for step in plan.steps(asked)}
    for frame in asked:
        block, group = plan.group_of(frame)
        assert group[0] <= frame <= group[1]
        alone = {step.block.index: step for step in plan.steps([frame])}
        assert set(alone) == set(plan.windows_of(block, group)) <= set(together)
        for index, step in alone.items():
            assert together[index].block == step.block
        assert group in together[block.index].groups
        assert set(plan.plates([frame])) == set(plan.plates_of(block, group))
    assert set(plan.plates(asked)) == {plate for frame in asked for plate in plan.plates([frame])}


@steady
@given(plan=plans())
def test_a_group_needs_the_window_before_exactly_where_it_is_blended(plan: BlockPlan) -> None:
    for index in range(plan.count):
        block = plan.block(index)
        for group in block.groups:
            blended = any(plan.blend(block, frame) < 1 for frame in range(group[0], group[1] + 1))
            assert plan.windows_of(block, group) == ((index - 1, index) if blended else (index,))


@steady
@given(drawn=plans_and_frames())
def test_steps_ask_for_nothing_that_nobody_needs(drawn: Tuple[BlockPlan, FrozenSet[int]]) -> None:
    plan, asked = drawn
    steps = plan.steps(asked)
    needed = {plan.group_of(frame) for frame in asked}
    assert {(step.block, group) for step in steps for group in step.groups} == needed
    assert {step.block.index for step in steps} == {index for one in needed for index in plan.windows_of(*one)}


@steady
@given(drawn=plans_and_frames())
def test_each_plate_is_read_once_in_order_and_kept_while_it_is_needed(drawn: Tuple[BlockPlan, FrozenSet[int]]) -> None:
    plan, asked = drawn
    steps = plan.steps(asked)
    read = [plate for step in steps for plate in step.plates]
    assert read == sorted(set(read))
    held: Set[int] = set()
    for step in steps:
        held.update(step.plates)
        assert set(step.block.window) <= held, "a window has all its plates when its turn comes"
        held = {plate for plate in held if plate >= step.keep_latents_from}
    assert not held, "nothing is kept when all is done"


@steady
@given(plan=plans(), cut=st.integers(1, 60))
def test_chunks_of_a_farm_render_what_the_whole_shot_renders(plan: BlockPlan, cut: int) -> None:
    assume(cut <= plan.length)
    whole = {step.block.index: step for step in plan.steps(range(plan.first, plan.last + 1))}
    seen: Set[Tuple[int, int]] = set()
    for start in range(plan.first, plan.last + 1, cut):
        for step in plan.steps(range(start, min(start + cut, plan.last + 1))):
            assert step.block == whole[step.block.index].block
            seen.update(step.groups)
    assert seen == {group for step in whole.values() for group in step.groups}
