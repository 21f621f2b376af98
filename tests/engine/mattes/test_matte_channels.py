"""What a matte's file holds beside a plain alpha: colours, layers, PNG; as OpenImageIO's own tool and reader see it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np
import pytest
from gvm_matte.core.errors import MatteWriteError, ParamError
from gvm_matte.core.image import Box
from gvm_matte.engine.mattes import check_output, read_digest
from matte_kit import COMPRESSIONS, DATA, colours, header, oiiotool, pixels, soft_edge, write

CHANNELS = {
    "alpha": ("A",),
    "rgba-premult": ("R", "G", "B", "A"),
    "rgba-unpremult": ("R", "G", "B", "A"),
    "layer:hair_2": ("hair_2.A",),
}
NEAREST = 0.5 + 2**-8  # code values: a float32 near 65535 has no finer steps


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("datatype", ["half", "float"])
@pytest.mark.parametrize("channels", CHANNELS)
def test_every_combination_reads_back(tmp_path: Path, compression: str, datatype: str, channels: str) -> None:
    given = colours() if channels.startswith("rgba") else soft_edge()
    path = write(tmp_path / "m.exr", given, compression=compression, datatype=datatype, channels=channels)
    expected = given.reshape(24, 32, -1).astype({"half": np.float16, "float": np.float32}[datatype])
    found = pixels(path)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found[..., -1], expected[..., -1])  # the alpha, in every one
    if compression.startswith("dwa"):
        np.testing.assert_allclose(found, expected, atol=0.1)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("channels", CHANNELS)
def test_oiiotool_agrees(tmp_path: Path, channels: str) -> None:
    given = colours() if channels.startswith("rgba") else soft_edge()
    plate = {"pixel_aspect": 2.0, "fps": (24000, 1001), "timecode": (0x01020304, 7), "view": "left"}
    metadata = {"gvm:digest": "cd", "gvm:params": '{"size": 720}'}
    path = write(tmp_path / "m.exr", given, channels=channels, compression="piz", metadata=metadata, **plate)
    said = oiiotool("--info", "-v", str(path))
    names = CHANNELS[channels]
    for line in (
        f"32 x   24, {len(names)} channel, half openexr",
        f"channel list: {', '.join(names)}",
        "pixel data origin: x=-4, y=3",
        "full/display size: 40 x 30",
        "full/display origin: 0, 0",
        'compression: "piz"',
        "PixelAspectRatio: 2",
        "framesPerSecond: 24000/1001 (23.976",
        "smpte:TimeCode: 01:02:03:04",
        'view: "left"',
        'gvm:digest: "cd"',
    ):
        assert line in said


@pytest.mark.parametrize(("channels", "premult"), [("rgba-premult", "yes"), ("rgba-unpremult", "no")])
def test_the_header_says_whether_colours_are_multiplied(tmp_path: Path, channels: str, premult: str) -> None:
    path = write(tmp_path / "m.exr", colours(), channels=channels)
    assert header(path)["gvm:premult"] == premult
    assert "gvm:premult" not in header(write(tmp_path / "a.exr"))


@pytest.mark.parametrize(
    ("colorspace", "interop"),
    [("", None), ("scene_linear", None), ("My show - log", None), ("srgb", "srgb_rec709_scene"), ("lin_ap1_scene",) * 2],
)
def test_the_header_says_what_the_colours_are_in(tmp_path: Path, colorspace: str, interop: str | None) -> None:
    path = write(tmp_path / "m.exr", colours(), channels="rgba-premult", colorspace=colorspace)
    found = header(path)
    assert found.get("gvm:colorspace", "") == colorspace
    assert found.get("colorInteropID") == interop
    np.testing.assert_array_equal(pixels(path), colours().astype(np.float16))
    assert "gvm:colorspace" not in header(write(tmp_path / "a.exr", colorspace=colorspace))  # an alpha is in none


def test_colours_beyond_a_half_are_clamped_and_a_float_keeps_them(tmp_path: Path) -> None:
    given = colours()
    given[0, :2, 0] = 1e6, -1e6
    path = tmp_path / "m.exr"
    assert pixels(write(path, given, channels="rgba-premult"))[0, :2, 0].tolist() == [65504.0, -65504.0]
    assert pixels(write(path, given, channels="rgba-premult", datatype="float"))[0, :2, 0].tolist() == [1e6, -1e6]


@pytest.mark.parametrize("place", [(2, 2, 0), (2, 2, 3)])
def test_nan_among_colours_is_not_written(tmp_path: Path, place: Tuple[int, int, int]) -> None:
    given = colours()
    given[place] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        write(tmp_path / "m.exr", given, channels="rgba-unpremult")
    with pytest.raises(ValueError, match="shape"):
        write(tmp_path / "m.exr", soft_edge(), channels="rgba-premult")
    assert list(tmp_path.iterdir()) == []


def test_a_png_holds_the_alpha_as_grey_over_the_display_window(tmp_path: Path) -> None:
    path = write(tmp_path / "m.png", pixel_aspect=2.0, metadata={"gvm:digest": "d" * 64, "gvm:params": '{"a": 1}'})
    found = pixels(path)
    assert (found.dtype, found.shape) == (np.uint16, (30, 40, 1))
    expected = np.zeros((30, 40))
    expected[3:27, 0:28] = soft_edge()[:, 4:].astype(np.float64) * 65535
    assert np.abs(found[..., 0] - expected).max() <= NEAREST
    assert header(path)["PixelAspectRatio"] == 2.0
    assert header(path)["gvm:params"] == '{"a": 1}'
    assert read_digest(str(path)) == "d" * 64
    assert "40 x   30, 1 channel, uint16 png" in oiiotool("--info", "-v", str(path))
    width, height, depth, kind = struct.unpack(">IIBB", path.read_bytes()[16:26])  # the format's own header: kind 0 is grey
    assert (width, height, depth, kind) == (40, 30, 16, 0)


def test_a_png_holds_straight_colours_as_they_are(tmp_path: Path) -> None:
    given = colours()
    found = pixels(write(tmp_path / "m.png", given, channels="rgba-unpremult", display=DATA, colorspace="srgb"))
    assert np.abs(found - np.clip(given, 0, 1).astype(np.float64) * 65535).max() <= NEAREST
    assert (soft_edge() == 0).any()  # where another writer would have lost the colours


def test_a_data_window_outside_the_display_window_gives_an_empty_png(tmp_path: Path) -> None:
    far = Box(100, 100, 132, 124)
    assert not pixels(write(tmp_path / "m.png", np.ones((24, 32), np.float32), data=far)).any()


@pytest.mark.parametrize(("channels", "why"), [("rgba-premult", "never premultiplied"), ("layer:hair", "no layers")])
def test_what_a_png_cannot_hold_is_said_before_anything_is_computed(tmp_path: Path, channels: str, why: str) -> None:
    with pytest.raises(ParamError, match=f"{why}; choose .* or a name that ends in .exr") as caught:
        check_output(str(tmp_path / "m.png"), channels)
    assert caught.value.name == "channels"
    check_output(str(tmp_path / "m.exr"), channels)


def test_a_truncated_png_is_not_trusted_wherever_it_is_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "m.png", metadata={"gvm:digest": "d"})
    whole = path.read_bytes()
    assert read_digest(str(path)) == "d"
    for length in [*range(0, len(whole) - 1, 29), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert read_digest(str(path)) is None, f"{length} of {len(whole)} bytes"


def test_a_png_on_a_full_disk_leaves_nothing(tiny_disk: Path) -> None:
    large = Box(0, 0, 256, 256)
    noise: Dict[str, Any] = {"alpha": np.random.default_rng(0).random((256, 256), dtype=np.float32), "data": large}
    write(tiny_disk / "small.png", metadata={"gvm:digest": "kept"})
    with pytest.raises(MatteWriteError, match=r"No space left.*Free some space"):
        write(tiny_disk / "m.png", display=large, **noise)
    assert [one.name for one in tiny_disk.iterdir()] == ["small.png"]
    assert read_digest(str(tiny_disk / "small.png")) == "kept"
