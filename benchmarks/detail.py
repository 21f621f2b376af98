"""Guided upsampling and foreground colours, as ratios to the bilinear enlargement that a matte needs anyway.

    python -m benchmarks.detail [--sizes 1920x1080 3840x2160 7680x4320] [--device cpu] [--quick] [--json] [--output FILE]

Random pixels: none of them looks at what it computes with. The alpha has the size that the default parameters give the
model. Peak memory is what the call adds to its inputs: on the CPU in a process of its own, on a GPU as torch counts it.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from gvm_matte.engine.detail import estimate_foreground, guided_upsample
from gvm_matte.engine.model.geometry import geometry, to_plate_size
from gvm_matte.params.fields import MatteParams

from .gpu import peak_of, seconds_of
from .machine import facts
from .report import add_options, deliver
from .timing import ratio, spread, take_turns

ROOT = Path(__file__).resolve().parent.parent
SIZES = ("1920x1080", "3840x2160", "7680x4320")
WORKS = ("bilinear", "guided", "guided, luminance", "foreground")
COLUMNS = ("plate", "work", "ms a frame", "times bilinear", "peak memory")


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the command line, measures and prints."""
    options = _options(arguments)
    device = torch.device(options.device)
    torch.set_num_threads(options.threads)
    if options.peak_of:
        print(_grown(options.peak_of, options.sizes[0]))
        return
    result: dict[str, Any] = {
        "benchmark": "detail",
        "machine": facts(),
        "settings": {"device": options.device, "rounds": options.rounds, "threads": options.threads},
        "sizes": {size: _at(size, device, options) for size in options.sizes},
    }
    deliver(result, options, columns=COLUMNS, rows=_rows(result))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detail", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", nargs="+", metavar="WxH", help="of the plate")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of the CPU")
    parser.add_argument("--rounds", type=int, help="how often each is measured")
    parser.add_argument("--quick", action="store_true", help="a small plate, once: tries the benchmark itself")
    parser.add_argument("--peak-of", choices=WORKS, help=argparse.SUPPRESS)  # what the child processes are asked for
    add_options(parser)
    options = parser.parse_args(arguments)
    options.sizes = options.sizes or (["256x144"] if options.quick else list(SIZES))
    options.rounds = options.rounds or (1 if options.quick else 5)
    return options


def _works(size: str, device: torch.device) -> dict[str, Callable[[], None]]:
    """By name, with inputs that lie on the device."""
    width, height = (int(edge) for edge in size.split("x"))
    params = MatteParams()
    how = geometry(width, height, size=params.size, max_resolution=params.max_resolution)
    padded = torch.rand(1, 1, how.padded[1], how.padded[0], device=device)
    left, _, top, _ = how.pads
    alpha = padded[..., top : top + how.fitted[1], left : left + how.fitted[0]]
    guide = torch.rand(1, 3, height, width, device=device)
    luminance, matte = guide[:, :1], guide[0, 0]
    return {
        "bilinear": lambda: _drop(to_plate_size(padded, how)),
        "guided": lambda: _drop(guided_upsample(alpha, guide)),
        "guided, luminance": lambda: _drop(guided_upsample(alpha, luminance)),
        "foreground": lambda: _drop(estimate_foreground(guide[0], matte)),
    }


def _drop(_: torch.Tensor) -> None:
    """The result is freed before the next one begins."""


def _at(size: str, device: torch.device, options: argparse.Namespace) -> dict[str, Any]:
    works = _works(size, device)
    for work in works.values():
        work()  # the first call of each finds its kernels
    seconds = take_turns({name: _timed(work, device) for name, work in works.items()}, options.rounds)
    peaks = {name: _peak(name, work, size, device) for name, work in works.items()}
    return {
        name: {
            "seconds": spread(seconds[name]),
            "ratio": 1 / ratio(seconds[name], seconds["bilinear"]),
            "peak_bytes": peaks[name],
        }
        for name in works
    }


def _timed(work: Callable[[], None], device: torch.device) -> Callable[[], float]:
    return lambda: seconds_of(work, device)


def _peak(name: str, work: Callable[[], None], size: str, device: torch.device) -> int:
    if device.type == "cuda":
        return peak_of(work, device)
    command = [sys.executable, "-m", "benchmarks.detail", "--peak-of", name, "--sizes", size]
    done = subprocess.run([*command, "--threads", "1"], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


def _grown(name: str, size: str) -> int:
    """Bytes by which this process's peak grows in one call, after a small one that brought the code in."""
    _works("256x144", torch.device("cpu"))[name]()
    works = _works(size, torch.device("cpu"))  # kept: the inputs of the others would make room for the result
    before = _high_water()
    works[name]()
    return _high_water() - before


def _high_water() -> int:
    """Bytes that this process ever had in memory; 0 where the system does not tell.

    Not by getrusage: on Linux its value begins with that of the process that started this one.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _rows(result: dict[str, Any]) -> list[list[str]]:
    rows = []
    for size, works in result["sizes"].items():
        for name, found in works.items():
            milliseconds = found["seconds"]["median"] * 1e3
            memory = f"{found['peak_bytes'] / 2**20:.0f} MiB"
            rows.append([size, name, f"{milliseconds:.1f}", f"{found['ratio']:.1f}", memory])
    return rows


if __name__ == "__main__":
    main()
