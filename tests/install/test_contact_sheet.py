"""The contact sheet and the comparison, on images whose result is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
import pytest
from gvm_matte.core.errors import MatteWriteError

from install.comparison import compare
from install.contact_sheet import GAP, HEADER, MARGIN, Column, write_contact_sheet

Image = npt.NDArray[np.float32]


def flat(value: float, *shape: int) -> Image:
    return np.full(shape, value, np.float32)


def read_sheet(path: Path) -> npt.NDArray[np.uint8]:
    image = oiio.ImageInput.open(str(path))
    assert image is not None and image.spec().format == oiio.UINT8
    pixels = image.read_image(oiio.UINT8)
    assert pixels is not None
    found: npt.NDArray[np.uint8] = pixels
    return found


def centre(sheet: npt.NDArray[np.uint8], row: int, column: int, size: tuple[int, int]) -> tuple[int, ...]:
    """The pixel in the middle of one picture."""
    y = HEADER + row * (size[1] + GAP) + size[1] // 2
    x = MARGIN + column * (size[0] + GAP) + size[0] // 2
    return tuple(int(value) for value in sheet[y, x])


def test_each_picture_is_in_its_place_and_in_srgb(tmp_path: Path) -> None:
    columns = [
        Column(1001, flat(0.18, 54, 96, 3), flat(1.0, 54, 96), flat(0.5, 54, 96), flat(0.18, 54, 96, 3)),
        Column(1048, flat(4.0, 54, 96, 3), flat(0.0, 54, 96), flat(0.0, 54, 96), flat(0.0, 54, 96, 3)),
    ]
    write_contact_sheet(tmp_path / "sheet.png", columns, thumbnail=96)
    sheet, size = read_sheet(tmp_path / "sheet.png"), (96, 54)
    assert sheet.shape == (HEADER + 5 * (54 + GAP), MARGIN + 2 * (96 + GAP), 3)
    assert centre(sheet, 0, 0, size) == (118, 118, 118)  # 18 % grey in sRGB
    assert centre(sheet, 0, 1, size) == (255, 255, 255)  # a highlight, clipped
    assert centre(sheet, 1, 0, size) == (255, 255, 255)
    assert centre(sheet, 2, 0, size) in [(127,) * 3, (128,) * 3]  # an alpha is shown as its own value
    assert centre(sheet, 3, 0, size) in [(127,) * 3, (128,) * 3]  # half an alpha of difference
    assert centre(sheet, 3, 1, size) == (0, 0, 0)
    assert centre(sheet, 4, 0, size) == (118, 118, 118)
    assert centre(sheet, 4, 1, size) == (0, 0, 0)


def test_labels_are_drawn(tmp_path: Path) -> None:
    column = Column(1001, flat(0, 54, 96, 3), flat(0, 54, 96), flat(0, 54, 96), flat(0, 54, 96, 3))
    write_contact_sheet(tmp_path / "sheet.png", [column])
    header = read_sheet(tmp_path / "sheet.png")[:HEADER, MARGIN:]
    assert header.max() > 150 > header.min()


def test_nothing_half_written_stays_and_a_folder_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    column = Column(1, flat(0, 9, 16, 3), flat(0, 9, 16), flat(0, 9, 16), flat(0, 9, 16, 3))
    write_contact_sheet(tmp_path / "new" / "sheet.png", [column])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["sheet.png"]
    (tmp_path / "file").touch()
    with pytest.raises(MatteWriteError):
        write_contact_sheet(tmp_path / "file" / "sheet.png", [column])


def test_a_comparison_is_over_frames_edges_and_time() -> None:
    truth = flat(0.0, 10, 10)
    truth[:, :2] = 0.5
    first, second = truth + 0.1, truth.copy()
    second[:, :2] += 0.3
    found = compare([(first, truth), (second, truth)])
    assert found.difference == pytest.approx((0.1 + 0.06) / 2)
    assert found.soft_difference == pytest.approx(0.2)
    assert found.flicker == pytest.approx(0.8 * 0.1 + 0.2 * 0.2)


def test_one_frame_does_not_flicker_and_none_is_an_error() -> None:
    assert compare([(flat(1, 2, 2), flat(0, 2, 2))]).flicker == 0.0
    with pytest.raises(ValueError):
        compare([])
