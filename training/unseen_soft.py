"""Soft subjects of the test families: hair in the wind, lace, smoke, a figure out of focus. None of them is in training.

Units as in `unseen_subjects`.
"""

from __future__ import annotations

import numpy as np

from .noise import Array, colour, lattice, smoothstep
from .unseen_canvas import Canvas, Patch, turned

SHEETS, STRANDS = 4, 850
NET, NET_SHARE = -0.55, 0.4606  # where the sum of three waves is thread, and its share of the area
TONES = np.array(
    [[0.02, 0.015, 0.012], [0.12, 0.06, 0.03], [0.45, 0.3, 0.12], [0.35, 0.1, 0.04], [0.5, 0.5, 0.5]], np.float32
)


class Hair:
    """A head in profile whose thousands of long strands blow to one side."""

    blur = 0.0

    def __init__(self, rng: np.random.Generator) -> None:
        self.skin = np.array([0.75, 0.47, 0.34], np.float32) * np.float32(rng.uniform(0.35, 1.2))
        self.hair = TONES[int(rng.integers(len(TONES)))] * np.float32(rng.uniform(0.8, 1.4))
        self.dress = colour(rng, (0.05, 0.7), (0.1, 0.8))
        self.side = int(rng.choice([-1, 1]))
        self.rate, self.thin = float(rng.uniform(0.5, 1.2)), float(rng.uniform(0.0011, 0.0022))
        self.roots = rng.uniform(0, 1, (SHEETS, STRANDS, 7)).astype(np.float32)
        self.speed = 0.5

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """See `unseen_subjects.Subject`."""
        for sheet in self.roots[: SHEETS // 2]:
            self.strands(canvas, sheet, seconds)
        face = -self.side
        canvas.stroke((0.0, 0.0), (-0.01 * face, 0.2), 0.07, 0.075, self.skin * 0.8)
        canvas.stroke((-0.17, 0.36), (0.17, 0.36), 0.14, 0.14, self.dress)
        canvas.box((0.0, 0.6), (0.3, 0.25), 0.1, 0.0, self.dress)
        canvas.disc((0.0, -0.14), (0.14, 0.17), self.skin)
        canvas.disc((face * 0.035, -0.04), (0.1, 0.1), self.skin)
        canvas.stroke((face * 0.12, -0.14), (face * 0.155, -0.08), 0.018, 0.022, self.skin * 1.05)
        canvas.disc((face * 0.08, -0.15), (0.018, 0.012), self.skin * 0.15)
        for sheet in self.roots[SHEETS // 2 :]:
            self.strands(canvas, sheet, seconds)

    def strands(self, canvas: Canvas, sheet: Array, seconds: float) -> None:
        """One sheet [N,7] of random numbers as strands, each as a dense row of points."""
        angle = np.pi * (0.42 + 0.85 * sheet[:, 0])  # on the skull, from the forehead over the crown to the neck
        deep = np.sqrt(sheet[:, 1])
        x0, y0 = -np.cos(angle) * 0.13 * deep * self.side, -0.15 - np.sin(angle) * 0.16 * deep
        long = 0.3 + 0.4 * sheet[:, 2]
        count = int(np.ceil(0.75 / canvas.pixel))
        t = np.linspace(0, 1, count, dtype=np.float32)[None]  # [1,K]
        gust = 2 * np.pi * (0.9 * t - self.rate * seconds) + 2.2 * sheet[:, 3:4]
        rise = 0.13 * t**1.4 * np.sin(gust) + 0.02 * t * np.sin(23 * t * sheet[:, 4:5] + 40 * sheet[:, 5:6])
        x = x0[:, None] + self.side * long[:, None] * (t - 0.12 * t * t)
        y = y0[:, None] + long[:, None] * (rise / 0.45 + 0.38 * t * t + 0.28 * (sheet[:, 6:7] - 0.5) * t)
        step = long[:, None] / count
        weights = np.broadcast_to(self.thin * (1 - 0.8 * t) * step / canvas.pixel**2, x.shape)
        bright = np.broadcast_to(0.55 + 0.7 * sheet[:, 5:6] + 0.35 * np.sin(9 * t + 5 * sheet[:, 3:4]) * t, x.shape)
        canvas.splat(np.stack([x.ravel(), y.ravel()], 1), weights.ravel(), bright.ravel(), self.hair)


class Lace:
    """A hanging cloth of net and flowers that billows, with a fold of it behind: seen through its holes."""

    blur = 0.0

    def __init__(self, rng: np.random.Generator) -> None:
        self.thread, self.rod = colour(rng, (0.35, 0.95), (0.0, 0.3)), colour(rng, (0.05, 0.4), (0.1, 0.6))
        self.mesh, self.bloom = float(rng.uniform(0.03, 0.05)), float(rng.uniform(0.13, 0.2))
        self.rate, self.phase = float(rng.uniform(0.3, 0.7)), float(rng.uniform(0, 6.3))
        self.speed = 0.5

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """See `unseen_subjects.Subject`."""
        beat = 2 * np.pi * self.rate * seconds + self.phase
        self.cloth(canvas, beat + 2, 0.16, 0.24, 0.6)
        self.cloth(canvas, beat, 0.0, 0.4, 1.0)
        canvas.stroke((-0.46, -0.42), (0.46, -0.42), 0.016, 0.016, self.rod)

    def cloth(self, canvas: Canvas, beat: float, middle: float, half: float, light: float) -> None:
        """One layer of cloth that hangs from the rod."""
        patch = canvas.patch(middle - half - 0.1, -0.43, middle + half + 0.1, 0.5)
        if patch is None:
            return
        hang = np.clip(patch.y + 0.42, 0, 1)
        fold = 11 * patch.x + 1.5 * patch.y + beat
        u = patch.x - middle + hang * (0.05 * np.sin(5 * patch.y + beat) + 0.016 * np.sin(fold))
        v = patch.y + 0.02 * np.sin(7 * patch.x - beat)
        holes = np.maximum(self._net(u, v, canvas.pixel), self._flowers(u, v, canvas.pixel))
        bottom = 0.4 - 0.025 * np.abs(np.cos(u * np.pi / 0.1))
        hem = np.minimum(np.minimum(half - np.abs(u), bottom - v), v + 0.42)
        solid = np.clip((0.016 - hem) / canvas.pixel + 0.5, 0, 1)
        cover = np.maximum(holes, solid) * np.clip(hem / canvas.pixel + 0.5, 0, 1)
        canvas.over(patch, cover.astype(np.float32), self.thread, light * (0.8 + 0.25 * np.sin(fold) * hang))

    def _net(self, u: Array, v: Array, pixel: float) -> Array:
        """Coverage of six-sided meshes; where they are finer than three pixels, their mean."""
        k = 4 * np.pi / (np.sqrt(3) * self.mesh)
        total, slope_u, slope_v = np.zeros_like(u), np.zeros_like(u), np.zeros_like(u)
        for angle in (0, 2 * np.pi / 3, 4 * np.pi / 3):
            cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
            wave = k * (cos * u + sin * v)
            total += np.cos(wave)
            slope_u -= k * cos * np.sin(wave)
            slope_v -= k * sin * np.sin(wave)
        steep = np.maximum(np.hypot(slope_u, slope_v), 0.2 * k)
        thread = np.clip(0.5 + (NET - total) / (steep * pixel), 0, 1)
        fine = smoothstep(3, 4.5, np.float32(self.mesh / pixel))
        return thread * fine + np.float32(NET_SHARE) * (1 - fine)

    def _flowers(self, u: Array, v: Array, pixel: float) -> Array:
        """Coverage of a motif of six petals in every other cell of a square grid."""
        row, column = np.floor(v / self.bloom), np.floor(u / self.bloom)
        x, y = u - (column + 0.5) * self.bloom, v - (row + 0.5) * self.bloom
        radius = self.bloom * (0.3 + 0.1 * np.cos(6 * np.arctan2(y, x)))
        far = np.hypot(x, y)
        petals = np.clip(0.5 + (radius - far) / pixel, 0, 1) * np.clip(0.5 + (far - 0.1 * self.bloom) / pixel, 0, 1)
        return petals * ((row + column) % 2 == 0)


class Smoke:
    """A bowl from which smoke rises: alpha is 1 − exp(−density), its colour that of lit smoke."""

    blur = 0.0

    def __init__(self, rng: np.random.Generator) -> None:
        self.bowl, self.tint = colour(rng, (0.05, 0.5), (0.1, 0.7)), colour(rng, (0.4, 0.9), (0.0, 0.15))
        self.table = lattice(int(rng.integers(1 << 20)), np.arange(128), np.arange(128))
        self.thick, self.rise = float(rng.uniform(1.6, 3.5)), float(rng.uniform(0.12, 0.3))
        self.wide = float(rng.uniform(0.09, 0.15))
        self.speed = 0.15

    def noise(self, u: Array, v: Array) -> Array:
        """Smooth noise at any [H,W] coordinates, in cells; [-1,1]."""
        i, j = np.floor(v).astype(np.int64), np.floor(u).astype(np.int64)
        fx, fy = (u - j).astype(np.float32), (v - i).astype(np.float32)
        fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
        i0, j0, i1, j1 = i & 127, j & 127, (i + 1) & 127, (j + 1) & 127
        upper = self.table[i0, j0] * (1 - fx) + self.table[i0, j1] * fx
        return upper * (1 - fy) + (self.table[i1, j0] * (1 - fx) + self.table[i1, j1] * fx) * fy

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """See `unseen_subjects.Subject`."""
        patch = canvas.patch(-0.55, -0.6, 0.55, 0.28)
        if patch is not None:
            self._plume(canvas, patch, seconds)
        canvas.box((0.0, 0.33), (0.2, 0.07), 0.06, 0.0, self.bowl)
        canvas.stroke((0.0, 0.38), (0.0, 0.48), 0.05, 0.03, self.bowl)
        canvas.box((0.0, 0.48), (0.13, 0.022), 0.015, 0.0, self.bowl)

    def _plume(self, canvas: Canvas, patch: Patch, seconds: float) -> None:
        up = np.clip((0.28 - patch.y) / 0.85, 0, 1.2)
        flow = self.rise * seconds * 6
        sway = 0.22 * up * self.noise(patch.x * 1.5 + 7, patch.y * 3 + flow * 0.5)
        u, v = (patch.x + sway) * 6, patch.y * 6 + flow
        curl = 0.8 * self.noise(u * 0.9 + 31, v * 0.9 + 17)
        puffs, weight = np.zeros_like(u), 1.0
        for octave in range(4):
            scale = 2.0**octave
            puffs += weight * self.noise((u + curl) * scale + 13 * octave, (v - curl) * scale + 0.4 * flow * octave)
            weight *= 0.55
        spread = self.wide * (0.5 + 2.0 * up)
        shape = np.exp(-(((patch.x + sway) / spread) ** 2)) * (1 - smoothstep(0.55, 1.0, up)) * (up > 0)
        density = self.thick * shape * np.clip(0.45 + 0.75 * puffs, 0, None)
        light = 0.75 + 0.35 * np.clip(puffs, -1, 1)
        canvas.over(patch, (1 - np.exp(-density)).astype(np.float32), self.tint, light)


class Defocused:
    """A jointed artist's figure out of the plane of focus: all of it is spread over discs of confusion, by `blur`."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.wood, self.dark = colour(rng, (0.3, 0.8), (0.2, 0.6)), colour(rng, (0.03, 0.3), (0.1, 0.7))
        self.blur = float(rng.uniform(0.012, 0.03))
        self.rate, self.phases = float(rng.uniform(0.3, 0.9)), rng.uniform(0, 6.3, 4)
        self.speed = 1.4

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """See `unseen_subjects.Subject`."""
        beats = np.sin(2 * np.pi * self.rate * seconds + self.phases)
        canvas.box((0.0, 0.48), (0.18, 0.025), 0.01, 0.0, self.dark)
        for index, side in enumerate((-1, 1)):
            knee = turned((side * 0.05, 0.13), side * 0.12 + 0.1 * float(beats[index]), 0.17)
            canvas.stroke((side * 0.05, 0.13), knee, 0.042, 0.03, self.wood)
            canvas.stroke(knee, turned(knee, -side * 0.05, 0.16), 0.03, 0.022, self.wood * 0.9)
            shoulder = (side * 0.12, -0.17)
            elbow = turned(shoulder, side * (0.9 + 0.9 * float(beats[2 + index])), 0.15)
            canvas.stroke(shoulder, elbow, 0.033, 0.026, self.wood * 0.95)
            canvas.stroke(elbow, turned(elbow, side * (1.6 + 0.8 * float(beats[2 + index])), 0.15), 0.026, 0.018, self.wood)
        canvas.stroke((0.0, -0.15), (0.0, 0.11), 0.11, 0.07, self.wood)
        canvas.stroke((0.0, -0.22), (0.0, -0.28), 0.025, 0.025, self.dark)
        canvas.disc((0.0, -0.38), (0.075, 0.1), self.wood * 1.1)


def disc_blur(image: Array, radius: float) -> Array:
    """The mean over discs: [H,W,C] to the same, what is beyond the edge being 0. Radius in pixels, any positive number."""
    half = int(np.ceil(radius))
    height, width = image.shape[:2]
    padded = np.pad(image, ((half, half), (half + 1, half), (0, 0)))
    run = np.cumsum(padded, axis=1, dtype=np.float64)  # [H+2h,W+2h+1,C]
    total, area = np.zeros(image.shape), 0.0
    for down in range(-half, half + 1):
        reach = max(radius**2 - down**2, 0.0) ** 0.5
        rows = run[half + down : half + down + height]
        # whole pixels and a share of the next one at either end, so that the blur grows smoothly with its radius
        low = int(reach)
        share = reach - low
        inner = rows[:, half + 1 + low : half + 1 + low + width] - rows[:, half - low : half - low + width]
        total += inner * (1 - share)
        area += (2 * low + 1) * (1 - share)
        if share:
            outer = rows[:, half + 2 + low : half + 2 + low + width] - rows[:, half - low - 1 : half - low - 1 + width]
            total += outer * share
            area += (2 * low + 3) * share
    found: Array = (total / area).astype(np.float32)
    return found
