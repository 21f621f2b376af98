"""Backgrounds of the clip generator: walls, bricks, curtains, lights out of focus, foliage, rooms, landscapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import patterns
from .noise import Array, colour, fbm, lattice, smoothstep, value_noise

KINDS = ("wall", "bricks", "stripes", "bokeh", "foliage", "room", "landscape")


@dataclass(frozen=True)
class Background:
    """What a background looks like; lengths are in heights of the full frame, colours scene-linear."""

    kind: str
    seed: int
    palette: Array  # [4,3]
    scale: float  # of the pattern
    contrast: float  # of the noise over everything
    blur: float  # softness of drawn edges: depth of field
    pan: tuple[float, float]  # heights a second
    shake: float  # amplitude of a handheld camera, heights
    boxes: Array  # [N,9] of drawn rectangles or discs: x, y, half width, half height, blur, r, g, b, round


def draw_background(rng: np.random.Generator) -> Background:
    """Draws a background at random."""
    kind = str(rng.choice(KINDS))
    bright, vivid = rng.uniform(0.12, 1.0), rng.uniform(0.1, 0.9)
    palette = np.stack([colour(rng, (0.15 * bright, bright), (0.0, vivid)) for _ in range(4)])
    if kind == "foliage":
        palette *= np.array([0.75, 1.0, 0.5], np.float32)
    if kind == "landscape":
        palette[0] = palette[0] * 0.3 + np.array([0.35, 0.5, 0.8], np.float32) * rng.uniform(0.3, 1.2)
    count = {"bokeh": int(rng.integers(15, 45)), "room": int(rng.integers(8, 22))}.get(kind, int(rng.integers(0, 5)))
    boxes = np.zeros((count, 9), np.float32)
    focus = rng.uniform(0.002, 0.04)
    size = rng.uniform(0.02, 0.09)
    for box in boxes:
        lit = kind == "bokeh" or rng.uniform() < 0.12
        box[:2] = rng.uniform(-1.3, 1.3), rng.uniform(-0.75, 0.75)
        box[2:4] = size * rng.uniform(0.5, 1.3) if kind == "bokeh" else rng.uniform(0.03, 0.35, 2)
        box[4] = focus * rng.uniform(0.5, 1.5)
        box[5:8] = colour(rng, (0.5, 3.0) if lit else (0.05, 0.7), (0.0, 0.8)) * (bright if lit else 1)
        box[8] = kind == "bokeh" or rng.uniform() < 0.2
    angle, speed = rng.uniform(0, 2 * np.pi), rng.choice([0.0, 1.0]) * rng.uniform(0, 0.12)
    return Background(
        kind=kind,
        seed=int(rng.integers(1 << 30)),
        palette=palette,
        scale=float(np.exp(rng.uniform(-0.6, 0.6))),
        contrast=float(rng.uniform(0.03, 0.5)),
        blur=focus,
        pan=(float(np.cos(angle) * speed), float(np.sin(angle) * speed * 0.3)),
        shake=float(rng.choice([0, 0, 0.006])),
        boxes=boxes,
    )


def draw_stage(rng: np.random.Generator) -> Background:
    """Draws a green or blue screen (two in three) or a plain wall: uneven light, folds, markers.

    The palette is the colour where the light is strongest, where it is weakest, and that of the markers.
    """
    screen = rng.uniform() < 0.75
    if screen:
        blue = rng.uniform() < 0.5
        level = rng.uniform(0.1, 0.8)
        low = rng.uniform(0.03, 0.55, 2)  # up to pale: cloth that is worn, or that the light washes out
        full = np.array([low[0] * 0.7, low[1], 1.0] if blue else [low[0], 1.0, low[1]], np.float32) * np.float32(level)
    else:
        full = colour(rng, (0.01, 1.1), (0.0, 0.6))
    uneven = rng.uniform(0.3, 1.0)
    tint = rng.uniform(0.9, 1.1, 3).astype(np.float32)
    marks = int(rng.integers(4, 26)) if rng.uniform() < 0.5 else 0
    mark = full * np.float32(rng.choice([0.4, 0.6, 1.6])) if rng.uniform() < 0.55 else colour(rng, (0.3, 1.0), (0.0, 0.9))
    size, disc = rng.uniform(0.004, 0.02), rng.uniform() < 0.4
    # a marker is a disc, or a sign of one to three strips of tape
    strips = np.zeros((1 if disc else int(rng.integers(1, 4)), 4))
    for strip in strips:
        strip[:2] = rng.normal(0, 0.6, 2) * (len(strips) > 1)
        strip[2:] = (1.0, 1.0) if disc else rng.permutation([rng.uniform(0.2, 1.0), rng.uniform(0.8, 2.0)])
    boxes = np.zeros((marks * len(strips), 9), np.float32)
    for i in range(marks):
        at = np.array([(i % 6 - 2.5) * 0.34, (i // 6 - 1.5) * 0.27]) + rng.normal(0, 0.02, 2)
        for box, strip in zip(boxes[i * len(strips) :], strips):
            box[:2], box[2:4] = at + strip[:2] * size, strip[2:] * size
            box[4:9] = size * 0.3, *mark, disc
    return Background(
        kind="screen" if screen else "plain",
        seed=int(rng.integers(1 << 30)),
        palette=np.stack([full, full * np.float32(uneven) * tint, mark, full]),
        scale=float(np.exp(rng.uniform(-0.8, 0.8))),
        contrast=float(rng.choice([0.0, 0.01, 0.03, 0.08]) if screen else rng.choice([0.0, 0.02, 0.06, 0.15])),
        blur=float(rng.uniform(0.002, 0.04)),
        pan=(float(rng.choice([0, 0, 0.05])), 0.0),
        shake=float(rng.choice([0, 0, 0.006])),
        boxes=boxes,
    )


def draw_pattern(rng: np.random.Generator) -> Background:
    """Draws a patterned wall, of one of the kinds of `patterns`, with pictures or lamps on some."""
    bright = rng.uniform(0.15, 1.0)
    first = colour(rng, (0.1 * bright, bright), (0.0, 0.8))
    tones = rng.uniform()
    if tones < 0.35:
        second = first * np.float32(rng.uniform(0.25, 0.8))
    elif tones < 0.6:  # a wall that is nearly of one colour, often a pale one
        first = colour(rng, (0.2, 0.9), (0.0, 0.3))
        second = first * rng.uniform(0.65, 1.25, 3).astype(np.float32)
    else:
        second = colour(rng, (0.02, bright), (0.0, 0.8))
    boxes = np.zeros((int(rng.choice([0, 0, 0, 2, 5])), 9), np.float32)
    focus = float(rng.uniform(0.001, 0.02))
    for box in boxes:
        size = rng.uniform(0.02, 0.25)
        tint = colour(rng, (0.05, 1.5 if rng.uniform() < 0.2 else 0.6), (0.0, 0.8))
        box[:] = (
            *rng.uniform((-0.9, -0.5), (0.9, 0.5)),
            *(size * rng.uniform(0.4, 1.3, 2)),
            focus,
            *tint,
            rng.uniform() < 0.4,
        )
    angle, speed = rng.uniform(0, 2 * np.pi), rng.choice([0.0, 1.0]) * rng.uniform(0, 0.12)
    return Background(
        kind=str(rng.choice(patterns.KINDS)),
        seed=int(rng.integers(1 << 20)),
        palette=np.stack([first, second, first, second]).astype(np.float32),
        scale=float(np.exp(rng.uniform(-0.7, 0.7))),
        contrast=float(rng.choice([0.0, 0.05, 0.15, 0.3])),
        blur=focus,
        pan=(float(np.cos(angle) * speed), float(np.sin(angle) * speed * 0.3)),
        shake=float(rng.choice([0, 0, 0.006])),
        boxes=boxes,
    )


def paint_background(bg: Background, xs: Array, ys: Array, pixel: float, seconds: float) -> Array:
    """Paints a background.

    Args:
        bg: what to paint.
        xs: [W] pixel centres, heights of the full frame, 0 in its middle.
        ys: [H] the same, downwards.
        pixel: size of a pixel, heights.
        seconds: time, for the pan.

    Returns:
        [H,W,3] scene-linear, 0 and up.
    """
    shake_x, shake_y = np.sin(seconds * 5.1), np.sin(seconds * 6.7 + 1)
    xs = (xs + bg.pan[0] * (seconds - 1) + bg.shake * shake_x).astype(np.float32)
    ys = (ys + bg.pan[1] * (seconds - 1) + bg.shake * shake_y).astype(np.float32)
    grid_x, grid_y = xs[None, :], ys[:, None]
    soft = max(bg.blur, pixel)
    image = _pattern(bg, xs, ys, pixel, soft)
    for x, y, half_x, half_y, blur, red, green, blue, disc in bg.boxes:
        blur, reach = max(blur, pixel), blur + pixel
        cols = np.flatnonzero(np.abs(xs - x) < half_x + reach)
        rows = np.flatnonzero(np.abs(ys - y) < half_y + reach)
        if not (len(cols) and len(rows)):
            continue
        part = (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
        dx, dy = np.abs(grid_x[:, part[1]] - x) / half_x, np.abs(grid_y[part[0]] - y) / half_y
        distance = (np.sqrt(dx * dx + dy * dy) if disc else np.maximum(dx, dy)) - 1
        cover = 1 - smoothstep(-blur, blur, distance * min(half_x, half_y))
        if bg.kind == "bokeh":  # lights add up and are brighter at the rim
            image[part] += (cover * (0.4 + 0.3 * (1 + np.minimum(distance, 0))))[..., None] * (red, green, blue)
        else:
            shade = 1 + 0.25 * (grid_y[part[0]] - y) / half_y
            image[part] += cover[..., None] * (shade[..., None] * np.array((red, green, blue), np.float32) - image[part])
    tone = fbm(bg.seed + 7, xs * 3 * bg.scale, ys * 3 * bg.scale, pixel * 3 * bg.scale, 5, 0.6)
    return np.maximum(image * (1 + np.float32(bg.contrast) * tone)[..., None], 0).astype(np.float32)


def _pools(seed: int, x: Array, y: Array) -> Array:
    """[H,W,3]: dim light with up to four pools of spotlights in it, each of a tint and with an edge of its own."""
    rng = np.random.default_rng(seed)
    shape = np.broadcast_shapes(x.shape, y.shape)
    total = np.full((*shape, 3), rng.uniform(0.12, 0.8), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        at, wide = rng.uniform((-1, -0.6), (1, 0.6)), rng.uniform(0.12, 0.9)
        tall = wide * rng.uniform(0.5, 1.5)
        dx, dy = (x - np.float32(at[0])) / np.float32(wide), (y - np.float32(at[1])) / np.float32(tall)
        pool = np.exp(-((dx * dx + dy * dy) ** np.float32(rng.choice([0.7, 1.0, 1.0, 2.5]))))
        total += pool[..., None] * (rng.uniform(-0.1, 1.2) * rng.uniform(0.8, 1.2, 3)).astype(np.float32)
    if rng.uniform() < 0.3:  # beyond a line, the floor or another cloth
        turn, away = rng.uniform(0, np.pi), rng.uniform(-0.6, 0.6)
        side = x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn)) - np.float32(away)
        beyond = smoothstep(0.0, float(rng.choice([0.003, 0.01, 0.2])), side)
        total *= 1 + beyond[..., None] * rng.uniform(-0.2, 0.2, 3).astype(np.float32)
    return np.maximum(total, 0.03)


def _lamps(seed: int, x: Array, y: Array) -> Array:
    """[H,W] in [0,1.5]: light on a wall of one to three lamps, which falls off with the square of their distance."""
    rng = np.random.default_rng(seed)
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    count = int(rng.integers(1, 4))
    for _ in range(count):
        far, strong = rng.uniform(0.25, 1.0), rng.uniform(0.4, 1.5)
        square = (x - np.float32(rng.uniform(-1, 1))) ** 2 + (y - np.float32(rng.uniform(-0.6, 0.5))) ** 2
        total += np.float32(strong) / (1 + square / np.float32(far * far))
    return np.minimum(total / np.float32(count**0.5), 1.5)


def _mix(a: Array, b: Array, weight: Array) -> Array:
    """[3] and [3] (or images) blended by [H,W]."""
    return a + (b - a) * weight[..., None]


def _pattern(bg: Background, xs: Array, ys: Array, pixel: float, soft: float) -> Array:
    """The large pattern of a background, [H,W,3]; `soft` is the softness of its edges in heights."""
    grid_x, grid_y, colours, seed = xs[None, :], ys[:, None], bg.palette, bg.seed
    down = np.broadcast_to(np.clip(grid_y + 0.5, 0, 1), (len(ys), len(xs)))
    if bg.kind in ("screen", "plain"):
        light: Array = value_noise(seed, xs * 0.9, ys * 0.9) * 0.5 + 0.5 + 0.35 * (down - 0.5) * (1 if seed % 2 else -1)
        if seed % 5 < 2:
            light = _lamps(seed, grid_x, grid_y)
        folds = np.sin((grid_x + 0.25 * value_noise(seed + 1, xs * 2, ys * 1.2)) * 22 * bg.scale) * (seed % 3 == 0)
        lit = _mix(colours[1], colours[0], np.clip(light, 0, 1.5))
        if seed % 5 > 2:
            lit = colours[0] * _pools(seed, grid_x, grid_y)
        return lit * (1 + np.float32(0.1) * folds)[..., None]
    if bg.kind in patterns.KINDS:
        return patterns.paint_pattern(
            bg.kind, seed, colours, xs * np.float32(bg.scale), ys * np.float32(bg.scale), pixel * bg.scale, soft * bg.scale
        )
    if bg.kind == "bricks":
        high = 0.09 * bg.scale
        wide = high * (1.0 + seed % 3)
        row = np.floor(grid_y / high)
        across = grid_x / wide + 0.5 * (row % 2)
        column = np.floor(across)
        edge = np.minimum((0.5 - np.abs(across - column - 0.5)) * wide, (0.5 - np.abs(grid_y / high - row - 0.5)) * high)
        joint = high * 0.06 + soft * 0.4
        r0, c0 = int(row.min()), int(column.min())
        table = lattice(seed, np.arange(r0, int(row.max()) + 1), np.arange(c0, int(column.max()) + 1))
        tone = table[(row - r0).astype(int), (column - c0).astype(int)]
        brick = _mix(colours[0], colours[1], 0.5 + 0.5 * tone)
        return _mix(
            np.broadcast_to(colours[2], brick.shape),
            brick,
            smoothstep(joint - soft * 0.4 - pixel * 0.5, joint + soft * 0.4, edge),
        )
    if bg.kind == "stripes":
        slant = ((seed % 7) - 3) * 0.2
        wobble = value_noise(seed, xs * 2, ys * 1.5) * 0.6
        phase = (grid_x + slant * grid_y) * 9 * bg.scale + wobble
        wave = np.sin(phase * 2 * np.pi / 2)
        sharp = 0.9 if seed % 2 else 0.15
        return _mix(colours[0], colours[1], smoothstep(-1.05 + sharp, 1.05 - sharp, wave)) * (1.1 - 0.4 * down)[..., None]
    if bg.kind == "foliage":
        cells = 7 * bg.scale
        leaves = fbm(seed, xs * cells, ys * cells, max(pixel, soft) * cells, 4, 0.75)
        image = _mix(colours[0] * 0.25, colours[1], smoothstep(-0.6, 0.9, leaves))
        return image + colours[2] * 1.6 * smoothstep(0.75, 1.3, leaves)[..., None]
    if bg.kind == "landscape":
        ridge = (
            value_noise(seed, xs * 1.7, np.array([0.5], np.float32))[0] * 0.12
            + value_noise(seed, xs * 7, np.array([9.5], np.float32))[0] * 0.03
        )
        ground = smoothstep(-soft, soft, grid_y - ridge[None] - 0.02)
        cloud = fbm(seed + 1, xs * 2, ys * 4, pixel * 4, 3)
        sky = _mix(colours[0] * 1.2, colours[0] * 0.7 + 0.35, np.clip(down * 0.8 + 0.25 * cloud, 0, 1))
        grass = fbm(seed + 2, xs * 12, ys * 25, pixel * 25, 3)
        return sky + (_mix(colours[1] * 0.6, colours[2], np.clip(0.5 + 0.4 * grass, 0, 1)) - sky) * ground[..., None]
    if bg.kind == "room":
        floor = smoothstep(-soft, soft, grid_y - 0.25 + 0 * grid_x)
        wall = _mix(colours[0] * 1.2, colours[0] * 0.6, np.abs(np.broadcast_to(grid_x, down.shape)))
        return wall + (colours[1] - wall) * floor[..., None]
    image = _mix(colours[0], colours[1], down)
    blotch = fbm(seed, xs * 1.5 * bg.scale, ys * 1.5 * bg.scale, pixel * 1.5 * bg.scale, 3)
    image = _mix(image, colours[2], np.clip(0.5 + 0.6 * blotch, 0, 1) * 0.6)
    return image * 0.35 if bg.kind == "bokeh" else image
