"""A table of what cannot be read: each is one sentence that names the file and says what is the matter."""

from __future__ import annotations

import os
import struct
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator, Mapping, Tuple

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.core.errors import PlateUnreadableError
from gvm_matte.engine.plates import describe, open_masks, open_plates
from gvm_matte.engine.plates.image_header import size_problem
from gvm_matte.images.opening import MAX_PIXELS

WriteImage = Callable[..., Path]
WriteParts = Callable[..., Path]
NAME = "a é 1.0005.exr"


@dataclass(frozen=True)
class Bad:
    """A row: how the file is spoilt, what is asked of it, and words of the sentence."""

    claim: str
    spoil: Callable[[Path], object]
    words: Tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, object] = field(default_factory=dict)


def cut(share: float) -> Callable[[Path], None]:
    """Keeps this share of the file."""

    def spoil(path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return spoil


def window(name: bytes, *corners: int) -> Callable[[Path], None]:
    """Writes another window into an EXR's header: x, y of the first and the last pixel."""

    def spoil(path: Path) -> None:
        content = bytearray(path.read_bytes())
        place = content.index(name + b"\0box2i\0") + len(name) + 7 + 4
        content[place : place + 16] = struct.pack("<4i", *corners)
        path.write_bytes(bytes(content))

    return spoil


def contents(content: bytes) -> Callable[[Path], object]:
    """Something else under the file's name."""
    return lambda path: path.write_bytes(content)


def as_is(path: Path) -> None:
    """The file is whole; it is what is asked that is not there."""


RGB_AND_MORE = {"channels": ("R", "G", "B", "diffuse.R", "diffuse.G", "diffuse.B", "motion.u", "motion.v")}
TABLE = [
    Bad("truncated in its pixels", cut(0.6), ("truncated",)),
    Bad("truncated in its offsets", cut(0.05), ()),
    Bad("truncated in its header", lambda path: path.write_bytes(path.read_bytes()[:90]), ()),
    Bad("truncated tiles", cut(0.6), ("truncated",), written={"tile": 16}),
    Bad("zero bytes", contents(b""), ("empty (0 bytes)",)),
    Bad("text", contents(b"not an image, only its name\n" * 20), ("no image",)),
    Bad("nothing but zeros", contents(bytes(4096)), ("no image",)),
    Bad("a header of 100,000x100,000", window(b"dataWindow", 0, 0, 99_999, 99_999), ("claims", "65536")),
    Bad(
        "a display window of 100,000x100,000", window(b"displayWindow", 0, 0, 99_999, 99_999), ("100000x100000", "display")
    ),
    Bad("a header of 60,000x60,000", window(b"dataWindow", 0, 0, 59_999, 59_999), ("claims", f"{MAX_PIXELS:,}")),
    Bad("a window inside out", window(b"dataWindow", 10, 10, 5, 5), ()),
    Bad("a channel too few", as_is, ("no R, G, B", "only R, G"), written={"channels": ("R", "G")}),
    Bad("no such view", as_is, ('no view "left"', "names no views"), {"view": "left"}),
    Bad("no such layer", as_is, ('no layer "spec"', "it has diffuse, motion"), {"layer": "spec"}, RGB_AND_MORE),
    Bad("a layer without colours", as_is, ('layer "motion"', "motion.u"), {"layer": "motion"}, RGB_AND_MORE),
    Bad("no layers at all", as_is, ('no layer "spec"', "only R, G, B"), {"layer": "spec"}),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.claim)
@pytest.mark.parametrize("as_sequence", [False, True], ids=["file", "pattern"])
def test_bad_plates(row: Bad, write_image: WriteImage, as_sequence: bool) -> None:
    channels = row.written.get("channels", ("R", "G", "B"))
    pixels = np.random.default_rng(0).random((64, 48, len(channels)), dtype=np.float32)  # type: ignore[arg-type]
    path = write_image(NAME, pixels, **row.written)
    row.spoil(path)
    asked = str(path).replace("0005", "####") if as_sequence else str(path)
    with pytest.raises(PlateUnreadableError) as caught:
        open_plates(asked, **row.options).read(5)
    message = str(caught.value)
    assert (caught.value.frame, caught.value.path) == (5, str(path))
    assert message.count(str(path)) == 1 and message.endswith(".") and "\n" not in message
    assert [word for word in row.words if word not in message] == []


def test_a_view_that_is_not_there_is_named_with_those_that_are(write_image: WriteImage, write_parts: WriteParts) -> None:
    parts = [({"view": view, "oiio:subimagename": view}, ("R", "G", "B"), 0.5) for view in ("left", "right")]
    multi = {"multiView": ("string[2]", ("left", "right"))}
    channels = ("R", "G", "B", "right.R", "right.G", "right.B")
    for path in (write_parts("parts.exr", parts), write_image("a.exr", channels=channels, attributes=multi)):
        with pytest.raises(PlateUnreadableError, match='no view "centre"; it has left, right'):
            open_plates(str(path), view="centre").probe(1)
        with pytest.raises(PlateUnreadableError, match='no view "centre"'):
            describe(str(path), view="centre")


def test_a_folder_among_the_frames(write_image: WriteImage, tmp_path: Path) -> None:
    write_image("a.0001.exr")
    (tmp_path / "a.0002.exr").mkdir()
    with pytest.raises(PlateUnreadableError, match=r"Frame 2 .*a\.0002\.exr is a folder") as caught:
        open_plates(str(tmp_path / "a.####.exr")).read(2)
    assert caught.value.frame == 2


def test_a_damaged_file_whose_error_is_no_text(write_image: WriteImage) -> None:
    """OpenImageIO quotes the type that it does not know, whatever its bytes are."""
    path = write_image(NAME)
    path.write_bytes(path.read_bytes().replace(b"\0chlist\0", b"\0chl\xfest\0", 1))
    with pytest.raises(PlateUnreadableError, match="header is damaged") as caught:
        open_plates(str(path)).read(5)
    assert str(path) in str(caught.value)


def test_of_many_channels_some_are_named(write_image: WriteImage) -> None:
    path = write_image("a.exr", channels=tuple(f"crypto{number:02d}.u" for number in range(60)))
    with pytest.raises(PlateUnreadableError, match=r"only crypto00\.u, .*crypto11\.u and 48 more"):
        open_plates(str(path)).read(1)


def test_16k_plates_are_no_bad_ones(write_image: WriteImage) -> None:
    path = write_image("a.exr", display=(0, 0, 16384, 16384))
    assert open_plates(str(path)).read(1).display.width == 16384
    assert size_problem(oiio.ImageSpec(16384, 16384, 3, "half")) is None
    assert size_problem(oiio.ImageSpec(32768, 16384, 3, "half")) is None
    assert size_problem(oiio.ImageSpec(32768, 16385, 3, "half")) is not None


@contextmanager
def without_root() -> Iterator[None]:
    """Permissions do not bind root, so what they forbid is tried as nobody."""
    if os.getuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(os.getuid())


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o000, 0o111, 0o444])
@pytest.mark.parametrize("name", ["a.0001.exr", "a.####.exr", ""])
def test_a_folder_that_may_not_be_read_is_named(write_image: WriteImage, tmp_path: Path, mode: int, name: str) -> None:
    file = write_image("shut/a.0001.exr")
    file.chmod(0o000)
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):  # so that it is `shut` that is in the way
        parent.chmod(parent.stat().st_mode | 0o111)
    file.parent.chmod(mode)
    try:
        for opened in (open_plates, open_masks):
            with without_root(), pytest.raises(PlateUnreadableError, match="ermission") as caught:
                opened(str(file.parent / name)).read(1)
            assert str(file.parent) in str(caught.value)
    finally:
        file.parent.chmod(0o755)
