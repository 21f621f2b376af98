"""Noise and colour for the clip generator, evaluated at any coordinates so that a scene has no fixed resolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]  # float32 as a rule; some sums come out as float64


def lattice(seed: int, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Array:
    """Random values at integer points: the same point always gives the same value, without a stored table.

    Args:
        seed: which lattice.
        rows: [R] integer coordinates; any sign.
        cols: [C] integer coordinates; any sign.

    Returns:
        [R,C] uniform in [-1,1].
    """
    with np.errstate(over="ignore"):
        bits = rows.astype(np.uint32)[:, None] * np.uint32(0x9E3779B1) + cols.astype(np.uint32) * np.uint32(0x85EBCA77)
        bits += np.uint32(seed * 0x27D4EB2F & 0xFFFFFFFF)
        for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):  # mixing until neighbours look unrelated
            bits ^= bits >> np.uint32(shift)
            bits *= np.uint32(factor)
        bits ^= bits >> np.uint32(15)
    return bits.astype(np.float32) * np.float32(2.0 / 4294967295.0) - np.float32(1)


def value_noise(seed: int, xs: Array, ys: Array) -> Array:
    """Smooth noise on an axis-aligned grid; one lattice cell is one unit.

    The grid is separable, so the lattice is stretched along x and then along y: a few operations a pixel.

    Args:
        seed: which noise.
        xs: [W] coordinates in lattice cells.
        ys: [H] coordinates in lattice cells.

    Returns:
        [H,W] in [-1,1].
    """
    cols, rows = np.floor(xs).astype(np.int64), np.floor(ys).astype(np.int64)
    fx, fy = (xs - cols).astype(np.float32), (ys - rows).astype(np.float32)
    fx, fy = fx * fx * (3 - 2 * fx), (fy * fy * (3 - 2 * fy))[:, None]
    left, top = int(cols.min()), int(rows.min())
    table = lattice(seed, np.arange(top, int(rows.max()) + 2), np.arange(left, int(cols.max()) + 2))
    cols, rows = cols - left, rows - top
    wide = table[:, cols] * (1 - fx) + table[:, cols + 1] * fx  # [R,W]
    return wide[rows] * (1 - fy) + wide[rows + 1] * fy


def fbm(seed: int, xs: Array, ys: Array, pixel: float, octaves: int = 4, gain: float = 0.5) -> Array:
    """Several octaves of `value_noise`; those finer than a pixel are faded out instead of aliasing.

    Args:
        seed: which noise.
        xs: [W] coordinates in cells of the first octave.
        ys: [H] the same.
        pixel: size of a pixel in cells of the first octave.
        octaves: how many, each twice as fine.
        gain: amplitude of an octave relative to the one before.

    Returns:
        [H,W], about [-1,1].
    """
    total = np.zeros((len(ys), len(xs)), np.float32)
    weight, power, frequency = 1.0, 0.0, 1.0
    for octave in range(octaves):
        fade = min(1.0, max(0.0, (0.9 - frequency * pixel) / 0.5))
        if fade > 0:
            total += np.float32(weight * fade) * value_noise(seed + 101 * octave, xs * frequency, ys * frequency)
        power += weight * weight
        weight, frequency = weight * gain, frequency * 2
    return total / np.float32(power**0.5)


def smoothstep(low: float | Array, high: float | Array, x: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between; shapes broadcast."""
    t = np.clip((x - low) / (high - low), 0, 1).astype(np.float32)
    return t * t * (3 - 2 * t)


def visible(period: float, pixel: float) -> np.float32:
    """1 for what is much larger than a pixel, 0 for what is smaller: it would alias."""
    return np.float32(smoothstep(1.5, 4.0, np.float32(period / pixel)))


def colour(rng: np.random.Generator, value: tuple[float, float], saturation: tuple[float, float]) -> Array:
    """A random colour: [3] scene-linear, its largest channel in `value`, saturation in [0,1]."""
    hue, sat, val = rng.uniform(), rng.uniform(*saturation), rng.uniform(*value)
    ramp = np.clip(np.abs((hue * 6 + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1, 0, 1)
    return (val * (1 - sat + sat * ramp)).astype(np.float32)
