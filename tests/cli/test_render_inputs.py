"""What plates can be like: numbers, sizes, windows, faults. Through the real command, at a tiny size."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator

import numpy as np
import OpenImageIO as oiio
import pytest
from support import RunCli, case, events, read_matte, read_mattes, warm_engine, write_plate, write_plates

RGB = case("svd_windows")[1]["rgb"].transpose(0, 2, 3, 1)  # [17,64,96,3]
QUICK = ["--num-frames-per-batch", "4", "--num-overlap-frames", "1"]  # behind `tiny`: the last one counts


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """One engine for all of these plates and faults: none of them may spoil it for the next."""
    with warm_engine():
        yield


def spec_of(path: Path) -> oiio.ImageSpec:
    """A file's header."""
    image = oiio.ImageInput.open(str(path))
    assert image is not None, oiio.geterror()
    return image.spec()


def test_negative_numbers_gaps_and_names_as_people_have_them(cli: RunCli, tiny: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "plätze mit leer"
    for frame in (-2, -1, 0, 1, 3):
        write_plate(folder / f"sh 010.{frame:04d}.exr", RGB[frame])
    (folder / "sh 010.0001.exr.sidecar").write_text("not a frame")
    words = ["--input", str(folder / "sh 010.####.exr"), "--output", str(tmp_path / "aus" / "ü.####.exr"), *tiny, *QUICK]

    hole = cli("render", *words)
    assert hole.returncode == 1 and "0002" in hole.stderr and not (tmp_path / "aus").exists()

    done = cli("render", *words, "--missing", "nearest")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "aus").iterdir()) == [
        "ü.-001.exr", "ü.-002.exr", "ü.0000.exr", "ü.0001.exr", "ü.0002.exr", "ü.0003.exr",
    ]  # fmt: skip


def test_a_single_frame_and_an_odd_size(cli: RunCli, tiny: list[str], tmp_path: Path) -> None:
    write_plate(tmp_path / "one.1042.exr", np.tile(RGB[0], (2, 1, 1))[:101, :77])
    done = cli("render", "--input", str(tmp_path / "one.1042.exr"), "--output", str(tmp_path / "out.####.exr"), *tiny)
    assert done.returncode == 0, done.stderr
    assert read_matte(tmp_path / "out.1042.exr").shape == (101, 77)


def test_what_is_not_a_number_does_not_reach_the_matte(cli: RunCli, tiny: list[str], tmp_path: Path) -> None:
    broken = RGB[:4].copy()
    broken[1, 10:20, 10:20] = np.nan
    broken[2, :5] = np.inf
    broken[2, 5:9] = -np.inf
    plates = write_plates(tmp_path / "plates", broken)
    done = cli("render", "--input", plates, "--output", str(tmp_path / "out" / "m.####.exr"), *tiny, *QUICK)
    assert done.returncode == 0, done.stderr
    for matte in read_mattes(tmp_path / "out").values():
        assert np.isfinite(matte).all() and matte.min() >= 0 and matte.max() <= 1


@pytest.mark.parametrize("fault", ["truncated", "empty", "text", "missing"])
def test_a_plate_that_cannot_be_read(fault: str, cli: RunCli, tiny: list[str], tmp_path: Path) -> None:
    plates = write_plates(tmp_path / "plates", RGB[:8])
    bad = tmp_path / "plates" / "plate.1003.exr"
    if fault == "missing":
        bad.unlink()
    else:
        bad.write_bytes({"truncated": bad.read_bytes()[:-3000], "empty": b"", "text": b"not an image\n"}[fault])
    words = ["render", "--input", plates, "--output", str(tmp_path / "out" / "m.####.exr"), *tiny, *QUICK]

    failed = cli(*words, "--json")
    assert failed.returncode == 1
    assert "plate.1003.exr" in failed.stderr and "Traceback" not in failed.stderr
    last = events(failed.stdout)[-1]
    assert (last["event"], last["frame"]) == ("failed", 1003) and last["code"].startswith("plate.")
    assert not list(tmp_path.glob("out/m.1003.exr"))

    for policy in ("black", "nearest"):
        done = cli(*words, "--missing", policy, "--overwrite")
        assert done.returncode == 0, done.stderr
        assert len(read_mattes(tmp_path / "out")) == 8


def test_a_proxy_among_the_plates_is_named(cli: RunCli, tiny: list[str], tmp_path: Path) -> None:
    plates = write_plates(tmp_path / "plates", RGB[:4])
    write_plate(tmp_path / "plates" / "plate.1003.exr", RGB[2][::2, ::2])
    done = cli("render", "--input", plates, "--output", str(tmp_path / "m.####.exr"), *tiny, *QUICK)
    assert done.returncode == 2 and "1003" in done.stderr and "48x32" in done.stderr


def windowed(path: Path, rgb: np.ndarray[Any, Any], data: tuple[int, int], display: tuple[int, int, int, int]) -> None:
    """A plate whose windows differ, with what a camera's file says of itself."""
    spec = oiio.ImageSpec(rgb.shape[1], rgb.shape[0], 3, "half")
    spec.x, spec.y = data
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = display
    spec.attribute("PixelAspectRatio", 2.0)
    spec.attribute("FramesPerSecond", oiio.TypeDesc("rational"), (24000, 1001))
    spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (0x01020304, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    output = oiio.ImageOutput.create(str(path))
    assert output is not None and output.open(str(path), spec), path
    assert output.write_image(np.ascontiguousarray(rgb)) and output.close(), output.geterror()


@pytest.mark.parametrize("area", ["display", "data"])
def test_windows_aspect_rate_and_time_code_are_kept(area: str, cli: RunCli, tiny: list[str], tmp_path: Path) -> None:
    for frame in (1, 2):
        windowed(tmp_path / f"p.{frame:04d}.exr", RGB[frame], (-10 + frame, 5), (0, 0, 80, 60))
    done = cli("render", "--input", str(tmp_path / "p.####.exr"), "--output", str(tmp_path / "out" / "m.%04d.exr"), *tiny,
               "--area", area, "--datatype", "half")  # fmt: skip
    assert done.returncode == 0, done.stderr
    spec = spec_of(tmp_path / "out" / "m.0001.exr")
    assert (spec.full_x, spec.full_y, spec.full_width, spec.full_height) == (0, 0, 80, 60)
    expected = (0, 0, 80, 60) if area == "display" else (-9, 5, 97, 64)
    assert (spec.x, spec.y, spec.width, spec.height) == expected
    assert spec.get_float_attribute("PixelAspectRatio") == 2.0
    assert spec.getattribute("framesPerSecond") == pytest.approx((24000, 1001))
    assert tuple(spec.getattribute("smpte:TimeCode", oiio.TypeDesc("timecode"))) == (0x01020304, 0) or "TimeCode" in str(
        spec.to_xml()
    )
    assert str(spec.format) == "half"
    header: Dict[str, Any] = json.loads(spec.get_string_attribute("gvm:params"))
    assert header["num_frames_per_batch"] == 8 and "model_base" not in header
    assert spec.get_string_attribute("gvm:version") and len(spec.get_string_attribute("gvm:digest")) == 32
    assert spec.get_string_attribute("gvm:weights").startswith("svd svd ")


@pytest.mark.parametrize("ending", ["png", "tif", "dpx", "jpg"])
def test_other_formats_come_in_too(ending: str, cli: RunCli, tiny: list[str], tmp_path: Path) -> None:
    for index in range(2):
        path = tmp_path / f"p_{index + 7:03d}.{ending}"
        output = oiio.ImageOutput.create(str(path))
        assert output is not None and output.open(str(path), oiio.ImageSpec(96, 64, 3, "uint8"))
        assert output.write_image(np.ascontiguousarray(RGB[index])) and output.close()
    done = cli("render", "--input", str(tmp_path / f"p_@@@.{ending}"), "--output", str(tmp_path / "o" / "m.###.exr"), *tiny)
    assert done.returncode == 0, done.stderr
    assert list(read_mattes(tmp_path / "o")) == ["m.007.exr", "m.008.exr"]


@pytest.mark.skipif(not hasattr(os, "statvfs") or os.name != "posix", reason="file size limits")
def test_a_full_disk_is_said_and_leaves_no_half_file(cli: RunCli, tiny: list[str], svd_plates: str, tmp_path: Path) -> None:
    import resource
    import subprocess

    from support import cli_command

    out = tmp_path / "out"
    words = ["render", "--input", svd_plates, "--output", str(out / "m.####.exr"), *tiny, "--frames", "1001-1002"]
    limited = subprocess.run(
        cli_command(*words, "--own-engine"),  # which is a child, so the limit is its limit too
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)),
    )
    assert limited.returncode == 1, limited.stderr
    assert "m.1001.exr" in limited.stderr or "m.1002.exr" in limited.stderr
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--frames", "10-1"], "backwards"),
        (["--frames", "x"], "no frame range"),
        (["--frames", "1001-1040"], "1018-1040"),
        (["--shot-range", "1001-1005,1010"], "gaps"),
        (["--num-overlap-frames", "6"], "frames (--num-overlap-frames) is 6; with 8 frames per batch it can be 0 to 4."),
        (["--black-point", "0.9", "--white-point", "0.2"], "below"),
        (["--preset", "none"], "no preset 'none'; there are basic, low-memory,"),
        (["--input-colorspace", "Arri LogX"], "scene_linear"),
        (["--pretrain-type", "dav"], "svd"),
    ],
)
def test_wrong_usage_is_explained(words: list[str], said: str, cli: RunCli, tiny: list[str], svd_plates: str,
                                  tmp_path: Path) -> None:  # fmt: skip
    done = cli("render", "--input", svd_plates, "--output", str(tmp_path / "m.####.exr"), *tiny, *words)
    assert done.returncode in (1, 2) and said in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not list(tmp_path.glob("m.*"))
