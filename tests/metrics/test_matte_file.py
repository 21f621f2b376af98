"""One matte file: which channel is the alpha, integers, windows, and files that are no mattes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.core.errors import PlateMissingError, PlateUnreadableError
from gvm_matte.core.image import Box
from gvm_matte.metrics import read_matte
from gvm_matte.metrics.matte_file import pick_alpha
from matte_files import WriteMatte

RAMP = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize(
    ("names", "picked"),
    [
        (["R", "G", "B", "A"], "A"),
        (["A.red", "matte.A"], "matte.A"),
        (["R", "G", "B", "fg.alpha"], "fg.alpha"),
        (["left.A", "a"], "a"),
        (["mask"], "mask"),
        (["Y", "RY", "BY"], "Y"),
        (["R", "G", "B"], "R"),
        (["depth.Z", "N.x"], None),
        ([], None),
    ],
)
def test_the_alpha_is_a_then_a_layers_then_the_only_one_then_y_then_r(names: list[str], picked: str | None) -> None:
    index = pick_alpha(names)
    assert (None if index is None else names[index]) == picked


@pytest.mark.parametrize(("name", "datatype", "largest"), [("m.png", "uint8", 255), ("m.tif", "uint16", 65535)])
def test_integers_span_zero_to_one_exactly(write_matte: WriteMatte, name: str, datatype: str, largest: int) -> None:
    values = np.array([[0, largest // 5, 3 * (largest // 5), largest]], datatype)
    alpha = read_matte(write_matte(name, values, datatype=datatype), 1).alpha
    assert alpha.dtype == np.float64
    assert alpha.tolist() == [[0.0, 0.2, 0.6, 1.0]]  # 3·51/255 is no bit below the threshold 0.6


def test_an_alpha_beside_colours_is_read_as_stored(write_matte: WriteMatte) -> None:
    pixels = np.zeros((1, 2, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = 200, [51, 255]
    assert read_matte(write_matte("m.png", pixels, datatype="uint8"), 1).alpha.tolist() == [[0.2, 1.0]]


def test_the_alpha_may_be_in_a_later_part(tmp_path: Path) -> None:
    path = str(tmp_path / "parts.exr")
    parts = [(("R", "G", "B"), np.ones((3, 4, 3), np.float32)), (("A",), RAMP[..., None])]
    specs = []
    for index, (names, pixels) in enumerate(parts):
        spec = oiio.ImageSpec(4, 3, pixels.shape[2], "float")
        spec.channelnames = names
        spec.attribute("oiio:subimagename", f"part{index}")
        specs.append(spec)
    output = oiio.ImageOutput.create(path)
    assert output.open(path, tuple(specs)), output.geterror()
    assert output.write_image(parts[0][1])
    assert output.open(path, specs[1], "AppendSubimage"), output.geterror()
    assert output.write_image(parts[1][1]) and output.close()
    assert np.array_equal(read_matte(path, 1).alpha, RAMP)


def test_outside_the_data_window_the_alpha_is_zero(write_matte: WriteMatte) -> None:
    path = write_matte("m.exr", RAMP, channels=["A"], data=(-1, 2), display=(0, 0, 6, 6))
    matte = read_matte(path, 7)
    expected = np.zeros((6, 6))
    expected[2:5, :3] = RAMP[:, 1:]  # the first column lies left of the display window
    assert matte.frame == 7 and matte.display == Box(0, 0, 6, 6)
    assert np.array_equal(matte.alpha, expected)


def test_a_data_window_beside_the_display_window_is_an_empty_matte(write_matte: WriteMatte) -> None:
    path = write_matte("m.exr", RAMP, channels=["A"], data=(50, 50), display=(0, 0, 6, 6))
    assert not read_matte(path, 1).alpha.any()


def test_a_matte_over_another_box_is_cut_and_filled(write_matte: WriteMatte) -> None:
    matte = read_matte(write_matte("m.exr", RAMP, channels=["A"]), 1)
    moved = matte.over(Box(1, -1, 6, 3))
    assert moved.shape == (4, 5)
    assert np.array_equal(moved[1:, :3], RAMP[:, 1:]) and not moved[0].any() and not moved[:, 3:].any()


# --- files that are no mattes


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlateMissingError, match=r"Frame 4 is missing.*nowhere\.exr") as caught:
        read_matte(str(tmp_path / "nowhere.exr"), 4)
    assert caught.value.frame == 4


def test_a_truncated_file_is_named(write_matte: WriteMatte) -> None:
    noise = np.random.default_rng(1).random((64, 64), np.float32)
    path = Path(write_matte("cut.exr", noise, channels=["A"]))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PlateUnreadableError, match=r"Frame 1 cannot be read: .*cut\.exr"):
        read_matte(str(path), 1)


def test_a_picture_that_comes_with_a_complaint_is_refused(write_matte: WriteMatte) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (64, 64), np.uint8)
    path = Path(write_matte("cut.jpg", noise, datatype="uint8"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])  # the reader fills the rest with grey
    with pytest.raises(PlateUnreadableError, match=r"cut\.jpg cannot be read to its end"):
        read_matte(str(path), 1)


@pytest.mark.parametrize(("content", "words"), [(b"", "is empty"), (b"no image at all", "no image")])
def test_a_file_that_is_no_image_says_so(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "odd.png"
    path.write_bytes(content)
    with pytest.raises(PlateUnreadableError, match=words):
        read_matte(str(path), 1)


def test_a_folder_is_told_how_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(PlateUnreadableError, match="is a folder; name its files"):
        read_matte(str(tmp_path), 1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_counted_and_refused(write_matte: WriteMatte, value: float) -> None:
    pixels = RAMP.copy()
    pixels[1, 1:3] = value
    path = write_matte("nan.exr", pixels, channels=["A"])
    with pytest.raises(PlateUnreadableError, match=r"nan\.exr holds 2 pixels that are no numbers"):
        read_matte(path, 1)


def test_a_file_without_any_alpha_lists_what_it_has(write_matte: WriteMatte) -> None:
    path = write_matte("z.exr", np.ones((2, 2, 2), np.float32), channels=["N.x", "N.y"])
    with pytest.raises(PlateUnreadableError, match=r"only N\.x, N\.y; write the matte to channel A"):
        read_matte(path, 1)
