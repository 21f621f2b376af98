"""Blocks as tasks: grids, rounding out, chunks, and how much a chunking repeats."""

from __future__ import annotations

from typing import List

import pytest
from gvm_matte.core.errors import FrameRangeError
from gvm_matte.core.frames import BlockPlan
from gvm_matte.farm import blocks_of, chunks, frames_of_blocks, parse_blocks, range_expression, repeated_share
from hypothesis import given
from hypothesis import strategies as st

PLAN = BlockPlan(1001, 1400, 8, 2, 4)  # blocks every 6 frames, the last from 1397


def test_frames_are_rounded_out_to_the_blocks_of_the_shot() -> None:
    firsts = blocks_of(PLAN, [1150, 1153])
    assert firsts == (1145, 1151)
    assert str(frames_of_blocks(PLAN, firsts)) == "1145-1156"
    assert str(frames_of_blocks(PLAN, blocks_of(PLAN, [1400]))) == "1397-1400"
    with pytest.raises(FrameRangeError, match="1401"):
        blocks_of(PLAN, [1401])


@pytest.mark.parametrize(
    ("firsts", "text"),
    [((1001,), "1001"), ((1001, 1007), "1001,1007"), ((1001, 1007, 1013), "1001-1013:6"), ((-17, -9, -1, 7), "-17-7:8"),
     ((1, 2, 3), "1-3")],
)  # fmt: skip
def test_range_expressions_are_read_back(firsts: tuple[int, ...], text: str) -> None:
    assert range_expression(firsts) == text
    stride = firsts[1] - firsts[0] if len(firsts) > 1 else 8
    plan = BlockPlan(firsts[0], firsts[-1] + 20 * stride, stride, 0, 4)
    assert parse_blocks(plan, text) == firsts


def test_a_frame_within_a_block_is_no_task() -> None:
    with pytest.raises(FrameRangeError, match=r"No block begins at frame 1008.*every 6 frames from 1001"):
        parse_blocks(PLAN, "1001,1008")


@given(st.integers(1, 300), st.integers(1, 40))
def test_chunks_are_even_and_lose_nothing(count: int, size: int) -> None:
    firsts = list(range(0, count * 8, 8))
    found = chunks(firsts, size)
    assert [first for chunk in found for first in chunk] == firsts
    lengths: List[int] = [len(chunk) for chunk in found]
    assert max(lengths) <= size and max(lengths) - min(lengths) <= 1 and lengths == sorted(lengths, reverse=True)


def test_more_blocks_in_a_chunk_repeat_less() -> None:
    firsts = blocks_of(PLAN, range(1001, 1401))
    shares = [repeated_share(PLAN, firsts, size) for size in (1, 2, 4, 8, 16, len(firsts))]
    assert shares == sorted(shares, reverse=True)
    # every chunk but the first computes the window before it once more
    assert shares[0] == (len(firsts) - 1) / len(firsts) and shares[-1] == 0.0
    assert shares[3] == pytest.approx((len(chunks(firsts, 8)) - 1) / len(firsts))
