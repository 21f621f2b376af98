"""Image sequences and single images: which frames there are, and what is read."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.core.errors import PlateMissingError, PlateUnreadableError, UsageError
from gvm_matte.core.image import Box
from gvm_matte.engine.plates import open_plates

WriteImage = Callable[..., Path]


@pytest.mark.parametrize("field", ["####", "%04d", "@@@@"])
def test_finds_the_frames_of_each_spelling(write_image: WriteImage, tmp_path: Path, field: str) -> None:
    for frame in (1001, 1002, 1005):
        write_image(f"sh010.{frame}.exr")
    source = open_plates(str(tmp_path / f"sh010.{field}.exr"))
    assert source.frames == (1001, 1002, 1005)
    assert (source.first, source.last, source.gaps) == (1001, 1005, (1003, 1004))
    write_image("sh010.123456789.exr")
    assert open_plates(source.path).gap_ranges == ((1003, 1004), (1006, 123456788))


@pytest.mark.parametrize(
    "name", ["plate é ü.{}.exr", "プレート.{}.exr", "sh[1] (copy).{}.exr", "a+b*c?.{}.exr", "{}.exr", "sh_{}.exr"]
)
def test_names_may_hold_any_character(write_image: WriteImage, tmp_path: Path, name: str) -> None:
    written = write_image("folder with spaces/" + name.format("0007"))
    source = open_plates(str(written.parent / name.format("####")))
    assert source.frames == (7,)
    assert source.read(7).pixels.shape == (8, 12, 3)


def test_negative_and_long_numbers(write_image: WriteImage, tmp_path: Path) -> None:
    for number in ("-012", "-001", "0000", "0003", "12345", "-12345"):
        write_image(f"a.{number}.exr", seed=int(number) % 7)
    source = open_plates(str(tmp_path / "a.####.exr"))
    assert source.frames == (-12345, -12, -1, 0, 3, 12345)
    for frame in source.frames:
        expected = np.random.default_rng(frame % 7).random((8, 12, 3), dtype=np.float32).astype(np.float16)
        np.testing.assert_array_equal(source.read(frame).pixels, expected)


def test_other_files_are_no_frames(write_image: WriteImage, tmp_path: Path) -> None:
    write_image("sh.0001.exr")
    names = "sh.0002.exr.md5 sh.0003.jpg.exr ._sh.0004.exr .gvm-part.host.1.sh.0005.exr sh.6.exr sh.00007.exr sh2.0008.exr"
    names += " sh.exr sh.00x9.exr Thumbs.db sh.0010.EXR"
    for name in names.split():
        (tmp_path / name).write_bytes(b"sidecar")
    assert open_plates(str(tmp_path / "sh.####.exr")).frames == (1,)


@pytest.mark.parametrize(
    ("name", "frame"),
    [("foo.1001.exr", 1001), ("foo_0042.exr", 42), ("foo.-007.exr", -7), ("foo.exr", 1), ("take2.exr", 1), ("v.b.exr", 1)],
)
def test_a_single_image_takes_its_number_from_its_name(write_image: WriteImage, name: str, frame: int) -> None:
    source = open_plates(str(write_image(name)))
    assert source.frames == (frame,)
    assert source.read(frame).frame == frame
    with pytest.raises(PlateMissingError, match="single image"):
        source.read(frame + 1)


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(write_image: WriteImage) -> None:
    assert open_plates(str(write_image("cue#3 @home.exr"))).frames == (1,)


def test_windows_aspect_rate_time_code_and_view_are_kept(write_image: WriteImage) -> None:
    path = write_image(
        "a.1001.exr",
        origin=(-3, 5),
        display=(0, 0, 20, 16),
        attributes={
            "PixelAspectRatio": 2.0,
            "FramesPerSecond": ("rational", (24000, 1001)),
            "smpte:TimeCode": ("timecode", (0x01020304, 0)),
            "view": "left",
        },
    )
    source = open_plates(str(path))
    info, plate = source.probe(1001), source.read(1001)
    for seen in (info, plate):
        assert seen.data == Box(-3, 5, 9, 13)
        assert seen.display == Box(0, 0, 20, 16)
        assert seen.pixel_aspect == 2.0
        assert seen.fps == (24000, 1001)
        assert seen.timecode == (0x01020304, 0)
        assert seen.view == "left"
    assert (info.channels, info.dtype, info.compression) == (("R", "G", "B"), "float16", "zip")
    assert plate.source_id == source.identity(1001)


@pytest.mark.parametrize(
    ("name", "datatype", "dtype", "hint"),
    [
        ("a.exr", "half", "float16", ""),
        ("a.exr", "float", "float32", ""),
        ("a.png", "uint8", "uint8", "srgb"),
        ("a.png", "uint16", "uint16", "srgb"),
        ("a.tif", "uint8", "uint8", ""),
        ("a.tif", "uint16", "uint16", ""),
        ("a.tif", "float", "float32", ""),
        ("a.jpg", "uint8", "uint8", "srgb"),
        ("a.dpx", "uint16", "uint16", ""),
    ],
)
def test_formats_keep_their_precision(write_image: WriteImage, name: str, datatype: str, dtype: str, hint: str) -> None:
    ramp = np.linspace(0, 1, 8 * 12 * 3, dtype=np.float32).reshape(8, 12, 3)
    if name == "a.jpg":
        ramp = np.full_like(ramp, 0.5)
    attributes = {"oiio:BitsPerSample": 10} if name == "a.dpx" else {}
    plate = open_plates(str(write_image(name, ramp, datatype=datatype, attributes=attributes))).read(1)
    assert (plate.pixels.dtype.name, plate.pixels.shape, plate.colorspace) == (dtype, (8, 12, 3), hint)
    assert plate.pixels.flags.c_contiguous
    scale = np.iinfo(dtype).max if dtype.startswith("uint") else 1
    np.testing.assert_allclose(plate.pixels.astype(np.float32) / scale, ramp, atol=1 / 255)


@pytest.mark.parametrize(
    ("channels", "picked"),
    [
        (("R", "G", "B", "A"), ("R", "G", "B")),
        (("rgba.R", "rgba.G", "rgba.B", "depth.Z"), ("rgba.R", "rgba.G", "rgba.B")),
        (("diffuse.R", "diffuse.G", "diffuse.B", "R", "G", "B"), ("R", "G", "B")),
        (("red", "green", "blue"), ("red", "green", "blue")),
        (("Z", "b", "g", "r"), ("r", "g", "b")),
        (("Y",), ("Y",)),
        (("Y", "A"), ("Y",)),
        (("matte",), ("matte",)),
    ],
)
def test_channels_are_picked_by_name(write_image: WriteImage, channels: tuple[str, ...], picked: tuple[str, ...]) -> None:
    values = np.zeros((8, 12, len(channels)), np.float32)
    for index, name in enumerate(channels):
        values[..., index] = 1 + (picked.index(name) if name in picked else 10)
    source = open_plates(str(write_image("a.exr", values, channels=channels)))
    assert source.probe(1).picked == picked
    pixels = source.read(1).pixels
    assert pixels.shape == (8, 12, len(picked))
    np.testing.assert_array_equal(pixels[0, 0], np.arange(1, len(picked) + 1))


@pytest.mark.parametrize("channels", [("A",), ("Z",), ("motion.u", "motion.v"), ("R", "G")])
def test_an_image_without_colour_is_an_error_that_lists_its_channels(
    write_image: WriteImage, channels: tuple[str, ...]
) -> None:
    source = open_plates(str(write_image("a.0004.exr", channels=channels)))
    with pytest.raises(PlateUnreadableError, match=channels[0]) as caught:
        source.read(4)
    assert caught.value.frame == 4


def test_an_unassociated_png_gives_its_colours_as_stored(write_image: WriteImage) -> None:
    values = np.full((8, 12, 4), 200 / 255, np.float32)
    values[..., 3] = 0
    straight = {"oiio:UnassociatedAlpha": 1}
    path = write_image("a.png", values, channels=("R", "G", "B", "A"), datatype="uint8", attributes=straight)
    assert open_plates(str(path)).read(1).pixels[0, 0].tolist() == [200, 200, 200]


def test_the_first_part_with_colour_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "parts.exr")
    specs = []
    for names, view in ((("Z",), "depth"), (("R", "G", "B"), "left"), (("R", "G", "B"), "right")):
        spec = oiio.ImageSpec(4, 3, len(names), "half")
        spec.channelnames = names
        spec.attribute("oiio:subimagename", view)
        spec.attribute("view", view)
        specs.append(spec)
    output = oiio.ImageOutput.create(path)
    assert output.open(path, specs)
    for number, spec in enumerate(specs):
        assert number == 0 or output.open(path, spec, "AppendSubimage")
        assert output.write_image(np.full((3, 4, spec.nchannels), number, np.float32))
    assert output.close()
    plate = open_plates(path).read(1)
    assert plate.view == "left"
    assert plate.pixels.max() == plate.pixels.min() == 1


def test_deep_pixels_are_an_error_that_says_so(tmp_path: Path) -> None:
    path = str(tmp_path / "deep.exr")
    spec = oiio.ImageSpec(2, 2, 4, "float")
    spec.channelnames, spec.deep = ("R", "G", "B", "Z"), True
    output = oiio.ImageOutput.create(path)
    assert output.open(path, spec)
    data = oiio.DeepData()
    data.init(4, 4, [oiio.TypeDesc("float")] * 4, spec.channelnames)
    assert output.write_deep_image(data) and output.close()
    with pytest.raises(PlateUnreadableError, match="deep"):
        open_plates(path).read(1)


@pytest.mark.parametrize("datatype", ["half", "float"])
def test_nan_and_infinity_become_numbers(write_image: WriteImage, datatype: str) -> None:
    values = np.full((8, 12, 3), 0.25, np.float32)
    values[0, 0] = (np.nan, np.inf, -np.inf)
    pixels = open_plates(str(write_image("a.exr", values, datatype=datatype))).read(1).pixels
    assert pixels[0, 0].tolist() == [0, 65504, -65504]
    assert (pixels[1:] == 0.25).all()


def _cut(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


@pytest.mark.parametrize("name", ["a.0005.exr", "a.0005.png", "a.0005.tif", "a.0005.jpg", "a.0005.dpx"])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95])
def test_truncated_images_are_errors_that_name_file_and_frame(write_image: WriteImage, name: str, share: float) -> None:
    pixels = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    path = write_image(name, pixels, datatype="half" if name.endswith("exr") else "uint8")
    _cut(path, share)
    with pytest.raises(PlateUnreadableError) as caught:
        open_plates(str(path)).read(5)
    assert caught.value.frame == 5 and caught.value.path == str(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"hello, I am a text\n" * 40, b"\x00" * 4096])
def test_a_file_that_is_no_image(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.0001.exr").write_bytes(content)
    with pytest.raises(PlateUnreadableError, match="no image"):
        open_plates(str(tmp_path / "a.####.exr")).probe(1)


def test_names_that_are_no_text(tmp_path: Path, write_image: WriteImage) -> None:
    bad = os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.0001.exr")
    Path(write_image("good.exr")).rename(bad)
    with pytest.raises(PlateUnreadableError, match="UTF-8"):
        open_plates(bad).read(1)


def test_what_is_not_there_is_named_with_what_is(write_image: WriteImage, tmp_path: Path) -> None:
    write_image("sh010.0001.exr")
    with pytest.raises(PlateMissingError, match=r"sh010\.####\.exr"):
        open_plates(str(tmp_path / "sh010.###.exr"))
    with pytest.raises(PlateMissingError, match=r"sh010\.####\.exr"):
        open_plates(str(tmp_path / "sh011.0001.exr"))
    with pytest.raises(PlateMissingError, match="does not exist"):
        open_plates(str(tmp_path / "nowhere" / "sh010.####.exr"))
    write_image("other.0001.exr")
    with pytest.raises(PlateUnreadableError, match=r"is a folder with 2 sequences.*other\.####\.exr, sh010\.####\.exr"):
        open_plates(str(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(PlateUnreadableError, match=r"empty holds no image and no video"):
        open_plates(str(tmp_path / "empty"))
    with pytest.raises(UsageError, match="one frame field"):
        open_plates(str(tmp_path / "a.####.%04d.exr"))


def test_check_frames_looks_at_names_and_sizes_only(write_image: WriteImage, tmp_path: Path) -> None:
    for frame in (1, 2, 3, 6, 7):
        write_image(f"a.{frame:04d}.exr")
    (tmp_path / "a.0003.exr").write_bytes(b"")
    source = open_plates(str(tmp_path / "a.####.exr"))
    assert source.check_frames([1, 2, 7]) == {1: 1, 2: 2, 7: 7}
    with pytest.raises(PlateMissingError, match=r"4-5"):
        source.check_frames([4, 5, 6])
    with pytest.raises(PlateUnreadableError, match="empty") as caught:
        source.check_frames(range(1, 4))
    assert caught.value.frame == 3
    assert source.check_frames(range(1, 8), policy="black") == {1: 1, 2: 2, 3: None, 4: None, 5: None, 6: 6, 7: 7}
    assert source.check_frames([3, 4, 5, 9, -5], policy="nearest") == {3: 2, 4: 2, 5: 6, 9: 7, -5: 1}


def test_a_shot_without_any_usable_frame_is_an_error_whatever_the_policy(write_image: WriteImage, tmp_path: Path) -> None:
    write_image("a.0001.exr")
    source = open_plates(str(tmp_path / "a.####.exr"))
    (tmp_path / "a.0001.exr").unlink()
    for policy in ("error", "black", "nearest"):
        with pytest.raises(PlateMissingError):
            source.check_frames([1], policy=policy)


def test_the_identity_changes_with_the_file(write_image: WriteImage, tmp_path: Path) -> None:
    path = write_image("a.0001.exr")
    source = open_plates(str(tmp_path / "a.####.exr"))
    before = source.identity(1)
    assert before == source.read(1).source_id
    os.utime(path, ns=(1, 1))
    assert source.identity(1) != before
    path.unlink()
    assert source.identity(1).endswith("missing")


def test_threads_read_frames_side_by_side(write_image: WriteImage, tmp_path: Path) -> None:
    expected = {}
    for frame in range(40):
        values: Any = np.random.default_rng(frame).random((8, 12, 3), dtype=np.float32).astype(np.float16)
        write_image(f"a.{frame:04d}.exr", values.astype(np.float32))
        expected[frame] = values
    with open_plates(str(tmp_path / "a.####.exr")) as source, ThreadPoolExecutor(8) as pool:
        for plate in pool.map(source.read, list(expected) * 3):
            np.testing.assert_array_equal(plate.pixels, expected[plate.frame])
