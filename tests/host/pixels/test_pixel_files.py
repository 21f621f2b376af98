"""Read and Write: real files, their windows, colours, channels and failures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Optional, Sequence, Tuple

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.core.errors import MatteWriteError, ParamError, PlateMissingError, PlateUnreadableError
from gvm_matte.host.pixels import Format, Picture, io
from gvm_matte.host.pixels.boxes import EMPTY, BBox
from picture_kit import RGBA, SMALL, flat, noise, picture


def stored(
    path: Path,
    pixels: np.ndarray,
    *,
    channels: Sequence[str] = ("R", "G", "B"),
    origin: Tuple[int, int] = (0, 0),
    display: Optional[Tuple[int, int, int, int]] = None,
    datatype: str = "float",
    **attributes: Any,
) -> str:
    """Writes [h, w, c] with OpenImageIO itself; windows are OpenEXR's, y down."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], datatype)
    spec.channelnames = tuple(channels)
    spec.x, spec.y = origin
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = display or (*origin, pixels.shape[1], pixels.shape[0])
    for name, value in attributes.items():
        spec.attribute(name, value)
    output = oiio.ImageOutput.create(str(path))
    assert output is not None and output.open(str(path), spec), output
    assert output.write_image(np.ascontiguousarray(pixels)) and output.close(), output.geterror()
    return str(path)


def parts(path: Path, *described: Tuple[str, Sequence[str], Tuple[int, int], str]) -> str:
    """Writes an EXR of 2x2 parts (name, channels, origin, view) in a 4x3 display window; part n holds n + 1 everywhere."""
    specs = []
    for name, channels, origin, view in described:
        spec = oiio.ImageSpec(2, 2, len(channels), "float")
        spec.channelnames = tuple(channels)
        spec.x, spec.y = origin
        spec.full_width, spec.full_height = 4, 3
        spec.attribute("oiio:subimagename", name)
        if view:
            spec.attribute("view", view)
        specs.append(spec)
    output = oiio.ImageOutput.create(str(path))
    assert output is not None and output.open(str(path), tuple(specs)), output
    for index, spec in enumerate(specs):
        assert index == 0 or output.open(str(path), spec, "AppendSubimage"), output.geterror()
        assert output.write_image(np.full((2, 2, spec.nchannels), index + 1, np.float32)), output.geterror()
    assert output.close()
    return str(path)


def header(path: Path) -> oiio.ImageSpec:
    image = oiio.ImageInput.open(str(path))
    assert image is not None, oiio.geterror()
    spec = oiio.ImageSpec(image.spec())
    image.close()
    return spec


@pytest.mark.parametrize(
    ("origin", "display", "expected", "size"),
    [
        ((0, 0), (0, 0, 3, 2), (0, 0, 3, 2), (3, 2)),
        ((1, 1), (0, 0, 8, 6), (1, 3, 4, 5), (8, 6)),  # smaller: y 1 to 2 from the top is 3 to 4 from below
        ((-1, -1), (0, 0, 1, 1), (-1, 0, 2, 2), (1, 1)),  # larger on all sides but the bottom
        ((10, 20), (10, 20, 3, 2), (0, 0, 3, 2), (3, 2)),  # the format's corner is 0, 0 in Nuke
        ((12, 21), (10, 20, 8, 6), (2, 3, 5, 5), (8, 6)),
        ((100, 50), (0, 0, 8, 6), (100, -46, 103, -44), (8, 6)),  # nothing of it in the format
    ],
)
def test_the_windows_of_an_exr_become_bbox_and_format(
    tmp_path: Path, origin: Tuple[int, int], display: Tuple[int, int, int, int], expected: BBox, size: Tuple[int, int]
) -> None:
    pixels = np.arange(18, dtype=np.float32).reshape(2, 3, 3)
    read = io.read(stored(tmp_path / "plate.exr", pixels, origin=origin, display=display, PixelAspectRatio=2.0))
    assert read.bbox == expected
    assert (read.format.width, read.format.height, read.format.pixel_aspect) == (*size, 2.0)
    np.testing.assert_array_equal(read.channels["rgba.green"], pixels[..., 1])


@pytest.mark.parametrize("box", [(0, 0, 4, 3), (1, 1, 3, 2), (-3, -2, 7, 9), (-9, 5, -7, 6)])
def test_what_is_written_as_exr_reads_back_to_the_bit(tmp_path: Path, box: BBox) -> None:
    source = noise(box, names=[*RGBA, "depth.Z", "uv.u", "uv.v", "diffuse.red"], format=Format(4, 3, 1.5))
    path = tmp_path / "all.exr"
    io.write(source, str(path), channels="all", datatype="32 bit float")
    read = io.read(str(path))
    assert (read.bbox, read.format) == (source.bbox, source.format)
    assert set(read.channels) == set(source.channels)
    for name, values in source.channels.items():
        np.testing.assert_array_equal(read.channels[name], values)


def test_the_data_window_follows_the_bbox(tmp_path: Path) -> None:
    io.write(noise((-1, 1, 2, 5)), str(tmp_path / "a.exr"))
    spec = header(tmp_path / "a.exr")
    assert (spec.x, spec.y, spec.width, spec.height) == (-1, -2, 3, 4)
    assert (spec.full_x, spec.full_y, spec.full_width, spec.full_height) == (0, 0, 4, 3)
    assert (tuple(spec.channelnames), str(spec.format)) == (("R", "G", "B"), "half")


def test_autocrop_keeps_what_is_not_black(tmp_path: Path) -> None:
    lit = np.zeros((6, 8), np.float32)
    lit[1, 2] = lit[3, 5] = 0.5
    source = Picture(SMALL, (-2, -1, 6, 5), {"rgba.red": lit, "rgba.alpha": np.ones_like(lit)})
    io.write(source, str(tmp_path / "a.exr"), autocrop=True)
    read = io.read(str(tmp_path / "a.exr"))
    assert read.bbox == (0, 1, 4, 4)
    np.testing.assert_array_equal(read.channel("rgba.red", source.bbox), lit)


def test_an_empty_picture_is_written_as_one_black_pixel(tmp_path: Path) -> None:
    for name, source, autocrop in (("a", Picture(SMALL, EMPTY, {}), False), ("b", flat({"rgba.red": 0.0}), True)):
        io.write(source, str(tmp_path / f"{name}.exr"), autocrop=autocrop)
        read = io.read(str(tmp_path / f"{name}.exr"))
        assert (read.bbox, float(read.channels["rgba.red"][0, 0])) == ((0, 0, 1, 1), 0.0)


@pytest.mark.parametrize(("channels", "expected"), [
    ("rgb", ("R", "G", "B")), ("rgba", ("R", "G", "B", "A")), ("alpha", ("A",)), ("depth", ("depth.Z",)),
    ("all", ("R", "A", "depth.Z")), ("{rgba.red -rgba.green depth.Z}", ("R", "depth.Z")),
])  # fmt: skip
def test_the_channels_knob_says_what_is_written(tmp_path: Path, channels: str, expected: tuple[str, ...]) -> None:
    source = flat({"depth.Z": 3.0, "rgba.alpha": 0.5, "rgba.red": 0.25})
    io.write(source, str(tmp_path / "a.exr"), channels=channels)
    assert tuple(header(tmp_path / "a.exr").channelnames) == expected
    read = io.read(str(tmp_path / "a.exr"))
    for name, values in read.channels.items():
        np.testing.assert_array_equal(values, source.channel(name, read.bbox))  # what it lacks is black


def test_a_layer_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamError, match=r'"motion".*rgba\.red') as caught:
        io.write(flat({"rgba.red": 1.0}), str(tmp_path / "a.exr"), channels="motion")
    assert caught.value.name == "channels"


@pytest.mark.parametrize("compression", list(io.COMPRESSIONS["exr"]))
def test_every_compression_of_nukes_is_written(tmp_path: Path, compression: str) -> None:
    io.write(noise((0, 0, 64, 64), format=Format(64, 64)), str(tmp_path / "a.exr"), compression=compression)
    assert str(header(tmp_path / "a.exr").getattribute("compression")).split(":")[0] == io.COMPRESSIONS["exr"][compression]


def test_a_png_is_srgb_and_becomes_linear(tmp_path: Path) -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    read = io.read(stored(tmp_path / "a.png", codes, datatype="uint8"))
    encoded = codes[..., 0] / 255
    expected = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(read.channels["rgba.red"], expected, rtol=2e-6)
    raw = io.read(str(tmp_path / "a.png"), raw=True)
    np.testing.assert_allclose(raw.channels["rgba.red"], encoded, rtol=1e-6)
    linear = io.read(str(tmp_path / "a.png"), colorspace="linear")
    np.testing.assert_array_equal(linear.channels["rgba.red"], raw.channels["rgba.red"])


@pytest.mark.parametrize(
    ("name", "knobs", "step"),
    [
        ("a.png", {}, 1 / 255),
        ("a.png", {"datatype": "16 bit"}, 1 / 65535),
        ("a.tif", {"datatype": "8 bit"}, 1 / 255),
        ("a.tiff", {"datatype": "16 bit", "compression": "LZW"}, 1 / 65535),
        ("a.tga", {}, 1 / 255),
        ("a.dpx", {"datatype": "8 bit"}, 1 / 255),
        ("a.dpx", {"datatype": "16 bit"}, 1 / 65535),
    ],
)
def test_other_files_cover_the_format_and_read_back_within_a_code_value(
    tmp_path: Path, name: str, knobs: dict[str, str], step: float
) -> None:
    source = noise((-2, 1, 5, 9), names=RGBA[:3])
    io.write(source, str(tmp_path / name), **knobs)  # type: ignore[arg-type]
    read = io.read(str(tmp_path / name), raw=True)
    assert (read.bbox, read.format) == (SMALL.box, SMALL)
    linear = source.channel("rgba.blue", SMALL.box).astype(np.float64)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(read.channels["rgba.blue"] - encoded).max() <= step * 0.51


def test_a_ten_bit_dpx_is_cineon(tmp_path: Path) -> None:
    io.write(flat({"rgba.red": 0.18, "rgba.green": 1.0, "rgba.blue": 0.0}), str(tmp_path / "a.dpx"))
    raw = io.read(str(tmp_path / "a.dpx"), raw=True)
    # 685 + 300·log10(0.18·(1 − 0.0108) + 0.0108) = 467.8
    assert [round(float(raw.channels[name][0, 0]) * 1023) for name in RGBA[:3]] == [468, 685, 95]
    linear = io.read(str(tmp_path / "a.dpx"))
    # Ten bits are read as sixteen: a code value of those is 1023/65535·ln(10)/300 of the light.
    assert float(linear.channels["rgba.green"][0, 0]) == pytest.approx(1.0, rel=1.2e-4)


def test_a_jpeg_is_close_and_has_no_alpha(tmp_path: Path) -> None:
    source = flat({"rgba.red": 0.2, "rgba.green": 0.2, "rgba.blue": 0.2, "rgba.alpha": 0.5}, (0, 0, 16, 16), Format(16, 16))
    io.write(source, str(tmp_path / "a.jpg"), channels="rgba", jpeg_quality=1.0)
    read = io.read(str(tmp_path / "a.jpg"))
    assert set(read.channels) == set(RGBA[:3])
    np.testing.assert_allclose(read.channels["rgba.red"], 0.2, atol=0.01)


def test_colours_of_a_png_are_not_multiplied_by_its_alpha(tmp_path: Path) -> None:
    source = flat({"rgba.red": 0.5, "rgba.green": 0.5, "rgba.blue": 0.5, "rgba.alpha": 0.2})
    io.write(source, str(tmp_path / "a.png"), channels="rgba", datatype="16 bit")
    read = io.read(str(tmp_path / "a.png"))
    np.testing.assert_allclose(read.channels["rgba.red"], 0.5, atol=1e-4)
    np.testing.assert_allclose(read.channels["rgba.alpha"], 0.2, atol=1e-4)


def test_premultiplied_undoes_the_curve_without_the_alpha(tmp_path: Path) -> None:
    pixels = np.full((1, 1, 4), 0.25, np.float32)
    pixels[..., 3] = 0.5
    path = stored(tmp_path / "a.exr", pixels, channels=("R", "G", "B", "A"))
    read = io.read(path, colorspace="Gamma2.2", premultiplied=True)
    np.testing.assert_allclose(read.channels["rgba.red"], 0.5**2.2 * 0.5, rtol=1e-5)


def test_what_an_integer_cannot_hold_is_black_or_white(tmp_path: Path) -> None:
    values = [[float("nan"), float("inf"), float("-inf"), 7.0]]
    io.write(picture({"rgba.red": values}, format=Format(4, 1)), str(tmp_path / "a.png"))
    assert io.read(str(tmp_path / "a.png")).channels["rgba.red"].tolist() == [[0, 1, 0, 1]]


def test_a_grey_file_is_read_as_colours(tmp_path: Path) -> None:
    read = io.read(
        stored(tmp_path / "a.png", np.full((2, 2, 1), 128, np.uint8), channels=("Y",), datatype="uint8"), raw=True
    )
    assert list(read.channels) == list(RGBA[:3])
    io.write(flat({"rgba.alpha": 1.0}), str(tmp_path / "alpha.png"), channels="alpha")
    assert header(tmp_path / "alpha.png").nchannels == 1


def test_parts_are_layers_over_the_union_of_their_windows(tmp_path: Path) -> None:
    path = parts(
        tmp_path / "parts.exr",
        ("rgba", ("R", "G", "B"), (0, 0), ""),
        ("diffuse", ("R", "G", "B"), (1, 1), ""),
        ("depth", ("Z",), (2, 0), ""),
    )
    read = io.read(path)
    assert read.bbox == (0, 0, 4, 3)
    assert set(read.channels) == {*RGBA[:3], "diffuse.red", "diffuse.green", "diffuse.blue", "depth.Z"}
    assert read.channels["rgba.red"].tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert read.channels["diffuse.red"].tolist() == [[0, 0, 0, 0], [0, 2, 2, 0], [0, 2, 2, 0]]
    assert read.channels["depth.Z"].tolist() == [[0, 0, 3, 3], [0, 0, 3, 3], [0, 0, 0, 0]]


def test_of_a_stereo_file_the_first_view_is_read(tmp_path: Path) -> None:
    path = parts(
        tmp_path / "stereo.exr",
        ("rgba.left", ("R", "G", "B"), (0, 0), "left"),
        ("rgba.right", ("R", "G", "B"), (0, 0), "right"),
        ("depth.left", ("Z",), (0, 0), "left"),
        ("depth.right", ("Z",), (0, 0), "right"),
        ("shadow.right", ("R",), (2, 1), "right"),
    )
    read = io.read(path)
    assert {name: values[0, 0] for name, values in read.channels.items()} == {**dict.fromkeys(RGBA[:3], 1), "depth.Z": 3}
    assert read.bbox == (0, 1, 2, 3)


def test_deep_pixels_are_refused(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(2, 2, 2, "float")
    spec.channelnames = ("A", "Z")
    spec.deep = True
    deep = oiio.DeepData()
    deep.init(spec)
    output: Any = oiio.ImageOutput.create(str(tmp_path / "deep.exr"))
    assert output.open(str(tmp_path / "deep.exr"), spec) and output.write_deep_image(deep) and output.close()
    with pytest.raises(PlateUnreadableError, match="deep pixels"):
        io.read(str(tmp_path / "deep.exr"))


def test_metadata_travels_as_far_as_the_mode_says(tmp_path: Path) -> None:
    said = {"input/frame_rate": 23.976, "input/timecode": "01:02:03:04", "exr/camera": "A", "note": "hello"}
    source = picture({"rgba.red": [[1.0]]}, metadata=said)
    found = {}
    for mode in io.METADATA_MODES:
        io.write(source, str(tmp_path / "a.exr"), metadata=mode, attributes={"gvm:digest": "abc"})
        read = io.read(str(tmp_path / "a.exr")).metadata
        assert read["exr/gvm:digest"] == "abc"
        found[mode] = (read.get("input/timecode"), read.get("exr/camera"), read.get("exr/note"))
    assert list(found.values()) == [
        (None, None, None),
        ("01:02:03:04", None, None),
        ("01:02:03:04", "A", None),
        ("01:02:03:04", "A", "hello"),
        ("01:02:03:04", "A", "hello"),
    ]
    assert read["input/frame_rate"] == pytest.approx(24000 / 1001)
    assert (read["input/filereader"], read["input/bitsperchannel"], read["input/width"]) == ("exr", 16, 4)


def test_the_reads_format_gives_name_and_pixel_aspect_where_the_size_fits(tmp_path: Path) -> None:
    io.write(noise((0, 0, 4, 3)), str(tmp_path / "a.exr"))
    named, other = Format(4, 3, 2.0, name="anamorphic"), Format(9, 9)
    assert io.read(str(tmp_path / "a.exr"), format=named).format == named
    assert io.read(str(tmp_path / "a.exr"), format=other).format == SMALL


def test_a_file_that_cannot_be_read_is_named_or_replaced(tmp_path: Path) -> None:
    whole = tmp_path / "whole.exr"
    io.write(noise((0, 0, 64, 64), format=Format(64, 64)), str(whole))
    (tmp_path / "cut.exr").write_bytes(whole.read_bytes()[:3000])
    (tmp_path / "empty.exr").touch()
    (tmp_path / "text.exr").write_text("no picture", encoding="utf-8")
    (tmp_path / "folder.exr").mkdir()
    for name, kind in (
        ("gone.exr", PlateMissingError),
        ("cut.exr", PlateUnreadableError),
        ("empty.exr", PlateUnreadableError),
        ("text.exr", PlateUnreadableError),
        ("folder.exr", PlateUnreadableError),
    ):
        path = str(tmp_path / name)
        with pytest.raises(kind, match=name) as caught:
            io.read(path)
        assert caught.value.path == path
        black = io.read(path, on_error="black", format=SMALL)
        assert black.format == SMALL and not black.channel("rgba.red", SMALL.box).any()
        assert io.read(path, on_error="checkerboard", format=SMALL).channels["rgba.red"].max() == 0.5
        with pytest.raises(kind):  # there is nothing to say how large the black is
            io.read(path, on_error="black")


def test_wrong_knobs_are_named_whatever_the_file(tmp_path: Path) -> None:
    path = str(tmp_path / "a.exr")
    io.write(noise((0, 0, 4, 3)), path)
    with pytest.raises(ParamError, match='"nearest"'):
        io.read(path, on_error="nearest")
    with pytest.raises(ParamError, match='"Kodachrome"'):
        io.read(path, colorspace="Kodachrome", on_error="black", format=SMALL)
    for knobs, said in (
        ({"datatype": "8 bit"}, '"8 bit"'),
        ({"compression": "LZW"}, '"LZW"'),
        ({"file_type": "mov"}, '"mov"'),
        ({"colorspace": "Kodachrome"}, '"Kodachrome"'),
        ({"metadata": "some"}, '"some"'),
    ):
        with pytest.raises(ParamError, match=said):
            io.write(noise((0, 0, 4, 3)), path, **knobs)  # type: ignore[arg-type]


def test_a_write_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "a.exr"
    with pytest.raises(MatteWriteError, match="create_directories"):
        io.write(flat({"rgba.red": 1.0}), str(path))
    assert not path.parent.exists()
    for value in (1.0, 2.0):
        io.write(flat({"rgba.red": value}), str(path), create_directories=True)
        assert io.read(str(path)).channels["rgba.red"][0, 0] == value
    assert [item.name for item in path.parent.iterdir()] == ["a.exr"]
    (tmp_path / "b.exr").mkdir()
    with pytest.raises(MatteWriteError, match="folder of that name"):
        io.write(flat({"rgba.red": 1.0}), str(tmp_path / "b.exr"))


@pytest.mark.parametrize("name", ["a.exr", "a.png", "a.tif", "a.dpx"])
def test_a_file_that_could_not_be_stored_whole_is_an_error_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    resource = pytest.importorskip("resource")  # not on Windows
    io.write(flat({"rgba.red": 0.5}), str(tmp_path / name))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    big = noise((0, 0, 128, 128), format=Format(128, 128))
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # a disk with room for less than half of it
        with pytest.raises(MatteWriteError, match=re.escape(str(tmp_path / name))):
            io.write(big, str(tmp_path / name))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [item.name for item in tmp_path.iterdir()] == [name]
    assert io.read(str(tmp_path / name)).format == SMALL  # the old one
