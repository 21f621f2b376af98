"""Patterned walls of the clip generator: what stands behind in training beside the kinds of `background`.

Held-out scenes and the demo are drawn from `background.KINDS`; these come on top, in training alone, so that a subject is
told from more than a dozen kinds of pattern.
"""

from __future__ import annotations

import numpy as np

from .noise import Array, fbm, lattice, smoothstep, value_noise, visible

KINDS = ("cells", "weave", "dots", "brushed", "waves", "speckle", "shelves", "checks")


def paint_pattern(kind: str, seed: int, colours: Array, xs: Array, ys: Array, pixel: float, soft: float) -> Array:
    """The large pattern of a wall.

    Args:
        kind: one of `KINDS`.
        seed: of its details.
        colours: [4,3] scene-linear.
        xs: [W] pixel centres in heights of the frame, times the pattern's scale.
        ys: [H] the same.
        pixel: size of a pixel in the same unit.
        soft: softness of drawn edges in the same unit.

    Returns:
        [H,W,3].
    """
    weight, shade = _PAINTERS[kind](seed, xs, ys, pixel, max(soft, pixel))
    if seed % 8 < 3:  # boarded, panelled or paved
        shade = shade * seams(seed, xs, ys, pixel)
    image: Array = (colours[0] + (colours[1] - colours[0]) * weight[..., None]) * shade[..., None]
    return image


def seams(seed: int, xs: Array, ys: Array, pixel: float) -> Array:
    """[H,W] factor: straight lines between boards, sheets or slabs, dark or bright, and the slabs' own tones."""
    rng = np.random.default_rng(seed)
    wide, tall = np.exp(rng.uniform(np.log(0.1), np.log(0.9), 2))
    thick = np.exp(rng.uniform(np.log(0.002), np.log(0.01)))
    level, tones = rng.choice([0.35, 0.6, 0.8, 1.4]), rng.uniform(0, 0.12)
    u, v = xs / wide + rng.uniform(0, 1), ys / tall + rng.uniform(0, 1)
    row = np.floor(v).astype(np.int64)
    across = u[None, :] + (float(rng.choice([0, 0, 0.5])) * (row % 2))[:, None]
    column = np.floor(across).astype(np.int64)
    from_row = (0.5 - np.abs(v - row - 0.5)) * tall
    from_column = (0.5 - np.abs(across - column - 0.5)) * wide
    away = from_row[:, None]
    if rng.uniform() < 0.6:  # else boards, which end beyond the frame
        away = np.minimum(away, from_column)
    line = (1 - smoothstep(thick / 2 - pixel / 2, thick / 2 + pixel / 2, away)) * min(1.0, thick / pixel)
    table = lattice(seed, np.arange(row.min(), row.max() + 1), np.arange(column.min(), column.max() + 1))
    tone = table[(row - row.min())[:, None], column - column.min()]
    found: Array = ((1 + tones * tone) * (1 + (level - 1) * line)).astype(np.float32)
    return found


def _cells(seed: int, xs: Array, ys: Array, pixel: float, soft: float) -> tuple[Array, Array]:
    """Stones or scales: the nearest of points strewn over a grid, dark where two are as near."""
    pitch = 0.06 + 0.02 * (seed % 8)
    u, v = xs / pitch, ys / pitch
    columns, rows = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    left, top = int(columns.min()) - 1, int(rows.min()) - 1
    span = (np.arange(top, int(rows.max()) + 2), np.arange(left, int(columns.max()) + 2))
    jitter_x, jitter_y, tones = (lattice(seed + k, *span) for k in range(3))
    first = np.full((len(ys), len(xs)), 9.0, np.float32)
    second, tone = first.copy(), np.zeros_like(first)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            at = np.ix_(rows + down - top, columns + across - left)
            dx = (columns + across + 0.5)[None, :] + 0.45 * jitter_x[at] - u[None, :]
            dy = (rows + down + 0.5)[:, None] + 0.45 * jitter_y[at] - v[:, None]
            away = np.hypot(dx, dy).astype(np.float32)
            nearer = away < first
            second = np.where(nearer, first, np.minimum(second, away))
            tone = np.where(nearer, tones[at], tone)
            first = np.where(nearer, away, first)
    seam = smoothstep(0.03, 0.1 + soft / pitch, second - first)
    return 0.5 + 0.5 * tone, 0.45 + 0.55 * seam + 0.2 * (0.5 - first)


def _weave(seed: int, xs: Array, ys: Array, pixel: float, soft: float) -> tuple[Array, Array]:
    """Basket-work: threads over and under each other, in two colours."""
    pitch = 0.02 + 0.008 * (seed % 9)
    u, v = xs[None, :] / pitch, ys[:, None] / pitch
    over = (np.floor(u) + np.floor(v)) % 2
    round_x, round_y = np.abs((u % 1) - 0.5), np.abs((v % 1) - 0.5)
    clear = visible(pitch, pixel)
    thread = np.where(over > 0, round_x, round_y)
    shade = 1 - clear * (1.6 * thread**2 + 0.15 * over)
    check = 0.5 + clear * (over - 0.5)
    return np.clip(check + 0.2 * value_noise(seed, xs * 3, ys * 3), 0, 1), shade.astype(np.float32)


def _dots(seed: int, xs: Array, ys: Array, pixel: float, soft: float) -> tuple[Array, Array]:
    """Wallpaper: discs in rows, every other row shifted."""
    pitch, share = 0.06 + 0.02 * (seed % 6), 0.2 + 0.05 * (seed % 5)
    row = np.floor(ys / pitch)
    across = (xs[None, :] / pitch + 0.5 * (row % 2)[:, None]) % 1 - 0.5
    gap = np.hypot(across, ((ys / pitch) % 1 - 0.5)[:, None]) - share
    cover = 1 - smoothstep(-soft / pitch, soft / pitch, gap)
    return cover, 1 + 0.15 * value_noise(seed, xs * 2, ys * 2)


def _brushed(seed: int, xs: Array, ys: Array, pixel: float, soft: float) -> tuple[Array, Array]:
    """Long fibres one way: brushed metal, straw, bark."""
    fine, long = 40.0 + 8 * (seed % 7), 1.0 + seed % 4
    scales = (xs * fine, ys * long) if seed % 2 else (xs * long, ys * fine)
    fibres = fbm(seed, *scales, pixel * fine, 3, 0.7)
    broad = fbm(seed + 1, xs * 2.5, ys * 2.5, pixel * 2.5, 2)
    return np.clip(0.5 + 0.4 * fibres + 0.3 * broad, 0, 1), 1 + 0.2 * fibres


def _waves(seed: int, xs: Array, ys: Array, pixel: float, soft: float) -> tuple[Array, Array]:
    """Marble: bands bent by noise."""
    rate = 3.0 + 2 * (seed % 5)
    bend = fbm(seed, xs * 1.7, ys * 1.7, pixel * 1.7, 4)
    tilt = (seed % 7) * 0.45
    phase = (xs[None, :] * np.cos(tilt) + ys[:, None] * np.sin(tilt)) * rate + 1.5 * bend
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * phase).astype(np.float32) * visible(1 / rate, pixel)
    return wave ** (1 + seed % 3), 1 + 0.1 * bend


def _speckle(seed: int, xs: Array, ys: Array, pixel: float, soft: float) -> tuple[Array, Array]:
    """Terrazzo, gravel, leaves on the ground: blots of one colour on another."""
    fine = 8.0 + 5 * (seed % 6)
    blots = fbm(seed, xs * fine, ys * fine, pixel * fine, 2)
    rest = fbm(seed + 1, xs * fine * 3, ys * fine * 3, pixel * fine * 3, 2)
    width = 0.05 + soft * fine
    return smoothstep(0.25 - width, 0.25 + width, blots), 1 + 0.3 * rest


def _shelves(seed: int, xs: Array, ys: Array, pixel: float, soft: float) -> tuple[Array, Array]:
    """Shelves full of books, or a fence: upright bars of many tones, cut by level ones."""
    wide, tall = 0.03 + 0.01 * (seed % 6), 0.2 + 0.04 * (seed % 5)
    row, column = np.floor(ys / tall).astype(np.int64), np.floor(xs / wide).astype(np.int64)
    tones = lattice(seed, np.arange(row.min(), row.max() + 1), np.arange(column.min(), column.max() + 1))
    tone = tones[np.ix_(row - row.min(), column - column.min())]
    edge_x, edge_y = 0.5 - np.abs(xs / wide - column - 0.5), 0.5 - np.abs(ys / tall - row - 0.5)
    clear = visible(wide, pixel)
    gap = 1 - clear * 0.6 * (1 - smoothstep(0.0, 0.12 + soft / wide, edge_x))
    shelf = smoothstep(0.02, 0.05 + soft / tall, edge_y)
    return 0.5 + 0.5 * clear * tone, (0.7 + 0.3 * shelf)[:, None] * gap[None, :] * (1 + 0.25 * clear * tone)


def _checks(seed: int, xs: Array, ys: Array, pixel: float, soft: float) -> tuple[Array, Array]:
    """A chequered cloth, turned and bent."""
    pitch, tilt = 0.05 + 0.02 * (seed % 6), (seed % 5) * 0.3
    bend = 0.03 * value_noise(seed, xs * 2, ys * 2)
    u = (xs[None, :] * np.cos(tilt) + ys[:, None] * np.sin(tilt) + bend) / pitch
    v = (ys[:, None] * np.cos(tilt) - xs[None, :] * np.sin(tilt) + bend) / pitch
    sharp = min(8.0, pitch / soft)
    clear = visible(pitch, pixel)
    one, two = (np.clip(sharp * np.sin(np.pi * each), -1, 1) for each in (u, v))
    return (0.5 + 0.5 * clear * one * two).astype(np.float32), 1 + 3 * bend


_PAINTERS = {
    "cells": _cells, "weave": _weave, "dots": _dots, "brushed": _brushed,
    "waves": _waves, "speckle": _speckle, "shelves": _shelves, "checks": _checks,
}  # fmt: skip
