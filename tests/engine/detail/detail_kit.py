"""A generated plate with the alpha and the colours that went into it, and what a call takes in memory."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import torch
from gvm_matte.images.curves import linear_to_srgb
from torch import Tensor

from training.clips import DEMO_SEED, Scene, SubjectAlone, render

WIDTH, HEIGHT = 512, 288


@dataclass(frozen=True)
class Plate:
    """Scene-linear `linear` [3,H,W] and what it was made of: `alpha` [H,W] and `front` [3,H,W], not premultiplied."""

    linear: Tensor
    alpha: Tensor
    front: Tensor

    @property
    def guide(self) -> Tensor:
        """[1,3,H,W], display-referred."""
        return torch.from_numpy(linear_to_srgb(self.linear.numpy()))[None]


def sample() -> Plate:
    """One frame of the sample plate's scene."""
    rgb, alpha = render(Scene(DEMO_SEED), 10, WIDTH, HEIGHT, samples=3)
    front, same = render(SubjectAlone(DEMO_SEED), 10, WIDTH, HEIGHT, samples=3)
    assert (alpha == same).all()
    cover = torch.from_numpy(alpha)
    colours = torch.from_numpy(front).permute(2, 0, 1) / cover.clamp(min=1e-4)
    return Plate(torch.from_numpy(rgb).permute(2, 0, 1).contiguous(), cover, colours)


HIGH_WATER = """
def high_water():  # not by getrusage: its value begins with that of the process that started this one
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
"""


def peak_growth(setup: str, call: str) -> int:
    """Bytes by which a process of its own grows while `call` runs, over what it has after `setup`; on Linux."""
    script = (
        "import torch\nfrom gvm_matte.engine.detail import estimate_foreground, guided_upsample\n"
        f"torch.set_num_threads(1)\n{HIGH_WATER}\n{setup}\nbefore = high_water()\n{call}\nprint(high_water() - before)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
