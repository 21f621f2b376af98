"""The region of interest: what the model sees of a plate, and where alpha may be other than 0."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from gvm_matte.core.errors import ParamError
from gvm_matte.core.image import Box
from gvm_matte.engine.pipeline.region import Region
from gvm_matte.params.keys import ShotParams

HD = Box(0, 0, 1920, 1080)


def region(roi: Any, *, display: Box = HD, processed: Box = HD) -> Region:
    return Region(ShotParams.of({"roi": roi}), display=display, processed=processed)


def test_without_a_region_everything_is_processed() -> None:
    whole = region("")
    alpha = torch.rand(1080, 1920)
    assert whole.is_whole and whole.area == whole.crop(7) == whole.box(7) == HD and whole.crop_size == (1920, 1080)
    assert whole.place(alpha, 7) is alpha


def test_coordinates_count_from_the_bottom_left_as_in_nuke() -> None:
    assert region("100,0,400,200").area == Box(100, 880, 400, 1080)
    shifted = Box(-50, 30, 1870, 1110)
    assert region("0,0,10,10", display=shifted, processed=shifted).area == Box(-50, 1100, -40, 1110)


def test_fractions_are_rounded_out() -> None:
    assert region("10.2,10.7,20.1,19.5").area == Box(10, 1080 - 20, 21, 1080 - 10)


def test_the_model_sees_a_margin_but_nothing_beyond_the_picture() -> None:
    found = region("800,400,1120,600")
    crop, box = found.crop(1), found.box(1)
    assert box is not None and crop.intersection(box) == box
    assert box.x0 - crop.x0 == crop.x1 - box.x1 == box.y0 - crop.y0 == crop.y1 - box.y1 == 20  # 1/16 of 320
    at_the_edge = region("0,0,320,200").crop(1)
    assert at_the_edge.intersection(HD) == at_the_edge and (at_the_edge.width, at_the_edge.height) == found.crop_size


def test_alpha_is_0_outside_the_box_and_ramps_up_inside_it() -> None:
    found = region("800,400,1120,600")
    placed = found.place(torch.ones(found.crop_size[::-1]), 1)
    assert placed.shape == (200, 320) and found.area == found.box(1)
    assert placed[100, 160] == 1.0
    row = placed[100]
    assert 0.0 < row[0] < row[1] < row[2] < 1.0 and torch.equal(row, row.flip(0))
    assert torch.equal(placed[:, 160], placed[:, 160].flip(0))


def test_there_is_no_ramp_where_the_picture_ends() -> None:
    placed = (found := region("0,0,320,1080")).place(torch.ones(found.crop_size[::-1]), 1)
    assert (placed[:, 0] == 1.0).all() and (placed[0, :300] == 1.0).all() and (placed[-1, :300] == 1.0).all()
    assert placed[500, -1] < 1.0


def test_a_moving_box_keeps_the_models_size_and_its_place_in_the_area() -> None:
    found = region({"1": "0,0,200,200", "11": "1000,500,1300,700"})
    assert found.area == Box(0, 1080 - 700, 1300, 1080)
    sizes = {(found.crop(frame).width, found.crop(frame).height) for frame in range(-2, 14)}
    assert sizes == {found.crop_size}
    for frame in range(-2, 14):
        box, crop = found.box(frame), found.crop(frame)
        assert box is not None and crop.intersection(box) == box and crop.intersection(HD) == crop
        placed = found.place(torch.ones(found.crop_size[::-1]), frame)
        lit = placed.nonzero()
        y0, x0, y1, x1 = (*lit.min(0).values.tolist(), *(lit.max(0).values + 1).tolist())
        assert Box(x0 + found.area.x0, y0 + found.area.y0, x1 + found.area.x0, y1 + found.area.y0) == box


def test_a_box_that_leaves_the_picture_leaves_nothing() -> None:
    found = region({"1": "0,0,200,200", "10": "3000,0,3200,200"})
    assert found.area == Box(0, 880, 200, 1080)
    assert found.box(10) is None
    assert not found.place(torch.ones(found.crop_size[::-1]), 10).any()


@pytest.mark.parametrize("roi", ["2000,0,2100,100", "0,-50,100,0", {"1": "-10,0,0,9", "2": "5,2000,9,2001"}])
def test_a_region_outside_the_picture_is_refused(roi: Any) -> None:
    with pytest.raises(ParamError, match="outside the picture"):
        region(roi)


def test_the_region_lies_within_the_data_windows() -> None:
    found = region("0,0,1920,1080", processed=Box(100, 100, 500, 300))
    assert found.area == found.crop(1) == Box(100, 100, 500, 300)
