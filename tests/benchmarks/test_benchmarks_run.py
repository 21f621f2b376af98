"""Each benchmark runs at a tiny size and prints one JSON object. How fast it was does not count here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> dict[str, Any]:
    """The JSON that a benchmark prints."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_ring_counts_every_plate_and_pings_an_engine_in_every_state() -> None:
    found = run("benchmarks.ring", "--size", "64x48", "--frames", "6", "--rounds", "2", "--pings", "20")

    assert found["plates"]["bytes_per_plate"] == 64 * 48 * 3 * 2
    assert found["plates"]["ratio_to_copy"] > 0
    assert found["pings"]["idle"]["n"] == 20
    assert "rendering" in found["pings"]


def test_engine_and_baseline_give_the_same_mattes() -> None:
    found = run(
        "benchmarks.engine", "--tiny", "--frames", "7", "--plate", "200x128", "--size", "96", "--window", "4",
        "--overlap", "1", "--group", "2", "--rounds", "1",
    )  # fmt: skip

    assert found["agreement"]["max_difference"] <= 1e-3
    assert found["agreement"]["standard_deviation"] > 0.01
    assert found["frames_per_second"].keys() == {"engine", "baseline", "model"}


def full_size(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The JSON that it prints; in this process, since bringing torch up is most of the time."""
    from benchmarks.full_size import main

    main([*arguments, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_full_size_measures_every_stage_and_saves_what_it_prints(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    saved = tmp_path / "full_size.json"

    found = full_size(capsys, "--device", "cpu", "--tiny", "--sizes", "32x64", "--rounds", "1", "--output", str(saved))

    size = found["sizes"]["32x64"]
    assert json.loads(saved.read_text(encoding="utf-8")) == found
    assert size["stages"].keys() == {"encode 4", "unet 4", "decode 4"}
    assert all(stage["ratio"] > 0 for stage in size["stages"].values())
    assert size["stream"]["engine"]["frames_per_second"]["median"] > 0
    assert "MATH" in size["attention"]


def test_full_size_without_a_gpu_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    found = full_size(capsys, "--device", "cuda:99")

    assert found["skipped"] == "no GPU"


def test_files_stand_beside_a_plain_copy() -> None:
    found = run("benchmarks.files", "--frames", "6", "--plate", "256x144", "--rounds", "1", "--size", "96")

    assert found["frames_per_second"].keys() == {"files", "copy"}
    assert found["ratio_to_copy"] > 0
