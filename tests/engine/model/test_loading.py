"""Weights into networks: every layout gives the same model, and tensors that do not fit are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from gvm_matte.core.errors import WeightsMismatchError
from gvm_matte.engine.model.matting import MattingModel, load_model
from gvm_matte.engine.model.weights import BUILTIN, find_weights
from safetensors.torch import load_file, save_file
from test_weights import FILE, shard

CPU = torch.device("cpu")


def load_from(folder: Path, **options: Any) -> MattingModel:
    """Loads in float32 on the CPU."""
    return load_model(find_weights(model_base=str(folder)), device=CPU, dtype=torch.float32, **options)


def parameters(model: MattingModel) -> dict[str, torch.Tensor]:
    """Every parameter of UNet and VAE."""
    networks = {"unet": model._unet, "encoder": model._encoder, "decoder": model._decoder, "quant": model._quant_conv}
    return {f"{name}.{key}": value for name, network in networks.items() for key, value in network.named_parameters()}


def same(one: MattingModel, other: MattingModel) -> bool:
    """Whether all parameters are equal."""
    left, right = parameters(one), parameters(other)
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


def edit(path: Path, change: Any) -> None:
    """Rewrites a safetensors file."""
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def test_sharded_is_single(svd: Path, load: Any) -> None:
    shard(svd / "unet")
    shard(svd / "vae")
    assert same(load_from(svd), load("svd"))


def test_pickle_is_safetensors(svd: Path, load: Any) -> None:
    torch.save(load_file(svd / "unet" / FILE), svd / "unet" / "diffusion_pytorch_model.bin")
    (svd / "unet" / FILE).unlink()
    assert same(load_from(svd), load("svd"))


def test_stored_halves_become_the_same_floats(svd: Path, load: Any) -> None:
    """The files hold fp16; what was written as fp32 from them loads to the same numbers."""
    for part in ("unet", "vae"):
        tensors = load_file(svd / part / FILE)
        assert {one.dtype for one in tensors.values()} == {torch.float16}
        save_file({key: one.float() for key, one in tensors.items()}, svd / part / FILE)
    model = load_from(svd)
    assert model.dtype == torch.float32 and same(model, load("svd"))


def test_cross_attention_stored_as_its_constant(svd: Path, load: Any) -> None:
    def strip(tensors: dict[str, torch.Tensor]) -> None:
        for name in [name for name in tensors if ".attn2." in name or (".norm2." in name and "transformer" in name)]:
            if not name.endswith("attn2.to_out.0.bias"):
                del tensors[name]

    edit(svd / "unet" / FILE, strip)
    assert same(load_from(svd), load("svd"))


def test_cross_attention_half_there_is_refused(svd: Path) -> None:
    edit(svd / "unet" / FILE, lambda tensors: tensors.pop("mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"))
    with pytest.raises(WeightsMismatchError, match=r"1 missing \(mid_block.*attn2\.to_k\.weight\)"):
        load_from(svd)


@pytest.mark.parametrize("part", ["unet", "vae"])
def test_missing_and_unexpected_tensors_are_named_and_counted(part: str, svd: Path) -> None:
    removed: list[str] = []

    def change(tensors: dict[str, torch.Tensor]) -> None:
        removed.extend(sorted(name for name in tensors if "conv1" in name)[:7])
        for name in removed:
            del tensors[name]
        tensors["stranger.weight"] = torch.zeros(1)

    edit(svd / part / FILE, change)
    with pytest.raises(WeightsMismatchError) as caught:
        load_from(svd)
    assert "7 missing" in caught.value.message and "and 2 more" in caught.value.message
    assert all(name in caught.value.message for name in removed[:5]) and removed[5] not in caught.value.message
    assert "1 unexpected (stranger.weight)" in caught.value.message


def test_wrong_shapes_are_named(svd: Path) -> None:
    edit(svd / "vae" / FILE, lambda tensors: tensors.update({"quant_conv.bias": torch.zeros(3)}))
    with pytest.raises(WeightsMismatchError, match=r"quant_conv\.bias \[3\] instead of \[8\]"):
        load_from(svd)


@pytest.mark.parametrize(
    "change", [{"block_out_channels": [32, 48, 32]}, {"down_block_types": ["Nonsense"]}, {"block_out_channels": "x"}]
)
def test_config_that_builds_no_network(change: dict[str, object], svd: Path) -> None:
    path = svd / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(WeightsMismatchError, match="cannot be built"):
        load_from(svd)


def test_vae_of_another_model(svd: Path) -> None:
    path = svd / "vae" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"latent_channels": 16}))
    with pytest.raises(WeightsMismatchError, match="not of one model"):
        load_from(svd)


def test_progress_goes_from_nothing_to_all(svd: Path) -> None:
    seen: list[tuple[str, float]] = []
    load_from(svd, progress=lambda what, fraction: seen.append((what, fraction)))
    for what in ("Loading the VAE", "Loading the UNet"):
        fractions = [fraction for name, fraction in seen if name == what]
        assert fractions == sorted(fractions) and fractions[-1] == 1.0


def test_overwriting_the_file_leaves_a_loaded_model_alone(svd: Path, load: Any) -> None:
    model = load_from(svd)
    (svd / "unet" / FILE).write_bytes(b"gone")
    assert same(model, load("svd"))


def test_the_built_in_model_is_small_and_laid_out_for_a_cpu() -> None:
    files = list(BUILTIN.rglob("*.safetensors"))
    assert len(files) == 2 and sum(path.stat().st_size for path in files) <= 24_000_000
    model = load_from(BUILTIN)
    assert model.files.is_builtin
    for network in (model._unet, model._encoder, model._decoder):
        weights = [module.weight for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
        assert weights and all(each.is_contiguous(memory_format=torch.channels_last) for each in weights)
