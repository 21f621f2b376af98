"""Images that others made: see tests/data/images/README.md. What must come out was read with OpenEXR's own bindings."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import numpy as np
import pytest
from gvm_matte.core.errors import PlateUnreadableError
from gvm_matte.core.image import Box
from gvm_matte.engine.plates import open_masks, open_plates

IMAGES = Path(__file__).parents[2] / "data" / "images"


@pytest.mark.parametrize(
    ("name", "data", "display", "corner", "means"),
    [
        (
            "v1.7.test.1.exr",
            Box(20, 20, 198, 175),
            Box(0, 0, 217, 197),
            (0.1275634765625,) * 3,
            (0.49492386157376994,) * 3,
        ),
        (
            "scanline_with_tiledimage_type.exr",
            Box(0, 0, 40, 40),
            Box(0, 0, 40, 40),
            (0.2406005859375, 0.5966796875, 0.317138671875),
            (0.4849722909927368, 0.4849729609489441, 0.4849729609489441),
        ),
    ],
)
def test_whole_images(name: str, data: Box, display: Box, corner: Tuple[float, ...], means: Tuple[float, ...]) -> None:
    plate = open_plates(str(IMAGES / name)).read(1)
    assert (plate.data, plate.display) == (data, display)
    assert plate.pixels.dtype == np.float16
    assert tuple(plate.pixels[5, 7].tolist()) == corner
    np.testing.assert_allclose(plate.pixels.mean(axis=(0, 1), dtype=np.float64), means, rtol=1e-9)


@pytest.mark.parametrize(("channel", "corner"), [("", 0.5966796875), ("b", 0.317138671875)])
def test_a_mask_of_one(channel: str, corner: float) -> None:
    plate = open_masks(str(IMAGES / "scanline_with_tiledimage_type.exr"), channel=channel).read(1)
    assert plate.pixels[5, 7].tolist() == [corner]


@pytest.mark.parametrize(
    "name", ["comp_early_eof_piz.exr", "comp_bad_pos_bounds_pxr24.exr", "invalid_shared_attrs_multipart.exr"]
)
def test_damaged_images(name: str) -> None:
    path = str(IMAGES / name)
    with pytest.raises(PlateUnreadableError) as caught:
        open_plates(path).read(1)
    message = str(caught.value)
    assert message.count(path) == 1 and message.endswith(").") and "\n" not in message
