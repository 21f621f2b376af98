"""Zoom and place: what stays where, and which pixel is where."""

from __future__ import annotations

import pytest
from gvm_matte.ui.picture.mapping import LARGEST, SMALLEST, Mapping


def test_fit_shows_all_in_the_middle() -> None:
    mapping = Mapping.fit((1000, 500), (200, 200))

    assert mapping == Mapping(2.5, 250.0, 0.0)
    assert mapping.covered((1000, 500), (200, 200)) == (250, 0, 500, 500)


def test_at_one_to_one_every_pixel_is_its_own() -> None:
    mapping = Mapping(1.0, 10.0, -4.0)

    assert [mapping.pixel(x, 0) for x in (9, 10, 11, 16)] == [(-1, 4), (0, 4), (1, 4), (6, 4)]


@pytest.mark.parametrize("zoom", [3.0, 4.0, 16.0])
def test_nearer_a_pixel_is_as_many_pixels_of_the_screen(zoom: float) -> None:
    mapping = Mapping(zoom, 5.0, 5.0)
    size = int(zoom)

    found = [mapping.pixel(x, 5)[0] for x in range(5, 5 + 3 * size)]
    assert found == [0] * size + [1] * size + [2] * size


@pytest.mark.parametrize("steps", [-9, -1, 1, 3, 12])
def test_zooming_keeps_what_is_under_the_cursor(steps: int) -> None:
    before = Mapping(1.0, 100.0, 50.0)
    after = before.stepped(steps, (340, 210))

    assert after.zoom == pytest.approx(2 ** (steps / 4))
    for axis, at in enumerate((340, 210)):
        corner_before, corner_after = (before.x, before.y)[axis], (after.x, after.y)[axis]
        assert (at - corner_after) / after.zoom == pytest.approx((at - corner_before) / before.zoom)


def test_steps_from_any_zoom_come_to_one_to_one() -> None:
    mapping = Mapping(0.2777)
    seen = []
    for _ in range(8):
        mapping = mapping.stepped(1, (0, 0))
        seen.append(mapping.zoom)

    assert 1.0 in [pytest.approx(zoom) for zoom in seen]


def test_zoom_has_ends() -> None:
    assert Mapping(1.0).zoomed(1e9, (0, 0)).zoom == LARGEST
    assert Mapping(1.0).zoomed(0.0001, (0, 0)).zoom == SMALLEST


def test_what_is_off_the_screen_is_not_covered() -> None:
    assert Mapping(1.0, -50.0, 0.0).covered((100, 100), (40, 40))[2] <= 0
    assert Mapping(1.0, 0.0, 200.0).covered((100, 100), (40, 40))[3] <= 0
    assert Mapping(2.0, -30.0, 90.0).covered((100, 100), (40, 40)) == (0, 90, 50, 10)


def test_the_smallest_picture_far_away_is_one_pixel() -> None:
    assert Mapping(SMALLEST, 10.0, 10.0).covered((100, 100), (1, 1)) == (10, 10, 1, 1)
