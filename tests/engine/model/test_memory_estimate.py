"""The estimate of memory, held against what torch really allocates."""

from __future__ import annotations

from typing import Callable

import pytest
import torch
from gvm_matte.engine.model.estimate import Storages, estimate_memory
from gvm_matte.engine.model.matting import load_model
from gvm_matte.engine.model.weights import find_weights
from support import PARITY


def allocated(run: Callable[[], object]) -> int:
    with Storages() as storages:
        run()
    return storages.most


@pytest.mark.parametrize(("window", "group"), [(4, 2), (8, 8)])
@pytest.mark.parametrize("weights", ["svd", "dav"])
def test_the_estimate_is_what_a_run_allocates(weights: str, window: int, group: int) -> None:
    files = find_weights(model_base=str(PARITY / weights))
    model = load_model(files, device=torch.device("cpu"), dtype=torch.float32)
    estimate = estimate_memory(files, dtype=torch.float32, width=96, height=64, window=window, group=group)
    rgb = torch.rand(1, 3, 64, 96)
    latents = model.encode(rgb).expand(window, -1, -1, -1).contiguous()
    measured = {
        "encode": allocated(lambda: model._encode(rgb)),  # so small a frame goes through `encode` twice
        "denoise": allocated(lambda: model.denoise(latents, steps=1)),
        "decode": allocated(lambda: model.decode(latents[:group])),
    }
    for stage, found in measured.items():
        assert getattr(estimate, stage) == pytest.approx(found, rel=0.15), stage
    assert estimate.weights == sum(p.numel() * 4 for p in parameters(model))


def parameters(model: object) -> list[torch.nn.Parameter]:
    found = {}
    for name in ("_unet", "_encoder", "_quant_conv", "_decoder"):
        for parameter in getattr(model, name).parameters():
            found[id(parameter)] = parameter
    return list(found.values())


def test_more_frames_take_more_memory() -> None:
    files = find_weights(model_base=str(PARITY / "svd"))
    few, many = (
        estimate_memory(files, dtype=torch.float16, width=96, height=64, window=count, group=count) for count in (4, 8)
    )
    assert many.denoise > 1.5 * few.denoise and many.decode > 1.5 * few.decode and many.weights == few.weights
    assert few.peak == few.weights + max(few.encode, few.denoise, few.decode)
