"""`gvm-matte compare`, as a person and as a pipeline call it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
from support import RunCli, cli_command, write_plate

Array = np.ndarray[Any, Any]
SUBJECT = np.zeros((12, 16, 1), np.float32)
SUBJECT[3:9, 4:12] = 1.0


def write_clip(folder: Path, name: str, errors: List[float], first: int = 1001) -> str:
    """A clip whose frames have too little alpha by `errors` in the subject; returns its pattern."""
    for index, error in enumerate(errors):
        write_plate(folder / f"{name}.{first + index:04d}.exr", SUBJECT * np.float32(1 - error))
    return str(folder / f"{name}.####.exr")


@pytest.fixture
def a(tmp_path: Path) -> str:
    return write_clip(tmp_path, "a", [0.1, 0.4, 0.1])


@pytest.fixture
def b(tmp_path: Path) -> str:
    return write_clip(tmp_path, "b", [0.3, 0.3, 0.3])


@pytest.fixture
def truth(tmp_path: Path) -> str:
    return write_clip(tmp_path, "t", [0.0, 0.0, 0.0])


def test_two_mattes_against_the_truth_as_json(cli: RunCli, a: str, b: str, truth: str) -> None:
    done = cli("compare", a, b, "--truth", truth, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["paths"] == {"A": a, "B": b, "truth": truth}
    assert (report["frames"], report["count"], report["width"], report["height"]) == ("1001-1003", 3, 16, 12)
    first, second = report["comparisons"]
    assert (first["matte"], second["matte"], first["against"]) == ("A", "B", "truth")
    share = float(SUBJECT.mean())
    assert first["mean"]["mad"] == pytest.approx(0.2 * share)
    assert first["worst"]["mad"] == {"frame": 1002, "value": pytest.approx(0.4 * share)}
    assert [frame["frame"] for frame in first["per_frame"]] == [1001, 1002, 1003]
    assert first["per_frame"][0]["dtssd"] is None and first["per_frame"][1]["dtssd"] == pytest.approx(0.3 * share**0.5)
    assert (report["better"]["mad"], report["better"]["dtssd"]) == ("A", "B")
    assert set(report["units"]) == set(first["mean"]) == {"mad", "mse", "sad", "gradient", "connectivity", "dtssd"}


def test_b_is_the_truth_where_truth_has_no_path(cli: RunCli, a: str, truth: str) -> None:
    bare = json.loads(cli("compare", a, truth, "--truth", "--json").stdout)
    named = json.loads(cli("compare", a, "--truth", truth, "--json").stdout)
    assert bare == named and bare["comparisons"][0]["against"] == "truth" and bare["better"] is None


def test_the_tables_hold_means_worst_frames_and_every_frame(cli: RunCli, a: str, b: str) -> None:
    done = cli("compare", a, b, "--per-frame", "--worst", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Against B, 3 frames, 16x12" in done.stdout and "@1001" in done.stdout
    every, worst = done.stdout.split("every frame")[1].split("worst frames by MAD")
    assert all(f"│  {frame} │" in every for frame in (1001, 1002, 1003))
    assert "1001" in worst and "1002" not in worst  # 0.2 apart there, 0.1 at 1002


def test_frames_and_regions_narrow_it(cli: RunCli, a: str, truth: str, tmp_path: Path) -> None:
    inside = write_plate(tmp_path / "inside.exr", SUBJECT)
    done = cli("compare", a, "--truth", truth, "--frames", "1001,1003", "--region", str(inside), "--json")
    report = json.loads(done.stdout)
    assert report["frames"] == "1001,1003" and report["comparisons"][0]["mean"]["mad"] == pytest.approx(0.1)
    assert report["comparisons"][0]["worst"]["dtssd"] is None
    trimap = cli("compare", a, "--truth", truth, "--trimap", str(inside))
    assert trimap.returncode == 1 and "neither 0 nor 1" in trimap.stderr


def test_pictures_are_written(cli: RunCli, a: str, b: str, tmp_path: Path) -> None:
    files = [tmp_path / "out" / name for name in ("plot.svg", "sheet.png")]
    done = cli("compare", a, b, "--plot", str(files[0]), "--sheet", str(files[1]), "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(files[0].parent.iterdir()) == files


def test_a_limit_that_is_exceeded_fails_the_pipeline(cli: RunCli, a: str, truth: str) -> None:
    kept = cli("compare", a, "--truth", truth, "--fail-above", "mad=0.06", "--quiet")
    assert (kept.returncode, kept.stdout, kept.stderr) == (0, "", "")
    limits = ["--fail-above", "mad=0.04", "--fail_above", "MSE=1"]
    exceeded = cli("compare", a, "--truth", truth, *limits, "--json")
    assert exceeded.returncode == 1
    assert exceeded.stderr == "gvm-matte: mad of A is 0.05, above 0.04.\n"
    (entry,) = json.loads(exceeded.stdout)["exceeded"]
    assert entry == {"matte": "A", "metric": "mad", "value": pytest.approx(0.05), "limit": 0.04}


def test_a_limit_without_a_figure_is_an_error(cli: RunCli, a: str, truth: str) -> None:
    done = cli("compare", a, "--truth", truth, "--frames", "1001", "--fail-above", "dtssd=1")
    assert done.returncode == 2 and "two neighbouring frames" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "nothing to compare A with"),
        (["--truth"], "nothing to compare A with"),
        (["{a}", "--fail-above", "psnr=3"], "the metric is one of mad, mse"),
        (["{a}", "--fail-above", "mad=often"], "the limit is a number"),
        (["{a}", "--worst", "0"], "give 1 or more"),
        (["{a}", "--plot", "p.pdf"], "the name ends in .png or .svg"),
        (["{a}", "--frames", "9-1"], "runs backwards"),
        (["{a}", "--region", "x.exr", "--trimap", "y.exr"], "not allowed with"),
    ],
)
def test_wrong_usage_is_2_and_a_sentence(cli: RunCli, a: str, words: List[str], sentence: str) -> None:
    done = cli("compare", a, *(word.format(a=a) for word in words))
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_bad_clips_are_1_and_name_what_is_wrong(cli: RunCli, a: str, truth: str, tmp_path: Path) -> None:
    missing = cli("compare", a, str(tmp_path / "nowhere.####.exr"))
    assert missing.returncode == 1 and "nowhere.####.exr" in missing.stderr
    holed = np.where(SUBJECT > 0, np.float32("nan"), SUBJECT)
    write_plate(tmp_path / "a.1002.exr", holed)
    broken = cli("compare", a, "--truth", truth, "--json")
    assert broken.returncode == 1 and "48 pixels that are no numbers" in broken.stderr
    event = json.loads(broken.stdout)
    assert (event["event"], event["frame"], event["path"]) == ("failed", 1002, str(tmp_path / "a.1002.exr"))
    write_plate(tmp_path / "a.1001.exr", SUBJECT[:6])
    sizes = cli("compare", a, "--truth", truth)
    assert sizes.returncode == 1 and "Frame 1001 differs in size: A is 16x6" in sizes.stderr


def test_clips_without_a_common_frame_are_wrong_usage(cli: RunCli, a: str, tmp_path: Path) -> None:
    done = cli("compare", a, write_clip(tmp_path, "other", [0.0], first=1))
    assert done.returncode == 2
    assert "no frame that all have: A has 1001-1003" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo-terminals here")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_terminal_gets_a_bar_and_a_signal_ends_it(scratch: Path, tmp_path: Path, number: signal.Signals) -> None:
    import pty

    still = write_plate(tmp_path / "m.0001.exr", np.zeros((540, 960, 1), np.float32))
    for frame in range(2, 2001):  # minutes of work, one file
        os.link(still, tmp_path / f"m.{frame:04d}.exr")
    pattern, plot = str(tmp_path / "m.####.exr"), tmp_path / "plot.png"
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        cli_command("compare", pattern, pattern, "--plot", str(plot)), stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as process:
        os.close(theirs)
        seen = b""
        while b"comparing" not in seen or b"/2000" not in seen:
            seen += os.read(ours, 4096)
        process.send_signal(number)
        with contextlib.suppress(OSError):  # Linux' end of a terminal; others give nothing
            while more := os.read(ours, 4096):
                seen += more
        assert process.communicate(timeout=60)[0] == ""
    os.close(ours)
    assert process.returncode == 3
    assert f"{number.name} came".encode() in seen and not plot.exists()
