"""The measures: tiny cases worked out by hand, properties, slow programs of another make, and a published program."""

from __future__ import annotations

import math
from typing import Any, Callable, List, Set, Tuple

import numpy as np
import pytest
from gvm_matte.metrics import MEASURES, connectivity, dtssd, gradient, mad, measure_frame, mse, sad
from hypothesis import given, settings
from hypothesis import strategies as st

Array = np.ndarray[Any, Any]
FRAME_MEASURES: List[Callable[..., float]] = [mad, mse, sad, gradient, connectivity]
held = settings(max_examples=60, deadline=None, database=None, derandomize=True)


@st.composite
def pairs(draw: st.DrawFn, *, count: int = 2) -> Tuple[Array, ...]:
    """Alphas of one size; few values, so that thresholds are hit and sets of pixels touch."""
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    values = st.sampled_from([0.0, 0.05, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 1.0])
    size = shape[0] * shape[1]
    return tuple(np.array(draw(st.lists(values, min_size=size, max_size=size))).reshape(shape) for _ in range(count))


# --- worked out by hand

ALPHA = np.array([[0.0, 0.5], [1.0, 1.0]])
TRUTH = np.array([[0.0, 1.0], [1.0, 0.8]])


def test_mad_mse_and_sad_of_four_pixels() -> None:
    assert mad(ALPHA, TRUTH) == pytest.approx((0.5 + 0.2) / 4)
    assert mse(ALPHA, TRUTH) == pytest.approx((0.25 + 0.04) / 4)
    assert sad(ALPHA, TRUTH) == pytest.approx((0.5 + 0.2) / 1000)


def test_dtssd_is_what_the_error_changes_by() -> None:
    before = np.zeros((2, 2))
    # the alpha moves by 0, 0.5, 1, 1 where the truth moves by 0, 1, 1, 0.8
    assert dtssd(ALPHA, before, TRUTH, before) == pytest.approx(math.sqrt((0.25 + 0.04) / 4))


def test_a_constant_error_does_not_flicker() -> None:
    truth, later = np.array([[0.1, 0.6]]), np.array([[0.3, 0.2]])
    assert dtssd(later + 0.2, truth + 0.2, later, truth) == pytest.approx(0, abs=1e-15)


def test_the_gradient_of_a_ramp_is_its_slope_times_the_filter() -> None:
    """Far from borders a ramp of slope s has |∇| = s·Σ|x·h(x)|·Σh(y), the same at every pixel."""
    slope = 0.01
    ramp = np.tile(slope * np.arange(41.0), (41, 1))
    taps = np.arange(-4, 5)
    smooth = np.exp(-(taps**2) / (2 * 1.4**2))
    steep = taps * smooth
    gain = (taps * steep).sum() / math.sqrt((steep**2).sum()) * smooth.sum() / math.sqrt((smooth**2).sum())
    middle = np.zeros((41, 41), bool)
    middle[20, 10:30] = True
    assert gradient(ramp, np.zeros((41, 41)), middle) == pytest.approx(20 * (slope * gain) ** 2 / 1000)


def test_an_island_costs_its_alpha_in_connectivity() -> None:
    truth = np.zeros((3, 7))
    truth[:, :3] = 1.0
    alpha = truth.copy()
    alpha[1, 5] = 0.6  # connected to nothing: its level is 0, so d is 0.6
    assert connectivity(alpha, truth) == pytest.approx(0.6 / 1000)


def test_a_connected_excess_below_theta_costs_nothing() -> None:
    truth = np.ones((4, 4)) * 0.6
    alpha = truth.copy()
    alpha[1, 1] = 0.74  # all are connected up to 0.6; 0.14 above it is less than 0.15
    assert connectivity(alpha, truth) == 0
    alpha[1, 1] = 0.76
    assert connectivity(alpha, truth) == pytest.approx(0.16 / 1000)


def test_diagonal_neighbours_are_not_connected() -> None:
    truth = np.zeros((4, 4))
    truth[:3, :3] = 1.0
    alpha = truth.copy()
    alpha[3, 3] = truth[3, 3] = 1.0
    alpha[3, 3] = 0.5
    # the corner is in no Ω: its level is 0, so d is 0.5 and 1
    assert connectivity(alpha, truth) == pytest.approx(0.5 / 1000)


# --- properties


@held
@given(pairs())
def test_equal_alphas_measure_zero(pair: Tuple[Array, ...]) -> None:
    for measure in FRAME_MEASURES:
        assert measure(pair[0], pair[0].copy()) == 0


@held
@given(pairs(count=4))
def test_alpha_and_truth_may_trade_places(four: Tuple[Array, ...]) -> None:
    alpha, truth, alpha_before, truth_before = four
    for measure in FRAME_MEASURES:
        assert measure(alpha, truth) == pytest.approx(measure(truth, alpha), abs=1e-15)
    there = dtssd(alpha, alpha_before, truth, truth_before)
    assert there == pytest.approx(dtssd(truth, truth_before, alpha, alpha_before), abs=1e-15)


@held
@given(pairs(), st.floats(0.1, 10))
def test_differences_scale_by_their_power(pair: Tuple[Array, ...], factor: float) -> None:
    alpha, truth = pair
    for measure, power in ((mad, 1), (sad, 1), (mse, 2), (gradient, 2)):
        assert measure(alpha * factor, truth * factor) == pytest.approx(measure(alpha, truth) * factor**power, abs=1e-12)


@held
@given(pairs())
def test_turning_both_changes_nothing_but_who_is_first_among_equals(pair: Tuple[Array, ...]) -> None:
    for measure in (mad, mse, sad, gradient):
        turned = measure(np.rot90(pair[0]), np.rot90(pair[1]))
        assert turned == pytest.approx(measure(*pair), abs=1e-12)


@held
@given(pairs(count=4), st.data())
def test_a_region_and_the_rest_add_up(four: Tuple[Array, ...], data: st.DataObject) -> None:
    alpha, truth, alpha_before, truth_before = four
    region = np.array(data.draw(st.lists(st.booleans(), min_size=alpha.size, max_size=alpha.size))).reshape(alpha.shape)
    for measure in (sad, gradient, connectivity):
        parts = measure(alpha, truth, region) + measure(alpha, truth, ~region)
        assert parts == pytest.approx(measure(alpha, truth), abs=1e-12)
    if region.any() and not region.all():
        squares = [part.sum() * dtssd(alpha, alpha_before, truth, truth_before, part) ** 2 for part in (region, ~region)]
        whole = dtssd(alpha, alpha_before, truth, truth_before) ** 2 * alpha.size
        assert sum(squares) == pytest.approx(whole, abs=1e-12)


# --- slow programs of another make


def slow_gradient(alpha: Array, truth: Array) -> float:
    """One 9×9 filter with its squares adding up to 1, pixel by pixel; the other is its transpose."""
    sigma, half = 1.4, 4
    kernel = np.zeros((9, 9))
    for y in range(-half, half + 1):
        for x in range(-half, half + 1):
            kernel[y + half, x + half] = -x * math.exp(-(x * x + y * y) / (2 * sigma * sigma))
    kernel /= math.sqrt(float((kernel**2).sum()))

    def magnitude(image: Array, row: int, column: int) -> float:
        along_x = along_y = 0.0
        for y in range(-half, half + 1):
            for x in range(-half, half + 1):
                value = image[min(max(row - y, 0), len(image) - 1), min(max(column - x, 0), image.shape[1] - 1)]
                along_x += kernel[y + half, x + half] * value
                along_y += kernel[x + half, y + half] * value
        return math.hypot(along_x, along_y)

    places = [(row, column) for row in range(alpha.shape[0]) for column in range(alpha.shape[1])]
    return sum((magnitude(alpha, *place) - magnitude(truth, *place)) ** 2 for place in places) / 1000


def slow_connectivity(alpha: Array, truth: Array) -> float:
    """By flood fill, with sets of places."""

    def largest(step: int) -> Set[Tuple[int, int]]:
        open_places = {(int(y), int(x)) for y, x in np.argwhere((alpha >= step / 10) & (truth >= step / 10))}
        best: Set[Tuple[int, int]] = set()
        for start in sorted(open_places):
            if start not in open_places:
                continue
            island, edge = {start}, [start]
            open_places.discard(start)
            while edge:
                y, x = edge.pop()
                for place in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                    if place in open_places:
                        open_places.discard(place)
                        island.add(place)
                        edge.append(place)
            best = island if len(island) > len(best) else best
        return best

    omegas = [largest(step) for step in range(1, 11)]
    total = 0.0
    for y in range(alpha.shape[0]):
        for x in range(alpha.shape[1]):
            level = next((step for step, omega in enumerate(omegas) if (y, x) not in omega), 10) / 10
            excess = [value - level if value - level >= 0.15 else 0.0 for value in (alpha[y, x], truth[y, x])]
            total += abs(excess[0] - excess[1])
    return total / 1000


@settings(held, max_examples=15)
@given(pairs())
def test_the_gradient_is_that_of_a_plain_convolution(pair: Tuple[Array, ...]) -> None:
    assert gradient(*pair) == pytest.approx(slow_gradient(*pair), rel=1e-9, abs=1e-15)


@settings(held, max_examples=200)
@given(pairs())
def test_connectivity_is_that_of_a_flood_fill(pair: Tuple[Array, ...]) -> None:
    assert connectivity(*pair) == pytest.approx(slow_connectivity(*pair), rel=1e-9, abs=1e-15)


# --- a published program


def soft_pair(phase: int) -> Tuple[Array, Array]:
    """A wavy disc and its island, and the truth: 48×64, values of 8 bits, from 0 to 1."""
    y, x = np.mgrid[0:48, 0:64]
    disc = np.clip((18 - np.hypot(x - 30 - 2 * phase, y - 24)) / 6, 0, 1)
    island = np.clip((4 - np.hypot(x - 56, y - 8)) / 3, 0, 1)
    wave = 0.12 * np.sin(x / 3.0 + phase) * np.cos(y / 4.0)
    alpha = np.clip(np.maximum(disc, island) + wave * (disc > 0), 0, 1)
    return np.round(alpha * 255) / 255, np.round(np.maximum(disc, 0.7 * island) * 255) / 255


def test_the_figures_are_those_of_a_published_program() -> None:
    """RobustVideoMatting's evaluate_lr.py (commit 17d1774) gave these for this pair; it computes in float32."""
    published = {
        "mad": 13.739530563354492 / 1e3,
        "mse": 1.2715611457824707 / 1e3,
        "gradient": 0.03302723169326782,
        "connectivity": 0.023847056552767754,
        "dtssd": 3.187342643737793 / 1e2,
    }
    (alpha, truth), before = soft_pair(1), soft_pair(0)
    found = measure_frame(alpha, truth, before=before)
    assert {name: found[name] for name in published} == pytest.approx(published, rel=1e-6)


# --- what measures accept


def test_types_of_pixels_do_not_matter() -> None:
    alpha, truth = (np.array([[0, 1, 1], [0, 0, 1]]), np.array([[0, 1, 0], [0, 0, 1]]))
    for measure in FRAME_MEASURES:
        wide = measure(alpha.astype(np.float64), truth.astype(np.float64))
        assert measure(alpha.astype(np.float16), truth.astype(np.float32)) == wide


def test_alphas_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 2\) and \(2, 3\)"):
        mad(np.zeros((2, 2)), np.zeros((2, 3)))


def test_an_empty_region_has_no_figures() -> None:
    nowhere = np.zeros((2, 2), bool)
    assert set(measure_frame(ALPHA, TRUTH, region=nowhere).values()) == {None}
    assert math.isnan(mad(ALPHA, TRUTH, nowhere))


def test_a_first_frame_has_all_but_dtssd() -> None:
    found = measure_frame(ALPHA, TRUTH)
    assert list(found) == [measure.name for measure in MEASURES]
    assert [name for name, value in found.items() if value is None] == ["dtssd"]
