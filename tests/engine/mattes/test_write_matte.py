"""Mattes on disk: what is in them, and that they are there whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.core.errors import MatteWriteError, ParamError
from gvm_matte.core.image import Box
from gvm_matte.engine.mattes import MatteFile, read_digest, write_matte
from gvm_matte.engine.plates import open_plates
from matte_kit import COMPRESSIONS, header, pixels, soft_edge, write


def test_the_file_holds_alpha_windows_and_metadata(tmp_path: Path) -> None:
    params = json.dumps({"note": "größe", "size": 720})
    path = write(
        tmp_path / "new" / "folder ü" / "m.1001.exr",
        pixel_aspect=2.0,
        fps=(24000, 1001),
        timecode=(0x01020304, 7),
        view="left",
        metadata={"gvm:version": "0.1.0", "gvm:weights": "ab", "gvm:params": params, "gvm:digest": "cd"},
    )
    image = oiio.ImageInput.open(str(path))
    spec = image.spec()
    assert tuple(spec.channelnames) == ("A",)
    assert str(spec.format) == "half"
    assert (spec.x, spec.y, spec.width, spec.height) == (-4, 3, 32, 24)
    assert (spec.full_x, spec.full_y, spec.full_width, spec.full_height) == (0, 0, 40, 30)
    image.close()
    found = header(path)
    assert found["compression"] == "zips"
    assert found["PixelAspectRatio"] == 2.0
    assert found["framesPerSecond"] == (24000, 1001)
    assert found["smpte:TimeCode"] == (0x01020304, 7)
    assert found["view"] == "left"
    assert (found["gvm:version"], found["gvm:weights"], found["gvm:params"]) == ("0.1.0", "ab", params)
    assert read_digest(str(path)) == "cd"
    # under the names of the EXR format itself, where other programs look
    for name in (b"framesPerSecond\x00rational\x00", b"timeCode\x00timecode\x00", b"gvm:digest\x00string\x00"):
        assert name in path.read_bytes()


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize(("datatype", "kind"), [("half", np.float16), ("float", np.float32)])
def test_alpha_survives_bit_for_bit(tmp_path: Path, compression: str, datatype: str, kind: type) -> None:
    """In every compression: DWA, lossy for colours, stores a channel named A without loss."""
    path = write(tmp_path / "m.exr", compression=compression, datatype=datatype)
    assert header(path)["compression"] == compression
    np.testing.assert_array_equal(pixels(path)[..., 0], soft_edge().astype(kind))


def test_both_shapes_of_an_alpha_and_any_memory_layout(tmp_path: Path) -> None:
    for alpha in (soft_edge(), soft_edge()[..., None], np.asfortranarray(soft_edge()), soft_edge().astype(np.float16)):
        np.testing.assert_array_equal(pixels(write(tmp_path / "m.exr", alpha))[..., 0], soft_edge().astype(np.float16))


def test_a_plate_keeps_its_place_in_its_matte(tmp_path: Path) -> None:
    plate_path = write(tmp_path / "plate.0007.exr", fps=(25, 1), timecode=(5, 6), view="right")
    source = open_plates(str(_with_colour(plate_path)))
    plate = source.read(7)
    path = tmp_path / "m.exr"
    kept = {name: getattr(plate, name) for name in ["data", "display", "pixel_aspect", "fps", "timecode", "view"]}
    write_matte(str(path), plate.pixels[..., 0], MatteFile(**kept))
    same = ("PixelAspectRatio", "framesPerSecond", "smpte:TimeCode", "view")
    before, after = header(plate_path), header(path)
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def _with_colour(path: Path) -> Path:
    """The same file with its channel named Y."""
    image = oiio.ImageBuf(str(path))
    image.read()
    image.specmod().channelnames = ("Y",)
    image.write(str(path))
    return path


@pytest.mark.parametrize(
    ("options", "name"),
    [({"channels": "rgba"}, "channels"), ({"datatype": "uint8"}, "datatype"), ({"compression": "lzw"}, "compression")],
)
def test_choices_that_are_not_there_are_listed(tmp_path: Path, options: Dict[str, str], name: str) -> None:
    with pytest.raises(ParamError, match="takes one of") as caught:
        write(tmp_path / "m.exr", **options)
    assert caught.value.name == name
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["m.tif", "m", "m.exr.tmp", "m\0.exr", "bad\udcff.exr"])
def test_names_that_no_matte_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParamError) as caught:
        write(tmp_path / name)
    assert caught.value.name == "output"


def test_an_alpha_that_is_none_is_not_written(tmp_path: Path) -> None:
    broken = soft_edge()
    broken[3, 3] = np.nan
    negative, above = soft_edge(), soft_edge().astype(np.float16)
    negative[0, 0], above[5, 5] = -0.01, 1.01
    for alpha in (broken, broken.astype(np.float16), negative, above, soft_edge()[:-1], np.zeros((24, 32, 3), np.float32)):
        with pytest.raises(ValueError, match="alpha"):
            write(tmp_path / "m.exr", alpha)
    assert list(tmp_path.iterdir()) == []


def test_what_a_resize_rounds_past_the_ends_is_taken_back(tmp_path: Path) -> None:
    alpha = soft_edge()
    alpha[0, :3] = np.nextafter(np.float32(1), np.float32(2)), -1e-7, -0.0
    found = pixels(write(tmp_path / "m.exr", alpha, datatype="float"))
    assert found[0, :3, 0].tolist() == [1.0, 0.0, 0.0]
    halves = soft_edge().astype(np.float16)
    halves[0, 0] = -0.0
    np.testing.assert_array_equal(pixels(write(tmp_path / "m.exr", halves))[..., 0], halves)


def test_an_older_file_is_replaced_and_stays_until_then(tmp_path: Path) -> None:
    path = write(tmp_path / "m.exr", metadata={"gvm:digest": "old"})
    with pytest.raises(ValueError):
        write(path, np.full((24, 32), np.inf, np.float32))
    assert read_digest(str(path)) == "old"
    write(path, metadata={"gvm:digest": "new"})
    assert read_digest(str(path)) == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["m.exr"]


def check_refused(path: Path, cause: str) -> None:
    with pytest.raises(MatteWriteError, match=cause) as caught:
        write(path, frame=12)
    assert (caught.value.frame, caught.value.path) == (12, str(path))
    assert str(path) in str(caught.value)


def test_a_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "m.exr").mkdir()
    check_refused(tmp_path / "m.exr", "folder of that name")
    assert [one.name for one in tmp_path.iterdir()] == ["m.exr"]


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("file")
    check_refused(tmp_path / "out" / "m.exr", "folder")


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    check_refused(tmp_path / f"{'n' * 250}.exr", "too long")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        check_refused(tmp_path / "m.exr", "[Pp]ermission")
    finally:
        tmp_path.chmod(0o700)


IN_A_CHILD = """
import sys, resource, numpy as np
from gvm_matte.engine.mattes import MatteFile, write_matte
from gvm_matte.core.errors import MatteWriteError
from gvm_matte.core.image import Box
path, limit = sys.argv[1], int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
alpha = np.random.default_rng(0).random((256, 256), dtype=np.float32)
box = Box(0, 0, 256, 256)
try:
    write_matte(path, alpha, MatteFile(box, box, compression=sys.argv[3]), frame=5)
except MatteWriteError as exc:
    print(exc.frame, exc)
    sys.exit(7)
"""


def _write_in_child(path: Path, *, limit: int, compression: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", IN_A_CHILD, str(path), str(limit), compression]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit")
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_file_that_may_not_grow_leaves_nothing(tmp_path: Path, compression: str) -> None:
    """The limit of a process's file size stops the same write that a full disk stops."""
    done = _write_in_child(tmp_path / "m.exr", limit=40_000, compression=compression)
    assert done.returncode == 7, done.stderr
    assert "File too large" in done.stdout and done.stdout.startswith("5 ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is Linux's")
def test_a_full_disk(tiny_disk: Path) -> None:
    large = Box(0, 0, 256, 256)
    noise = np.random.default_rng(0).random((256, 256), dtype=np.float32)
    path = write(tiny_disk / "small.exr", metadata={"gvm:digest": "kept"})
    with pytest.raises(MatteWriteError, match=r"No space left.*Free some space"):
        write(tiny_disk / "m.exr", noise, data=large, display=large)
    assert [one.name for one in tiny_disk.iterdir()] == ["small.exr"]
    assert read_digest(str(path)) == "kept"


def test_the_disk_that_fills_at_the_last_byte(tiny_disk: Path) -> None:
    """Room for some, not for all: the size is raised until a write fails, so that failures at closing are met too."""
    failures = 0
    for rows in range(96, 160):
        box = Box(0, 0, 256, rows)
        path = tiny_disk / "m.exr"
        try:
            alpha = np.random.default_rng(0).random((rows, 256), dtype=np.float32)
            write(path, alpha, data=box, display=box, compression="none", metadata={"gvm:digest": "d"})
        except MatteWriteError:
            failures += 1
            assert list(tiny_disk.iterdir()) == []
        else:
            assert pixels(path).shape == (rows, 256, 1) and read_digest(str(path)) == "d"
            path.unlink()
    assert 0 < failures < 64


def test_threads_write_different_files(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda number: write(tmp_path / f"m.{number}.exr"), range(40)))
    for path in paths:
        np.testing.assert_array_equal(pixels(path)[..., 0], soft_edge().astype(np.float16))


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_truncated_matte_is_not_trusted_wherever_it_is_cut(tmp_path: Path, compression: str) -> None:
    box = Box(0, 0, 64, 48)
    path = tmp_path / "m.exr"
    write(path, soft_edge(box), data=box, display=box, compression=compression, metadata={"gvm:digest": "d" * 64})
    whole = path.read_bytes()
    assert read_digest(str(path)) == "d" * 64
    for length in [*range(0, len(whole) - 1, 29), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert read_digest(str(path)) is None, f"{length} of {len(whole)} bytes"


def test_what_is_no_matte_of_ours_has_no_digest(tmp_path: Path) -> None:
    (tmp_path / "text.exr").write_bytes(b"text" * 100)
    write(tmp_path / "plain.exr")
    for path in (tmp_path, *(tmp_path / name for name in ("plain.exr", "text.exr", "none.exr", "nul\0.exr"))):
        assert read_digest(str(path)) is None
