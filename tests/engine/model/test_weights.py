"""Finding and describing weights: search order, layouts, kinds, and every fault, with real files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from gvm_matte.core.errors import WeightsCorruptError, WeightsMismatchError, WeightsMissingError
from gvm_matte.engine.model import weights
from gvm_matte.engine.model.tensor_files import fingerprint
from gvm_matte.engine.model.weights import WeightFiles, find_weights
from safetensors.torch import load_file, save_file

FILE = "diffusion_pytorch_model.safetensors"


def find(folder: Path, **options: Any) -> WeightFiles:
    """The weights of a named folder."""
    return find_weights(model_base=str(folder), **options)


def shard(folder: Path) -> None:
    """Splits a component's single file into two shards with an index."""
    tensors = load_file(folder / FILE)
    names = sorted(tensors)
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    weight_map = {}
    for number, half in enumerate(halves, 1):
        name = f"diffusion_pytorch_model-{number:05d}-of-00002.safetensors"
        save_file({key: tensors[key] for key in half}, folder / name)
        weight_map.update(dict.fromkeys(half, name))
    (folder / f"{FILE}.index.json").write_text(json.dumps({"weight_map": weight_map}))
    (folder / FILE).unlink()


# what is found


@pytest.mark.parametrize("kind", ["svd", "dav"])
def test_kind_is_detected(kind: str, parity: Path) -> None:
    found = find(parity / kind)
    assert (found.kind, found.name, found.notices) == (kind, kind, ())
    assert found.unet == parity / kind / "unet" and found.scheduler == parity / kind / "scheduler"
    assert find(parity / kind, pretrain_type=kind) == found


@pytest.mark.parametrize("unet", ["svd", "svd/unet"])
def test_unet_base_is_a_folder_of_unet_or_the_unets_own(unet: str, parity: Path) -> None:
    assert find(parity / "svd", unet_base=str(parity / unet)).unet == parity / "svd" / "unet"


def test_first_use_case_of_the_guide(svd: Path) -> None:
    """The UNet's own folder as lora_base, with no adapter in it."""
    found = find(svd, unet_base=f"{svd}/unet", lora_base=f"{svd}/unet", pretrain_type="svd")
    assert found.lora is None and "no adapter" in found.notices[0]


def test_adapter_in_the_unets_own_folder(svd: Path, parity: Path) -> None:
    for path in (parity / "lora").iterdir():
        shutil.copy(path, svd / "unet")
    assert find(svd, lora_base=f"{svd}/unet").lora == svd / "unet"


def test_search_order(svd: Path, parity: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert find_weights(search=[empty, svd, parity / "dav"]).base == svd
    monkeypatch.setenv("GVM_MODEL_BASE", str(parity / "dav"))
    assert find_weights().kind == "dav"
    monkeypatch.delenv("GVM_MODEL_BASE")
    (tmp_path / "data").mkdir()
    svd.rename(tmp_path / "data" / "weights")
    monkeypatch.chdir(tmp_path)
    assert find_weights().base == Path("data", "weights")


def test_builtin_comes_last_and_says_so(svd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "BUILTIN", svd)
    found = find_weights(search=[tmp_path / "nothing", svd])
    assert found.is_builtin and "built-in" in found.notices[0] and "licence" in found.notices[0]


def test_scheduler_may_be_absent(svd: Path) -> None:
    shutil.rmtree(svd / "scheduler")
    assert find(svd).scheduler is None


def test_sharded_fp16_and_pickle_layouts(svd: Path) -> None:
    shard(svd / "unet")
    (svd / "vae" / FILE).rename(svd / "vae" / "diffusion_pytorch_model.fp16.safetensors")
    assert find(svd).kind == "svd"
    torch.save(
        load_file(svd / "vae" / "diffusion_pytorch_model.fp16.safetensors"), svd / "vae" / "diffusion_pytorch_model.bin"
    )
    (svd / "vae" / "diffusion_pytorch_model.fp16.safetensors").unlink()
    assert find(svd).kind == "svd"


def test_fingerprint_tells_weights_apart_and_not_folders(svd: Path, parity: Path) -> None:
    assert find(svd).fingerprint == find(parity / "svd").fingerprint
    assert find(svd).fingerprint != find(parity / "dav").fingerprint
    assert find(svd).fingerprint != find(svd, lora_base=str(parity / "lora")).fingerprint
    path = svd / "unet" / FILE
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert find(svd).fingerprint != find(parity / "svd").fingerprint


def test_fingerprint_samples_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(64 * 64 * 1024 * 4)
    before = fingerprint([("large", path)])
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    assert fingerprint([("large", path)]) != before
    assert fingerprint([("other", path)]) != fingerprint([("large", path)])


# what is missing


def test_a_named_folder_without_weights_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError) as caught:
        find(tmp_path)
    for part in (f"{tmp_path / 'vae' / FILE}", "geyongtao/gvm", "5 GB", "licence"):
        assert part in caught.value.message
    with pytest.raises(WeightsMissingError, match="no such folder"):
        find(tmp_path / "nowhere")


def test_a_named_environment_folder_without_weights_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVM_MODEL_BASE", str(tmp_path / "nowhere"))
    with pytest.raises(WeightsMissingError, match=r"\$GVM_MODEL_BASE"):
        find_weights()


def test_nothing_anywhere_names_every_folder(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError) as caught:
        find_weights(search=[tmp_path / "one", tmp_path / "two"])
    assert str(tmp_path / "one") in caught.value.message and str(tmp_path / "two") in caught.value.message
    assert "geyongtao/gvm" in caught.value.message


def test_half_a_set_in_the_search_is_not_passed_over(svd: Path, parity: Path) -> None:
    shutil.rmtree(svd / "vae")
    with pytest.raises(WeightsMissingError, match="VAE"):
        find_weights(search=[svd, parity / "dav"])


def test_unet_base_without_a_unet(svd: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="holds no UNet"):
        find(svd, unet_base=str(tmp_path))


@pytest.mark.parametrize("part", ["vae", "unet"])
def test_missing_config(part: str, svd: Path) -> None:
    (svd / part / "config.json").unlink()
    with pytest.raises(WeightsMissingError, match=r"config\.json"):
        find(svd)


def test_missing_shard(svd: Path) -> None:
    shard(svd / "unet")
    (svd / "unet" / "diffusion_pytorch_model-00002-of-00002.safetensors").unlink()
    with pytest.raises(WeightsMissingError, match=r"1 of the 2 files.*00002-of-00002"):
        find(svd)


def test_missing_adapter(svd: Path, parity: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="no such folder"):
        find(svd, lora_base=str(tmp_path / "nowhere"))
    folder = tmp_path / "lora"
    folder.mkdir()
    with pytest.raises(WeightsMissingError, match="no LoRA adapter"):
        find(svd, lora_base=str(folder))
    shutil.copy(parity / "lora" / "pytorch_lora_weights.safetensors", folder)
    with pytest.raises(WeightsMissingError, match=r"adapter_config\.json is missing"):
        find(svd, lora_base=str(folder))


# what is damaged


def test_truncated_file_names_sizes(svd: Path) -> None:
    path = svd / "unet" / FILE
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: size // 2])
    with pytest.raises(WeightsCorruptError) as caught:
        find(svd)
    assert f"{size:,}" in caught.value.message and f"{size // 2:,}" in caught.value.message
    assert str(path) in caught.value.message and "Copy it again" in caught.value.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>Not found</html>", "not a safetensors file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        ((10_000).to_bytes(8, "little") + b'{"a":', "truncated in its header"),
        ((9).to_bytes(8, "little") + b'{"a": "b"', "damaged header"),
        ((9).to_bytes(8, "little") + b'{"a": {} }', "damaged header"),
        ((2).to_bytes(8, "little") + b"{}rest", "longer than"),
        (b"\0\0", "not a safetensors file"),
    ],
)
def test_what_is_not_a_whole_safetensors_file(content: bytes, said: str, svd: Path) -> None:
    (svd / "vae" / FILE).write_bytes(content)
    with pytest.raises(WeightsCorruptError, match=said):
        find(svd)


@pytest.mark.parametrize("text", ["{", "[]", "\ufeff\x00"])
@pytest.mark.parametrize("part", ["vae/config.json", "unet/config.json", "scheduler/scheduler_config.json"])
def test_unreadable_config(part: str, text: str, svd: Path) -> None:
    (svd / part).write_text(text)
    with pytest.raises(WeightsCorruptError, match=r"config\.json"):
        find(svd)


@pytest.mark.parametrize("weight_map", [{}, None, {"a": "../../elsewhere.safetensors"}])
def test_bad_index(weight_map: object, svd: Path) -> None:
    shard(svd / "unet")
    (svd / "unet" / f"{FILE}.index.json").write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(WeightsCorruptError, match=r"index|outside"):
        find(svd)


class RunsCode:
    """What a hostile pickle would hold."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('code in a weights file was run')",)


@pytest.mark.parametrize("content", [b"", b"not a pickle", RunsCode(), [1, 2]])
def test_a_pickle_that_is_not_plain_tensors_is_refused(content: object, svd: Path) -> None:
    (svd / "vae" / FILE).unlink()
    path = svd / "vae" / "diffusion_pytorch_model.bin"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(WeightsCorruptError, match=r"diffusion_pytorch_model\.bin"):
        find(svd)


# what contradicts itself


@pytest.mark.parametrize(("held", "asked"), [("svd", "dav"), ("dav", "svd")])
def test_asked_for_the_other_kind(held: str, asked: str, parity: Path) -> None:
    with pytest.raises(WeightsMismatchError, match=f"--pretrain-type {asked} .*Pass --pretrain-type {held}"):
        find(parity / held, pretrain_type=asked)


def test_config_and_tensors_contradict_each_other(svd: Path) -> None:
    path = svd / "unet" / "config.json"
    config = json.loads(path.read_text()) | {"_class_name": "UNetSpatioTemporalRopeConditionModel"}
    path.write_text(json.dumps(config))
    with pytest.raises(WeightsMismatchError, match=r"which is dav.*time_pos_embed.*Pass --pretrain-type svd"):
        find(svd)
    found = find(svd, pretrain_type="svd")  # as the message says
    assert found.kind == "svd" and found.notices


def test_other_classes_are_refused(svd: Path) -> None:
    path = svd / "vae" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"_class_name": "AutoencoderKL"}))
    with pytest.raises(WeightsMismatchError, match="AutoencoderKL;"):
        find(svd)


def test_an_adapter_that_is_not_lora(svd: Path, parity: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(parity / "lora", tmp_path / "ia3"))
    config = json.loads((folder / "adapter_config.json").read_text()) | {"peft_type": "IA3"}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsMismatchError, match="IA3"):
        find(svd, lora_base=str(folder))


def test_unknown_pretrain_type(svd: Path) -> None:
    with pytest.raises(WeightsMismatchError, match="svdd"):
        find(svd, pretrain_type="svdd")
