"""Pixels of each view against arithmetic: exact where nothing is composed, within a rounding where something is."""

from __future__ import annotations

from typing import Callable, List, Optional

import pytest
from gvm_matte.ui.kit.edges import Edges
from gvm_matte.ui.kit.qt import QtGui
from gvm_matte.ui.picture.compose import CHECKS, Composer
from gvm_matte.ui.picture.display import Display, View, alpha_table, light_table
from gvm_matte.ui.picture.kept import KeptPicture
from gvm_matte.ui.picture.mapping import Mapping
from page_kit import Rgb, kept, near, pixels, ramp, steps
from pytestqt.qtbot import QtBot

SIZES = [(1, 1, 0), (1, 7, 3), (7, 5, 0), (7, 5, 3), (33, 2, 1)]


@pytest.fixture(autouse=True)
def application(qtbot: QtBot) -> None:
    """Painting wants one."""


def alpha8(x: int, y: int) -> int:
    """The alpha in 8 bits, to the nearest."""
    return int(steps(x, y) / 257 + 0.5)


def rows(picture: KeptPicture, value: Callable[[int, int], Rgb]) -> List[List[Rgb]]:
    return [[value(x, y) for x in range(picture.width)] for y in range(picture.height)]


def shown(
    picture: KeptPicture, display: Display, edges: Optional[Edges] = None, composer: Optional[Composer] = None
) -> List[List[Rgb]]:
    """All of the picture, a pixel for a pixel."""
    table = None if edges is None else edges.table()
    part = (0, 0, picture.width, picture.height)
    return pixels((composer or Composer()).compose(picture, display, table, part, Mapping()))


def over(plate: Rgb, ground: Rgb, alpha: float) -> Rgb:
    red, green, blue = (int(a * alpha + b * (1 - alpha) + 0.5) for a, b in zip(plate, ground))
    return red, green, blue


@pytest.mark.parametrize(("width", "height", "pad"), SIZES)
def test_the_plate_is_shown_as_it_came(width: int, height: int, pad: int) -> None:
    picture = kept(width, height, pad=pad)

    assert shown(picture, Display(View.PLATE)) == rows(picture, ramp)


@pytest.mark.parametrize(("width", "height", "pad"), SIZES)
def test_the_alpha_is_shown_in_8_bits_to_the_nearest(width: int, height: int, pad: int) -> None:
    picture = kept(width, height, pad=pad)

    assert shown(picture, Display(View.ALPHA)) == rows(picture, lambda x, y: (alpha8(x, y),) * 3)


@pytest.mark.parametrize(
    "edges",
    [Edges("none", 0.1, 0.9, 2.2), Edges("clamp"), Edges("rescale", 0.2, 0.6, 1.0), Edges("rescale", 0.1, 0.9, 0.7)],
)
def test_edges_are_the_table_of_the_raw_alpha(edges: Edges) -> None:
    picture = kept()
    table = edges.table()

    assert shown(picture, Display(View.ALPHA), edges) == rows(picture, lambda x, y: (table[alpha8(x, y)],) * 3)


def test_a_matte_from_disk_has_its_edges_already() -> None:
    picture = kept(raw=False)

    assert shown(picture, Display(View.ALPHA), Edges("rescale", 0.4, 0.5)) == shown(picture, Display(View.ALPHA))


@pytest.mark.parametrize("opacity", [0.0, 0.5, 1.0])
def test_the_overlay_lies_over_the_plate_as_thick_as_the_alpha(opacity: float) -> None:
    picture = kept()
    colour = (255, 40, 0)
    found = shown(picture, Display(View.OVERLAY, overlay=colour, opacity=opacity))

    assert near(found, rows(picture, lambda x, y: over(colour, ramp(x, y), steps(x, y) / 65535 * opacity)), 2)
    if opacity == 0.0:
        assert found == rows(picture, ramp)


@pytest.mark.parametrize(("width", "height", "pad"), SIZES)
def test_over_a_colour_is_over(width: int, height: int, pad: int) -> None:
    picture = kept(width, height, pad=pad)
    ground = (10, 200, 90)

    found = shown(picture, Display(View.COLOUR, ground=ground))
    assert near(found, rows(picture, lambda x, y: over(ramp(x, y), ground, steps(x, y) / 65535)), 2)


def test_over_a_colour_takes_edges_in() -> None:
    picture = kept()
    edges, ground = Edges("rescale", 0.3, 0.6), (10, 200, 90)

    expected = rows(picture, lambda x, y: over(ramp(x, y), ground, edges.value(steps(x, y) / 65535)))
    assert near(shown(picture, Display(View.COLOUR, ground=ground), edges), expected, 3)


def test_the_checkerboard_has_squares_of_two_greys() -> None:
    picture = kept(40, 30, alpha=lambda x, y: 0)
    composer = Composer()

    found = shown(picture, Display(View.CHECKER), None, composer)
    expected = rows(picture, lambda x, y: (CHECKS[(x // 12 + y // 12) % 2],) * 3)
    assert found == expected


def test_a_background_picture_covers_and_is_cut_in_the_middle() -> None:
    picture = kept(8, 4, alpha=lambda x, y: 0)
    composer = Composer()
    composer.backdrop = QtGui.QImage(8, 8, QtGui.QImage.Format.Format_RGB32)
    for y in range(8):
        for x in range(8):
            composer.backdrop.setPixelColor(x, y, QtGui.QColor(x * 20, y * 30, 7))

    found = shown(picture, Display(View.PICTURE), None, composer)
    assert found == rows(picture, lambda x, y: (x * 20, (y + 2) * 30, 7))


def test_without_a_background_picture_there_is_black() -> None:
    picture = kept(alpha=lambda x, y: 0)

    assert shown(picture, Display(View.PICTURE)) == rows(picture, lambda x, y: (0, 0, 0))


@pytest.mark.parametrize(("exposure", "gamma"), [(1.0, 1.0), (-2.0, 1.0), (0.0, 2.2), (0.75, 0.5)])
def test_exposure_and_gamma_are_a_table_on_each_value(exposure: float, gamma: float) -> None:
    picture = kept(9, 4)
    light, plain = light_table(exposure, gamma), alpha_table(exposure, gamma)
    assert light is not None and plain is not None

    plate = shown(picture, Display(View.PLATE, exposure=exposure, gamma=gamma))
    assert plate == rows(picture, lambda x, y: (light[ramp(x, y)[0]], light[ramp(x, y)[1]], light[ramp(x, y)[2]]))
    alpha = shown(picture, Display(View.ALPHA, exposure=exposure, gamma=gamma))
    assert alpha == rows(picture, lambda x, y: (plain[alpha8(x, y)],) * 3)


def test_one_stop_doubles_light_and_alpha() -> None:
    light, plain = light_table(1.0, 1.0), alpha_table(1.0, 1.0)
    assert light is not None and plain is not None

    # 128/255 is 0.2159 of the light; twice that, 0.4317, is 0.6885 in sRGB (IEC 61966-2-1), and 175.6 of 255.
    assert light[128] == 176
    assert light[0] == 0 and light[255] == 255
    assert plain[100] == 200 and plain[200] == 255
    assert light_table(0.0, 1.0) is None


def test_nearer_every_pixel_is_a_square() -> None:
    picture = kept()
    mapping = Mapping(4.0, -6.0, 3.0)
    part = mapping.covered((20, 18), (7, 5))
    assert part == (0, 3, 20, 15)

    found = pixels(Composer().compose(picture, Display(View.PLATE), None, part, mapping))
    assert found == [[ramp((x + 6) // 4, y // 4) for x in range(20)] for y in range(15)]


def test_far_away_a_flat_picture_stays_flat() -> None:
    picture = kept(33, 21, plate=lambda x, y: (10, 120, 230), alpha=lambda x, y: 30000)
    for zoom in (0.9, 0.5, 0.31, 0.07, 1 / 64):
        mapping = Mapping(zoom, 3.4, 2.6)
        part = mapping.covered((50, 50), (33, 21))
        shown_plate = pixels(Composer().compose(picture, Display(View.PLATE), None, part, mapping))
        shown_alpha = pixels(Composer().compose(picture, Display(View.ALPHA), None, part, mapping))
        assert {one for row in shown_plate for one in row} == {(10, 120, 230)}
        assert {one for row in shown_alpha for one in row} == {(117, 117, 117)}


def test_half_as_large_is_the_average_of_four() -> None:
    picture = kept(8, 8, plate=lambda x, y: ((x % 2) * 100, (y % 2) * 200, 50), alpha=lambda x, y: (x % 2) * 65535)
    mapping = Mapping(0.5)
    found = pixels(Composer().compose(picture, Display(View.PLATE), None, (0, 0, 4, 4), mapping))

    assert near(found, [[(50, 100, 50)] * 4] * 4, 1)
