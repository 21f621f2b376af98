"""Adapters in every form that training scripts write, merged to the same weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from gvm_matte.core.errors import WeightsCorruptError, WeightsMismatchError
from gvm_matte.engine.model.lora import plain_key, read_adapter
from gvm_matte.engine.model.matting import MattingModel, load_model
from gvm_matte.engine.model.weights import find_weights
from safetensors.torch import load_file, save_file
from torch import Tensor

NAME = "pytorch_lora_weights.safetensors"


@pytest.fixture
def adapter(tmp_path: Path, parity: Path) -> Path:
    """A copy of the adapter, to be changed."""
    return Path(shutil.copytree(parity / "lora", tmp_path / "lora"))


def merged(adapter: Path, parity: Path, **options: Any) -> MattingModel:
    """The svd model with an adapter."""
    files = find_weights(model_base=str(parity / "svd"), lora_base=str(adapter))
    return load_model(files, device=torch.device("cpu"), dtype=torch.float32, **options)


def rename(adapter: Path, prefix: str, infix: str = "") -> dict[str, Tensor]:
    """The adapter's tensors under other keys."""
    return {
        prefix + key.removeprefix("model.").replace(".weight", f"{infix}.weight"): one
        for key, one in load_file(adapter / NAME).items()
    }


def equal(one: MattingModel, other: MattingModel) -> bool:
    """Whether the UNets are equal, names included."""
    left, right = one._unet.state_dict(), other._unet.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize("infix", ["", ".default"])
@pytest.mark.parametrize("prefix", ["", "base_model.model.", "model.", "unet.", "base_model.model.unet.", "model.unet."])
def test_every_prefix_means_the_same_tensor(prefix: str, infix: str, adapter: Path) -> None:
    expected = read_adapter(adapter)
    save_file(rename(adapter, prefix, infix), adapter / NAME)
    found = read_adapter(adapter)
    assert found.keys() == expected.keys() and all(torch.equal(found[key], expected[key]) for key in found)


@pytest.mark.parametrize(("prefix", "infix"), [("", ""), ("base_model.model.", ".default"), ("unet.", "")])
def test_prefixes_give_identical_merged_weights(prefix: str, infix: str, adapter: Path, parity: Path, load: Any) -> None:
    save_file(rename(adapter, prefix, infix), adapter / NAME)
    assert equal(merged(adapter, parity), load("svd", lora=True))


@pytest.mark.parametrize("name", ["pytorch_lora_weights.pt", "adapter_model.safetensors", "adapter_model.bin"])
def test_every_file_name_is_read(name: str, adapter: Path) -> None:
    expected = read_adapter(adapter)
    tensors = load_file(adapter / NAME)
    (adapter / NAME).unlink()
    save_file(tensors, adapter / name) if name.endswith("safetensors") else torch.save(tensors, adapter / name)
    assert read_adapter(adapter).keys() == expected.keys()


def test_merge_is_the_formula_and_leaves_no_trace(parity: Path, load: Any) -> None:
    base, unet = load("svd")._unet, load("svd", lora=True)._unet
    assert unet.state_dict().keys() == base.state_dict().keys()
    assert not any(type(module).__module__.startswith("peft") for module in unet.modules())
    assert not hasattr(unet, "peft_config")
    tensors = load_file(parity / "lora" / NAME)
    layer = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
    down, up = (tensors[f"model.{layer}.lora_{side}.weight"].float() for side in "AB")
    expected = base.get_submodule(layer).weight + 8 / 4 * up @ down
    assert torch.allclose(unet.get_submodule(layer).weight, expected, atol=1e-6)
    assert not any(parameter.requires_grad for parameter in unet.parameters())


def test_rank_and_alpha_patterns_and_rslora(adapter: Path, parity: Path, load: Any) -> None:
    layer = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
    tensors = {f"{layer}.lora_A.weight": torch.randn(9, 32), f"{layer}.lora_B.weight": torch.randn(32, 9)}
    save_file(tensors, adapter / NAME)
    config = json.loads((adapter / "adapter_config.json").read_text())
    config |= {"rank_pattern": {"to_q": 9}, "alpha_pattern": {"to_q": 6}, "use_rslora": True}
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    delta = merged(adapter, parity)._unet.get_submodule(layer).weight - load("svd")._unet.get_submodule(layer).weight
    up, down = tensors[f"{layer}.lora_B.weight"], tensors[f"{layer}.lora_A.weight"]
    assert torch.allclose(delta, 6 / 9**0.5 * up @ down, atol=1e-4)


def test_a_module_saved_whole_replaces_the_unets(adapter: Path, parity: Path) -> None:
    weight = torch.randn(32, 8, 3, 3)
    tensors = load_file(adapter / NAME) | {"base_model.model.conv_in.modules_to_save.default.weight": weight}
    save_file(tensors, adapter / NAME)
    assert torch.equal(merged(adapter, parity)._unet.conv_in.weight, weight)


def test_keys_without_a_place_are_named(adapter: Path, parity: Path) -> None:
    tensors = load_file(adapter / NAME)
    tensors |= {f"model.text_encoder.{i}.lora_A.weight": torch.zeros(4, 32) for i in range(7)}
    save_file(tensors, adapter / NAME)
    with pytest.raises(WeightsMismatchError, match=r"7 of the 327 .*text_encoder\.0.*text_encoder\.4") as caught:
        merged(adapter, parity)
    assert "text_encoder.5" not in caught.value.message


def test_half_a_pair_is_named(adapter: Path, parity: Path) -> None:
    tensors = load_file(adapter / NAME)
    del tensors[next(key for key in tensors if "lora_B" in key)]
    save_file(tensors, adapter / NAME)
    with pytest.raises(WeightsMismatchError, match="other half of 1 tensors"):
        merged(adapter, parity)


def test_rank_that_contradicts_the_config(adapter: Path, parity: Path) -> None:
    config = json.loads((adapter / "adapter_config.json").read_text()) | {"r": 8}
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsMismatchError, match="does not fit"):
        merged(adapter, parity)


def test_truncated_adapter(adapter: Path, parity: Path) -> None:
    (adapter / NAME).write_bytes((adapter / NAME).read_bytes()[:-10])
    with pytest.raises(WeightsCorruptError, match="truncated"):
        merged(adapter, parity)


def test_a_tensor_twice_is_refused(adapter: Path) -> None:
    tensors = load_file(adapter / NAME)
    key = next(iter(tensors))
    save_file(tensors | {f"base_model.{key}": tensors[key].clone()}, adapter / NAME)
    with pytest.raises(WeightsCorruptError, match="twice"):
        read_adapter(adapter)


def test_plain_key() -> None:
    assert plain_key("model.unet.a.to_q.lora_A.default.weight") == "a.to_q.lora_A.weight"
    assert plain_key("a.to_out.0.lora_B.weight") == "a.to_out.0.lora_B.weight"
    assert plain_key("base_model.model.a.lora_magnitude_vector.default") == "a.lora_magnitude_vector"
