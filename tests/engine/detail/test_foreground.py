"""Foreground colours: without what is behind, exact where the subject is solid, whatever the plate's values."""

from __future__ import annotations

import sys

import pytest
import torch
from detail_kit import Plate, peak_growth
from gvm_matte.core.errors import UsageError
from gvm_matte.engine.detail import estimate_foreground
from torch import Tensor


def spill(found: Tensor, plate: Plate) -> float:
    """Mean difference to the true colours in soft edges, weighted by the alpha, as a compositor sees it."""
    weight = plate.alpha * ((plate.alpha > 0.01) & (plate.alpha < 0.99))
    return float(((found - plate.front).abs() * weight).sum() / (3 * weight.sum()))


def test_a_third_of_the_backgrounds_spill_is_left(plate: Plate) -> None:
    assert spill(estimate_foreground(plate.linear, plate.alpha), plate) < 0.35 * spill(plate.linear, plate)


def test_a_flat_subject_over_a_flat_background_gets_its_colour_back() -> None:
    alpha = torch.linspace(-0.5, 1.5, 96).clamp(0, 1).expand(40, 96)
    subject, behind = torch.tensor([0.8, 0.1, 2.5])[:, None, None], torch.tensor([0.1, 0.9, 0.2])[:, None, None]

    found = estimate_foreground(alpha * subject + (1 - alpha) * behind, alpha)

    visible = alpha > 0.1
    assert float((found - subject).abs()[:, visible].max()) < 0.03
    assert float((found - subject).abs().max()) < 0.1  # also where it cannot be seen


def test_the_image_is_untouched_where_the_alpha_is_one(plate: Plate) -> None:
    solid = plate.alpha >= 1.0
    assert int(solid.sum()) > 1000

    found = estimate_foreground(plate.linear * 40.0 - 0.01, plate.alpha)

    assert torch.equal(found[:, solid], (plate.linear * 40.0 - 0.01)[:, solid])


def test_highlights_keep_their_scale(plate: Plate) -> None:
    once = estimate_foreground(plate.linear, plate.alpha)

    assert torch.allclose(estimate_foreground(plate.linear * 64.0, plate.alpha), once * 64.0, rtol=1e-5)


def test_only_a_negative_image_gives_negative_colours(plate: Plate) -> None:
    assert float(estimate_foreground(plate.linear, plate.alpha).min()) >= 0.0
    shifted = plate.linear - 0.02

    found = estimate_foreground(shifted, plate.alpha)

    assert torch.all(found >= shifted.clamp(max=0.0))


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (37, 64), (130, 65)])
def test_an_even_alpha_gives_finite_colours(size: tuple[int, int], value: float) -> None:
    image = torch.rand(3, *size, generator=torch.Generator().manual_seed(5)) * 10.0

    found = estimate_foreground(image, torch.full(size, value))

    assert found.shape == image.shape and bool(torch.isfinite(found).all())
    assert float(found.max()) <= float(image.max()) * (1 + 1e-5)
    assert torch.equal(found, image) or value < 1.0


@pytest.mark.parametrize("tile", [16, 50, 128, 2048])
def test_the_tile_cannot_be_told_by_the_result(plate: Plate, tile: int) -> None:
    image, alpha = plate.linear[:, :211, :333], plate.alpha[:211, :333]

    assert torch.equal(estimate_foreground(image, alpha, tile=tile), estimate_foreground(image, alpha, tile=64))


@pytest.mark.parametrize(
    ("image", "alpha", "tile", "words"),
    [((4, 8, 8), (8, 8), 16, "image"), ((3, 8, 8), (8, 9), 16, "alpha"), ((3, 8, 8), (8, 8), 7, "even")],
)
def test_other_shapes_are_refused(image: tuple[int, ...], alpha: tuple[int, ...], tile: int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        estimate_foreground(torch.zeros(image), torch.zeros(alpha), tile=tile)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process its own peak")
def test_memory_grows_by_less_than_three_pictures() -> None:
    setup = (
        "image, alpha = torch.rand(3, 1728, 3072), torch.rand(1728, 3072)\n"
        "estimate_foreground(image[:, :64, :64], alpha[:64, :64])"
    )
    whole = 3 * 1728 * 3072 * 4  # bytes of one colour picture of that size

    assert peak_growth(setup, "estimate_foreground(image, alpha)") < 3 * whole
