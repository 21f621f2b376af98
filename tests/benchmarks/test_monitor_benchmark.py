"""The monitor's benchmark runs at a tiny size, through real processes. How fast it was does not count here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("PySide6")


def test_frames_of_an_engine_process_are_painted_and_are_those_that_were_sent() -> None:
    command = [sys.executable, "-m", "benchmarks.monitor", "--size", "96x54", "--frames", "5", "--rounds", "1", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)

    assert found["bytes_per_frame"] == 96 * 54 * 6
    assert found["frames_per_second"].keys() == {"overlay", "checker", "engine", "copy"}
    assert all(value["median"] > 0 for value in found["processor_seconds_per_frame"].values())
