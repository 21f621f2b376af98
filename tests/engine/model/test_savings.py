"""Each saving against diffusers' unmodified modules with the same weights."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from diffusers.models.resnet import AlphaBlender, ResnetBlock2D, SpatioTemporalResBlock
from gvm_matte.engine.model.decoders import AlphaDecoder, RgbDecoder
from gvm_matte.engine.model.matting import MattingModel
from gvm_matte.engine.model.savings import (
    ConstantAttention,
    ConstantMix,
    Idle,
    InPlaceResnet,
    SpatialAlone,
    constant_cross_attention,
    leave_out_idle_layers,
    save_in_unet,
    work_in_place,
)
from gvm_matte.engine.model.time_constants import MAX_TABLES


def passes(model: MattingModel, frames: int, timestep: float) -> torch.Tensor:
    """One pass of the UNet over noise."""
    generator = torch.Generator().manual_seed(frames)
    sample = torch.randn(1, frames, 8, 8, 12, generator=generator, dtype=model.dtype)
    with torch.inference_mode():
        result: torch.Tensor = model._unet(sample, torch.tensor(timestep))
    return result


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ["svd", "dav"])
def test_unet_is_bit_identical(name: str, dtype: torch.dtype, load: Any) -> None:
    full, saved = load(name, dtype=dtype, savings=False), load(name, dtype=dtype)
    for frames, timestep in ((1, 999.0), (5, 999.0), (8, 999.0), (8, 333.5), (5, 999.0)):
        assert torch.equal(passes(full, frames, timestep), passes(saved, frames, timestep)), (frames, timestep)


def test_cross_attention_alone_is_bit_identical(load: Any) -> None:
    full = load(savings=False)
    unet = copy.deepcopy(full._unet)
    constant_cross_attention(unet)
    sample = torch.randn(1, 3, 8, 8, 8)
    with torch.inference_mode():
        assert torch.equal(full._unet(sample, torch.tensor(999.0)), unet(sample, torch.tensor(999.0)))


def test_time_and_positions_alone_are_bit_identical(load: Any) -> None:
    full = load(savings=False)
    unet = copy.deepcopy(full._unet)
    save_in_unet(unet)
    sample = torch.randn(1, 3, 8, 8, 8)
    with torch.inference_mode():
        for timestep in (999.0, 500.0, 999.0):
            expected = full._unet(sample, torch.tensor(timestep))
            assert torch.equal(expected, unet(sample, torch.tensor(timestep)))


def test_time_is_computed_once(load: Any) -> None:
    unet = copy.deepcopy(load()._unet)
    calls: list[object] = []
    unet.time_embedding.register_forward_hook(lambda *_: calls.append(1))
    sample = torch.randn(1, 2, 8, 8, 8)
    with torch.inference_mode():
        for _ in range(3):
            unet(sample, torch.tensor(999.0))
            unet(sample, torch.tensor(333.0))
    assert len(calls) == 2


def test_tables_do_not_grow_without_end(load: Any) -> None:
    unet = copy.deepcopy(load()._unet)
    sample = torch.randn(1, 2, 8, 8, 8)
    with torch.inference_mode():
        for timestep in range(MAX_TABLES + 3):
            unet(sample, torch.tensor(float(timestep)))
    assert len(unet.time_constants.tables[0].rows) <= MAX_TABLES


@pytest.mark.parametrize("strategy", ["learned", "learned_with_images"])
@pytest.mark.parametrize("switched", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_mix_is_bit_identical(strategy: str, switched: bool, dtype: torch.dtype) -> None:
    blender = AlphaBlender(0.37, strategy, switch_spatial_to_temporal_mix=switched).to(dtype).requires_grad_(False)
    spatial, temporal = torch.randn(2, 1, 4, 3, 5, 5).to(dtype)
    expected = blender(spatial, temporal, torch.zeros(1, 3))
    assert torch.equal(ConstantMix(blender)(spatial, temporal), expected)


def silence(network: torch.nn.Module, blocks: int) -> None:
    """Gives the temporal branches of the last blocks no share."""
    found = [module for module in network.modules() if isinstance(module, SpatioTemporalResBlock)]
    for block in found[-blocks:]:
        factor = block.time_mixer.mix_factor
        factor.data = torch.full_like(factor, -200.0 if block.time_mixer.switch_spatial_to_temporal_mix else 200.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_silent_branch_is_left_out_and_nothing_changes(dtype: torch.dtype, load: Any) -> None:
    decoder = copy.deepcopy(load(savings=False, dtype=dtype)._decoder.decoder)
    silence(decoder, 2)
    full, lean = RgbDecoder(copy.deepcopy(decoder)), AlphaDecoder(copy.deepcopy(decoder))
    assert sum(isinstance(module, SpatialAlone) for module in lean.modules()) == 2
    latents = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(1)).to(dtype)
    with torch.inference_mode():
        x, y = full.decoder.conv_in(latents), lean.decoder.conv_in(latents)
        for a, b in zip(full.decoder.up_blocks, lean.decoder.up_blocks):
            x = a(x, image_only_indicator=torch.zeros(1, 3))
            y = b(y, image_only_indicator=torch.zeros(1, 3))
            assert torch.equal(x, y)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_layers_that_add_zero_are_left_out_and_nothing_changes(dtype: torch.dtype, load: Any) -> None:
    encoder = copy.deepcopy(load(savings=False, dtype=dtype)._encoder)
    for layer in (encoder.mid_block.resnets[0].conv2, encoder.mid_block.attentions[0].to_out[0]):
        for value in (layer.weight, layer.bias):
            value.data.zero_()
    lean = copy.deepcopy(encoder)
    leave_out_idle_layers(lean)
    assert isinstance(lean.mid_block.resnets[0], Idle) and isinstance(lean.mid_block.attentions[0], Idle)
    assert sum(isinstance(module, Idle) for module in lean.modules()) == 2
    frames = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)).to(dtype)
    with torch.inference_mode():
        assert torch.equal(encoder(frames), lean(frames))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(("into", "time"), [(32, None), (64, None), (32, 16), (64, 16)])
def test_a_resnet_that_works_in_place_is_bit_identical_and_leaves_what_it_is_given(
    into: int, time: int | None, dtype: torch.dtype
) -> None:
    block = ResnetBlock2D(in_channels=32, out_channels=into, temb_channels=time).to(dtype).eval().requires_grad_(False)
    x, moment = torch.randn(2, 32, 24, 24).to(dtype), None if time is None else torch.randn(2, time).to(dtype)
    expected, given = block(x, moment), (x.clone(), moment if moment is None else moment.clone())
    work_in_place(block)
    assert type(block) is InPlaceResnet
    with torch.inference_mode():
        assert torch.equal(block(x, moment), expected)
    assert torch.equal(x, given[0])
    assert moment is None or torch.equal(moment, given[1])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [{"up": True}, {"down": True}, {"output_scale_factor": 2.0}, {"non_linearity": "gelu"}])
def test_resnets_of_other_kinds_stay_as_they_are(kind: dict[str, Any]) -> None:
    block = ResnetBlock2D(in_channels=32, temb_channels=None, **kind)
    work_in_place(block)
    assert type(block) is ResnetBlock2D


def test_a_layer_with_a_single_weight_left_is_no_idle_one(load: Any) -> None:
    encoder = copy.deepcopy(load(savings=False)._encoder)
    last = encoder.mid_block.resnets[0].conv2
    last.weight.data.zero_()
    last.bias.data.zero_()
    last.weight.data[0, 0, 1, 1] = 1e-3
    leave_out_idle_layers(encoder)
    assert not any(isinstance(module, Idle) for module in encoder.modules())


def test_mean_over_rgb_folds_into_the_last_convolution(load: Any) -> None:
    decoder = copy.deepcopy(load(savings=False)._decoder.decoder)
    folded = AlphaDecoder(copy.deepcopy(decoder))
    latents = torch.randn(3, 4, 8, 8)
    with torch.inference_mode():
        mean, once = RgbDecoder(decoder)(latents), folded(latents)
    assert once.shape == mean.shape == (3, 1, 64, 64)
    assert float((mean - once).abs().max()) < 1e-6


def test_projections_of_cross_attention_are_never_loaded(load: Any) -> None:
    saved, full = dict(load()._unet.named_parameters()), dict(load(savings=False)._unet.named_parameters())
    left = {name for name in saved if ".attn2." in name}
    assert left and all(name.endswith("attn2.to_out.0.bias") for name in left)
    assert not any(".norm2." in name and "transformer_blocks" in name for name in saved)
    assert len(saved) < len(full)
    assert any(isinstance(module, ConstantAttention) for module in load()._unet.modules())
