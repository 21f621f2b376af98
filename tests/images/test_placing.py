"""Pixels of one box in another one: the same in arrays and tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gvm_matte.core.image import Box
from gvm_matte.engine.pipeline.region import over_area
from gvm_matte.images.placing import placed

AREA = Box(-2, 3, 6, 9)
BOXES = [Box(0, 4, 3, 6), Box(-5, 0, 10, 20), Box(4, 7, 9, 12), Box(-2, 3, 6, 4), Box(6, 3, 7, 9), AREA]


@pytest.mark.parametrize("box", BOXES, ids=str)
@pytest.mark.parametrize("tail", [(), (3,)])
def test_pixels_keep_their_place(box: Box, tail: tuple[int, ...]) -> None:
    pixels = np.arange(1, 1 + box.width * box.height * int(np.prod(tail)), dtype=np.uint16)
    pixels = pixels.reshape(box.height, box.width, *tail)
    found = placed(pixels, box, AREA)
    assert found.shape == (AREA.height, AREA.width, *tail) and found.dtype == pixels.dtype
    for y in range(AREA.y0, AREA.y1):
        for x in range(AREA.x0, AREA.x1):
            held = box.x0 <= x < box.x1 and box.y0 <= y < box.y1
            expected = pixels[y - box.y0, x - box.x0] if held else 0
            assert (found[y - AREA.y0, x - AREA.x0] == expected).all()
    planes = torch.from_numpy(pixels.astype(np.int32))
    planes = planes.permute(2, 0, 1) if tail else planes
    moved = over_area(planes, box, AREA)
    assert (moved.permute(1, 2, 0) if tail else moved).tolist() == found.tolist()


def test_where_the_boxes_are_the_same_nothing_is_copied() -> None:
    pixels = np.zeros((AREA.height, AREA.width))
    assert placed(pixels, AREA, AREA) is pixels
