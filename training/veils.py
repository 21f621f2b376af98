"""Veils: patterns that make a subject of training sheer or pierced in places, whatever its shape.

How much one sees through a thing is told by its colour and by what is behind, not by what kind of thing it is; a network
that has seen a few kinds of sheer things goes by their shapes, and calls all others solid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .noise import Array, fbm, smoothstep, visible


@dataclass(frozen=True)
class Veil:
    """Blots, streaks or stripes that move by themselves, over everything or in places.

    Attributes:
        seed: of its noise.
        cells: of noise in a height of the frame, along x and y; of stripes, twice their number along `turn` is the first.
        octaves: of noise.
        turn: direction across stripes in radians; None for blots.
        drift: heights of the frame a second, along x and y.
        middle: of the pattern's values, about -1 to 1, the one at which it is half sheer.
        edge: how far from the middle it has its least and its most; 0 for edges as sharp as pixels allow.
        least: factor where it is sheerest.
        most: factor where it is most solid.
        border: level of coarse noise above which there is a veil; None for everywhere.
    """

    seed: int
    cells: tuple[float, float]
    octaves: int
    turn: float | None
    drift: tuple[float, float]
    middle: float
    edge: float
    least: float
    most: float
    border: float | None


def draw_veil(rng: np.random.Generator, hard: float) -> Veil:
    """Draws a veil; a share `hard` of them has sharp edges and lets pass all or nothing at its most: holes."""
    cells = np.exp(rng.uniform(np.log(4), np.log(45)) + rng.normal(0, 0.5, 2))
    drift, sharp = rng.normal(0, 0.15, 2), bool(rng.uniform() < hard)
    least = float(rng.choice([0, rng.uniform(0, 0.5)]))
    return Veil(
        seed=int(rng.integers(1 << 30)),
        cells=(float(cells[0]), float(cells[1])),
        octaves=int(rng.integers(1, 4)),
        turn=float(rng.uniform(0, np.pi)) if rng.uniform() < 0.35 else None,
        drift=(float(drift[0]), float(drift[1])),
        middle=float(rng.uniform(-0.5, 0.4)),
        edge=0.0 if sharp else float(rng.uniform(0.15, 1.2)),
        least=least,
        most=1.0 if sharp else float(rng.choice([1, rng.uniform(least, 1)])),
        border=float(rng.uniform(-0.4, 0.4)) if rng.uniform() < 0.5 else None,
    )


def paint_veil(veil: Veil, xs: Array, ys: Array, pixel: float, seconds: float) -> Array:
    """The veil in one moment.

    Args:
        veil: which.
        xs: [W] pixel centres in heights of the frame.
        ys: [H] the same.
        pixel: size of a pixel in heights of the frame.
        seconds: the moment.

    Returns:
        [H,W] factor on colour and alpha of what is veiled, in [0,1].
    """
    xs, ys = xs - np.float32(veil.drift[0] * seconds), ys - np.float32(veil.drift[1] * seconds)
    across, down = (np.float32(each) for each in veil.cells)
    if veil.turn is None:
        steep = max(veil.cells) * pixel  # by how much the pattern changes from a pixel to the next
        pattern = fbm(veil.seed, xs * across, ys * down, steep, veil.octaves)
    else:
        waves = 0.5 * veil.cells[0]  # in a height of the frame
        steep = np.pi * 2 * waves * pixel
        way = np.float32(np.cos(veil.turn)) * xs[None, :] + np.float32(np.sin(veil.turn)) * ys[:, None]
        bent = np.float32(waves) * way + np.float32(0.4) * fbm(veil.seed, xs * 5, ys * 5, pixel * 5, 2)
        pattern = visible(1 / waves, pixel) * np.sin(np.float32(2 * np.pi) * bent)
    soft = max(veil.edge, steep)
    factor = veil.least + (veil.most - veil.least) * smoothstep(veil.middle - soft, veil.middle + soft, pattern)
    if veil.border is not None:
        there = smoothstep(veil.border - 0.15, veil.border + 0.15, fbm(veil.seed + 7, xs * 3, ys * 3, pixel * 3, 2))
        factor = 1 - (1 - factor) * there
    return factor.astype(np.float32)
