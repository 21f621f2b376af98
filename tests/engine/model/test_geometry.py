"""Resize, padding, and the way back; agreement with the reference is in test_parity."""

from __future__ import annotations

import pytest
import torch
from gvm_matte.engine.model.geometry import to_model_size, to_plate_size


@pytest.mark.parametrize(
    ("width", "height"), [(160, 90), (90, 160), (64, 64), (33, 31), (1, 1), (3, 200), (200, 3), (96, 64)]
)
def test_any_plate_comes_back_at_its_own_size(width: int, height: int) -> None:
    padded, how = to_model_size(torch.rand(2, 3, height, width), size=40, max_resolution=64)
    assert padded.shape[-1] % 32 == padded.shape[-2] % 32 == 0
    assert (padded.shape[-1], padded.shape[-2]) == how.padded
    assert to_plate_size(padded[:, :1], how).shape == (2, 1, height, width)


def test_a_plate_of_the_models_size_is_not_touched() -> None:
    rgb = torch.rand(1, 3, 64, 96)
    padded, how = to_model_size(rgb, size=64, max_resolution=96)
    assert torch.equal(padded, rgb)
    assert torch.equal(to_plate_size(padded[:, :1], how), rgb[:, :1])


def test_padding_is_centred_and_reflects() -> None:
    rgb = torch.arange(30.0).expand(1, 3, 30, 30).clone()
    padded, how = to_model_size(rgb, size=30, max_resolution=30)
    assert how.pads == (1, 1, 1, 1)
    assert padded[0, 0, 5, 0] == 1.0 and padded[0, 0, 5, -1] == 28.0


def test_a_constant_stays_constant() -> None:
    padded, how = to_model_size(torch.full((1, 3, 45, 80), 0.25), size=36, max_resolution=100)
    back = to_plate_size(padded[:, :1], how)
    assert torch.allclose(back, torch.full_like(back, 0.25))
