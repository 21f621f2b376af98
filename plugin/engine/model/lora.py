"""A LoRA adapter in PEFT's form, merged into the UNet's weights when they are loaded: no cost a frame."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ...core.errors import WeightsCorruptError, WeightsMismatchError
from .loading import Shapes
from .tensor_files import PICKLE_SUFFIXES, load_pickle
from .weights import ADAPTER_CONFIG, adapter_file

# What training scripts leave before a module's own name, once or several times over.
_PREFIX = re.compile(r"^((base_model|model|unet)\.)+")
# PEFT writes the adapter's name into the key of a module in memory, and leaves it out of a file; scripts do both.
_PART = re.compile(r"\.(lora_A|lora_B|lora_magnitude_vector)(\.default)?(\.weight)?$")
_SAVED_MODULE = re.compile(r"\.modules_to_save(\.default)?\.")


def read_adapter(folder: Path) -> dict[str, Tensor]:
    """The adapter's tensors on the CPU under the UNet's own names: `….to_q.lora_A.weight`.

    Raises:
        WeightsMissingError: there is no adapter file.
        WeightsCorruptError: it cannot be read, or two of its keys mean the same tensor.
    """
    path = adapter_file(folder)
    try:
        tensors = load_pickle(path) if path.suffix in PICKLE_SUFFIXES else load_file(path)
    except (SafetensorError, OSError) as exc:
        raise WeightsCorruptError(f"{path} cannot be read: {exc}. Copy it again.", path=str(path)) from exc
    named = {plain_key(key): tensor for key, tensor in tensors.items()}
    if len(named) != len(tensors):
        raise WeightsCorruptError(f"{path} holds some tensors twice under different prefixes.", path=str(path))
    return named


def plain_key(key: str) -> str:
    """A key without prefixes and adapter name: `model.unet.a.to_q.lora_A.default.weight` → `a.to_q.lora_A.weight`."""
    key = _SAVED_MODULE.sub(".", _PREFIX.sub("", key))
    match = _PART.search(key)
    if match is None:
        return key
    return f"{key[: match.start()]}.{match.group(1)}" + ("" if match.group(1) == "lora_magnitude_vector" else ".weight")


def merge_adapter(unet: nn.Module, folder: Path, layout: Shapes) -> None:
    """Adds the adapter in `folder` to the weights of `unet`, in place; nothing of PEFT stays behind.

    PEFT itself does the arithmetic, so rank and alpha patterns, rank-stabilised scaling and DoRA are as they were in
    training. What an adapter changes in cross-attention is dropped where that is a constant already: its input is zero.

    Args:
        unet: loaded, in the precision and on the device that it will run in.
        layout: names and shapes of the whole UNet, cross-attention included: what the adapter may refer to.

    Raises:
        WeightsMissingError, WeightsCorruptError: as `read_adapter`.
        WeightsMismatchError: keys or shapes that the UNet does not have, or half of a pair; names the first five.
    """
    adapter = read_adapter(folder)
    _check_keys(adapter, layout, folder)
    parameters = dict(unet.named_parameters())
    adapter = {key: tensor for key, tensor in adapter.items() if _target(key) in parameters}
    low_rank = {key: tensor for key, tensor in adapter.items() if _PART.search(key)}
    with torch.no_grad():
        # modules that were trained whole and saved beside the low-rank ones
        for key in adapter.keys() - low_rank.keys():
            parameters[key].copy_(adapter[key])
        if low_rank:
            _merge_low_rank(unet, folder, low_rank)


def _module_of(key: str) -> str:
    match = _PART.search(key)
    return key[: match.start()] if match else key.rpartition(".")[0]


def _target(key: str) -> str:
    """The parameter that a key changes."""
    return f"{_module_of(key)}.weight" if _PART.search(key) else key


def _check_keys(adapter: dict[str, Tensor], layout: Shapes, folder: Path) -> None:
    unmatched = sorted(key for key in adapter if _target(key) not in layout)
    if unmatched:
        raise WeightsMismatchError(
            f"{len(unmatched)} of the {len(adapter)} tensors of the LoRA adapter in {folder} have no place in this UNet: "
            f"{', '.join(unmatched[:5])}. The adapter belongs to another model.",
            path=str(folder),
        )
    pairs = {key for key in adapter if key.endswith((".lora_A.weight", ".lora_B.weight"))}
    halves = sorted(key for key in pairs if _partner(key) not in pairs)
    if halves:
        raise WeightsMismatchError(
            f"The LoRA adapter in {folder} lacks the other half of {len(halves)} tensors: {', '.join(halves[:5])}. "
            f"Copy it again.",
            path=str(folder),
        )


def _partner(key: str) -> str:
    return key.replace("lora_A", "lora_B") if "lora_A" in key else key.replace("lora_B", "lora_A")


def _merge_low_rank(unet: nn.Module, folder: Path, adapter: dict[str, Tensor]) -> None:
    from peft import LoraConfig, LoraModel, set_peft_model_state_dict  # takes seconds, and few jobs have an adapter

    try:
        config = LoraConfig.from_pretrained(str(folder))
        # the tensors say which modules are adapted; the config's patterns still say with which rank and scale
        config.target_modules = {_module_of(key) for key in adapter}
        config.modules_to_save = config.exclude_modules = config.layers_to_transform = config.layers_pattern = None
        config.inference_mode, config.init_lora_weights = True, True
        tuner = LoraModel(unet, config, "default")
        outcome = set_peft_model_state_dict(unet, adapter)
    except (TypeError, ValueError, RuntimeError, KeyError) as exc:
        raise WeightsMismatchError(
            f"The LoRA adapter in {folder} does not fit: {str(exc).strip()[:600]}. "
            f"Its {ADAPTER_CONFIG} and its tensors must be of one training.",
            path=str(folder),
        ) from exc
    if outcome.unexpected_keys:
        raise WeightsMismatchError(
            f"{len(outcome.unexpected_keys)} tensors of the LoRA adapter in {folder} are not in its {ADAPTER_CONFIG}: "
            f"{', '.join(sorted(outcome.unexpected_keys)[:5])}.",
            path=str(folder),
        )
    tuner.merge_and_unload()
    unet.requires_grad_(False)
