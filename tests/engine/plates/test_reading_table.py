"""A table of what is read: a claim, how its file is made, and what must come out of it.

Every file is written by OpenImageIO or PyAV. Pixels of images are flat: R 0.25, G 0.5, B 0.75 unless a row says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import numpy as np
import pytest
from gvm_matte.core.errors import PlateUnreadableError
from gvm_matte.core.image import Box
from gvm_matte.engine.plates import open_plates

WriteImage = Callable[..., Path]
WriteClip = Callable[..., Path]
WriteParts = Callable[..., Path]

RGB = (0.25, 0.5, 0.75)
LEVELS = {"R": 0.25, "G": 0.5, "B": 0.75, "A": 1.0, "Z": 9.0, "Y": 0.5}
RIGHT = 0.125  # added to a right view


@dataclass(frozen=True)
class Make:
    """Writes the files of a row."""

    folder: Path
    write: WriteImage
    clip: WriteClip
    write_parts: WriteParts

    def image(self, name: str, *, channels: Tuple[str, ...] = ("R", "G", "B"), **options: Any) -> str:
        """A flat image; channels by their last letter, those of a view `right` brighter."""
        levels = [LEVELS.get(one[-1], 0.0) + (RIGHT if "right." in one else 0.0) for one in channels]
        pixels = np.broadcast_to(np.array(levels, np.float32), (8, 12, len(levels)))
        return str(self.write(name, np.ascontiguousarray(pixels), channels=channels, **options))

    def sequence(self, pattern: str, *numbers: str, **options: Any) -> str:
        """Files of these numbers; the path with `pattern`."""
        for number in numbers:
            path = self.image(f"sh é 010/プレート one.{number}.exr", **options)
        return str(Path(path).with_name(f"プレート one.{pattern}.exr"))

    def parts(self, *parts: Tuple[Mapping[str, Any], Tuple[str, ...], float]) -> str:
        return str(self.write_parts("parts.0001.exr", parts))

    def sidecars(self) -> str:
        pattern = self.sequence("####", "0001", "0002")
        for name in (
            "one.0003.exr.md5",
            "._プレート one.0004.exr",
            "プレート one.0005.exr.tmp",
            "プレート one.json",
            "Thumbs.db",
        ):
            (Path(pattern).parent / name).write_text("not a frame")
        return pattern

    def only_one(self) -> str:
        """A folder with one sequence and files that are no plates."""
        return str(Path(self.sidecars()).parent)

    def video(self, name: str, codec: str, **options: Any) -> str:
        return str(self.clip(name, codec, **options))


@dataclass(frozen=True)
class Row:
    """A claim about one file or sequence; what is not named is not looked at.

    Attributes:
        options: of `open_plates`.
        pixel: at the top left, or the bottom right where `corner` is -1; in [0, 1].
        expected: attributes of the source, the plate or its info.
    """

    claim: str
    make: Callable[[Make], str]
    options: Mapping[str, str] = field(default_factory=dict)
    frame: Optional[int] = None
    pixel: Optional[Tuple[float, ...]] = RGB
    corner: int = 0
    tolerance: float = 2e-3
    expected: Mapping[str, Any] = field(default_factory=dict)


STEREO_PARTS = (
    ({"oiio:subimagename": "depth.left", "view": "left"}, ("Z",), 9.0),
    ({"oiio:subimagename": "rgba.left", "view": "left"}, ("R", "G", "B", "A"), 0.25),
    ({"oiio:subimagename": "rgba.right", "view": "right"}, ("R", "G", "B", "A"), 0.5),
    ({"oiio:subimagename": "diffuse.left", "view": "left"}, ("diffuse.R", "diffuse.G", "diffuse.B"), 0.75),
    ({"oiio:subimagename": "diffuse.right", "view": "right"}, ("diffuse.R", "diffuse.G", "diffuse.B"), 1.0),
    ({"oiio:subimagename": "matte.right", "view": "right"}, ("A",), 0.375),
)
MULTI_VIEW: Dict[str, Any] = {"attributes": {"multiView": ("string[2]", ("left", "right"))}}
VIEWS = (
    *("R", "G", "B", "right.R", "right.G", "right.B"),
    *("diffuse.left.R", "diffuse.left.G", "diffuse.left.B", "diffuse.right.R", "diffuse.right.G", "diffuse.right.B"),
)
BRIGHTER = tuple(level + RIGHT for level in RGB)
NAMES = [
    Row(
        f"{pattern} is a sequence, its gaps known, its path spaced and not ASCII",
        lambda make, pattern=pattern: make.sequence(pattern, "1001", "1002", "1005"),  # type: ignore[misc]
        expected={"frames": (1001, 1002, 1005), "gaps": (1003, 1004)},
    )
    for pattern in ("####", "%04d", "@@@@")
] + [
    Row("a single file is the frame in its name", lambda make: make.image("a.1007.exr"), expected={"frames": (1007,)}),
    Row("a folder with one sequence is that sequence", Make.only_one, expected={"frames": (1, 2)}),
    Row("sidecars are no frames", Make.sidecars, expected={"frames": (1, 2), "gaps": ()}),
    Row(
        "numbers may be negative",
        lambda make: make.sequence("####", "-012", "-001", "0003"),
        frame=-12,
        expected={"frames": (-12, -1, 3)},
    ),
]
CHANNELS = [
    Row(
        "of parts, the first with colours",
        lambda make: make.parts(*STEREO_PARTS),
        pixel=(0.25,) * 3,
        expected={"view": "left"},
    ),
    Row(
        "of parts, the view asked for",
        lambda make: make.parts(*STEREO_PARTS),
        {"view": "right"},
        pixel=(0.5,) * 3,
        expected={"view": "right", "picked": ("R", "G", "B")},
    ),
    Row("of parts, the layer asked for", lambda make: make.parts(*STEREO_PARTS), {"layer": "diffuse"}, pixel=(0.75,) * 3),
    Row(
        "of parts, the layer of the view",
        lambda make: make.parts(*STEREO_PARTS),
        {"layer": "Diffuse", "view": "RIGHT"},
        pixel=(1.0,) * 3,
    ),
    Row(
        "a part named as the layer, of one channel",
        lambda make: make.parts(*STEREO_PARTS),
        {"layer": "matte"},
        pixel=(0.375,),
    ),
    Row(
        "multiView: the default view",
        lambda make: make.image("a.exr", channels=VIEWS, **MULTI_VIEW),
        expected={"view": "left"},
    ),
    Row(
        "multiView: the default view by its name",
        lambda make: make.image("a.exr", channels=VIEWS, **MULTI_VIEW),
        {"view": "left", "layer": "diffuse"},
        expected={"view": "left", "picked": ("diffuse.left.R", "diffuse.left.G", "diffuse.left.B")},
    ),
    Row(
        "multiView: the other view",
        lambda make: make.image("a.exr", channels=VIEWS, **MULTI_VIEW),
        {"view": "right"},
        pixel=BRIGHTER,
        expected={"view": "right", "picked": ("right.R", "right.G", "right.B")},
    ),
    Row(
        "multiView: a layer of the other view",
        lambda make: make.image("a.exr", channels=VIEWS, **MULTI_VIEW),
        {"view": "right", "layer": "diffuse"},
        pixel=BRIGHTER,
        expected={"picked": ("diffuse.right.R", "diffuse.right.G", "diffuse.right.B")},
    ),
    Row(
        "a layer beside the picture",
        lambda make: make.image("a.exr", channels=("R", "G", "B", "key.red", "key.green", "key.blue")),
        {"layer": "key"},
        pixel=(0.0, 0.0, 0.0),
        expected={"picked": ("key.red", "key.green", "key.blue")},
    ),
    Row(
        "a layer with Y",
        lambda make: make.image("a.exr", channels=("R", "G", "B", "key.Y")),
        {"layer": "key"},
        pixel=(0.5,),
    ),
    Row(
        "a layer of one channel",
        lambda make: make.image("a.exr", channels=("R", "G", "B", "d.Z")),
        {"layer": "d"},
        pixel=(9.0,),
    ),
    Row("channels far apart", lambda make: make.image("a.exr", channels=("R", *(f"x{n}.Z" for n in range(9)), "G", "B"))),
    Row("the nameless layer by the name that hosts give it", lambda make: make.image("a.exr"), {"layer": "rgba"}),
    Row(
        "the layer rgba is no other that comes before it",
        lambda make: make.parts(
            ({"oiio:subimagename": "key"}, ("R", "G", "B"), 0.125), ({"oiio:subimagename": "rgba"}, ("R", "G", "B"), 0.5)
        ),
        {"layer": "rgba"},
        pixel=(0.5,) * 3,
    ),
    Row("RGB without A", lambda make: make.image("a.exr"), expected={"channels": ("R", "G", "B")}),
    Row("RGBA gives its RGB", lambda make: make.image("a.exr", channels=("R", "G", "B", "A"))),
    Row("channels stored as B, G, R", lambda make: make.image("a.exr", channels=("B", "G", "R", "A"))),
    Row("Y only", lambda make: make.image("a.exr", channels=("Y",)), pixel=(0.5,), expected={"picked": ("Y",)}),
]
STORAGE = [
    Row("tiled EXR", lambda make: make.image("a.exr", tile=16)),
    *(
        Row(
            f"scanline EXR, {how}",
            lambda make, how=how: make.image("a.exr", attributes={"compression": how}),  # type: ignore[misc]
            tolerance=5e-3,
        )
        for how in ("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab")
    ),
    Row("half", lambda make: make.image("a.exr", datatype="half"), expected={"dtype": "float16"}),
    Row("float", lambda make: make.image("a.exr", datatype="float"), expected={"dtype": "float32"}),
    Row("uint, which spans [0, 1]", lambda make: make.image("a.exr", datatype="uint"), expected={"dtype": "float32"}),
    Row(
        "half and float mixed are read as the wider",
        lambda make: make.image("a.exr", channel_types=("half", "float", "half")),
        expected={"dtype": "float32"},
    ),
    Row(
        "half beside a float depth stays half",
        lambda make: make.image("a.exr", channels=("R", "G", "B", "Z"), channel_types=("half", "half", "half", "float")),
        expected={"dtype": "float16"},
    ),
    *(
        Row(
            f"{endian}-endian DPX of {bits} bits",
            lambda make, endian=endian, bits=bits: make.image(  # type: ignore[misc]
                "a.dpx", datatype="uint16", attributes={"oiio:Endian": endian, "oiio:BitsPerSample": bits}
            ),
            expected={"dtype": "uint16"},
        )
        for endian, bits in (("big", 10), ("little", 10), ("big", 12), ("big", 16))
    ),
    *(
        Row(f"{name[2:]} of {kind}", lambda make, name=name, kind=kind: make.image(name, datatype=kind), tolerance=0.01)  # type: ignore[misc]
        for name, kind in (
            *(("a.png", "uint8"), ("a.png", "uint16"), ("a.tif", "uint16"), ("a.tif", "half"), ("a.tif", "float")),
            *(("a.jpg", "uint8"), ("a.tga", "uint8"), ("a.bmp", "uint8"), ("a.hdr", "float"), ("a.sgi", "uint16")),
            *(("a.webp", "uint8"), ("a.ppm", "uint8"), ("a.pfm", "float"), ("a.rla", "uint16"), ("a.iff", "uint16")),
        )
    ),
]
GEOMETRY = [
    Row(
        "a data window smaller than the display window",
        lambda make: make.image("a.exr", origin=(3, 2), display=(0, 0, 40, 30)),
        expected={"data": Box(3, 2, 15, 10), "display": Box(0, 0, 40, 30)},
    ),
    Row(
        "a data window larger than the display window",
        lambda make: make.image("a.exr", origin=(-2, -1), display=(0, 0, 8, 6)),
        expected={"data": Box(-2, -1, 10, 7), "display": Box(0, 0, 8, 6)},
    ),
    Row(
        "a display window with a negative origin",
        lambda make: make.image("a.exr", origin=(-20, -30), display=(-10, -12, 8, 6)),
        expected={"data": Box(-20, -30, -8, -22), "display": Box(-10, -12, -2, -6)},
    ),
    Row(
        "anamorphic pixels",
        lambda make: make.image("a.exr", attributes={"PixelAspectRatio": 2.0}),
        expected={"pixel_aspect": 2.0},
    ),
]
VIDEO = [
    Row(
        "variable frame rate: frames count as they are shown",
        lambda make: make.video("a.mkv", "ffv1", frames=5, times_ms=(0, 40, 130, 140, 300), pixel_format="bgr0"),
        frame=5,
        corner=-1,
        pixel=(34 / 255,) * 3,
        expected={"frames": (1, 2, 3, 4, 5)},
    ),
    Row(
        "a rotation flag turns the picture upright",
        lambda make: make.video("a.mov", "prores_ks", pixel_format="yuv422p10le", frames=2, rotation=-90),
        pixel=(10 / 255,) * 3,
        tolerance=0.01,
        expected={"data": Box(0, 0, 48, 64), "display": Box(0, 0, 48, 64), "dtype": "uint16"},
    ),
    *(
        Row(
            f"video in .{name[2:]}",
            lambda make, name=name, codec=codec: make.video(name, codec, frames=3),  # type: ignore[misc]
            pixel=(1.0,) * 3,
        )
        for name, codec in (
            ("a.mp4", "libx264"),
            ("a.nut", "ffv1"),
            ("a.mpg", "mpeg2video"),
            ("a.wmv", "wmv2"),
        )
    ),
]
TABLE = [*NAMES, *CHANNELS, *STORAGE, *GEOMETRY, *VIDEO]


@pytest.fixture
def make(tmp_path: Path, write_image: WriteImage, write_clip: WriteClip, write_parts: WriteParts) -> Make:
    return Make(tmp_path, write_image, write_clip, write_parts)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.claim)
def test_reading(row: Row, make: Make) -> None:
    with open_plates(row.make(make), **row.options) as source:
        frame = source.first if row.frame is None else row.frame
        info, plate = source.probe(frame), source.read(frame)
        seen = {**vars(source), **vars(info), **{"gaps": source.gaps}}
        assert {name: seen[name] for name in row.expected} == dict(row.expected)
    assert (plate.frame, plate.data, plate.display, plate.view) == (frame, info.data, info.display, info.view)
    assert plate.pixels.dtype == info.dtype and plate.pixels.flags.c_contiguous
    assert plate.pixels.shape == (info.data.height, info.data.width, len(info.picked))
    assert Path(plate.path).is_file()
    if row.pixel is not None:
        top = np.iinfo(plate.pixels.dtype).max if plate.pixels.dtype.kind == "u" else 1
        values = plate.pixels[row.corner, row.corner].astype(np.float64) / top
        np.testing.assert_allclose(values, row.pixel, atol=row.tolerance)


def test_a_big_endian_dpx_is_one(make: Make) -> None:
    """What the row about it rests on."""
    for endian, magic in (("big", b"SDPX"), ("little", b"XPDS")):
        path = make.image(f"{endian}.dpx", datatype="uint16", attributes={"oiio:Endian": endian})
        assert Path(path).read_bytes()[:4] == magic


def test_a_folder_with_one_video_is_that_video(make: Make) -> None:
    make.video("clip.0001.mov", "prores_ks", pixel_format="yuv422p10le", frames=3)
    (make.folder / "notes.txt").write_text("0")
    assert open_plates(str(make.folder)).frames == (1, 2, 3)
    make.video("clip.0002.mov", "prores_ks", pixel_format="yuv422p10le", frames=3)
    with pytest.raises(PlateUnreadableError, match="2 videos"):
        open_plates(str(make.folder))


def test_each_frame_has_its_own_data_window(make: Make) -> None:
    for frame in (1, 2, 3):
        make.image(f"a.{frame:04d}.exr", origin=(frame * 5, -frame), display=(0, 0, 40, 30))
    source = open_plates(str(make.folder / "a.####.exr"))
    for frame in (3, 1, 2):
        assert source.read(frame).data == source.probe(frame).data == Box(frame * 5, -frame, frame * 5 + 12, 8 - frame)
