"""What a shot's owner asks of the command: a file of parameters, a dry run, movies, a second run at the same time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator, List

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.engine.mattes import FrameLock
from gvm_matte.engine.plates import open_plates
from support import RunCli, case, events, read_matte, warm_engine, write_plates

RGB = case("svd_windows")[1]["rgb"].transpose(0, 2, 3, 1)  # [17,64,96,3]


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """A warm engine for all of these tests: what they ask is the command's business."""
    with warm_engine():
        yield


def plan_of(output: str) -> Dict[str, Any]:
    (event,) = events(output)
    assert event["event"] == "plan"
    return event


def test_a_dry_run_tells_the_plan_and_writes_nothing(cli: RunCli, tiny: List[str], svd_plates: str, tmp_path: Path) -> None:
    words = ["render", "--input", svd_plates, "--output", str(tmp_path / "out" / "m.####.exr"), *tiny, "--json"]
    plan = plan_of(cli(*words, "--dry-run", "--frames", "1012-1013").stdout)
    assert (plan["shot"], plan["frames"], plan["render"], plan["kept"]) == ([1001, 1017], "1012-1013", "1012-1013", "")
    # windows of 8 with 2 shared: block 1 is 1007-1012, whose first two frames blend with window 0; block 2 is 1013-1017
    assert [(block["index"], block["window"]) for block in plan["blocks"]] == [(1, [1007, 1014]), (2, [1010, 1017])]
    assert [block["frames"] for block in plan["blocks"]] == ["1012", "1013"]
    assert plan["plates"] == "1007-1017" and plan["model_size"] == [96, 64]
    memory = plan["memory"]
    assert memory["peak"] == memory["weights"] + max(memory[stage] for stage in ("encode", "denoise", "decode")) > 1 << 20
    assert not (tmp_path / "out").exists()

    assert cli(*words, "--frames", "1012").returncode == 0
    after = plan_of(cli(*words, "--dry-run", "--frames", "1012-1013").stdout)
    assert (after["kept"], after["render"]) == ("1012", "1013")
    shown = cli(*words[:-1], "--dry-run").stdout
    assert "to render" in shown and "1013-1017" in shown


def test_a_file_of_parameters_is_overruled_by_options(
    cli: RunCli, tiny: List[str], svd_plates: str, tmp_path: Path
) -> None:
    path = tmp_path / "shot.json"
    path.write_text(json.dumps({"gamma": {"1001": 1.0, "1003": 3.0}, "datatype": "half", "num_frames_per_batch": 4}))
    words = ["render", "--input", svd_plates, "--frames", "1001-1003", *tiny, "--params", str(path), "--edge", "none"]
    for folder, more in (("keyed", []), ("plain", ["--gamma", "1"])):
        done = cli(*words, "--output", str(tmp_path / folder / "m.####.exr"), *more)
        assert done.returncode == 0, done.stderr
    for frame, gamma in ((1001, 1.0), (1002, 2.0), (1003, 3.0)):
        keyed, plain = (read_matte(tmp_path / folder / f"m.{frame}.exr") for folder in ("keyed", "plain"))
        assert keyed.dtype == np.float32  # --datatype float was said beside the file
        np.testing.assert_allclose(keyed, plain ** (1 / gamma), atol=1e-6)
    path.write_text('{"gama": 1}')
    wrong = cli(*words, "--output", str(tmp_path / "o.####.exr"))
    assert wrong.returncode == 2 and "no parameter gama" in wrong.stderr and str(path) in wrong.stderr


def test_a_second_run_on_the_same_frames_is_told_who_writes_them(
    cli: RunCli, tiny: List[str], svd_plates: str, tmp_path: Path
) -> None:
    pattern = str(tmp_path / "out" / "m.####.exr")
    words = ["render", "--input", svd_plates, "--output", pattern, *tiny]
    with FrameLock(pattern, [1004, 1005]):
        refused = cli(*words, "--frames", "1001-1004")
        beside = cli(*words, "--frames", "1001-1003")
    assert refused.returncode == 1 and "1004" in refused.stderr and str(os.getpid()) in refused.stderr
    assert beside.returncode == 0, beside.stderr
    assert cli(*words, "--frames", "1004").returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"m.{frame}.exr" for frame in range(1001, 1005)]


def test_movies_are_made_of_all_frames_the_kept_ones_too(cli: RunCli, tiny: List[str], tmp_path: Path) -> None:
    plates = write_plates(tmp_path / "p", RGB[:6])
    movies = {kind: tmp_path / "movies" / f"{kind}.{ending}" for kind, ending in
              (("alpha", "mp4"), ("green", "mp4"), ("prores", "mov"))}  # fmt: skip
    words = ["render", "--input", plates, "--output", str(tmp_path / "m" / "m.####.exr"), *tiny]
    assert cli(*words, "--frames", "1001-1003").returncode == 0
    done = cli(*words, *(word for kind, path in movies.items() for word in (f"--{kind}-movie", str(path))))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "movies").iterdir()) == ["alpha.mp4", "green.mp4", "prores.mov"]
    with open_plates(str(movies["alpha"])) as grey, open_plates(str(movies["green"])) as green:
        assert len(grey.frames) == len(green.frames) == 6
        # noise loses in a movie, but each frame is nearest to its own matte; the first three were kept, three rendered
        mattes = [read_matte(tmp_path / "m" / f"m.{frame}.exr") for frame in range(1001, 1007)]
        over = [RGB[index] * matte[..., None] + [0, 1, 0] * (1 - matte[..., None]) for index, matte in enumerate(mattes)]
        for index in range(6):
            seen = grey.read(index + 1).pixels[..., 0] / 255
            assert int(np.argmin([np.abs(seen - matte).mean() for matte in mattes])) == index
            composite = green.read(index + 1).pixels / 255
            assert int(np.argmin([np.abs(composite - other).mean() for other in over])) == index


def test_a_png_sequence_is_resumed_like_any_other(cli: RunCli, tiny: List[str], tmp_path: Path) -> None:
    plates = write_plates(tmp_path / "p", RGB[:3])
    words = ["render", "--input", plates, "--output", str(tmp_path / "m" / "m.####.png"), *tiny, "--json"]
    first, second = cli(*words), cli(*words)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert len(events(first.stdout)[-1]["written"]) == 3 and events(second.stdout)[-1]["kept"] == [1001, 1002, 1003]
    image = oiio.ImageInput.open(str(tmp_path / "m" / "m.1002.png"))
    assert image is not None and (str(image.spec().format), image.spec().nchannels) == ("uint16", 1)


def test_the_header_says_how_colours_were_understood(cli: RunCli, tiny: List[str], tmp_path: Path) -> None:
    plates = write_plates(tmp_path / "p", RGB[:1])
    done = cli("render", "--input", plates, "--output", str(tmp_path / "m.exr"), *tiny, "--input-colorspace", "ACEScg",
               "--input-view", "sRGB - Display/ACES 1.0 - SDR Video")  # fmt: skip
    assert done.returncode in (0, 2)
    if done.returncode == 2:  # the pinned config names its views otherwise: the message lists them
        assert "ACES" in done.stderr
    done = cli("render", "--input", plates, "--output", str(tmp_path / "m.exr"), *tiny, "--input-colorspace", "ACEScg")
    assert done.returncode == 0, done.stderr
    image = oiio.ImageInput.open(str(tmp_path / "m.exr"))
    assert image is not None
    assert image.spec().getattribute("gvm:colour") == "ACEScg through srgb"
    assert str(image.spec().getattribute("gvm:ocio")).startswith("ocio://")
