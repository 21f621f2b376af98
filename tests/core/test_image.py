"""Geometry: boxes, the model's size, padding."""

from __future__ import annotations

import itertools
import random

import pytest
from gvm_matte.core.errors import UsageError
from gvm_matte.core.image import Box, fit_size, padding


def boxes(count: int, seed: int) -> list[Box]:
    """Boxes anywhere around the origin."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        x, y = chance.randint(-50, 50), chance.randint(-50, 50)
        made.append(Box(x, y, x + chance.randint(1, 60), y + chance.randint(1, 60)))
    return made


def pixels(box: Box) -> set[tuple[int, int]]:
    """All pixels of a box, for a check by counting."""
    return set(itertools.product(range(box.x0, box.x1), range(box.y0, box.y1)))


@pytest.mark.parametrize(("one", "other"), list(zip(boxes(40, 1), boxes(40, 2))))
def test_set_operations_agree_with_counting_pixels(one: Box, other: Box) -> None:
    common = pixels(one) & pixels(other)
    assert one.overlaps(other) == other.overlaps(one) == bool(common)
    if common:
        assert pixels(one.intersection(other)) == common
    else:
        with pytest.raises(UsageError):
            one.intersection(other)
    union = one.union(other)
    assert union == other.union(one)
    assert pixels(union) >= pixels(one) | pixels(other)
    assert (union.x0, union.y1) == (min(one.x0, other.x0), max(one.y1, other.y1))
    assert one.width * one.height == len(pixels(one))


@pytest.mark.parametrize("edges", [(0, 0, 0, 1), (0, 0, 1, 0), (5, 0, 4, 3), (0, 5, 3, 4)])
def test_a_box_holds_a_pixel(edges: tuple[int, int, int, int]) -> None:
    with pytest.raises(UsageError, match="no pixel"):
        Box(*edges)


def test_boxes_are_values() -> None:
    assert Box(0, 1, 2, 3) == Box(*Box(0, 1, 2, 3).as_tuple)
    assert len({Box(0, 1, 2, 3), Box(0, 1, 2, 3)}) == 1
    assert str(Box(-4, 3, 28, 27)) == "32x24 at -4,3"


@pytest.mark.parametrize(
    ("plate", "size", "cap", "fitted"),
    [
        ((1920, 1080), 720, 1024, (1024, 576)),
        ((1080, 1920), 720, 1024, (576, 1024)),
        ((1920, 1080), 512, 1024, (910, 512)),
        ((1000, 1000), 720, 1024, (720, 720)),
        ((640, 480), 720, 1024, (960, 720)),
        ((2048, 858), 720, 960, (960, 402)),
        ((4000, 1), 720, 1024, (1024, 1)),
        ((1, 1), 720, 512, (512, 512)),
    ],
)
def test_the_size_the_model_sees(plate: tuple[int, int], size: int, cap: int, fitted: tuple[int, int]) -> None:
    assert fit_size(*plate, size=size, max_resolution=cap) == fitted


def test_sizes_stay_within_the_cap_and_keep_the_shape() -> None:
    chance = random.Random(5)
    for _ in range(2000):
        width, height = chance.randint(1, 8192), chance.randint(1, 8192)
        size, cap = chance.randint(1, 2048), chance.randint(1, 4096)
        fitted = fit_size(width, height, size=size, max_resolution=cap)
        assert min(fitted) >= 1 and max(fitted) <= max(cap, 1)
        assert min(fitted) <= size
        turned = fit_size(height, width, size=size, max_resolution=cap)
        assert turned == fitted[::-1]
        # each edge is truncated at most twice, so the shape is right to within a pixel or so of the shorter edge
        long, short = max(fitted), min(fitted)
        assert abs(short - long * min(width, height) / max(width, height)) <= 2


@pytest.mark.parametrize("multiple", [1, 8, 32, 64])
def test_padding_is_centred_and_reaches_the_next_multiple(multiple: int) -> None:
    for width, height in itertools.product(range(1, 140, 3), range(1, 140, 7)):
        left, right, top, bottom = padding(width, height, multiple=multiple)
        assert (left + width + right) % multiple == (top + height + bottom) % multiple == 0
        assert 0 <= left + right < multiple and 0 <= top + bottom < multiple
        assert right - left in (0, 1) and bottom - top in (0, 1)


def test_padding_of_what_the_model_sees_of_hd() -> None:
    assert padding(910, 512) == (9, 9, 0, 0)
    assert padding(1023, 575) == (0, 1, 0, 1)
