"""Clips: what is on disk, which frames are compared, and reading ahead."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Sequence

import numpy as np
import pytest
from gvm_matte.core.errors import FrameRangeError, PlateError, PlateMissingError, UsageError
from gvm_matte.core.frames import FrameRange
from gvm_matte.core.image import Box
from gvm_matte.metrics import Matte, MatteClip, common_frames
from gvm_matte.metrics.clips import left_out, read_ahead, shared_box
from matte_files import WriteMatte


def clip(folder: Path, name: str, frames: Sequence[int]) -> MatteClip:
    """A clip of empty files: frames are told by names alone."""
    folder.mkdir(exist_ok=True)
    for frame in frames:
        (folder / f"{name}.{frame:04d}.exr").touch()
    return MatteClip(str(folder / f"{name}.####.exr"))


@pytest.mark.parametrize("pattern", ["m.####.exr", "m.%04d.exr", "m.@@@@.exr"])
def test_a_clip_has_the_files_that_its_pattern_names(tmp_path: Path, pattern: str) -> None:
    for name in ("m.0008.exr", "m.-002.exr", "m.12345.exr", "m.7.exr", "m.0009.exr.md5", "n.0001.exr", "m.x.exr"):
        (tmp_path / name).touch()
    found = MatteClip(str(tmp_path / pattern))
    assert found.frames == (-2, 8, 12345)
    assert all(Path(found.file_of(frame)).exists() for frame in found.frames)


def test_a_still_has_the_number_of_its_name(tmp_path: Path) -> None:
    assert MatteClip(str(tmp_path / "matte.1001.png")).frames == (1001,)
    assert MatteClip(str(tmp_path / "take2.png")).frames == (1,)


def test_a_pattern_without_files_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "m.####.exr", tmp_path / "nowhere" / "m.####.exr"):
        with pytest.raises(PlateMissingError, match="There is no frame of"):
            MatteClip(str(path))
    with pytest.raises(UsageError, match="one frame field"):
        MatteClip(str(tmp_path / "v##.####.exr"))


def test_what_all_have_is_compared_and_the_rest_is_told(tmp_path: Path) -> None:
    clips = {"A": clip(tmp_path, "a", range(1, 7)), "truth": clip(tmp_path, "t", range(3, 9))}
    assert str(common_frames(clips)) == "3-6"
    assert {name: str(frames) for name, frames in left_out(clips).items()} == {"A": "1-2", "truth": "7-8"}


def test_no_common_frame_is_an_error_with_both_ranges(tmp_path: Path) -> None:
    clips = {"A": clip(tmp_path, "a", [1, 2]), "B": clip(tmp_path, "b", range(1001, 1004))}
    with pytest.raises(FrameRangeError, match=r"A has 1-2 .*B has 1001-1003 .*numbering"):
        common_frames(clips)


def test_a_frame_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    clips = {"A": clip(tmp_path, "a", range(1, 9)), "B": clip(tmp_path, "b", [1])}
    assert common_frames(clips, FrameRange.parse("1")).frames == (1,)
    with pytest.raises(PlateMissingError, match=r"B has no frame 2, 3, 4, 5, 6 and 2 more: .*b\.0002\.exr") as caught:
        common_frames(clips, FrameRange.parse("1-8"))
    assert caught.value.frame == 2


def test_stills_are_compared_whatever_their_numbers(tmp_path: Path) -> None:
    clips = {"A": MatteClip(str(tmp_path / "a.1001.png")), "B": MatteClip(str(tmp_path / "b.png"))}
    assert common_frames(clips).frames == (1001,)
    assert left_out(clips) == {}
    with pytest.raises(FrameRangeError, match="single images"):
        common_frames(clips, FrameRange.parse("5"))


def test_a_still_against_a_sequence_has_one_frame(tmp_path: Path) -> None:
    clips = {"A": clip(tmp_path, "a", range(1, 9)), "truth": MatteClip(str(tmp_path / "t.0004.exr"))}
    assert common_frames(clips).frames == (4,)


def test_display_windows_of_one_size_are_united(write_matte: WriteMatte) -> None:
    pixels = np.ones((2, 4), np.float32)
    clips = [MatteClip(write_matte(name, pixels, channels=["A"], data=at, display=(*at, at[0] + 4, at[1] + 2)))
             for name, at in (("a.exr", (0, 0)), ("b.exr", (2, 1)))]  # fmt: skip
    assert shared_box({"A": clips[0].read(1), "B": clips[1].read(1)}) == Box(0, 0, 6, 3)


def test_two_sizes_are_an_error_that_names_frame_and_files() -> None:
    mattes = {
        "A": Matte(12, "a.exr", Box(0, 0, 4, 2), np.zeros((2, 4))),
        "truth": Matte(12, "t.exr", Box(0, 0, 5, 2), np.zeros((2, 5))),
    }
    with pytest.raises(PlateError, match=r"Frame 12 differs in size: A is 4x2 \(a\.exr\), truth is 5x2 \(t\.exr\)"):
        shared_box(mattes)


def test_the_next_frame_is_read_while_one_is_measured_and_no_more() -> None:
    started = [threading.Event() for _ in range(4)]

    def read(frame: int) -> int:
        started[frame].set()
        return frame

    reader = read_ahead(read, range(4))
    assert next(reader) == 0
    assert started[1].wait(30)  # before it is asked for
    assert not started[2].is_set()
    assert list(reader) == [1, 2, 3]


def test_an_error_of_reading_comes_where_its_frame_is() -> None:
    def read(frame: int) -> int:
        if frame == 2:
            raise PlateError("broken", frame=frame)
        return frame

    reader = read_ahead(read, range(4))
    assert [next(reader), next(reader)] == [0, 1]
    with pytest.raises(PlateError, match="broken"):
        next(reader)
