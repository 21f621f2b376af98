"""The pieces of a subject: joints that move, layers of smooth shapes, and strands that grow out of a layer's edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .noise import Array, fbm, lattice, smoothstep, value_noise


@dataclass(frozen=True)
class Joint:
    """A moving frame of reference: turns about a pivot and shifts, after its parent has."""

    parent: int  # index of an earlier joint, or -1
    pivot: tuple[float, float]  # subject units
    rest: float  # rad, angle about which it swings
    swing: float  # rad
    shift: tuple[float, float]  # subject units, amplitude
    rate: float  # Hz
    phase: float  # rad

    def to_local(self, x: Array, y: Array, seconds: float) -> tuple[Array, Array]:
        """The parent's coordinates to this joint's, same shapes."""
        beat = 2 * np.pi * self.rate * seconds + self.phase
        angle = self.rest + self.swing * np.sin(beat)
        dx = x - np.float32(self.pivot[0] + self.shift[0] * np.sin(beat * 0.7))
        dy = y - np.float32(self.pivot[1] + self.shift[1] * np.sin(beat * 1.3))
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        return cos * dx + sin * dy + np.float32(self.pivot[0]), cos * dy - sin * dx + np.float32(self.pivot[1])


@dataclass(frozen=True)
class Strands:
    """Thin tapered curves that leave a layer's edge; lengths in subject units."""

    seed: int
    count: int  # round the whole turn
    centre: tuple[float, float]
    facing: float  # rad, middle of the range of directions, 0 is up, clockwise
    spread: float  # rad, half of the range
    length: float
    width: float
    bend: float  # sideways, in lengths, at the tip
    curl: float  # amplitude in cells
    sway: float  # bend that comes and goes
    colour: Array  # [3]


@dataclass(frozen=True)
class Weave:
    """Threads of a layer that is full of holes; lengths in subject units."""

    pitch: float
    share: float  # of the pitch that is thread, in each of the two directions
    tilt: float  # rad
    square: bool  # straight threads; otherwise they swing to and fro, as in knitted nets


@dataclass(frozen=True)
class Layer:
    """One surface of a subject: a smooth union of shapes with a colour, a texture and an edge."""

    joint: int
    shapes: Array  # [N,6]: x0, y0, x1, y1 (a line from 0 to 1), radius at 0, radius at 1
    blend: float  # radius of the smooth union
    colour: Array  # [3]
    edge: float  # half width of the soft edge, subject units
    rough: float  # amplitude of noise on the edge (fur)
    pattern: str  # plain, cloth, stripes, fur, spots
    pattern_seed: int
    depth: float  # how deep the shading rolls in from the edge
    gloss: float
    strands: tuple[Strands, ...] = ()
    weave: Weave | None = None
    sheer: tuple[float, float] | None = None  # the least and the most that the layer covers, by noise


def openwork(layer: Layer, x: Array, y: Array, xs: Array, ys: Array, pixel: float) -> Array:
    """What share of a layer with holes, or of a sheer one, is there: [H,W] in [0,1].

    Args:
        layer: which.
        x: [H,W] subject units, as the layer's joint turns them: holes move with it.
        y: [H,W].
        xs: [W] subject units, for noise.
        ys: [H].
        pixel: size of a pixel, subject units.
    """
    share = np.ones((len(ys), len(xs)), np.float32)
    if layer.weave is not None:
        weave = layer.weave
        cos, sin = np.float32(np.cos(weave.tilt)), np.float32(np.sin(weave.tilt))
        u, v = (cos * x + sin * y) / np.float32(weave.pitch), (cos * y - sin * x) / np.float32(weave.pitch)
        if not weave.square:
            u, v = u + 0.3 * np.sin(np.pi * v), v + 0.3 * np.sin(np.pi * u)
        wide = np.float32(max(pixel / weave.pitch, 0.02))
        # a thread as an interval that a pixel overlaps; where a pixel is wider than the pitch, the mean
        away_u, away_v = np.abs(u % 1 - 0.5), np.abs(v % 1 - 0.5)
        clear_u, clear_v = (np.clip((a - weave.share / 2) / wide + 0.5, 0, 1) for a in (away_u, away_v))
        fade = np.float32(np.clip((0.9 - wide) / 0.4, 0, 1))
        mean = np.float32((1 - weave.share) ** 2)
        share = 1 - (fade * clear_u * clear_v + (1 - fade) * mean)
    if layer.sheer is not None:
        low, high = layer.sheer
        seed = layer.pattern_seed
        cloud = fbm(seed, xs * 5, ys * 4, pixel * 5, 4, 0.6)
        share = share * np.float32(low) + share * np.float32(high - low) * smoothstep(-0.6, 0.7, cloud)
    return share


def distance(layer: Layer, x: Array, y: Array) -> Array:
    """Signed distance to a layer's outline in subject units, negative inside; shape of x and y."""
    total: Array | None = None
    for x0, y0, x1, y1, r0, r1 in layer.shapes:
        vx, vy = x1 - x0, y1 - y0
        length = vx * vx + vy * vy
        dx, dy = x - x0, y - y0
        if length > 1e-9:
            t = np.clip((dx * vx + dy * vy) / length, 0, 1)
            one = np.hypot(dx - t * vx, dy - t * vy) - (r0 + (r1 - r0) * t)
        else:
            one = np.sqrt(dx * dx + dy * dy) - r0
        if total is None:
            total = one
        else:  # polynomial smooth minimum
            h = np.maximum(layer.blend - np.abs(total - one), 0) / layer.blend
            total = np.minimum(total, one) - h * h * np.float32(layer.blend * 0.25)
    assert total is not None
    return total


def strand_cover(strands: Strands, gap: Array, x: Array, y: Array, seconds: float, pixel: float) -> Array:
    """Coverage of the pixels by strands.

    Strands live in a polar grid round `centre` with one strand a cell, so that a pixel looks at three cells only,
    however many strands there are. A strand thinner than a pixel covers a fraction of it: the overlap of two intervals.

    Args:
        strands: which.
        gap: [N] distance from the layer's edge, subject units.
        x: [N] subject units.
        y: [N] subject units.
        seconds: time, for the sway.
        pixel: size of a pixel, subject units.

    Returns:
        [N] in [0,1].
    """
    dx, dy = x - np.float32(strands.centre[0]), y - np.float32(strands.centre[1])
    radius = np.hypot(dx, dy)
    along = np.clip(gap / strands.length, 0, 2)
    per_rad = strands.count / (2 * np.pi)
    wind = strands.bend + strands.sway * np.sin(2.1 * seconds + strands.seed % 7)
    u = np.arctan2(dx, -dy) * per_rad
    u -= wind * strands.length * along * along / radius * per_rad
    u += strands.curl * np.sin(along * (3 + strands.seed % 5) + 1.7 * seconds) * along
    cell = np.floor(u).astype(np.int64)
    low, high = int(cell.min()) - 1, int(cell.max()) + 1
    # wrapped, so that the strand across the cut of arctan2 is the same from both sides
    jitter, long, thick = lattice(strands.seed, np.arange(3), np.arange(low, high + 1) % strands.count)
    centre_angle = (np.arange(low, high + 1) + 0.5) / per_rad
    off = np.abs((centre_angle - strands.facing + np.pi) % (2 * np.pi) - np.pi)
    long = np.where(off < strands.spread, 0.6 + 0.4 * long, 0.0).astype(np.float32)
    thick = (strands.width * (0.75 + 0.35 * thick)).astype(np.float32)
    clear = np.ones_like(u)
    pitch = radius / per_rad
    for step in (-1, 0, 1):
        k = cell + (step - low)
        reach = long[k]
        left = np.clip(1 - along / np.maximum(reach, 1e-3), 0, 1)
        width = thick[k] * np.sqrt(left)
        away = np.abs(u - (cell + step + 0.5) - 0.45 * jitter[k]) * pitch
        inside = np.minimum(away + width * 0.5, pixel * 0.5) - np.maximum(away - width * 0.5, -pixel * 0.5)
        clear *= 1 - np.clip(inside / pixel, 0, 1)
    return 1 - clear


def texture(layer: Layer, xs: Array, ys: Array, pixel: float) -> Array:
    """The brightness of a layer's own texture, [H,W] around 1; it moves with the subject but does not turn.

    Args:
        layer: which.
        xs: [W] subject units.
        ys: [H] subject units.
        pixel: size of a pixel, subject units.
    """
    seed = layer.pattern_seed
    strength = 0.12 + 0.1 * (seed % 3)
    fine = 14 + seed % 30
    fade = np.float32(np.clip((0.7 - fine * pixel) / 0.4, 0, 1) * strength)
    broad = 1 + np.float32(0.12) * value_noise(seed, xs * 5, ys * 5)
    if layer.pattern == "stripes":
        tilt = (seed % 3 - 1) * 0.5
        return broad * (1 + fade * np.sin((ys[:, None] + tilt * xs[None, :]) * np.float32(fine * 3.0)))
    if layer.pattern == "fur":
        return broad + 1.5 * fade * value_noise(seed, xs * (fine * 2.0), ys * (fine * 0.6))
    if layer.pattern == "cloth":
        return broad + fade * value_noise(seed, xs * fine, ys * (fine * 0.5))
    if layer.pattern == "spots":
        return broad * (1 - 2 * fade * (value_noise(seed, xs * 9, ys * 9) > 0.25))
    return broad
