"""The reference's small models and numbers, and diffusers' own modules to compare with."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from gvm_matte.engine.model.matting import MattingModel, load_model
from gvm_matte.engine.model.unet import SHAPE_KEYS
from gvm_matte.engine.model.weights import find_weights
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

PARITY = Path(__file__).parents[2] / "data" / "parity"
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Case:
    """One file of the reference's numbers."""

    tensors: dict[str, Tensor]
    params: dict[str, Any]

    @property
    def alpha(self) -> Tensor:
        """[N,1,H,W], what the reference gave."""
        return self.tensors["alpha"]


@pytest.fixture(scope="session")
def parity() -> Path:
    """The folder with the models `svd`, `dav`, `lora` and the cases."""
    return PARITY


@pytest.fixture(scope="session")
def case() -> Any:
    """Reads a case by its name."""

    def read(name: str) -> Case:
        with safe_open(PARITY / "cases" / f"{name}.safetensors", "pt") as file:
            return Case({key: file.get_tensor(key) for key in file.keys()}, json.loads(file.metadata()["params"]))  # noqa: SIM118

    return read


@pytest.fixture(scope="session")
def load() -> Any:
    """Loads one of the small models on the CPU; the same call gives the same object."""
    kept: dict[tuple[object, ...], MattingModel] = {}

    def get(
        name: str = "svd", *, lora: bool = False, dtype: torch.dtype = torch.float32, savings: bool = True
    ) -> MattingModel:
        key = (name, lora, dtype, savings)
        if key not in kept:
            files = find_weights(model_base=str(PARITY / name), lora_base=str(PARITY / "lora") if lora else "")
            kept[key] = load_model(files, device=CPU, dtype=dtype, savings=savings)
        return kept[key]

    return get


@pytest.fixture
def svd(tmp_path: Path) -> Path:
    """A copy of the small svd model, to be damaged."""
    return Path(shutil.copytree(PARITY / "svd", tmp_path / "svd"))


class Unmodified:
    """diffusers' UNet and VAE in float64, with none of this package's code.

    The UNet has a branch for added time ids that the matting UNets lack: its last layer is set to zero, so it adds zero.
    """

    def __init__(self, lora: bool = False) -> None:
        unet = json.loads((PARITY / "svd/unet/config.json").read_text())
        vae = json.loads((PARITY / "svd/vae/config.json").read_text())
        self.unet = UNetSpatioTemporalConditionModel(**{key: unet[key] for key in SHAPE_KEYS})
        weights = load_file(PARITY / "svd/unet/diffusion_pytorch_model.safetensors")
        missing, unexpected = self.unet.load_state_dict(weights, strict=False)
        assert not unexpected and all(name.startswith("add_embedding") for name in missing)
        torch.nn.init.zeros_(self.unet.add_embedding.linear_2.weight)
        torch.nn.init.zeros_(self.unet.add_embedding.linear_2.bias)
        self.vae = AutoencoderKLTemporalDecoder(**{key: value for key, value in vae.items() if key[0] != "_"})
        self.vae.load_state_dict(load_file(PARITY / "svd/vae/diffusion_pytorch_model.safetensors"))
        self.unet, self.vae = self.unet.double().eval(), self.vae.double().eval()
        if lora:
            self._merge()

    def _merge(self) -> None:
        """W + alpha/r · B·A, by hand."""
        config = json.loads((PARITY / "lora/adapter_config.json").read_text())
        adapter = load_file(PARITY / "lora/pytorch_lora_weights.safetensors")
        for key in (key for key in adapter if ".lora_A." in key):
            layer = self.unet.get_submodule(key.removeprefix("model.").removesuffix(".lora_A.weight"))
            down, up = adapter[key].double(), adapter[key.replace("lora_A", "lora_B")].double()
            layer.weight.data += config["lora_alpha"] / config["r"] * up @ down

    @torch.no_grad()
    def alpha(self, rgb: Tensor, *, steps: int, chunk: int) -> Tensor:
        """[N,3,H,W] to [N,1,H,W], one window, `zeros` noise."""
        scale = self.vae.config.scaling_factor
        plate = self.vae.encode(rgb.double() * 2 - 1).latent_dist.mode() * scale
        latent = torch.zeros_like(plate)
        for _ in range(steps):
            latent = self.unet(
                torch.cat((latent, plate), dim=1)[None],
                999,
                torch.zeros(1, 1, self.unet.config.cross_attention_dim, dtype=torch.float64),
                torch.zeros(1, 3, dtype=torch.float64),
            ).sample[0]
        groups = [self.vae.decode(group / scale, num_frames=len(group)).sample for group in latent.split(chunk)]
        return (torch.cat(groups).mean(1, keepdim=True) * 0.5 + 0.5).clamp(0, 1)


@pytest.fixture(scope="session")
def unmodified() -> type[Unmodified]:
    """The class that runs diffusers' own modules."""
    return Unmodified
