"""Writes a trained network as the package's built-in model: `python -m training.export --run DIR` or `--mean DIR DIR`."""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from gvm_matte.core.files import whole_file
from safetensors.torch import load_file, save_file
from torch import nn

from .network import MatteNetwork, with_cpu_layout

DESTINATION = Path(__file__).resolve().parent.parent / "plugin" / "engine" / "builtin"
WEIGHTS = "diffusion_pytorch_model.safetensors"


def export(network: MatteNetwork, folder: Path) -> int:
    """Writes vae/, unet/ and scheduler/.

    Args:
        network: what to write; any floating type.
        folder: where to; made if missing.

    Returns:
        Bytes of the two weight files.

    Raises:
        ValueError: if a weight does not survive fp16.
    """
    size = 0
    parts: tuple[tuple[str, Any, Any], ...] = (
        ("vae", network.vae, network.vae_config),
        ("unet", network.unet, network.unet_config),
    )
    for name, module, shape in parts:
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        state = {key: value.detach().cpu().to(torch.float16).contiguous() for key, value in module.state_dict().items()}
        bad = [key for key, value in state.items() if not bool(torch.isfinite(value).all())]
        if bad:
            raise ValueError(f"These weights do not fit in fp16: {', '.join(bad)}")
        with whole_file(str(target / WEIGHTS)) as part:
            save_file(state, part, metadata={"format": "pt"})
            Path(part).chmod(0o644)  # safetensors writes for the owner alone
        config = json.loads(module.to_json_string()) | json.loads(json.dumps(shape))
        config["_class_name"] = {"vae": "AutoencoderKLTemporalDecoder", "unet": "UNetSpatioTemporalConditionModel"}[name]
        (target / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        size += (target / WEIGHTS).stat().st_size
    FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000).save_pretrained(folder / "scheduler")
    return size


def load(folder: Path) -> MatteNetwork:
    """Reads an exported model back, in fp32 and for inference."""
    configs = [json.loads((folder / name / "config.json").read_text(encoding="utf-8")) for name in ("vae", "unet")]
    plain = [{key: value for key, value in config.items() if not key.startswith("_")} for config in configs]
    network = MatteNetwork(*plain)
    read_into(network, folder)
    return with_cpu_layout(network).eval().requires_grad_(False)


def read_into(network: MatteNetwork, folder: Path) -> None:
    """Gives a network the weights of an exported model (in place).

    Raises:
        OSError: a file is missing.
        RuntimeError: the model is of other widths.
    """
    for name, module in (("vae", network.vae), ("unet", network.unet)):
        module.load_state_dict(load_file(folder / name / WEIGHTS))


@torch.no_grad()
def mean_of(folders: Sequence[Path]) -> MatteNetwork:
    """The mean of exported models, weight by weight; of one run, or of runs that began as the same model.

    Raises:
        OSError: a file is missing.
        RuntimeError: the models differ in their widths.
    """
    network = load(folders[0])
    for count, folder in enumerate(folders[1:], 2):
        for mine, other in zip(network.parameters(), load(folder).parameters(), strict=True):
            if mine.shape != other.shape:
                raise RuntimeError(f"{folder} has other widths than {folders[0]}.")
            mine.lerp_(other, 1 / count)
    return network


@torch.no_grad()
def rounding(network: nn.Module, height: int = 128, width: int = 224) -> float:
    """The largest change of a clamped alpha when the weights are rounded to fp16 (computed in fp32)."""
    from .evaluate import HeldOut

    rounded = copy.deepcopy(network)
    for weight in rounded.parameters():
        weight.copy_(weight.half().float())
    worst = 0.0
    for index in range(4):
        plate, _ = HeldOut(4, 2, height, width).clip(index)
        worst = max(worst, float((network(plate).clamp(0, 1) - rounded(plate).clamp(0, 1)).abs().max()))
    return worst


def main() -> None:
    """Reads the command line and exports the average weights of a run's checkpoint, or the mean of exported models."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, help="folder of a training run")
    source.add_argument("--mean", type=Path, nargs="+", metavar="DIR", help="exported models whose mean is written")
    parser.add_argument("--to", type=Path, default=DESTINATION)
    options = parser.parse_args()
    torch.set_num_threads(1)  # see README.md: threads that wait for each other on a busy machine
    if options.mean:
        network = mean_of(options.mean)
    else:
        network = with_cpu_layout(MatteNetwork())
        state = torch.load(options.run / "checkpoint.pt", map_location="cpu", weights_only=True)
        network.load_state_dict(state["average"])
        print(f"step {state['step']}, {state['spent'] / 60:.1f} minutes")
    parameters = sum(p.numel() for p in network.parameters())
    print(f"{parameters} parameters")
    print(f"largest change of alpha by rounding weights to fp16: {rounding(network.eval()):.6f}")
    print(f"{export(network, options.to) / 1e6:.2f} MB in {options.to}")


if __name__ == "__main__":
    main()
