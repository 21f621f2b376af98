"""The released model's size on a GPU: frames a second, memory, and how near to what the card can do.

1.52 G + 98 M parameters with random weights, made on the device: nothing is downloaded, and how long a network takes
does not depend on what it has learned. Everything stands beside `baseline` in the same run.

    python -m benchmarks.full_size [--sizes 576x1024 1024x1824] [--precision fp16] [--json] [--output FILE]
    python -m benchmarks.full_size --device cpu --tiny      tries the benchmark itself, without a GPU
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from typing import Any

import torch
from gvm_matte.engine.model.device import PRECISIONS
from gvm_matte.engine.model.networks import NetworkConfig, full_size_config
from gvm_matte.engine.model.random_weights import random_model

from .attention import BACKENDS, mid_block_attention
from .baseline import PlainModel
from .gpu import peak_flops, weighed
from .machine import facts
from .models import small_configs
from .report import add_options, deliver, save
from .stages import Models, shares, stages
from .stream import Shot, streamed

TINY = {"sizes": ["64x96"], "windows": [4], "groups": [4], "window": 4, "overlap": 1, "group": 4}
FULL = {"sizes": ["576x1024", "1024x1824"], "windows": [8, 16], "groups": [8, 16], "window": 16, "overlap": 2, "group": 8}


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the command line, measures and prints; what is done is saved to `--output` after each step."""
    options = _options(arguments)
    device = torch.device(options.device)
    result: dict[str, Any] = {"benchmark": "full_size"}
    if device.type == "cuda" and torch.cuda.device_count() <= (device.index or 0):
        words = "There is no GPU here, so the model's full size is not measured (--device cpu --tiny tries the code)."
        result |= {"skipped": "no GPU"}
        save(result, options)
        print(json.dumps(result) if options.json else words)
        return
    torch.backends.cudnn.benchmark = options.cudnn_benchmark
    started = time.monotonic()
    dtype = PRECISIONS[options.precision]
    models = _models(options, device, dtype)
    names = ("sizes", "precision", "windows", "groups", "window", "overlap", "group", "rounds", "cudnn_benchmark", "tiny")
    result |= {
        "machine": facts(),
        "settings": {name: getattr(options, name) for name in names},
        "peak_flops": models.peak,
        "weight_bytes": models.weights,
        "sizes": {},
    }
    for size in options.sizes:
        height, width = (int(edge) for edge in size.split("x"))
        save(result, options)
        result["sizes"][size] = _at(models, height, width, options)
    result["seconds"] = time.monotonic() - started
    deliver(result, options, columns=COLUMNS, rows=_rows(result))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full_size", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", nargs="+", metavar="HxW", help="the model's sizes, multiples of 32")
    parser.add_argument("--precision", choices=tuple(PRECISIONS))
    parser.add_argument("--windows", nargs="+", type=int, metavar="N", help="frames in a pass of the UNet, each measured")
    parser.add_argument("--groups", nargs="+", type=int, metavar="N", help="frames in a pass of the decoder, each measured")
    parser.add_argument("--window", type=int, help="frames per batch of the shot that is streamed")
    parser.add_argument("--overlap", type=int)
    parser.add_argument("--group", type=int, help="frames per decode of the shot that is streamed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--blocks", type=int, default=3, help="windows in the shot that is streamed")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="the smallest model there can be")
    parser.add_argument("--profile", action="store_true", help="the slowest operations of every stage, in the JSON")
    parser.add_argument("--cudnn-benchmark", action="store_true", help="let cuDNN try its algorithms, for both sides")
    add_options(parser)
    options = parser.parse_args(arguments)
    for name, value in (TINY if options.tiny else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.precision = options.precision or ("fp32" if options.device == "cpu" else "fp16")
    return options


def _models(options: argparse.Namespace, device: torch.device, dtype: torch.dtype) -> Models:
    config = full_size_config()
    if options.tiny:
        vae, unet = small_configs(tiny=True)
        config = NetworkConfig("svd", unet, vae, {"num_train_timesteps": 1000})
    engine, own = weighed(lambda: random_model(config, device=device, dtype=dtype), device)
    baseline, other = weighed(lambda: PlainModel(config, device=device, dtype=dtype), device)
    peak = peak_flops(device, dtype, edge=8192 if device.type == "cuda" else 1024)
    return Models(engine, baseline, {"engine": own, "baseline": other}, device, peak)


def _at(models: Models, height: int, width: int, options: argparse.Namespace) -> dict[str, Any]:
    found = stages(models, height=height, width=width, options=options)
    shot = Shot(
        models, height=height, width=width, window=options.window, overlap=options.overlap, group=options.group,
        windows=options.blocks,
    )  # fmt: skip
    attention = mid_block_attention(
        tokens=height * width // models.engine.downscale**2,
        channels=int(models.baseline.vae.config.block_out_channels[-1]),
        frames=1, device=models.device, dtype=models.engine.dtype, rounds=options.rounds,
    )  # fmt: skip
    return {
        "stages": found,
        "shares": shares(found, window=options.window, stride=options.window - options.overlap, group=options.group),
        "stream": streamed(shot, models, rounds=options.rounds),
        "attention": attention,
    }


COLUMNS = ("what", "engine", "baseline", "ratio", "of peak", "baseline's", "memory", "baseline's")


def _rows(result: dict[str, Any]) -> list[list[str]]:
    rows = [[f"a matrix product in {result['settings']['precision']}", f"{result['peak_flops'] / 1e12:.1f} TFLOP/s"]]
    for size, found in result["sizes"].items():
        rows.append([size])
        for name, stage in found["stages"].items():
            rows.append([f"  {name}", *_pair(stage), *_percent(stage), *_memory(stage)])
        stream = found["stream"]
        for name in ("engine", "model"):
            both = {"engine": stream[name], "baseline": stream["baseline"], "ratio": stream[name].get("ratio")}
            rows.append([f"  {_WAYS[name]}", *_speeds(both), "", "", *_memory(both)])
        if found["shares"]:
            rows.append(["  of a frame: " + ", ".join(f"{name} {part:.0%}" for name, part in found["shares"].items())])
        attention = found["attention"]
        rows.append([f"  attention over {attention['tokens']:,} tokens takes {attention.get('chosen', '?')}"])
        rows += [[f"    {name}", *_kernel(attention[name])] for name in BACKENDS]
    return [row + [""] * (len(COLUMNS) - len(row)) for row in rows]


_WAYS = {"engine": "stream, ring to ring", "model": "stream, model alone"}


def _pair(stage: dict[str, Any]) -> list[str]:
    sides = [stage[name] for name in ("engine", "baseline")]
    words = [side.get("failed") or f"{side['seconds_per_frame'] * 1e3:.1f} ms/frame" for side in sides]
    return [*words, f"{stage['ratio']:.2f}" if "ratio" in stage else ""]


def _speeds(both: dict[str, Any]) -> list[str]:
    sides = [both[name] for name in ("engine", "baseline")]
    words = [side.get("failed") or f"{side['frames_per_second']['median']:.2f} fps" for side in sides]
    return [*words, f"{both['ratio']:.2f}" if both["ratio"] else ""]


def _percent(stage: dict[str, Any]) -> list[str]:
    shares = [stage[name].get("share_of_peak") for name in ("engine", "baseline")]
    return ["" if share is None else f"{share:.0%}" for share in shares]


def _memory(both: dict[str, Any]) -> list[str]:
    sizes = [both[name].get("peak_bytes") for name in ("engine", "baseline")]
    return [f"{size / 2**30:.1f} GiB" if size else "" for size in sizes]


def _kernel(kernel: dict[str, Any]) -> list[str]:
    if "failed" in kernel:
        return [kernel["failed"].split(":")[0], "", "", "", "", ""]
    return [f"{kernel['seconds_per_frame'] * 1e3:.1f} ms", "", "", "", "", f"{kernel['peak_bytes'] / 2**30:.2f} GiB"]


if __name__ == "__main__":
    main()
