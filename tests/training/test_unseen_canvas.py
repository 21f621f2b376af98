"""Coverage of known shapes: areas by formula, edges against finer pixels."""

from __future__ import annotations

import numpy as np
import pytest

from training.noise import Array
from training.unseen_canvas import Canvas, turned
from training.unseen_soft import disc_blur
from training.unseen_subjects import Glasses

WHITE = np.array([1, 1, 1], np.float32)


def canvas(side: int = 64) -> Canvas:
    """A square of 1 by 1 around the origin."""
    centres = ((np.arange(side) + 0.5) / side - 0.5).astype(np.float32)
    return Canvas(centres, centres, 1 / side)


def area(of: Canvas) -> float:
    """In units."""
    return float(of.alpha.sum(dtype=np.float64)) * of.pixel**2


def coarser(alpha: Array, times: int) -> Array:
    """Means over squares of pixels."""
    side = len(alpha) // times
    found: Array = alpha.reshape(side, times, side, times).mean((1, 3))
    return found


def test_a_box_along_the_pixels_covers_exactly_what_it_overlaps() -> None:
    drawn = canvas(8)
    drawn.box((0.0, 0.0), (0.25 + 0.25 / 8, 0.25), 0.0, 0.0, WHITE)

    row = drawn.alpha[4]
    assert row == pytest.approx([0, 0.25, 1, 1, 1, 1, 0.25, 0], abs=1e-5)
    assert drawn.alpha[:, 4] == pytest.approx([0, 0, 1, 1, 1, 1, 0, 0], abs=1e-5)


def test_discs_ellipses_and_rings_have_their_areas() -> None:
    disc, ellipse, ring = canvas(), canvas(), canvas(128)
    disc.disc((0.013, -0.021), (0.3, 0.3), WHITE)
    ellipse.disc((0.0, 0.0), (0.4, 0.15), WHITE)
    ring.ring((0.0, 0.0), 0.35, 0.01, WHITE)

    assert area(disc) == pytest.approx(np.pi * 0.09, rel=2e-3)
    assert area(ellipse) == pytest.approx(np.pi * 0.06, rel=5e-3)
    assert area(ring) == pytest.approx(2 * np.pi * 0.35 * 0.02, rel=5e-3)


def test_a_wire_far_thinner_than_a_pixel_keeps_its_area() -> None:
    drawn = canvas()
    drawn.stroke((-0.4, 0.003), (0.4, 0.003), 0.0008, 0.0008, WHITE)

    assert area(drawn) == pytest.approx(0.8 * 0.0016, rel=0.02)


def test_a_turned_box_s_edge_is_that_of_finer_pixels() -> None:
    fine, coarse = canvas(512), canvas(64)
    for each in (fine, coarse):
        each.box((0.02, 0.01), (0.3, 0.12), 0.05, 0.4, WHITE)

    assert np.abs(coarser(fine.alpha, 8) - coarse.alpha).max() < 0.11  # of a pixel that an edge crosses aslant
    assert area(fine) == pytest.approx(area(coarse), rel=2e-3)


def test_colour_is_premultiplied_and_layers_go_over_each_other() -> None:
    drawn = canvas(8)
    whole = drawn.whole()
    drawn.over(whole, np.full((8, 8), 0.5, np.float32), np.array([1, 0, 0], np.float32))
    drawn.over(whole, np.full((8, 8), 0.5, np.float32), np.array([0, 1, 0], np.float32))

    assert drawn.alpha == pytest.approx(np.full((8, 8), 0.75))
    assert drawn.rgb[3, 3] == pytest.approx([0.25, 0.5, 0])


def test_strands_cover_what_they_weigh_until_they_are_full() -> None:
    thin, thick = canvas(), canvas()
    along = np.linspace(-0.3, 0.3, 400, dtype=np.float32)
    points = np.stack([along, np.zeros_like(along)], 1)
    thin.splat(points, np.full(400, 0.02), np.ones(400), WHITE)
    thick.splat(points, np.full(400, 50.0), np.ones(400), WHITE)

    assert float(thin.alpha.sum()) == pytest.approx(400 * 0.02, rel=1e-5)
    assert thick.alpha.max() == 1.0


def test_a_disc_of_confusion_spreads_light_and_loses_none() -> None:
    point = np.zeros((41, 41, 1), np.float32)
    point[20, 20] = 1
    for radius in (0.4, 1.0, 5.5, 9.0):
        spread = disc_blur(point, radius)[..., 0]
        assert float(spread.sum()) == pytest.approx(1, rel=1e-5)
        assert np.count_nonzero(spread) <= np.pi * (radius + 1.5) ** 2
    assert spread.max() == pytest.approx(1 / (np.pi * 81), rel=0.1)


def test_glass_holds_back_its_share_and_hides_what_it_stands_before_not_at_all() -> None:
    glasses = Glasses(np.random.default_rng(1))
    alone, before = canvas(128), canvas(128)
    before.box((0.0, 0.0), (0.5, 0.5), 0.0, 0.0, WHITE)
    for each in (alone, before):
        glasses.lens(each, (0.0, 0.0), 0.3, 0.02)

    assert alone.alpha[64, 64] == pytest.approx(glasses.held_back, abs=0.01)
    assert alone.alpha[64, 110] == 0  # beyond the rim
    assert before.alpha.min() == 1


def test_a_limb_hangs_down_and_swings_to_the_right() -> None:
    assert turned((0.0, 0.0), 0.0, 2.0) == pytest.approx((0.0, 2.0))
    assert turned((1.0, 1.0), np.pi / 2, 1.0) == pytest.approx((2.0, 1.0))
