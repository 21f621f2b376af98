"""Plates for a clock: a subject that moves before a backdrop, with noise on it, so that nothing compresses to nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def plate(frame: int, *, width: int, height: int) -> npt.NDArray[np.float16]:
    """[h,w,3] scene-linear, half: a bright disc with a soft edge over a gradient."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    centre = width * (0.3 + 0.4 * ((frame * 7) % 40) / 40), height * 0.5
    distance = np.hypot(x - centre[0], y - centre[1])
    inside = np.clip((height * 0.3 - distance) / (height * 0.02), 0.0, 1.0)[..., None]  # [h,w,1]
    backdrop = np.stack((0.05 + 0.2 * x / width, 0.1 + 0.1 * y / height, np.full_like(x, 0.2)), axis=-1)
    subject = np.array((0.8, 0.5, 0.35), np.float32)
    noise = np.random.default_rng(frame).standard_normal((height, width, 1), np.float32) * 0.01
    pixels: npt.NDArray[np.float16] = (backdrop + (subject - backdrop) * inside + noise).astype(np.float16)
    return pixels
