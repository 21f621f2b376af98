"""The options of `python3 install demo`. Standard library alone: they are checked before anything is installed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FRAMES = 48
SIZE = 288


@dataclass(frozen=True)
class DemoOptions:
    """What the demo shall do.

    Attributes:
        frames: length of the sample plate, from frame 1001 on.
        size: the model's shorter edge in pixels.
        model_base: folder of other weights; None: the built-in model.
        device: as `gvm-matte render --device` takes it.
        json: whether the table goes out as JSON.
    """

    frames: int
    size: int
    model_base: Path | None
    device: str
    json: bool


def parse(arguments: Sequence[str]) -> DemoOptions:
    """Reads the options; ends the process with code 2 where they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python3 install demo",
        description="Renders the matte of a generated sample plate and compares it with the truth.",
    )
    parser.add_argument("--frames", type=int, default=FRAMES, metavar="N", help=f"1 to {FRAMES} frames (all)")
    parser.add_argument("--size", type=int, default=SIZE, metavar="PIXELS", help=f"the model's shorter edge ({SIZE})")
    parser.add_argument("--model-base", "--model_base", type=Path, metavar="FOLDER", help="weights (the built-in model)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (auto)")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    found = parser.parse_args(arguments)
    if not 1 <= found.frames <= FRAMES:
        parser.error(f"--frames takes 1 to {FRAMES}, not {found.frames}")
    if found.size < 32:
        parser.error(f"--size takes 32 pixels or more, not {found.size}")
    return DemoOptions(**vars(found))
