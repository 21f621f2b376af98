"""The judge: the key, the measures of a clip, the bounds, and the whole program at a tiny size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from benchmarks.quality import main
from benchmarks.quality_key import classic_key, otsu
from benchmarks.quality_report import bounds
from benchmarks.quality_run import Outcome, Task, measured
from training.families import Family
from training.noise import Array
from training.unseen_canvas import Canvas


def subject(frames: int = 4, width: int = 96, height: int = 54) -> Array:
    """[F,H,W]: a disc that moves."""
    found = []
    for frame in range(frames):
        xs = ((np.arange(width) + 0.5) / height - width / height / 2).astype(np.float32)
        ys = ((np.arange(height) + 0.5) / height - 0.5).astype(np.float32)
        drawn = Canvas(xs, ys, 1 / height)
        drawn.disc((0.05 * frame, 0.0), (0.3, 0.3), np.array([1, 1, 1], np.float32))
        found.append(drawn.alpha)
    return np.stack(found)


def plates(alpha: Array, front: tuple[float, ...], behind: Array) -> np.ndarray:
    """8 bits, composited in linear light; `behind` is [3] or [H,W,3]."""
    linear = alpha[..., None] * np.array(front, np.float32) + (1 - alpha)[..., None] * behind
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-8) ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


def mad_of(key: Array, truth: Array) -> float:
    return measured(key, truth)["mad"]


@pytest.mark.parametrize("screen", [(0.08, 0.5, 0.1), (0.05, 0.12, 0.6)])
def test_a_flat_green_or_blue_screen_is_keyed_nearly_perfectly(screen: tuple[float, ...]) -> None:
    truth = subject()

    # grey, which no screen's channel exceeds: the one subject whose edges a colour difference gets right, too
    assert mad_of(classic_key(plates(truth, (0.3, 0.3, 0.3), np.array(screen, np.float32))), truth) < 0.001


def test_a_screen_in_uneven_light_is_keyed_by_its_clean_plate() -> None:
    truth = subject()
    light = (0.35 + 0.65 * np.linspace(0, 1, truth.shape[2], dtype=np.float32) ** 2)[None, :, None]
    behind = np.broadcast_to(light * np.array([0.08, 0.5, 0.1], np.float32), (*truth.shape[1:], 3))

    assert mad_of(classic_key(plates(truth, (0.6, 0.3, 0.25), behind)), truth) < 0.01


def test_another_colour_than_a_screen_is_keyed_by_its_distance() -> None:
    truth = subject()

    assert mad_of(classic_key(plates(truth, (0.7, 0.1, 0.1), np.array([0.3, 0.3, 0.32], np.float32))), truth) < 0.01


def test_where_nothing_stands_before_the_screen_the_key_is_empty() -> None:
    nothing = np.zeros((2, 54, 96), np.float32)

    assert classic_key(plates(nothing, (0.0, 0.0, 0.0), np.array([0.08, 0.5, 0.1], np.float32))).max() == 0


def test_a_background_with_a_pattern_is_too_much_for_the_key() -> None:
    truth = subject()
    squares = (np.add.outer(np.arange(54) // 6, np.arange(96) // 6) % 2)[..., None]
    behind = np.where(squares, np.array([0.7, 0.5, 0.1], np.float32), np.array([0.1, 0.2, 0.5], np.float32))

    assert mad_of(classic_key(plates(truth, (0.4, 0.4, 0.4), behind)), truth) > 0.05


def test_otsu_s_threshold_lies_between_two_heaps() -> None:
    values = np.concatenate([np.full(900, 0.1), np.full(100, 0.8)])

    assert 0.1 < otsu(values) <= 0.8


def test_truth_against_truth_is_nothing() -> None:
    truth = subject()

    assert measured(truth, truth) == {"mad": 0, "mse": 0, "gradient": 0, "dtssd": 0}


def test_a_still_error_costs_mad_and_no_dtssd() -> None:
    truth = subject()
    found = measured(truth + 0.25, truth)
    changed = measured(truth + 0.1 * (np.arange(4) % 2)[:, None, None], truth)

    assert found["mad"] == pytest.approx(0.25, abs=1e-6)
    assert found["dtssd"] == pytest.approx(0, abs=1e-6)
    assert changed["dtssd"] == pytest.approx(0.1, abs=1e-6)


def outcome(background: str, ours: float, per_frame: float, key: float) -> Outcome:
    """One whose measures all have the same value."""
    values = {"ours": ours, "per_frame": per_frame, "key": key}
    measures = {who: dict.fromkeys(("mad", "mse", "gradient", "dtssd"), value) for who, value in values.items()}
    return Outcome(Task(Family(background, "robot"), 0, 64, 36, 2, {}), measures, 0.1, 0, None)


def test_bounds_hold_and_fail_for_what_they_are_about() -> None:
    found = {
        bound.promise: bound.holds
        for bound in bounds([outcome("green", 0.01, 0.02, 0.001), outcome("wood", 0.06, 0.04, 0.2)])
    }

    assert found["MAD on green and blue screens at most 0.02"] is True
    assert found["MAD on wood at most 0.05"] is False
    assert found["dtSSD below the per-frame run's"] is False
    assert found["MAD below the key's on what is no green or blue screen"] is True


def test_what_was_not_measured_neither_holds_nor_fails() -> None:
    found = bounds([outcome("green", 0.01, 0.02, 0.001)])

    assert [bound.holds for bound in found if bound.promise.startswith("MAD on plain and textured")] == [None]


def test_quality_judges_the_built_in_model_and_draws_the_worst_frame(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sheet, saved = tmp_path / "worst.png", tmp_path / "quality.json"
    words = ["--only", "plain/", "--quick", "--frames", "3", "--size", "96x64", "--jobs", "1"]

    code = main([*words, "--cache", str(tmp_path / "cache"), "--sheet", str(sheet), "--output", str(saved), "--json"])

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert json.loads(saved.read_text(encoding="utf-8")) == found
    (family,) = found["families"]
    assert family["family"].startswith("plain/")
    assert family.keys() >= {"ours", "per_frame", "key"}
    assert found["overall"]["ours"] == family["ours"]
    assert 0 < family["ours"]["mad"] < 1
    assert family["ours"] != family["per_frame"]
    assert oiio.ImageBuf(str(sheet)).spec().width > 4 * 250
