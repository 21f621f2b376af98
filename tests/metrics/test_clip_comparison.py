"""Clips compared: frames, the clip's figures, regions, two mattes against the truth, plot and sheet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.core.errors import (
    CancelledError,
    MatteWriteError,
    PlateError,
    PlateMissingError,
    PlateUnreadableError,
)
from gvm_matte.core.frames import FrameRange
from gvm_matte.metrics import MatteClip, compare_clips, measure_frame, write_plot, write_sheet
from matte_files import WriteMatte

Array = np.ndarray[Any, Any]
TRUTH = np.zeros((6, 8), np.float32)
TRUTH[1:5, 2:6] = 1.0
OFFSETS = (0.0, 0.1, 0.3, 0.1)  # what A has too little, by frame from 1001


@pytest.fixture
def clips(write_matte: WriteMatte, tmp_path: Path) -> Dict[str, MatteClip]:
    """Four frames: A errs by OFFSETS inside the subject, B by 0.2, the truth stands still."""
    for index, offset in enumerate(OFFSETS):
        write_matte(f"a.{1001 + index}.exr", TRUTH * np.float32(1 - offset), channels=["A"])
        write_matte(f"b.{1001 + index}.exr", TRUTH * np.float32(0.8), channels=["A"])
        write_matte(f"t.{1001 + index}.exr", TRUTH, channels=["A"])
    return {role: MatteClip(str(tmp_path / f"{name}.####.exr")) for role, name in (("A", "a"), ("B", "b"), ("truth", "t"))}


def test_every_frame_is_measured_as_its_arrays_are(clips: Dict[str, MatteClip]) -> None:
    found = compare_clips({"A": clips["A"], "truth": clips["truth"]})
    (pair,) = found.pairs
    before = None
    for frame in pair.frames:
        arrays = clips["A"].read(frame.frame).alpha, clips["truth"].read(frame.frame).alpha
        assert frame.values == measure_frame(*arrays, before=before)
        before = arrays
    assert (str(found.frames), found.size, found.left_out) == ("1001-1004", (8, 6), {})


def test_the_clip_has_means_and_its_worst_frame(clips: Dict[str, MatteClip]) -> None:
    (pair,) = compare_clips({"A": clips["A"], "truth": clips["truth"]}).pairs
    share = TRUTH.mean()
    assert pair.mean("mad") == pytest.approx(np.mean(OFFSETS) * share)
    assert pair.worst("mad") == (1003, pytest.approx(0.3 * share))  # type: ignore[comparison-overlap]
    # the error changes by 0.1, 0.2, 0.2; the first frame has no frame before it
    assert pair.mean("dtssd") == pytest.approx(np.mean([0.1, 0.2, 0.2]) * np.sqrt(share))
    assert [frame for frame, _ in pair.ranked("mad", 3)] == [1003, 1002, 1004]


def test_two_mattes_stand_each_against_the_truth(clips: Dict[str, MatteClip]) -> None:
    found = compare_clips(clips)
    assert [(pair.matte, pair.against) for pair in found.pairs] == [("A", "truth"), ("B", "truth")]
    assert found.better("mad") == "A"  # 0.125 against 0.2 on average
    assert found.better("dtssd") == "B"  # which does not flicker
    assert compare_clips({"A": clips["B"], "B": clips["B"], "truth": clips["truth"]}).better("mse") == "equal"


def test_frames_that_are_no_neighbours_have_no_dtssd(clips: Dict[str, MatteClip]) -> None:
    (pair,) = compare_clips({"A": clips["A"], "B": clips["B"]}, frames=FrameRange.parse("1001,1003-1004")).pairs
    assert [frame.values["dtssd"] is None for frame in pair.frames] == [True, True, False]
    (alone,) = compare_clips({"A": clips["A"], "B": clips["B"]}, frames=FrameRange.parse("1001-1003x2")).pairs
    assert alone.mean("dtssd") is None and alone.worst("dtssd") is None


def test_frames_that_one_lacks_are_told(clips: Dict[str, MatteClip]) -> None:
    Path(clips["truth"].file_of(1001)).unlink()
    later = {"A": clips["A"], "truth": MatteClip(clips["truth"].path)}
    found = compare_clips(later)
    assert str(found.frames) == "1002-1004" and {name: str(f) for name, f in found.left_out.items()} == {"A": "1001"}
    with pytest.raises(PlateMissingError, match="truth has no frame 1001"):
        compare_clips(later, frames=FrameRange.parse("1001-1002"))


def test_a_still_region_counts_in_every_frame(clips: Dict[str, MatteClip], write_matte: WriteMatte) -> None:
    mask = np.zeros((6, 8), np.uint8)
    mask[1:5, 2:4] = 255  # half of the subject
    region = MatteClip(write_matte("mask.png", mask, datatype="uint8"))
    (pair,) = compare_clips({"A": clips["A"], "truth": clips["truth"]}, region=region).pairs
    assert [frame.values["mad"] for frame in pair.frames] == pytest.approx(OFFSETS)


def test_a_trimaps_unknown_part_counts(clips: Dict[str, MatteClip], write_matte: WriteMatte) -> None:
    trimap = np.where(TRUTH > 0, 255, 0).astype(np.uint8)
    trimap[0] = 128
    region = MatteClip(write_matte("trimap.png", trimap, datatype="uint8"))
    (pair,) = compare_clips({"A": clips["A"], "truth": clips["truth"]}, region=region, trimap=True).pairs
    assert [frame.values["mad"] for frame in pair.frames] == [0, 0, 0, 0]  # no matte errs in the first row


def test_a_region_without_a_pixel_is_an_error(clips: Dict[str, MatteClip], write_matte: WriteMatte) -> None:
    region = MatteClip(write_matte("none.png", np.zeros((6, 8), np.uint8), datatype="uint8"))
    with pytest.raises(PlateError, match=r"none\.png leaves nothing to compare"):
        compare_clips({"A": clips["A"], "truth": clips["truth"]}, region=region)


def test_a_region_of_another_size_is_an_error(clips: Dict[str, MatteClip], write_matte: WriteMatte) -> None:
    region = MatteClip(write_matte("small.png", np.ones((2, 2), np.uint8), datatype="uint8"))
    with pytest.raises(PlateError, match=r"Frame 1001 differs in size: A is 8x6 .*region is 2x2"):
        compare_clips({"A": clips["A"], "truth": clips["truth"]}, region=region)


def test_a_data_window_is_compared_with_the_whole_picture(clips: Dict[str, MatteClip], write_matte: WriteMatte) -> None:
    cut = MatteClip(write_matte("cut.1001.exr", TRUTH[1:5, 2:6], channels=["A"], data=(2, 1), display=(0, 0, 8, 6)))
    (pair,) = compare_clips({"A": cut, "truth": clips["truth"]}).pairs
    assert pair.mean("mad") == 0


def test_a_broken_frame_ends_it_and_is_named(clips: Dict[str, MatteClip]) -> None:
    path = Path(clips["A"].file_of(1003))
    path.write_bytes(path.read_bytes()[:200])
    done: List[int] = []
    with pytest.raises(PlateUnreadableError, match=r"a\.1003\.exr"):
        compare_clips({"A": clips["A"], "truth": clips["truth"]}, advanced=done.append)
    assert done == [1001, 1002]


def test_whoever_watches_may_end_it(clips: Dict[str, MatteClip]) -> None:
    def advanced(frame: int) -> None:
        raise CancelledError(f"enough after {frame}")

    with pytest.raises(CancelledError, match="enough after 1001"):
        compare_clips({"A": clips["A"], "truth": clips["truth"]}, advanced=advanced)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_plot_is_a_picture_and_nothing_is_left_beside_it(
    clips: Dict[str, MatteClip], tmp_path: Path, ending: str
) -> None:
    path = tmp_path / "new" / f"plot.{ending}"
    write_plot(str(path), compare_clips(clips))
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    if ending == "svg":
        text = path.read_text(encoding="utf-8")
        assert text.startswith("<?xml") and "</svg>" in text
    else:
        image = oiio.ImageInput.open(str(path))
        assert image is not None and image.spec().width > 1000
        assert image.read_image("uint8").std() > 5  # something is drawn


def test_a_sheet_shows_what_is_wrong_and_nothing_where_all_is_right(clips: Dict[str, MatteClip], tmp_path: Path) -> None:
    found = compare_clips({"A": clips["A"], "truth": clips["truth"]})
    path = tmp_path / "sheet.png"
    write_sheet(str(path), found, [1003, 1001])
    image = oiio.ImageInput.open(str(path))
    assert image is not None
    pixels = image.read_image("uint8").astype(int)
    wrong, right = (pixels[top : top + 180, -246:-6] for top in (30, 216))  # the last column; rows of 180 pixels
    blue = (wrong[..., 2] > 100) & (wrong[..., 0] < 100)
    assert blue.mean() == pytest.approx(TRUTH.mean(), abs=0.1)  # A has too little all over the subject
    assert not right.any()  # frame 1001 is equal


def test_what_cannot_be_written_is_named(clips: Dict[str, MatteClip], tmp_path: Path) -> None:
    found = compare_clips({"A": clips["A"], "truth": clips["truth"]})
    (tmp_path / "file").touch()
    with pytest.raises(MatteWriteError, match=r"The plot .*cannot be written"):
        write_plot(str(tmp_path / "file" / "plot.png"), found)
    with pytest.raises(MatteWriteError, match=r"The contact sheet .*cannot be written"):
        write_sheet(str(tmp_path / "file" / "sheet.png"), found, [1001])


def test_metrics_need_neither_torch_nor_matplotlib() -> None:
    script = "import sys, gvm_matte.metrics; print(*sorted({'torch', 'matplotlib', 'av'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
