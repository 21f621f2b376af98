"""Size and speed of the model at several widths, and its error after so many steps: `python -m training.widths`.

Speed is that of the engine's own classes on random weights, in seconds of processor time a frame and core, since wall time
on a shared machine says little. With `--steps` each width is trained from the same seed on the same clips.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from gvm_matte.engine.model.matting import load_model
from gvm_matte.engine.model.weights import find_weights
from torch import Tensor

from .data import Feeder, Fronts
from .evaluate import HeldOut, measure
from .export import export
from .network import COARSE, UNET_CONFIG, VAE_CONFIG, MatteNetwork, with_cpu_layout
from .train import learn, new_optimizer, rate_at

Widths = tuple[tuple[int, ...], int, tuple[int, ...]]  # of the VAE's levels, of the latent, of the UNet's levels
CANDIDATES: dict[str, Widths] = {
    "shipped": ((32, 32), 16, (32, 32, 64, 96, 96, 96)),
    "latent of 8": ((32, 32), 8, (32, 32, 64, 96, 96, 96)),
    "UNet wider at 1/4": ((32, 32), 16, (32, 64, 64, 96, 96, 96)),
    "UNet wider below 1/8": ((32, 32), 16, (32, 32, 64, 96, 128, 128)),
    "VAE of three levels": ((32, 32, 64), 32, (64, 64, 96, 96, 96)),
    "VAE of four levels": ((32, 32, 64, 64), 64, (64, 96, 96, 96)),
}


def network_of(widths: Widths) -> MatteNetwork:
    """A network of these widths with random weights."""
    levels, latent, channels = widths
    vae = VAE_CONFIG | {
        "block_out_channels": levels, "latent_channels": latent, "down_block_types": ("DownEncoderBlock2D",) * len(levels),
    }  # fmt: skip
    finest = 2 ** (len(levels) - 1)
    attentive = [finest * 2**i >= COARSE and i < len(channels) - 1 for i in range(len(channels))]
    kinds = ["CrossAttn" if each else "" for each in attentive]
    unet = UNET_CONFIG | {
        "down_block_types": tuple(f"{kind}DownBlockSpatioTemporal" for kind in kinds),
        "up_block_types": tuple(f"{kind}UpBlockSpatioTemporal" for kind in reversed(kinds)),
        "in_channels": 2 * latent, "out_channels": latent, "block_out_channels": channels,
        "num_attention_heads": tuple(width // 32 for width in channels),
    }  # fmt: skip
    return MatteNetwork(vae, unet)


def speed(network: MatteNetwork, width: int, height: int, frames: int) -> dict[str, float]:
    """Megabytes as the package would carry it; seconds of one core that a frame takes in each stage."""
    with tempfile.TemporaryDirectory() as name:
        size = export(network, Path(name)) / 1e6
        model = load_model(find_weights(model_base=name), device=torch.device("cpu"), dtype=torch.float32)
    plates = torch.rand(frames, 3, height, width)
    latents = model.encode(plates)
    alpha = model.denoise(latents, steps=1)
    stages: dict[str, Callable[[], Tensor]] = {
        "encode": lambda: model.encode(plates),
        "denoise": lambda: model.denoise(latents, steps=1),
        "decode": lambda: model.decode(alpha),
    }
    return {"megabytes": size} | {stage: _least(run) / frames for stage, run in stages.items()}


def _least(run: Callable[[], Tensor], times: int = 3) -> float:
    """The least processor time of some runs; the first one warms up."""
    found = []
    for _ in range(times + 1):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return min(found[1:])


def trained(network: MatteNetwork, steps: int, rate: float, bf16: bool = False) -> dict[str, float]:
    """Trains for some steps, each through the decoder, as most of a run's are."""
    torch.manual_seed(1)
    network = with_cpu_layout(network).train()
    optimizer, feeder = new_optimizer(network, rate), Feeder(0, Fronts("", 1))
    feeder.progress.value = 0.65  # from where on no batch ends at the latent
    options = argparse.Namespace(device="cpu", bf16=bf16, start_from="")
    for step in range(steps):
        progress = 0.6 + 0.4 * step / steps  # the part of a run in which the decoder learns, too
        learn(network, optimizer, feeder.next(), rate_at(step, progress, rate), progress, options)
    feeder.close()
    return measure(network.eval(), HeldOut(16, 3, 128, 128), torch.device("cpu"))[0]


def main() -> None:
    """Reads the command line, prints a line a candidate."""
    parser = argparse.ArgumentParser(prog="python -m training.widths", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", default="512x288", help="WIDTHxHEIGHT, multiples of 32")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--steps", type=int, default=0, help="of training; 0: size and speed alone")
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--bf16", action="store_true", help="train in bfloat16")
    parser.add_argument("--only", action="append", help="a candidate's name; all of them, if not given")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    width, height = (int(part) for part in options.size.split("x"))
    for name in options.only or CANDIDATES:
        torch.manual_seed(1)
        network = network_of(CANDIDATES[name])
        row: dict[str, Any] = {"name": name, "parameters": sum(p.numel() for p in network.parameters())}
        row |= speed(network, width, height, options.frames)
        row["core_seconds"] = row["encode"] + row["denoise"] + row["decode"]
        if options.steps:
            row |= trained(network, options.steps, options.rate, options.bf16)
        if options.json:
            print(json.dumps(row), flush=True)
        else:
            shown = [f"{row['parameters'] / 1e6:5.2f} M  {row['megabytes']:5.2f} MB"]
            shown += [f"{stage} {row[stage]:.3f}" for stage in ("encode", "denoise", "decode", "core_seconds")]
            shown += [f"mae {row['mae']:.4f}"] if "mae" in row else []
            print(f"{name:26}{'  '.join(shown)}", flush=True)


if __name__ == "__main__":
    main()
