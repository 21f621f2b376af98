"""Qt without a screen, a small shot on disk, and a submitter that a person has in front of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import pytest
from support import write_plates

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from gvm_matte.farm import FarmJob, FarmSettings
from gvm_matte.ui.submitter import Shot, SubmitterDialog
from gvm_matte.ui.submitter.look import Looked
from pytestqt.qtbot import QtBot
from submitter_kit import SMALL, MakeDialog


@pytest.fixture(scope="session")
def small_plates(tmp_path_factory: pytest.TempPathFactory) -> str:
    """40 plates of noise, 32x32, from frame 1001."""
    noise = np.random.default_rng(7).random((40, 32, 32, 3), dtype=np.float32)
    return write_plates(tmp_path_factory.mktemp("plates"), list(noise))


@pytest.fixture
def shot(small_plates: str, tmp_path: Path) -> Shot:
    """Those plates, with the tiny model."""
    return Shot(input=small_plates, output=str(tmp_path / "mattes" / "m.####.exr"), params=SMALL)


@pytest.fixture
def dialog(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, scratch: Path) -> Iterator[MakeDialog]:
    """Opens submitters; none of them leaves a process."""
    monkeypatch.delenv("GVM_ENGINE_PYTHON", raising=False)
    opened = []

    def make(shot: Shot, **choices: Any) -> SubmitterDialog:
        made = SubmitterDialog(shot, **choices)
        opened.append(made)
        qtbot.addWidget(made)
        made.show()
        return made

    yield make
    for one in opened:
        one.look.stop()
        one.runner.kill()
    qtbot.waitUntil(lambda: not list(scratch.glob("gvm-look-*")), timeout=20_000)
    if (sessions := scratch / "OpenJD").exists():  # openjd leaves it, empty
        sessions.rmdir()


@pytest.fixture
def looked(shot: Shot) -> Looked:
    """What a look at the small shot finds."""
    job = FarmJob(
        name="plate", input=shot.input, output=shot.output, shot=(1001, 1040), params=SMALL,
        settings=FarmSettings(gpu_memory=2048),
    )  # fmt: skip
    return Looked(job, 1, 2048, ())
