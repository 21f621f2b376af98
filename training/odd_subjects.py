"""Subjects of training that no held-out scene has: thin, pierced, sheer, leafy and defocused things.

Held-out scenes and the demo are drawn from `subject.KINDS`. These come on top, in training alone: a network that has seen
round bodies alone fills the gaps of everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .figures import Point, Sketch
from .noise import Array, colour
from .parts import Weave

KINDS = ("stand", "hoops", "branch", "net", "mist", "panes", "tangle", "truss", "burr")


def build_odd(sketch: Sketch, kind: str) -> None:
    """Adds the layers of one of `KINDS`."""
    _BUILDERS[kind](sketch)


def _tint(sketch: Sketch) -> Array:
    return colour(sketch.rng, (0.03, 0.9), (0.0, 0.9))


def _circle(x: float, y: float, radius: float, thick: float, corners: int = 20) -> list[tuple[float, ...]]:
    """A ring as short lines."""
    turn = np.linspace(0, 2 * np.pi, corners + 1)
    at = np.stack([x + radius * np.sin(turn), y - radius * np.cos(turn)], 1)
    return [(*at[i], *at[i + 1], thick, thick) for i in range(corners)]


def _still_or_fast(sketch: Sketch, thick: float) -> dict[str, Any]:
    """How thin bars look: sharp, or as they do in fast motion: spread out, and one sees through them."""
    if sketch.rng.uniform() < 0.6:
        return {}
    low = sketch.between(0.1, 0.6)
    return {"edge": thick * sketch.between(0.4, 2.0), "sheer": (low, low * 1.3)}


def _foot(sketch: Sketch, tint: Array) -> None:
    """Something solid below, as most things have."""
    wide, tall = sketch.between(0.08, 0.22), sketch.between(0.05, 0.2)
    pattern, gloss = sketch.cloth()
    sketch.layer(
        0, [(-wide, 0.45, wide, 0.45, tall * 0.6, tall * 0.6)], tint, blend=0.02, depth=tall, pattern=pattern, gloss=gloss
    )


def _stand(sketch: Sketch) -> None:
    """Rods and bars: a chair, an easel, a ladder, a lamp."""
    rng, tint = sketch.rng, _tint(sketch)
    thick = float(np.exp(rng.uniform(np.log(0.006), np.log(0.03))))
    spread, top = sketch.between(0.08, 0.35), sketch.between(-0.45, -0.1)
    me = sketch.joint(0, (0.0, 0.45), 0.0, sketch.between(0, 0.12))
    bars: list[tuple[float, ...]] = []
    for side in (-1.0, 1.0):
        bars.append((side * spread * rng.uniform(0.1, 1), top, side * spread, 0.48, thick, thick))
    for _ in range(int(rng.integers(1, 7))):
        share = rng.uniform(0.05, 0.9)
        y = top + share * (0.48 - top)
        bars.append((-spread * share, y, spread * share, y + rng.normal(0, 0.03), thick * 0.8, thick * 0.8))
    sketch.layer(
        me, bars, tint, blend=0.004, depth=thick, gloss=float(rng.choice([0, 1.5])), **_still_or_fast(sketch, thick)
    )
    if rng.uniform() < 0.7:
        size = sketch.between(0.08, 0.2)
        pattern, gloss = sketch.cloth()
        head = [(-size, top, size, top - size * 0.3, size * 0.7, size * rng.uniform(0.2, 0.8))]
        sketch.layer(me, head, _tint(sketch), depth=size, pattern=pattern, gloss=gloss)


def _hoops(sketch: Sketch) -> None:
    """Rings that hang from each other by wires: a chain, earrings, a mobile."""
    rng, tint = sketch.rng, _tint(sketch)
    thick = float(np.exp(rng.uniform(np.log(0.005), np.log(0.035))))
    at, radius, lines = np.array([rng.normal(0, 0.1), -0.35]), sketch.between(0.06, 0.2), []
    me = sketch.joint(0, (float(at[0]), -0.45), 0.0, sketch.between(0, 0.4))
    for _ in range(int(rng.integers(2, 6))):
        lines += _circle(float(at[0]), float(at[1]), radius, thick, 14)
        turn, smaller = rng.uniform(1.8, 4.5), radius * rng.uniform(0.5, 1.2)
        way = np.array([np.sin(turn), -np.cos(turn)])
        to = at + way * (radius + smaller) * rng.uniform(0.85, 1.4)
        lines.append((*(at + way * radius), *(to - way * smaller), thick * 0.6, thick * 0.6))
        at, radius = to, smaller
    sketch.layer(
        me, lines, tint, blend=0.003, depth=thick, gloss=float(rng.choice([0, 1.5])), **_still_or_fast(sketch, thick)
    )
    size = sketch.between(0.05, 0.18)
    pattern, gloss = sketch.cloth()
    weight = [(float(at[0]), float(at[1]), float(at[0]) + size, float(at[1]) + 0.1, size, size * 0.7)]
    sketch.layer(me, weight, _tint(sketch), depth=size, pattern=pattern, gloss=gloss)
    if rng.uniform() < 0.4:
        _foot(sketch, tint)


def _branch(sketch: Sketch) -> None:
    """Twigs with leaves, in a vase or without."""
    rng, leaf = sketch.rng, colour(sketch.rng, (0.05, 0.6), (0.2, 0.9))
    if rng.uniform() < 0.6:
        leaf = leaf * np.array([0.6, 1.0, 0.4], np.float32)
    foot: Point = (0.0, 0.35)
    for _ in range(int(rng.integers(3, 7))):
        me = sketch.joint(0, foot, 0.0, sketch.between(0.02, 0.25))
        lean, tall = rng.normal(0, 0.5), sketch.between(0.35, 0.75)
        bend = rng.normal(0, 0.4)
        along = np.linspace(0, 1, 6)
        x, y = foot[0] + tall * along * np.sin(lean + bend * along), foot[1] - tall * along * np.cos(lean + bend * along)
        thick = sketch.between(0.004, 0.012)
        twig = [(x[i], y[i], x[i + 1], y[i + 1], thick, thick * 0.7) for i in range(5)]
        sketch.layer(me, twig, leaf * 0.5, blend=0.004, depth=thick)
        leaves: list[tuple[float, ...]] = []
        long, wide = sketch.between(0.04, 0.13), sketch.between(0.012, 0.04)
        for share in rng.uniform(0.2, 1, int(rng.integers(6, 16))):
            at = (float(np.interp(share, along, x)), float(np.interp(share, along, y)))
            turn = lean + rng.choice([-1, 1]) * rng.uniform(0.4, 1.4)
            leaves.append((*at, at[0] + long * np.sin(turn), at[1] - long * np.cos(turn), wide, 0.003))
        sketch.layer(me, leaves, leaf * rng.uniform(0.7, 1.3), blend=0.003, depth=wide, gloss=float(rng.choice([0, 1])))
    if rng.uniform() < 0.7:
        _foot(sketch, _tint(sketch))


def _net(sketch: Sketch) -> None:
    """Cloth with holes that hangs: netting, crochet, a sieve, a fence."""
    rng, tint = sketch.rng, _tint(sketch)
    wide, tall = sketch.between(0.15, 0.35), sketch.between(0.2, 0.38)
    me = sketch.joint(0, (0.0, -0.4), 0.0, sketch.between(0, 0.2), (0.02, 0.01))
    cloth = [(0.0, -tall, 0.0, tall, wide, wide * sketch.between(0.8, 1.2))]
    if rng.uniform() < 0.4:  # something solid behind the net, or at its middle
        size = sketch.between(0.05, 0.15)
        sketch.layer(me, [(0.0, 0.0, 0.05, 0.1, size, size)], _tint(sketch), depth=size)
    for number in range(1 + int(rng.uniform() < 0.4)):  # some hang double, one a little aside
        pitch = float(np.exp(rng.uniform(np.log(0.012), np.log(0.09))))
        weave = Weave(pitch, float(rng.uniform(0.12, 0.5)), float(rng.uniform(-0.8, 0.8)), bool(rng.uniform() < 0.5))
        aside = rng.normal(0, 0.08) * number
        hung = [(x0 + aside, y0, x1 + aside, y1, r0, r1) for x0, y0, x1, y1, r0, r1 in cloth]
        sketch.layer(me, hung, tint * rng.uniform(0.6, 1.1), blend=0.01, depth=0.05, weave=weave)
    if rng.uniform() < 0.6:
        sketch.layer(me, [(-wide * 1.1, -tall - 0.02, wide * 1.1, -tall - 0.02, 0.015, 0.015)], tint * 0.6, depth=0.02)
    if rng.uniform() < 0.3:
        sketch.layer(0, [(0.0, tall, 0.0, 0.5, 0.03, 0.05)], tint * 0.8, depth=0.04)


def _mist(sketch: Sketch) -> None:
    """Smoke, steam or a veil over something solid: it thins out, and lets through what is behind."""
    rng, tint = sketch.rng, colour(sketch.rng, (0.15, 1.1), (0.0, 0.35))
    me = sketch.joint(0, (0.0, 0.4), 0.0, sketch.between(0.05, 0.3), (0.04, 0.03))
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.normal(0, 0.1), rng.uniform(-0.35, 0.2)
        size = sketch.between(0.1, 0.25)
        puff = [(x, y, x * 0.4, min(y + sketch.between(0.1, 0.5), 0.4), size, size * sketch.between(0.3, 0.9))]
        low = float(rng.choice([0.0, 0.0, 0.0, 0.3]))
        sheer = (low, float(rng.uniform(max(low, 0.08), 0.95)))
        sketch.layer(me, puff, tint * rng.uniform(0.8, 1.2), edge=size * sketch.between(0.15, 0.7), depth=0.4, sheer=sheer)
    if rng.uniform() < 0.75:
        _foot(sketch, _tint(sketch))


def _panes(sketch: Sketch) -> None:
    """Glass in frames: bottles, lenses, windows; a body that holds them."""
    rng, rim = sketch.rng, _tint(sketch)
    body, size = _tint(sketch), sketch.between(0.1, 0.2)
    pattern, gloss = sketch.cloth()
    if rng.uniform() < 0.85:
        sketch.layer(0, [(0.0, -0.1, 0.0, 0.5, size, size * 1.3)], body, depth=0.15, pattern=pattern, gloss=gloss)
    for _ in range(int(rng.integers(1, 4))):
        me = sketch.joint(0, (0.0, 0.2), 0.0, sketch.between(0, 0.4))
        x, y, radius = rng.uniform(-0.3, 0.3), rng.uniform(-0.35, 0.2), sketch.between(0.06, 0.16)
        long = float(rng.choice([0.001, 0.001, 0.2]))
        dark = float(rng.uniform(0.08, 0.5))
        pane = [(x, y, x, y + long, radius, radius)]
        sketch.layer(me, pane, rim * rng.uniform(0.2, 1), depth=radius, gloss=1.5, sheer=(dark, dark * 1.3))
        thick = sketch.between(0.006, 0.02)
        ring = _circle(x, y, radius, thick) + ([*_circle(x, y + long, radius, thick)] if long > 0.1 else [])
        sketch.layer(me, ring, rim, blend=0.003, depth=thick, gloss=1.0)
        if rng.uniform() < 0.5:
            turn = rng.uniform(1.5, 4.5)
            grip = (x + radius * np.sin(turn), y - radius * np.cos(turn))
            end = (x + radius * 2.6 * np.sin(turn), y - radius * 2.6 * np.cos(turn))
            sketch.layer(me, [(*grip, *end, thick, thick * 1.5)], rim, depth=thick)


def _tangle(sketch: Sketch) -> None:
    """Limbs of many widths from one body: a lobster, a tree without leaves, a cable reel."""
    rng, tint = sketch.rng, _tint(sketch)
    size = sketch.between(0.06, 0.18)
    rough = float(rng.choice([0, 0, 0.01]))
    for _ in range(int(rng.integers(4, 10))):
        me = sketch.joint(0, (0.0, 0.05), 0.0, sketch.between(0.02, 0.4))
        turn, thick = rng.uniform(0, 2 * np.pi), float(np.exp(rng.uniform(np.log(0.006), np.log(0.05))))
        at, lines = np.array([0.0, 0.05]), []
        for _ in range(4):
            turn += rng.normal(0, 0.5)
            to = at + np.array([np.sin(turn), -np.cos(turn)]) * rng.uniform(0.06, 0.14)
            lines.append((*at, *to, thick, thick * 0.75))
            at, thick = to, thick * 0.75
        pattern, gloss = sketch.cloth()
        sketch.layer(
            me, lines, tint * rng.uniform(0.7, 1.2), blend=0.01, depth=0.03, rough=rough, pattern=pattern, gloss=gloss
        )
    pattern, gloss = sketch.cloth()
    body = [(-size * 0.4, 0.05, size * 0.5, 0.1, size, size * 0.9)]
    sketch.layer(0, body, tint, depth=size, rough=rough, pattern=pattern, gloss=gloss)


def _truss(sketch: Sketch) -> None:
    """Bars from joint to joint with nothing between them: a pylon, a crane, scaffolding, a climbing frame."""
    rng, tint = sketch.rng, _tint(sketch)
    columns, rows = int(rng.integers(2, 5)), int(rng.integers(2, 6))
    thick = float(np.exp(rng.uniform(np.log(0.002), np.log(0.022))))
    wide, top, narrow = sketch.between(0.12, 0.36), sketch.between(-0.48, -0.2), sketch.between(0.2, 1.1)
    down = np.linspace(0, 1, rows)
    x = np.linspace(-1, 1, columns)[None, :] * wide * (narrow + (1 - narrow) * down)[:, None]
    y = (top + (0.48 - top) * down)[:, None] + np.zeros((1, columns))
    x, y = x + rng.normal(0, 0.015, x.shape), y + rng.normal(0, 0.015, y.shape)
    bars: list[tuple[float, ...]] = []
    for i in range(rows):
        for j in range(columns):
            ends = [(i, j + 1), (i + 1, j)] + [(i + 1, j + int(rng.choice([-1, 1])))] * int(rng.uniform() < 0.7)
            for k, m in ends:
                if k < rows and 0 <= m < columns:
                    bars.append((x[i, j], y[i, j], x[k, m], y[k, m], thick, thick))
    me = sketch.joint(0, (0.0, 0.48), 0.0, sketch.between(0, 0.15))
    sketch.layer(
        me, bars, tint, blend=0.003, depth=thick, gloss=float(rng.choice([0, 1.5])), **_still_or_fast(sketch, thick)
    )
    if rng.uniform() < 0.6:  # a cabin, a sign, a load
        size, i, j = sketch.between(0.05, 0.16), int(rng.integers(rows)), int(rng.integers(columns))
        pattern, gloss = sketch.cloth()
        load = [(x[i, j] - size * 0.5, y[i, j], x[i, j] + size * 0.5, y[i, j], size, size)]
        sketch.layer(me, load, _tint(sketch), depth=size, pattern=pattern, gloss=gloss)


def _burr(sketch: Sketch) -> None:
    """Thin rods from one core: a thistle, the ribs of an umbrella, an aerial, fireworks."""
    rng, tint = sketch.rng, colour(sketch.rng, (0.05, 1.1), (0.0, 0.7))
    core = (rng.normal(0, 0.06), rng.uniform(-0.2, 0.1))
    thick = float(np.exp(rng.uniform(np.log(0.002), np.log(0.012))))
    me = sketch.joint(0, core, 0.0, sketch.between(0, 0.3))
    for _ in range(int(rng.integers(1, 3))):
        count, arc = int(rng.integers(7, 26)), float(rng.choice([2 * np.pi, 2 * np.pi, 3.0]))
        long, lean, skew = sketch.between(0.2, 0.42), rng.normal(0, 0.5), rng.uniform(0, 6.3)
        rods = []
        for number in range(count):
            turn = skew + arc * (number + rng.normal(0, 0.1)) / count
            start, end = rng.uniform(0, 0.06), long * rng.uniform(0.85, 1.05)
            at = (core[0] + start * np.sin(turn), core[1] - start * np.cos(turn))
            to = (core[0] + end * np.sin(turn + lean), core[1] - end * np.cos(turn + lean))
            rods.append((*at, *to, thick, thick * rng.uniform(0.4, 1.0)))
        sketch.layer(me, rods, tint * rng.uniform(0.7, 1.1), blend=0.002, depth=thick, gloss=float(rng.choice([0, 1.5])),
                     **_still_or_fast(sketch, thick))  # fmt: skip
    size = sketch.between(0.03, 0.1)
    sketch.layer(me, [(*core, core[0] + 0.01, core[1], size, size)], _tint(sketch), depth=size)
    if rng.uniform() < 0.7:
        sketch.layer(0, [(*core, rng.normal(0, 0.1), 0.5, 0.012, 0.02)], _tint(sketch), depth=0.02)


_BUILDERS: dict[str, Callable[[Sketch], None]] = {
    "stand": _stand, "hoops": _hoops, "branch": _branch, "net": _net, "mist": _mist, "panes": _panes, "tangle": _tangle,
    "truss": _truss, "burr": _burr,
}  # fmt: skip
