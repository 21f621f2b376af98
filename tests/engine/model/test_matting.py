"""The model's three calls: shapes, independence, cancelling, and what goes wrong on the device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from gvm_matte.core.errors import (
    CancelledError,
    OutOfMemoryError,
    ParamError,
    UsageError,
    WeightsCorruptError,
    WeightsMismatchError,
)
from gvm_matte.engine.model.matting import MattingModel, load_model
from gvm_matte.engine.model.memory import advice, explained
from gvm_matte.engine.model.networks import NetworkConfig, build_scheduler, build_unet, build_vae, full_size_config
from gvm_matte.engine.model.random_weights import random_model
from gvm_matte.engine.model.weights import find_weights

CPU = torch.device("cpu")
SMALL = NetworkConfig(
    "svd",
    {
        "in_channels": 32,
        "out_channels": 16,
        "block_out_channels": (32, 32, 32, 32),
        "layers_per_block": 1,
        "num_attention_heads": 2,
        "cross_attention_dim": 8,
    },
    {
        "block_out_channels": (32, 32, 32, 32),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "layers_per_block": 1,
        "latent_channels": 16,
        "scaling_factor": 1.0,
    },
)


@pytest.fixture
def fresh(parity: Path) -> MattingModel:
    """A model that a test may spoil."""
    return load_model(find_weights(model_base=str(parity / "svd")), device=CPU, dtype=torch.float32)


@pytest.mark.parametrize("savings", [True, False])
@pytest.mark.parametrize("kind", ["svd", "dav"])
def test_any_config_from_random_weights(kind: str, savings: bool) -> None:
    config = NetworkConfig(kind, SMALL.unet, SMALL.vae)
    model = random_model(config, device=CPU, dtype=torch.float32, savings=savings)
    assert (model.latent_channels, model.downscale, model.device, model.dtype) == (16, 8, CPU, torch.float32)
    latents = model.encode(torch.rand(3, 3, 96, 160))
    assert latents.shape == (3, 16, 12, 20)  # 12 and 20 do not halve evenly three times
    latents = model.denoise(latents, steps=1)
    alpha = model.decode(latents)
    assert alpha.shape == (3, 1, 96, 160) and alpha.dtype == torch.float32
    assert float(alpha.min()) >= 0.0 and float(alpha.max()) <= 1.0


def test_bf16_gives_float32_alpha() -> None:
    model = random_model(SMALL, device=CPU, dtype=torch.bfloat16)
    latents = model.denoise(model.encode(torch.rand(2, 3, 64, 64)), steps=2, noise=torch.randn(2, 16, 8, 8))
    assert latents.dtype == torch.bfloat16 and model.decode(latents).dtype == torch.float32


def test_full_size_is_the_released_models() -> None:
    config = full_size_config()
    count = sum(one.numel() for one in build_unet(config.kind, config.unet).parameters())
    assert count == pytest.approx(1.52e9, rel=0.01)
    assert sum(one.numel() for one in build_vae(config.vae).parameters()) == pytest.approx(98e6, rel=0.01)


def test_a_frames_latent_does_not_depend_on_its_neighbours(load: Any) -> None:
    rgb = torch.rand(4, 3, 64, 96)
    together = load().encode(rgb)
    for index, frame in enumerate(rgb):
        assert torch.equal(load().encode(frame[None])[0], together[index])


def test_savings_change_nothing_but_rounding(load: Any) -> None:
    rgb = torch.rand(3, 3, 64, 96)
    saved, full = load("dav"), load("dav", savings=False)
    latents = saved.encode(rgb)
    assert torch.equal(latents, full.encode(rgb))
    latents = saved.denoise(latents, steps=2)
    assert torch.equal(latents, full.denoise(saved.encode(rgb), steps=2))
    assert float((saved.decode(latents) - full.decode(latents)).abs().max()) < 1e-6


@pytest.mark.parametrize("call", ["encode", "denoise", "decode"])
def test_cancel_takes_effect_within_a_layer(call: str, fresh: MattingModel) -> None:
    arguments: dict[str, tuple[Any, dict[str, Any]]] = {
        "encode": (torch.rand(2, 3, 64, 96), {}),
        "denoise": (torch.rand(2, 4, 8, 12), {"steps": 1}),
        "decode": (torch.rand(2, 4, 8, 12), {}),
    }
    tensor, options = arguments[call]
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    fresh.check_cancelled = count
    getattr(fresh, call)(tensor, **options)
    assert calls >= 8  # every layer asks

    def cancel() -> None:
        nonlocal calls
        calls -= 1
        if calls <= 3:
            raise CancelledError("cancelled")

    fresh.check_cancelled = cancel
    with pytest.raises(CancelledError):
        getattr(fresh, call)(tensor, **options)
    assert calls == 3  # and nothing went on after

    fresh.check_cancelled = count
    getattr(fresh, call)(tensor, **options)  # the model still works


def test_numbers_that_are_not_finite_are_found(fresh: MattingModel) -> None:
    latents = torch.zeros(2, 4, 8, 12)
    latents[1, 0, 0, 0] = float("nan")
    with pytest.raises(WeightsCorruptError, match="not finite, in float32"):
        fresh.denoise(latents, steps=1)
    with pytest.raises(WeightsCorruptError, match="not finite"):
        fresh.decode(latents)


def test_overflow_in_half_precision_says_what_to_set(parity: Path) -> None:
    model = load_model(find_weights(model_base=str(parity / "svd")), device=CPU, dtype=torch.float16)
    with pytest.raises(ParamError, match="bf16 or fp32") as caught:
        model.denoise(torch.full((2, 4, 8, 12), 60000.0), steps=1)
    assert caught.value.name == "precision"


def test_full_memory_says_what_to_lower(fresh: MattingModel) -> None:
    fresh.memory_settings = {"num_frames_per_batch": 8, "decode_chunk_size": 16, "max_resolution": 960}
    with pytest.raises(OutOfMemoryError) as caught:
        # 900 TB, of which none is there: the tensor repeats one pixel
        fresh.encode(torch.zeros(1, 3, 1, 1).expand(1, 3, 1 << 23, 1 << 23))
    assert "num_frames_per_batch (now 8) to 4, 2" in caught.value.message
    assert "decode_chunk_size (now 16) to 8, 4" in caught.value.message
    assert "max_resolution (now 960) to 720, 512" in caught.value.message


def test_advice_leaves_out_what_is_at_its_least() -> None:
    assert advice({}).count(" to ") == 3
    assert "decode_chunk_size" not in advice({"decode_chunk_size": 4})
    least = {"num_frames_per_batch": 2, "decode_chunk_size": 4, "max_resolution": 512}
    assert "device with more memory" in advice(least)


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(RuntimeError, match="shape"), explained(CPU, {}):
        torch.zeros(2).reshape(3)


def test_what_cannot_be_computed_is_refused(load: Any) -> None:
    with pytest.raises(UsageError, match="multiples of 8"):
        load().encode(torch.rand(1, 3, 60, 64))
    with pytest.raises(ParamError, match="denoise_steps"):
        load().denoise(torch.zeros(2, 4, 8, 8), steps=0)
    with pytest.raises(UsageError, match="single frame"):
        load().denoise(torch.zeros(1, 4, 8, 8), steps=1)


def test_schedulers_of_other_classes_give_their_timesteps_alone() -> None:
    other = {"_class_name": "EulerDiscreteScheduler", "num_train_timesteps": 500, "shift": 3.0}
    assert build_scheduler(other).config.num_train_timesteps == 500
    assert build_scheduler(other).config.shift == 1.0
    with pytest.raises(WeightsMismatchError):
        build_scheduler({"use_karras_sigmas": True, "use_beta_sigmas": True})
