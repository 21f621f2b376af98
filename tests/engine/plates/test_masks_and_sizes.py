"""Masks of one channel, and whether the plates of a shot have one size."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from gvm_matte.core.errors import CancelledError, PlateMissingError, PlateUnreadableError, UsageError
from gvm_matte.core.image import Box
from gvm_matte.engine.plates import check_sizes, open_masks, open_plates

WriteImage = Callable[..., Path]
WriteClip = Callable[..., Path]
WriteParts = Callable[..., Path]

LAYERED = ("R", "G", "B", "A", "mask.a", "hold.alpha", "roto.red", "roto.green", "key.Y", "depth.Z")


@pytest.mark.parametrize(
    ("channels", "asked", "picked"),
    [
        (("R", "G", "B", "A"), "", "A"),
        (("R", "G", "B", "core.A"), "", "core.A"),
        (("Y",), "", "Y"),
        (("R", "G", "B"), "", "R"),
        (("depth.Z",), "", "depth.Z"),
        (LAYERED, "", "A"),
        (LAYERED, "a", "A"),
        (LAYERED, "Alpha", "A"),
        (LAYERED, "red", "R"),
        (LAYERED, "mask.A", "mask.a"),
        (LAYERED, "mask.alpha", "mask.a"),
        (LAYERED, "hold.a", "hold.alpha"),
        (LAYERED, "mask", "mask.a"),
        (LAYERED, "key", "key.Y"),
        (LAYERED, "depth", "depth.Z"),
        (LAYERED, "roto.G", "roto.green"),
    ],
)
def test_a_mask_is_one_channel(write_image: WriteImage, channels: tuple[str, ...], asked: str, picked: str) -> None:
    values = np.broadcast_to(np.arange(len(channels), dtype=np.float32) / 16, (8, 12, len(channels)))
    source = open_masks(str(write_image("a.exr", np.ascontiguousarray(values), channels=channels)), channel=asked)
    assert source.probe(1).picked == (picked,)
    plate = source.read(1)
    assert plate.pixels.shape == (8, 12, 1)
    assert (plate.pixels == channels.index(picked) / 16).all()


def test_a_mask_in_a_part_of_its_own(write_parts: WriteParts) -> None:
    path = write_parts(
        "a.exr",
        [
            ({"oiio:subimagename": "rgb"}, ("R", "G", "B"), 0.25),
            ({"oiio:subimagename": "garbage"}, ("A",), 0.5),
        ],
    )
    assert (open_masks(str(path), channel="garbage").read(1).pixels == 0.5).all()
    assert (open_masks(str(path), channel="garbage.a").read(1).pixels == 0.5).all()
    assert (open_masks(str(path)).read(1).pixels == 0.5).all()


@pytest.mark.parametrize("asked", ["mask.b", "roto", "B.A", "motion"])
def test_a_channel_that_is_not_there_is_named_with_those_that_are(write_image: WriteImage, asked: str) -> None:
    source = open_masks(str(write_image("a.0003.exr", channels=LAYERED)), channel=asked)
    with pytest.raises(PlateUnreadableError, match=rf'no channel "{asked}"; it has R, G, B, A, .*mask\.a') as caught:
        source.read(3)
    assert caught.value.frame == 3


def test_one_image_serves_every_frame_and_a_sequence_its_own(write_image: WriteImage, tmp_path: Path) -> None:
    still = open_masks(str(write_image("garbage.0007.exr", channels=("A",))))
    assert still.check_frames([-5, 7, 1001]) == {-5: -5, 7: 7, 1001: 1001}
    for frame in (-5, 7, 1001):
        assert still.read(frame).frame == still.probe(frame).frame == frame
    assert still.identity(1) == still.identity(1001)
    write_image("core.0008.exr", channels=("A",))
    with pytest.raises(PlateMissingError):
        open_masks(str(tmp_path / "core.####.exr")).read(9)


def test_the_channel_belongs_to_the_identity(write_image: WriteImage) -> None:
    path = str(write_image("a.exr", channels=LAYERED))
    names = [open_masks(path, channel=channel).identity(1) for channel in ("A", "R")]
    names += [
        open_plates(path).identity(1),
        open_plates(path, layer="roto").identity(1),
        open_plates(path, view="x").identity(1),
    ]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "dtype"),
    [
        ("a.mp4", "libx264", "yuv420p", "uint8"),
        ("a.mov", "prores_ks", "yuv422p10le", "uint16"),
        ("a.mkv", "ffv1", "gray", "uint8"),
    ],
)
def test_the_luma_of_a_video_is_a_mask(write_clip: WriteClip, name: str, codec: str, pixel_format: str, dtype: str) -> None:
    source = open_masks(str(write_clip(name, codec, pixel_format=pixel_format)))
    plate = source.read(11)  # grey 70, its top left quarter white
    assert plate.pixels.shape == (48, 64, 1) and plate.pixels.dtype == dtype
    values = plate.pixels[..., 0] / np.iinfo(plate.pixels.dtype).max
    assert values[4, 4] == pytest.approx(1.0, abs=0.01) and values[-4, -4] == pytest.approx(70 / 255, abs=0.01)
    assert source.probe(1).picked == ("Y",)


def test_what_a_video_does_not_have(write_clip: WriteClip) -> None:
    path = str(write_clip("a.mp4", "libx264", frames=2))
    with pytest.raises(UsageError, match="channel empty"):
        open_masks(path, channel="A")
    with pytest.raises(UsageError, match="view and layer empty"):
        open_plates(path, view="left")


def never() -> None:
    """Not cancelled."""


def test_the_first_plate_of_another_size_is_named(write_image: WriteImage, tmp_path: Path) -> None:
    display = Box(0, 0, 40, 30)
    for frame in range(1, 151):
        window = (0, 0, 20, 15) if frame in (97, 98, 140) else (0, 0, 40, 30)
        write_image(f"a.{frame:04d}.exr", display=window, origin=(frame % 5, 0))
    (tmp_path / "a.0050.exr").write_bytes(b"not asked for")
    source = open_plates(str(tmp_path / "a.####.exr"))
    check_sizes(source, range(1, 97), display=display, check=never)
    for frames in (range(1, 151), range(150, 0, -1), (98, 97)):
        with pytest.raises(UsageError, match=r"frame 97 is 20x15 at 0,0, the shot is 40x30 at 0,0.*proxies") as caught:
            check_sizes(source, frames, display=display, check=never)
        assert caught.value.frame == 97 and caught.value.path == str(tmp_path / "a.0097.exr")


def test_a_check_of_sizes_can_be_cancelled(write_image: WriteImage) -> None:
    def cancelled() -> None:
        raise CancelledError("The job was cancelled.")

    with pytest.raises(CancelledError):
        check_sizes(open_plates(str(write_image("a.exr"))), [1], display=Box(0, 0, 12, 8), check=cancelled)


def test_a_video_has_one_size(write_clip: WriteClip) -> None:
    source = open_plates(str(write_clip("a.mp4", "libx264", frames=2)))
    check_sizes(source, source.frames, display=Box(0, 0, 1, 1), check=never)
