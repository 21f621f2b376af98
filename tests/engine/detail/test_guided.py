"""Guided upsampling: nearer to the truth than bilinear, and nothing that an eye would take for a fault of it."""

from __future__ import annotations

import sys

import pytest
import torch
import torch.nn.functional as F
from detail_kit import Plate, peak_growth
from gvm_matte.core.errors import UsageError
from gvm_matte.engine.detail import guided_upsample
from gvm_matte.engine.model.geometry import geometry, to_plate_size
from torch import Tensor

SMALL = (72, 128)


def reduced(plate: Plate) -> Tensor:
    """The true alpha at a quarter of the plate's size: what a perfect model would give."""
    return F.interpolate(plate.alpha[None, None], SMALL, mode="bilinear", antialias=True)


def error(alpha: Tensor, plate: Plate) -> float:
    return float((alpha[0, 0] - plate.alpha).abs().mean())


def bilinear(alpha: Tensor, size: tuple[int, int]) -> Tensor:
    """What the pipeline gives without a guide."""
    how = geometry(size[1], size[0], size=alpha.shape[-2], max_resolution=alpha.shape[-1])
    assert how.fitted == (alpha.shape[-1], alpha.shape[-2]) and how.pads == (0, 0, 0, 0)
    return to_plate_size(alpha, how)


def test_it_halves_bilinears_difference_to_the_truth(plate: Plate) -> None:
    small = reduced(plate)
    plain = error(F.interpolate(small, plate.alpha.shape, mode="bilinear"), plate)
    colour = error(guided_upsample(small, plate.guide), plate)
    luminance = error(guided_upsample(small, plate.guide.mean(1, keepdim=True)), plate)

    assert colour < 0.5 * plain
    assert colour < luminance < 0.75 * plain


def test_a_wrong_alpha_is_not_made_worse(plate: Plate) -> None:
    blurred = F.avg_pool2d(reduced(plate), 9, 1, 4, count_include_pad=False)

    guided = error(guided_upsample(blurred, plate.guide), plate)

    assert guided < error(F.interpolate(blurred, plate.alpha.shape, mode="bilinear"), plate)


def test_texture_of_the_plate_stays_out_of_solid_areas() -> None:
    small = torch.zeros(1, 1, 32, 48)
    small[..., 16:] = 1.0
    small[..., 20:30, 30:40] = 0.5  # solid, though neither 0 nor 1
    texture = torch.rand(1, 3, 128, 192, generator=torch.Generator().manual_seed(1))

    found = guided_upsample(small, texture)

    assert torch.all(found[..., : 13 * 4] == 0.0)
    assert torch.all(found[..., : 17 * 4, 19 * 4 :] == 1.0)
    assert torch.all(found[..., 23 * 4 : 27 * 4, 33 * 4 : 37 * 4] == 0.5)


def test_a_noisy_solid_area_takes_next_to_nothing_from_the_plate() -> None:
    generator = torch.Generator().manual_seed(2)
    noise = 0.98 + 0.02 * torch.rand(1, 1, 64, 64, generator=generator)
    texture = torch.rand(1, 3, 256, 256, generator=generator)

    found = guided_upsample(noise, texture)

    assert float((found - bilinear(noise, (256, 256))).abs().mean()) < 2e-4


def test_a_plate_without_an_edge_leaves_bilinear() -> None:
    small = torch.rand(1, 1, 32, 64, generator=torch.Generator().manual_seed(3))

    found = guided_upsample(small, torch.full((1, 3, 96, 192), 0.4))

    assert torch.allclose(found, bilinear(small, (96, 192)), atol=1e-5)


@pytest.mark.parametrize("tile", [16, 50, 128, 2048])
def test_the_tile_cannot_be_told_by_the_result(plate: Plate, tile: int) -> None:
    guide = plate.guide[..., :211, :333]
    small = F.interpolate(plate.alpha[None, None, :211, :333], (61, 97), mode="bilinear", antialias=True)

    assert torch.equal(guided_upsample(small, guide, tile=tile), guided_upsample(small, guide, tile=64))


def test_a_guide_of_half_precision_gives_nearly_the_same(plate: Plate) -> None:
    small = reduced(plate)

    difference = guided_upsample(small, plate.guide.half()) - guided_upsample(small, plate.guide)

    assert float(difference.abs().max()) < 0.02
    assert float(difference.abs().mean()) < 2e-4


@pytest.mark.parametrize("size", [(72, 128), (40, 60), (72, 200), (500, 100), (73, 129), (1, 1)])
def test_every_size_is_filled_with_alphas(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(4)
    small = torch.rand(1, 1, *SMALL, generator=generator)

    found = guided_upsample(small, torch.rand(1, 3, *size, generator=generator))

    assert found.shape == (1, 1, *size) and found.dtype == torch.float32
    assert float(found.min()) >= 0.0 and float(found.max()) <= 1.0
    assert torch.equal(found, small) or size != SMALL


@pytest.mark.parametrize("small", [(1, 1), (2, 3), (5, 1)])
def test_an_alpha_smaller_than_the_window_is_enlarged(small: tuple[int, int]) -> None:
    found = guided_upsample(torch.full((1, 1, *small), 0.25), torch.rand(1, 3, 40, 30))

    assert torch.allclose(found, torch.full((1, 1, 40, 30), 0.25), atol=1e-6)


@pytest.mark.parametrize(
    ("alpha", "guide", "tile", "words"),
    [
        ((1, 2, 4, 4), (1, 3, 8, 8), 16, "alpha"),
        ((1, 1, 4, 4), (1, 4, 8, 8), 16, "guide"),
        ((1, 1, 4, 4), (2, 3, 8, 8), 16, "guide"),
        ((1, 1, 4, 4), (1, 3, 8, 8), 15, "even"),
    ],
)
def test_other_shapes_are_refused(alpha: tuple[int, ...], guide: tuple[int, ...], tile: int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        guided_upsample(torch.zeros(alpha), torch.zeros(guide), tile=tile)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process its own peak")
def test_memory_grows_by_little_more_than_the_result() -> None:
    setup = (
        "alpha, guide = torch.rand(1, 1, 288, 512), torch.rand(1, 3, 2304, 4096)\n"
        "guided_upsample(alpha[..., :72, :128], guide[..., :288, :512].contiguous())"
    )
    whole = 3 * 2304 * 4096 * 4  # bytes of one colour picture of that size

    assert peak_growth(setup, "guided_upsample(alpha, guide)") < 1.5 * whole
