"""What the built-in model is trained on: clips in range, repeatable, of kinds that neither checks nor families have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
import torch

from training import background, odd_subjects, patterns, subject
from training.clips import HELD_OUT_SEEDS, Odd, OnStage, Patterned, Photographed, Scene, lay_over, render_subjects
from training.data import Front, Fronts, Shape, compressed, training_clip, unkeyed, veiled
from training.families import BACKGROUNDS, SUBJECTS
from training.figures import Sketch
from training.losses import SOFT, matte_loss
from training.photographs import Photograph
from training.subject import Subject, draw_subject, paint_subject
from training.veils import draw_veil, paint_veil

HIGH, WIDE = 48, 64


def grid(high: int = HIGH, wide: int = WIDE) -> tuple[np.ndarray, np.ndarray, float]:
    """Pixel centres and the size of a pixel of a whole frame."""
    pixel = 1 / high
    return (
        ((np.arange(wide) + 0.5 - wide / 2) * pixel).astype(np.float32),
        ((np.arange(high) + 0.5 - high / 2) * pixel).astype(np.float32),
        pixel,
    )


def odd(kind: str) -> Subject:
    """The first drawn subject of a kind."""
    drawn = (draw_subject(np.random.default_rng(seed), odd=True) for seed in range(500))
    return next(each for each in drawn if each.kind == kind)


def picture(path: Path) -> Path:
    """A small picture of coloured noise."""
    image = oiio.ImageBuf(oiio.ImageSpec(80, 60, 3, "uint8"))
    image.set_pixels(image.roi, np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8))
    assert image.write(str(path)), image.geterror()
    return path


@pytest.mark.parametrize("seed", [77, 72])  # without seams, and with
@pytest.mark.parametrize("kind", patterns.KINDS)
def test_a_pattern_is_the_same_in_a_window_as_in_the_whole_frame(kind: str, seed: int) -> None:
    xs, ys, pixel = grid()
    colours = np.array([[0.1, 0.5, 0.9], [0.6, 0.2, 0.1], [0, 0, 0], [1, 1, 1]], np.float32)
    whole = patterns.paint_pattern(kind, seed, colours, xs, ys, pixel, 0.002)
    part = patterns.paint_pattern(kind, seed, colours, xs[20:50], ys[10:40], pixel, 0.002)

    assert whole.shape == (HIGH, WIDE, 3)
    assert np.isfinite(whole).all()
    assert whole.std() > 0.01
    np.testing.assert_allclose(part, whole[10:40, 20:50], atol=1e-5)


@pytest.mark.parametrize("seed", range(0, 80, 8))
def test_seams_are_thin_lines_between_slabs_of_nearly_one_tone(seed: int) -> None:
    pixel = 1 / 288
    xs, ys = ((np.arange(count) + 0.5) * pixel - count * pixel / 2 for count in (512, 288))
    factor = patterns.seams(seed, xs.astype(np.float32), ys.astype(np.float32), pixel)
    across = factor.mean(axis=1)
    beside = np.abs(across[8:-8] - (across[16:] + across[:-16]) / 2)  # a line differs from what is on both of its sides

    assert factor.shape == (288, 512)
    assert 0.2 < factor.min() <= factor.max() < 1.7
    assert beside.max() > 0.05
    assert np.median(beside) < 0.02


@pytest.mark.parametrize("kind", odd_subjects.KINDS)
def test_an_odd_subject_covers_between_nothing_and_all_of_a_pixel(kind: str) -> None:
    xs, ys, pixel = grid()
    rgb, alpha = paint_subject(odd(kind), xs, ys, pixel, 0.4, 0.0)

    assert 0 <= alpha.min() <= alpha.max() <= 1 + 1e-5
    assert alpha.max() > 0.05
    assert np.isfinite(rgb).all()
    assert rgb.min() >= 0
    assert not rgb[alpha == 0].any()


def test_a_net_has_holes_and_a_mist_thins_out() -> None:
    xs, ys, pixel = grid(288, 384)
    net, mist = (paint_subject(odd(kind), xs, ys, pixel, 0.4, 0.0)[1] for kind in ("net", "mist"))
    columns = np.flatnonzero(net.max(0) > 0.9)
    within = net[:, columns[0] : columns[-1]][np.flatnonzero(net.max(1) > 0.9)[0] :]

    assert ((within[:, 1:] > 0.5) & (within[:, :-1] <= 0.5)).sum(1).max() >= 4, "threads side by side in one row"
    assert ((mist > 0.1) & (mist < 0.9)).mean() > 0.2 * (mist > 0.1).mean()


def test_held_out_scenes_have_none_of_training_s_own_kinds() -> None:
    scenes = [Scene(seed) for seed in HELD_OUT_SEEDS[:60]]

    assert {scene.background.kind for scene in scenes} == set(background.KINDS)
    assert {each.kind for scene in scenes for each in scene.subjects} == set(subject.KINDS)
    assert not set(patterns.KINDS) & set(background.KINDS)
    assert not set(odd_subjects.KINDS) & set(subject.KINDS)


def test_test_families_have_none_of_training_s_kinds() -> None:
    trained = {*patterns.KINDS, *background.KINDS, *odd_subjects.KINDS, *subject.KINDS}

    assert not trained & {*SUBJECTS, *BACKGROUNDS} - {"plain"}


def test_scenes_of_training_alone_are_repeatable_and_differ_from_the_scene_of_their_seed(tmp_path: Path) -> None:
    picture(tmp_path / "noise.png")
    makers = (Odd, Patterned, lambda seed: Photographed(seed, str(tmp_path)))
    for make in makers:
        plates = []
        for scene in (make(31), make(31), Scene(31)):
            front, alpha = render_subjects(scene, 3, WIDE, HIGH)
            plates.append(lay_over(scene, front, alpha, 3))
        np.testing.assert_array_equal(plates[0], plates[1])
        assert np.abs(plates[0] - plates[2]).max() > 0.05


@pytest.mark.parametrize("shape", [Shape(1, 1, 48, 64), Shape(1, 3, 64, 64), Shape(1, 1, 32, 64, True)])
def test_training_clips_are_display_referred_plates_and_alphas(shape: Shape, tmp_path: Path) -> None:
    picture(tmp_path / "noise.png")
    rng, fronts = np.random.default_rng(4), Fronts(str(tmp_path))
    for _ in range(12):
        plate, alpha = training_clip(rng, shape, fronts)
        assert plate.shape == (shape.frames, 3, shape.height, shape.width)
        assert alpha.shape == (shape.frames, shape.height, shape.width)
        assert plate.dtype == alpha.dtype == np.float32
        assert 0 <= plate.min() <= plate.max() <= 1
        assert 0 <= alpha.min() <= alpha.max() <= 1


def test_a_shadow_darkens_what_is_behind_and_nothing_else() -> None:
    scene = OnStage(5, np.random.default_rng(5))
    scene.spill = 0.0
    front, alpha = np.full((HIGH, WIDE, 3), 0.25, np.float32), np.zeros((HIGH, WIDE), np.float32)
    front[:, 32:] = 0
    alpha[:, :32] = 1
    bare = lay_over(scene, front, alpha, 0)
    shaded = lay_over(scene, front, alpha, 0, shadow=np.full((HIGH, WIDE), 0.5, np.float32))

    np.testing.assert_array_equal(shaded[:, :32], bare[:, :32])
    np.testing.assert_allclose(shaded[:, 32:], bare[:, 32:] / 2, rtol=1e-6)


def test_compression_keeps_an_even_picture_and_loses_fine_detail_first() -> None:
    rng = np.random.default_rng(1)
    even = np.full((16, 24, 3), 0.4, np.float32)
    noise = np.clip(0.5 + 0.1 * rng.standard_normal((16, 24, 3)), 0, 1).astype(np.float32)
    little, much = (np.abs(compressed(noise, step) - noise).mean() for step in (1.0, 40.0))

    assert np.abs(compressed(even, 8.0) - even).max() < 8 / 255
    assert little < 0.02
    assert much > 2 * little
    assert np.abs(np.diff(compressed(noise, 60.0), axis=1)).mean() < 0.7 * np.abs(np.diff(noise, axis=1)).mean()


def test_a_photograph_is_mirrored_beyond_its_edges(tmp_path: Path) -> None:
    picture(tmp_path / "noise.png")
    photograph = Photograph(np.random.default_rng(2), str(tmp_path))
    xs, ys, pixel = grid()
    far = photograph.paint(xs * 40, ys * 40, pixel, 9.0)

    assert far.shape == (HIGH, WIDE, 3)
    assert np.isfinite(far).all()
    assert far.std() > 0.01


def test_a_folder_without_pictures_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"python -m training\.photographs"):
        Photograph(np.random.default_rng(0), str(tmp_path))


def test_every_odd_kind_has_its_builder() -> None:
    for kind in odd_subjects.KINDS:
        sketch = Sketch(np.random.default_rng(3))
        odd_subjects.build_odd(sketch, kind)
        assert sketch.layers


def test_a_stage_is_lit_smoothly_but_for_its_marks_and_a_screen_keeps_its_colour() -> None:
    xs, ys, pixel = grid(90, 160)
    for seed in range(40):
        stage = background.draw_stage(np.random.default_rng(seed))
        image = background.paint_background(stage, xs, ys, pixel, 0.0)
        assert np.isfinite(image).all()
        assert image.min() >= 0
        if stage.kind == "screen":
            key = int(stage.palette[0].argmax())
            assert (image.argmax(-1) == key).mean() > 0.85, seed


def test_markers_of_a_screen_are_discs_or_signs_of_up_to_three_strips() -> None:
    stages = [background.draw_stage(np.random.default_rng(seed)) for seed in range(60)]
    marked = [each.boxes for each in stages if len(each.boxes)]

    assert 10 < len(marked) < 50
    assert any(boxes[:, 8].all() for boxes in marked)
    assert any(len(np.unique(boxes[:, 2:4].round(5), axis=0)) == 3 for boxes in marked)


@pytest.mark.parametrize("key", [1, 2])
def test_who_wears_the_screen_s_colour_gets_another_and_nobody_else(key: int) -> None:
    rng, alpha = np.random.default_rng(2), np.full((1, 8, 8), 0.5, np.float32)
    screen = np.array([0.1, 0.1, 0.1], np.float32)
    screen[key] = 0.6
    worn, red = np.full((1, 8, 8, 3), 0.05, np.float32), np.full((1, 8, 8, 3), 0.05, np.float32)
    worn[..., key], red[..., 0] = 0.4, 0.4
    found = unkeyed(rng, worn, alpha, screen)

    assert (found.argmax(-1) != key).all()
    np.testing.assert_array_equal(np.sort(found, -1), np.sort(worn, -1))
    assert unkeyed(rng, red, alpha, screen) is red


def test_an_error_in_a_hole_costs_more_than_one_far_from_everything() -> None:
    net = torch.zeros(1, 1, 40, 40)
    net[..., :20, ::4] = 1
    hole, far = net.clone(), net.clone()
    hole[..., 10, 10] += 0.5
    far[..., 35, 20] += 0.5

    dearer = float(matte_loss(hole, net) - matte_loss(far, net))
    assert dearer == pytest.approx(SOFT * 0.5 / 40**2, rel=1e-3)
    assert matte_loss(net, net) == 0


def test_a_veil_is_the_same_in_a_window_moves_with_time_and_lets_pass_between_nothing_and_all() -> None:
    xs, ys, pixel = grid()
    stripes, places = set(), set()
    for seed in range(12):
        veil = draw_veil(np.random.default_rng(seed), 0.5)
        whole = paint_veil(veil, xs, ys, pixel, 0.5)
        assert whole.shape == (HIGH, WIDE)
        assert whole.dtype == np.float32
        assert whole.min() >= veil.least - 1e-6
        assert whole.max() <= 1 + 1e-6
        assert whole.std() > 0.01
        np.testing.assert_allclose(paint_veil(veil, xs[20:50], ys[10:40], pixel, 0.5), whole[10:40, 20:50], atol=1e-4)
        assert np.abs(paint_veil(veil, xs, ys, pixel, 1.5) - whole).max() > 0.01
        stripes.add(veil.turn is None)
        places.add(veil.border is None)
    assert stripes == places == {True, False}


def test_a_veil_with_sharp_edges_has_holes_and_one_without_thins_out() -> None:
    xs, ys, pixel = grid(288, 512)

    def between(hard: float) -> float:
        drawn = [draw_veil(np.random.default_rng(seed), hard) for seed in range(20)]
        drawn = [replace(each, cells=(8.0, 8.0), octaves=1, least=0.0, most=1.0, border=None) for each in drawn]
        painted = np.stack([paint_veil(each, xs, ys, pixel, 0.0) for each in drawn])
        return float(((painted > 0.05) & (painted < 0.95)).mean())

    assert between(1.0) < 0.15
    assert between(0.0) > 2 * between(1.0)


def test_a_veiled_front_stays_premultiplied() -> None:
    rng = np.random.default_rng(3)
    rgb, alpha = np.full((2, HIGH, WIDE, 3), 0.25, np.float32), np.full((2, HIGH, WIDE), 0.5, np.float32)
    front = Front(rgb, alpha, 1, (-WIDE / HIGH / 2, -0.5, WIDE / HIGH / 2, 0.5), (0.0, 1.0))
    drawn = [veiled(rng, front, where) for where in (0, 1) for _ in range(40)]
    changed = [each for each in drawn if each is not front]

    assert 0 < len(changed) < 40
    for each in changed:
        np.testing.assert_allclose(each.rgb, 0.5 * each.alpha[..., None].repeat(3, -1), atol=1e-6)
