"""Subjects of the clip generator: where they stand, how they move, and how their layers are painted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .figures import BUILDERS, Sketch
from .noise import Array, smoothstep, value_noise
from .odd_subjects import KINDS as ODD_KINDS
from .odd_subjects import build_odd
from .parts import Joint, Layer, Strands, distance, openwork, strand_cover, texture

KINDS = ("bust", "bust", "bust", "figure", "creature", "blob")
TURNING = ("stand", "hoops", "branch", "net", "panes", "tangle", "truss", "burr")
SPUN = 0.4  # share of these whose last part turns so fast that it is a blur


@dataclass(frozen=True)
class Subject:
    """One foreground; a unit is about its own height, its origin the middle of the figure."""

    kind: str
    joints: tuple[Joint, ...]
    layers: tuple[Layer, ...]  # from the back to the front
    scale: float  # heights of the full frame in a unit
    place: tuple[float, float]  # heights, of the origin
    drift: tuple[float, float]  # heights over the clip
    bounce: tuple[float, float, float]  # amplitude x, amplitude y (heights), Hz
    light: Array  # [3] direction towards the light, unit length
    ambient: float


def draw_subject(rng: np.random.Generator, crowd: int = 0, *, odd: bool = False) -> Subject:
    """Draws a subject at random.

    Args:
        rng: source of randomness.
        crowd: 0 for the only subject, 1 for one that stands left of the middle, 2 right of it.
        odd: whether it is of a kind that only training has: `odd_subjects`, and the others out of focus.
    """
    kind = str(rng.choice((*ODD_KINDS, *ODD_KINDS, "net", "net", "burr", "mist", "figure", "blob") if odd else KINDS))
    sketch = Sketch(rng)
    if kind in ODD_KINDS:
        build_odd(sketch, kind)
    else:
        if odd:
            sketch.edge = float(np.exp(rng.uniform(np.log(0.015), np.log(0.06))))
        BUILDERS[kind](sketch)
    scale = {"bust": rng.uniform(0.7, 1.35), "figure": rng.uniform(0.7, 1.1)}.get(kind, rng.uniform(0.55, 1.1))
    scale *= 1.15 if kind in ODD_KINDS else 1.0
    scale *= 0.85 if crowd else 1.0
    x = rng.uniform(-0.35, 0.35) if not crowd else (-0.42, 0.42)[crowd - 1] + rng.uniform(-0.12, 0.12)
    y = 0.5 - 0.45 * scale + rng.uniform(0, 0.12) if kind == "bust" else rng.uniform(-0.1, 0.15)
    lively = rng.choice([0.3, 1.0, 2.0])
    drift = (float(rng.normal(0, 0.15) * lively), float(rng.normal(0, 0.03)))
    bounce = (float(rng.uniform(0, 0.05) * lively), float(rng.uniform(0, 0.03) * lively), sketch.rate())
    light = np.array([rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.1), rng.uniform(0.3, 1.0)])
    light = (light / np.linalg.norm(light)).astype(np.float32)
    ambient = float(rng.uniform(0.15, 0.6))
    if kind in TURNING and rng.uniform() < SPUN:
        last = sketch.joints[-1]
        pivot = last.pivot if rng.uniform() < 0.4 else (0.0, 0.0)
        swing, rate = float(rng.uniform(0.4, 2.5)), float(rng.uniform(1.0, 4.0))
        sketch.joints[-1] = replace(last, pivot=pivot, swing=swing, rate=rate)
    return Subject(
        kind=kind,
        joints=tuple(sketch.joints),
        layers=tuple(sketch.layers),
        scale=float(scale),
        place=(float(x), float(y)),
        drift=drift,
        bounce=bounce,
        light=light,
        ambient=ambient,
    )


def paint_subject(
    subject: Subject, xs: Array, ys: Array, pixel: float, seconds: float, progress: float
) -> tuple[Array, Array]:
    """Paints a subject at one instant.

    Args:
        subject: what to paint.
        xs: [W] pixel centres, heights of the full frame.
        ys: [H] the same.
        pixel: size of a pixel, heights.
        seconds: time.
        progress: time as a share of the clip, -0.5 to 0.5.

    Returns:
        [H,W,3] premultiplied scene-linear colour; [H,W] alpha in [0,1].
    """
    move_x, move_y = place_at(subject, seconds, progress)
    xs = ((xs - move_x) / subject.scale).astype(np.float32)
    ys = ((ys - move_y) / subject.scale).astype(np.float32)
    pixel = pixel / subject.scale
    grids: list[tuple[Array, Array]] = []
    base = np.broadcast_arrays(xs[None, :], ys[:, None])
    for joint in subject.joints:
        x, y = base if joint.parent < 0 else grids[joint.parent]
        grids.append(joint.to_local(x, y, seconds))
    rgb, alpha = np.zeros((len(ys), len(xs), 3), np.float32), np.zeros((len(ys), len(xs)), np.float32)
    for layer in subject.layers:
        x, y = grids[layer.joint]
        gap = distance(layer, x, y)
        if float(gap.min()) > 0.5:
            continue
        if layer.rough:
            fine = 1 / max(2.2 * pixel, 0.006)
            gap = gap + np.float32(layer.rough) * value_noise(layer.pattern_seed, xs * fine, ys * fine)
        for strands in layer.strands[: len(layer.strands) // 2]:  # half of them behind the layer, half in front
            _over_strands(rgb, alpha, strands, gap, x, y, seconds, pixel, subject)
        soft = np.float32(max(layer.edge, 0.6 * pixel))
        cover = 1 - smoothstep(-soft, soft, gap)
        if layer.weave is not None or layer.sheer is not None:
            cover = cover * openwork(layer, x, y, xs, ys, pixel)
        shade = _shade(layer, subject, gap, pixel) * texture(layer, xs, ys, pixel)
        keep = 1 - cover
        rgb *= keep[..., None]
        rgb += (cover * shade)[..., None] * layer.colour
        if layer.gloss:
            rgb += (cover * np.float32(layer.gloss) * np.clip(shade - 0.95, 0, 1) ** 2)[..., None]
        alpha *= keep
        alpha += cover
        for strands in layer.strands[len(layer.strands) // 2 :]:
            _over_strands(rgb, alpha, strands, gap, x, y, seconds, pixel, subject)
    return np.maximum(rgb, 0), alpha


def place_at(subject: Subject, seconds: float, progress: float) -> tuple[float, float]:
    """Where the subject's origin is, in heights."""
    beat = 2 * np.pi * subject.bounce[2] * seconds
    x = subject.place[0] + subject.drift[0] * progress + subject.bounce[0] * np.sin(beat)
    y = subject.place[1] + subject.drift[1] * progress + subject.bounce[1] * np.sin(2 * beat)
    return float(x), float(y)


def _shade(layer: Layer, subject: Subject, gap: Array, pixel: float) -> Array:
    """Light on a layer as if its outline were the foot of a dome: [H,W], around 0.2 to 1.3."""
    dome = np.clip(-gap / np.float32(layer.depth), 0, 1)
    tilt = np.sqrt(1 - dome * (2 - dome) * np.float32(0.97))
    down, across = np.gradient(gap, np.float32(pixel))
    lx, ly, lz = subject.light
    facing = (across * lx + down * ly) * tilt + lz * np.sqrt(np.maximum(1 - tilt * tilt, 0))
    return np.float32(subject.ambient) + np.float32(1.1 - subject.ambient * 0.5) * np.maximum(facing, 0)


def _over_strands(
    rgb: Array,
    alpha: Array,
    strands: Strands,
    gap: Array,
    x: Array,
    y: Array,
    seconds: float,
    pixel: float,
    subject: Subject,
) -> None:
    """Lays strands over a premultiplied picture, in place, at the pixels that they can reach."""
    near = np.flatnonzero((gap > -0.02) & (gap < strands.length))
    if not len(near):
        return
    cover = strand_cover(strands, gap.ravel()[near], x.ravel()[near], y.ravel()[near], seconds, pixel)
    rgb_flat, alpha_flat = rgb.reshape(-1, 3), alpha.reshape(-1)
    lit = np.float32(subject.ambient + 0.5)
    rgb_flat[near] = rgb_flat[near] * (1 - cover)[:, None] + cover[:, None] * strands.colour * lit
    alpha_flat[near] = alpha_flat[near] * (1 - cover) + cover
