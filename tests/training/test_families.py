"""The test families: true alphas, repeatable, and never a seed of training's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import numpy as np
import OpenImageIO as oiio
import pytest
from gvm_matte.images.curves import linear_to_srgb

from training.clips import HELD_OUT_SEEDS, TRAINING_SEEDS
from training.families import BACKGROUNDS, SUBJECTS, TEST_SEEDS, Family, Shot, families, render_clip
from training.unseen_backgrounds import Photograph

SIZE: Dict[str, Any] = {"frames": 2, "width": 64, "height": 36}
ALL = [Family(background, subject) for background in BACKGROUNDS for subject in SUBJECTS]


def compressed() -> Family:
    """One whose plates go through JPEG."""
    return next(each for each in families() if Shot(each).compressed)


def test_test_seeds_are_neither_training_s_nor_its_checks() -> None:
    for others in (TRAINING_SEEDS, HELD_OUT_SEEDS):
        assert TEST_SEEDS.stop <= others.start or others.stop <= TEST_SEEDS.start


def test_every_family_and_take_has_a_seed_of_its_own() -> None:
    seeds = [family.seed(take) for family in ALL for take in (0, 1, 99)]

    assert len(set(seeds)) == len(seeds)
    assert all(seed in TEST_SEEDS for seed in seeds)
    with pytest.raises(ValueError, match="takes 0 to 99"):
        ALL[0].seed(100)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_same_family_and_take_are_the_same_pixels(subject: str) -> None:
    family = Family("plain", subject)
    first, again, other = render_clip(family, **SIZE), render_clip(family, **SIZE), render_clip(family, take=1, **SIZE)

    assert np.array_equal(first.plate, again.plate)
    assert np.array_equal(first.alpha, again.alpha)
    assert not np.array_equal(first.plate, other.plate)


def test_a_compressed_clip_repeats_too_and_is_not_what_it_was() -> None:
    family = compressed()
    first, again = render_clip(family, **SIZE), render_clip(family, **SIZE)
    shot = Shot(family)
    shot.compressed = False

    assert np.array_equal(first.plate, again.plate)
    assert not np.array_equal(first.plate[0], shot.plate(shot.layers(0, 64, 36), 0))


@pytest.mark.parametrize("background", [name for name in BACKGROUNDS if name != "photograph"])
@pytest.mark.parametrize("subject", ["robot", "glasses", "defocus"])
def test_the_front_and_what_the_alpha_leaves_of_the_background_are_the_plate(background: str, subject: str) -> None:
    shot = Shot(Family(background, subject))
    shot.grain, shot.compressed = 0.0, False
    layers = shot.layers(1, 64, 36)
    over_black, left = layers.front, (1 - layers.alpha)[..., None] * layers.behind

    difference = linear_to_srgb((over_black + left) * shot.exposure) * 255 - shot.plate(layers, 1)
    assert np.abs(difference).max() <= 0.5 + 1e-3  # 8 bits
    assert not over_black[layers.alpha == 0].any()
    assert 0 <= layers.alpha.min() < 0.01 and layers.alpha.max() <= 1


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_covers_as_much_at_every_size(subject: str) -> None:
    shot = Shot(Family("tiles", subject))
    small, large = shot.layers(3, 128, 72).alpha, shot.layers(3, 256, 144).alpha

    assert large.mean() > 0.02
    assert small.mean() == pytest.approx(large.mean(), rel=0.04)


def test_a_fast_wheel_is_blurred_and_a_still_one_is_not() -> None:
    shot = Shot(Family("plain", "wheel"))
    moving = shot.layers(2, 256, 144).alpha
    shot.subject.speed = shot.subject.turns = 0.0  # type: ignore[attr-defined]
    shot.drift = shot.bounce = 0.0
    still = shot.layers(2, 256, 144).alpha

    def soft(alpha: np.ndarray) -> int:
        return int(((alpha > 0.05) & (alpha < 0.6)).sum())

    assert soft(moving) > 1.3 * soft(still)
    assert moving.mean() == pytest.approx(still.mean(), rel=0.05)


def test_every_background_gets_its_number_of_subjects_and_all_subjects_come() -> None:
    quick, half, whole = families(1), families(4), families(8, photographs=True)

    assert len(quick) == 7 and len({each.background for each in quick}) == 7
    assert len(half) == 28 and {each.subject for each in half} == set(SUBJECTS)
    assert sorted(each.name for each in whole) == sorted(each.name for each in ALL)


def test_a_clip_from_the_cache_is_the_clip(tmp_path: Path) -> None:
    family = Family("green", "robot")
    fresh = render_clip(family, cache=tmp_path, **SIZE)
    kept = render_clip(family, cache=tmp_path, **SIZE)

    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]
    assert np.array_equal(fresh.plate, kept.plate)
    assert np.array_equal(fresh.alpha, kept.alpha)


def test_a_photograph_stands_behind_as_it_is(tmp_path: Path) -> None:
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[:, :80], picture[:, 80:] = (200, 40, 40), (40, 40, 200)
    oiio.ImageBuf(picture).write(str(tmp_path / "halves.png"))
    clip = render_clip(Family("photograph", "robot"), photographs=tmp_path, **SIZE)
    behind = Shot(Family("photograph", "robot"), photographs=tmp_path).layers(0, 64, 36).behind

    assert clip.plate.shape == (2, 36, 64, 3)
    assert {tuple(pixel) for pixel in np.round(linear_to_srgb(behind[:, [0, -1]]) * 255).astype(int).reshape(-1, 3)} == {
        (200, 40, 40),
        (40, 40, 200),
    }


def test_a_folder_without_photographs_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="has no pictures"):
        Photograph(np.random.default_rng(0), tmp_path)
