"""What `describe` says of sequences, images, videos and folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest
from gvm_matte.core.errors import PlateMissingError, PlateUnreadableError
from gvm_matte.core.frames import FrameRange
from gvm_matte.engine.plates import describe

WriteImage = Callable[..., Path]
WriteClip = Callable[..., Path]


def test_a_sequence(write_image: WriteImage, tmp_path: Path) -> None:
    for frame in (1001, 1002, 1003, 1007):
        at = (frame - 1001, 2)
        write_image(f"sh010.{frame}.exr", origin=at, display=(0, 0, 20, 16), attributes={"compression": "zips"})
    (tmp_path / "sh010.json").write_text("{}")
    (tmp_path / "sh010.1001.exr.md5").write_text("0")
    (tmp_path / "other.txt").write_text("0")
    found = describe(str(tmp_path / "sh010.####.exr"))
    assert json.loads(json.dumps(found)) == found
    assert found["kind"] == "sequence"
    assert (found["frames"], found["gaps"], found["count"]) == ("1001-1003,1007", "1004-1006", 4)
    assert (found["first"], found["last"]) == (1001, 1007)
    assert (found["width"], found["height"], found["display"]) == (20, 16, [0, 0, 20, 16])
    assert found["data"] == [0, 2, 12, 10]
    assert (found["data_varies"], found["data_union"], found["display_varies"]) == (True, [0, 2, 18, 10], False)
    assert (found["dtype"], found["compression"], found["picked"]) == ("float16", "zips", ["R", "G", "B"])
    assert (found["colorspace_hint"], found["colorspace_auto"]) == ("", "scene_linear")
    assert found["bytes"] == sum(path.stat().st_size for path in tmp_path.glob("*.exr"))
    assert found["sidecars"] == ["sh010.1001.exr.md5", "sh010.json"]
    assert (found["problems"], found["headers_read"]) == ([], 4)


def test_frames_that_cannot_be_read_are_listed(write_image: WriteImage, tmp_path: Path) -> None:
    for frame in (1, 2, 3):
        write_image(f"a.{frame:04d}.exr")
    (tmp_path / "a.0001.exr").write_bytes(b"")
    (tmp_path / "a.0003.exr").write_bytes(b"text")
    found = describe(str(tmp_path / "a.####.exr"))
    assert [frame for frame, _ in found["problems"]] == [1, 3]
    (tmp_path / "a.0002.exr").write_bytes(b"")
    with pytest.raises(PlateUnreadableError):
        describe(str(tmp_path / "a.####.exr"))


def test_of_a_long_sequence_some_headers_are_read_and_the_last_one(write_image: WriteImage, tmp_path: Path) -> None:
    for frame in range(30):
        write_image(f"a.{frame:04d}.exr", origin=(0, 5 if frame == 29 else 0))
    found = describe(str(tmp_path / "a.####.exr"), max_headers=7)
    assert found["headers_read"] == 7
    assert found["data_varies"]


def test_an_image_and_a_video(write_image: WriteImage, write_clip: WriteClip) -> None:
    image = describe(str(write_image("a.0042.png", datatype="uint8")))
    assert (image["kind"], image["frames"], image["colorspace_auto"]) == ("image", "42", "srgb")
    video = describe(str(write_clip("a.mp4", "libx264")))
    assert (video["kind"], video["frames"], video["fps"], video["gaps"]) == ("video", "1-24", [24, 1], "")


def test_a_folder_lists_its_sequences(write_image: WriteImage, write_clip: WriteClip, tmp_path: Path) -> None:
    for name in ("a.0001.exr", "a.0002.exr", "a.-003.exr", "a.12345.exr", "b_9.png", "b_10.png", "still.exr", "v01.exr"):
        write_image(name, datatype="uint8" if name.endswith("png") else "half")
    write_clip("clip.mov", "libx264", frames=2)
    (tmp_path / "notes.txt").write_text("0")
    (tmp_path / ".a.0009.exr").write_text("0")
    (tmp_path / "deeper").mkdir()
    found = describe(str(tmp_path))
    assert found["kind"] == "folder"
    listed = {Path(one["path"]).name: (one["frames"], one["count"]) for one in found["sequences"]}
    assert listed == {
        "a.####.exr": ("-3,1-2,12345", 4),
        "b_#.png": ("9-10", 2),
        "clip.mov": ("", 1),
        "still.exr": ("", 1),
        "v01.exr": ("", 1),
    }


def test_each_listed_sequence_opens_with_the_listed_frames(write_image: WriteImage, tmp_path: Path) -> None:
    for name in ("a.1.exr", "a.01.exr", "a.10.exr", "a.100.exr", "a.0100.exr", "a.-1.exr", "b1001.exr", "b1002.exr"):
        write_image(name)
    listed = describe(str(tmp_path))["sequences"]
    assert sum(one["count"] for one in listed) == 8
    for one in listed:
        assert set(_numbers(one["frames"])) <= set(_numbers(describe(one["path"])["frames"]))


def _numbers(text: str) -> list[int]:
    return list(FrameRange.parse(text)) if text else []


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(PlateMissingError):
        describe(str(tmp_path / "a.####.exr"))
