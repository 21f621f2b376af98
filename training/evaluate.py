"""Error of a model on held-out generated clips: `python -m training.evaluate --model DIR --size 512x288`."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from gvm_matte.images.curves import linear_to_srgb
from torch import Tensor

from .clips import HELD_OUT_SEEDS, Scene, render
from .noise import Array


@dataclass(frozen=True)
class HeldOut:
    """Which clips to check on: the first seeds of the held-out range, whole frames from frame 10."""

    clips: int
    frames: int
    height: int
    width: int

    def clip(self, index: int) -> tuple[Tensor, Tensor]:
        """[1,F,3,H,W] sRGB-encoded plate and [1,F,H,W] alpha, both in [0,1]."""
        scene, plates, alphas = Scene(HELD_OUT_SEEDS[100 + index]), [], []
        aspect = self.width / self.height
        # a square picture follows its subject: the middle of the frame may be empty
        x = scene.subjects[0].place[0] if aspect < 1.3 else 0.0
        window = (x - aspect / 2, -0.5, x + aspect / 2, 0.5)
        for i in range(self.frames):
            rgb, alpha = render(scene, 10 + i, self.width, self.height, window=window, grain=True)
            plates.append(linear_to_srgb(rgb).transpose(2, 0, 1))
            alphas.append(alpha)
        return torch.from_numpy(np.stack(plates))[None], torch.from_numpy(np.stack(alphas))[None]


@torch.no_grad()
def measure(network: torch.nn.Module, held_out: HeldOut, device: torch.device) -> tuple[dict[str, float], list[Array]]:
    """Errors over the clips.

    Args:
        network: plate to alpha as `MatteNetwork` does.
        held_out: which clips.
        device: where the network is.

    Returns:
        mae: mean absolute difference; mae_median: of the clips' values; gradient: mean absolute difference of the
        horizontal and vertical differences; temporal: of the differences between frames; soft: mae where the truth is
        between 0.02 and 0.98; seconds a frame. And one [H,3*W,3] picture a clip: plate, truth, predicted.
    """
    rows: list[dict[str, float]] = []
    pictures: list[Array] = []
    spent = 0.0
    for index in range(held_out.clips):
        plate, truth = held_out.clip(index)
        start = time.perf_counter()
        alpha = network(plate.to(device)).float().clamp(0, 1).cpu()
        spent += time.perf_counter() - start
        error = alpha - truth
        soft = (truth > 0.02) & (truth < 0.98)
        rows.append({
            "mae": float(error.abs().mean()),
            "soft": float(error.abs()[soft].mean()) if bool(soft.any()) else 0.0,
            "gradient": float(error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()),
            "temporal": float(error.diff(dim=1).abs().mean()) if held_out.frames > 1 else 0.0,
        })  # fmt: skip
        grey = [layer[0, -1][..., None].expand(-1, -1, 3).numpy() for layer in (truth, alpha)]
        pictures.append(np.concatenate([plate[0, -1].permute(1, 2, 0).numpy(), *grey], axis=1))
    scores = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    scores["mae_median"] = float(np.median([row["mae"] for row in rows]))
    scores["seconds_per_frame"] = spent / (held_out.clips * held_out.frames)
    return {key: round(value, 5) for key, value in scores.items()}, pictures


def save_pictures(pictures: list[Array], path: Path, columns: int = 2) -> None:
    """Writes pictures of one size as a sheet; PNG, 8 bits."""
    import OpenImageIO as oiio

    count = len(pictures) // columns * columns or len(pictures)
    columns = min(columns, count)
    rows = [np.concatenate(pictures[i : i + columns], axis=1) for i in range(0, count, columns)]
    sheet = oiio.ImageBuf(np.ascontiguousarray(np.concatenate(rows, axis=0)))
    if not sheet.write(str(path), "uint8"):
        raise OSError(sheet.geterror())


def main() -> None:
    """Reads the command line, prints a table or JSON."""
    from .export import DESTINATION, load

    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, default=DESTINATION, help="folder with vae/ and unet/")
    parser.add_argument("--size", default="128x128", help="WIDTHxHEIGHT, multiples of 32")
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pictures", type=Path, help="PNG to write: plate, truth, predicted")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    width, height = (int(part) for part in options.size.split("x"))
    device = torch.device(options.device)
    scores, pictures = measure(
        load(options.model).to(device), HeldOut(options.clips, options.frames, height, width), device
    )
    if options.pictures:
        save_pictures(pictures, options.pictures)
    if options.json:
        print(json.dumps({"size": options.size, "clips": options.clips, "frames": options.frames} | scores))
    else:
        print(f"{options.clips} held-out clips of {options.frames} frames at {options.size}")
        for key, value in scores.items():
            print(f"  {key:18} {value:.5f}")


if __name__ == "__main__":
    main()
