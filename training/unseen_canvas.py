"""A canvas for the test families' subjects: shapes with exact coverage, laid over each other from the back to the front.

Lengths are in units of the canvas, which the subject chooses; y goes down. A shape touches only the pixels that it can
reach. Everything is a float32 array of numpy, premultiplied and scene-linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .noise import Array

Point = tuple[float, float]
LIGHT = np.array([-0.5, -0.7], np.float32)  # where light comes from on a canvas; test subjects share it


@dataclass(frozen=True)
class Patch:
    """A rectangle of the canvas: its slices, and the coordinates of its pixels [h,w]."""

    part: tuple[slice, slice]
    x: Array
    y: Array


def band(away: Array, half: Array | float, pixel: float) -> Array:
    """Coverage of pixels by a strip: the overlap of two intervals, also where the strip is thinner than a pixel.

    Args:
        away: distance of the pixel's centre from the strip's middle line, 0 and up.
        half: half of the strip's width.
        pixel: size of a pixel.

    Returns:
        In [0,1], the shape of `away`.
    """
    low, high = np.maximum(away - half, -pixel / 2), np.minimum(away + half, pixel / 2)
    return np.clip((high - low) / pixel, 0, 1).astype(np.float32)


def turned(point: Point, angle: float, length: float) -> Point:
    """Where a limb ends that starts at a point; angle 0 hangs down, positive angles swing to the right."""
    return float(point[0] + np.sin(angle) * length), float(point[1] + np.cos(angle) * length)


class Canvas:
    """Premultiplied colour [H,W,3] and alpha [H,W] that shapes are laid over."""

    def __init__(self, xs: Array, ys: Array, pixel: float) -> None:
        """All empty.

        Args:
            xs: [W] pixel centres.
            ys: [H] pixel centres.
            pixel: size of a pixel.
        """
        self.xs, self.ys, self.pixel = xs.astype(np.float32), ys.astype(np.float32), pixel
        self.rgb = np.zeros((len(ys), len(xs), 3), np.float32)
        self.alpha = np.zeros((len(ys), len(xs)), np.float32)

    def patch(self, x0: float, y0: float, x1: float, y1: float) -> Patch | None:
        """The pixels of a rectangle and one more at each side; None where there are none."""
        left, right = np.searchsorted(self.xs, (x0 - self.pixel, x1 + self.pixel))
        top, bottom = np.searchsorted(self.ys, (y0 - self.pixel, y1 + self.pixel))
        if left >= right or top >= bottom:
            return None
        part = (slice(int(top), int(bottom)), slice(int(left), int(right)))
        x, y = np.broadcast_arrays(self.xs[None, part[1]], self.ys[part[0], None])
        return Patch(part, x, y)

    def whole(self) -> Patch:
        """All pixels."""
        x, y = np.broadcast_arrays(self.xs[None, :], self.ys[:, None])
        return Patch((slice(None), slice(None)), x, y)

    def over(self, patch: Patch, cover: Array, colour: Array, shade: Array | float = 1.0) -> None:
        """Lays a colour over a patch.

        Args:
            patch: where.
            cover: [h,w] in [0,1].
            colour: [3], or [h,w,3].
            shade: [h,w], a factor on the colour.
        """
        keep = 1 - cover
        self.rgb[patch.part] *= keep[..., None]
        self.rgb[patch.part] += (cover * np.float32(shade))[..., None] * np.asarray(colour, np.float32)
        self.alpha[patch.part] = self.alpha[patch.part] * keep + cover

    def stroke(self, start: Point, end: Point, r0: float, r1: float, colour: Array) -> None:
        """A tapered line with round ends, lit as a cylinder; as thin as one likes."""
        reach = max(r0, r1)
        patch = self.patch(
            min(start[0], end[0]) - reach, min(start[1], end[1]) - reach,
            max(start[0], end[0]) + reach, max(start[1], end[1]) + reach,
        )  # fmt: skip
        if patch is None:
            return
        vx, vy = end[0] - start[0], end[1] - start[1]
        length = max(vx * vx + vy * vy, 1e-9)
        dx, dy = patch.x - start[0], patch.y - start[1]
        t = np.clip((dx * vx + dy * vy) / length, 0, 1)
        dx, dy = dx - t * vx, dy - t * vy
        radius = r0 + (r1 - r0) * t
        lit = (dx * LIGHT[0] + dy * LIGHT[1]) / np.maximum(radius, self.pixel)
        self.over(patch, band(np.hypot(dx, dy), radius, self.pixel), colour, 0.75 + 0.35 * np.clip(lit, -1, 1))

    def curve(self, points: Array, r0: float, r1: float, colour: Array) -> None:
        """A tapered line through points [N,2], as strokes."""
        radii = np.linspace(r0, r1, len(points))
        for i in range(len(points) - 1):
            start, end = (float(points[i, 0]), float(points[i, 1])), (float(points[i + 1, 0]), float(points[i + 1, 1]))
            self.stroke(start, end, float(radii[i]), float(radii[i + 1]), colour)

    def disc(self, centre: Point, radii: Point, colour: Array) -> None:
        """An ellipse with upright axes, lit as a ball."""
        patch = self.patch(centre[0] - radii[0], centre[1] - radii[1], centre[0] + radii[0], centre[1] + radii[1])
        if patch is None:
            return
        dx, dy = (patch.x - centre[0]) / radii[0], (patch.y - centre[1]) / radii[1]
        far = np.hypot(dx, dy)
        # the distance from the outline to first order: the implicit function over its slope
        slope = np.hypot(dx / radii[0], dy / radii[1]) / np.maximum(far, 1e-6)
        cover = np.clip(0.5 - (far - 1) / np.maximum(slope * self.pixel, 1e-9), 0, 1).astype(np.float32)
        high = np.sqrt(np.maximum(1 - far * far, 0))
        self.over(patch, cover, colour, 0.4 + 0.4 * np.maximum(dx * LIGHT[0] + dy * LIGHT[1], -0.5) + 0.35 * high)

    def box(self, centre: Point, half: Point, round_: float, angle: float, colour: Array) -> None:
        """A rectangle with rounded corners, turned by an angle, its rim lit by where it faces."""
        reach = float(np.hypot(*half))
        patch = self.patch(centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
        if patch is None:
            return
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        dx, dy = patch.x - centre[0], patch.y - centre[1]
        u, v = cos * dx - sin * dy, sin * dx + cos * dy
        qx, qy = np.abs(u) - (half[0] - round_), np.abs(v) - (half[1] - round_)
        gap = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0) - round_
        rim = np.clip(1 + gap / (0.3 * min(half)), 0, 1)
        lit = (dx * LIGHT[0] + dy * LIGHT[1]) / reach
        cover = np.clip(0.5 - gap / self.pixel, 0, 1).astype(np.float32)
        self.over(patch, cover, colour, 0.75 + 0.2 * v / half[1] * -1 + 0.5 * rim * lit)

    def bar(self, start: Point, end: Point, half: float, colour: Array) -> None:
        """A rounded box from one joint of a limb to the next."""
        vx, vy = end[0] - start[0], end[1] - start[1]
        centre = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        length = float(np.hypot(vx, vy)) / 2 + half * 0.6
        self.box(centre, (half, length), half * 0.5, float(np.arctan2(vx, vy)), colour)

    def leaf(self, start: Point, end: Point, half: float, colour: Array) -> None:
        """A pointed blade with a lighter rib; `half` is half of its greatest width."""
        vx, vy = end[0] - start[0], end[1] - start[1]
        reach = half + 0.1 * float(np.hypot(vx, vy))
        patch = self.patch(
            min(start[0], end[0]) - reach, min(start[1], end[1]) - reach,
            max(start[0], end[0]) + reach, max(start[1], end[1]) + reach,
        )  # fmt: skip
        length = float(np.hypot(vx, vy))
        if patch is None or length < 1e-6:
            return
        dx, dy = patch.x - start[0], patch.y - start[1]
        t, across = (dx * vx + dy * vy) / length**2, (dx * vy - dy * vx) / length
        across = across - 0.08 * length * np.sin(np.pi * np.clip(t, 0, 1))  # leaves bend
        wide = half * np.sin(np.pi * np.clip(t, 0, 1) ** 0.8)
        ends = np.clip(0.5 + np.minimum(t, 1 - t) * length / self.pixel, 0, 1)
        cover = band(np.abs(across), wide, self.pixel) * ends
        shade = np.where(across > 0, 1.0, 0.72) + 0.4 * band(np.abs(across), half * 0.05, self.pixel)
        self.over(patch, cover.astype(np.float32), colour, shade)

    def ring(self, centre: Point, radius: float, half: float, colour: Array) -> None:
        """A circle of wire."""
        reach = radius + half
        patch = self.patch(centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
        if patch is None:
            return
        dx, dy = patch.x - centre[0], patch.y - centre[1]
        far = np.hypot(dx, dy)
        lit = (dx * LIGHT[0] + dy * LIGHT[1]) / np.maximum(far, 1e-6)
        self.over(patch, band(np.abs(far - radius), half, self.pixel), colour, 0.75 + 0.35 * lit)

    def splat(self, points: Array, weights: Array, brightness: Array, colour: Array) -> None:
        """A sheet of strands given as dense points, each shared out between its four nearest pixels.

        Strands of one sheet add up as if they lay side by side, to full coverage at most.

        Args:
            points: [N,2].
            weights: [N] area that a point covers, in pixels.
            brightness: [N] factor on the colour.
            colour: [3].
        """
        height, width = self.alpha.shape
        column, row = (points[:, 0] - self.xs[0]) / self.pixel, (points[:, 1] - self.ys[0]) / self.pixel
        inside = (column > 0) & (row > 0) & (column < width - 1) & (row < height - 1)
        column, row, weights, brightness = column[inside], row[inside], weights[inside], brightness[inside]
        left, top = column.astype(np.int64), row.astype(np.int64)
        fx, fy = column - left, row - top
        total, bright = np.zeros(height * width), np.zeros(height * width)
        for down, right, share in (
            (0, 0, (1 - fx) * (1 - fy)), (0, 1, fx * (1 - fy)), (1, 0, (1 - fx) * fy), (1, 1, fx * fy),
        ):  # fmt: skip
            index, amount = (top + down) * width + left + right, share * weights
            total += np.bincount(index, amount, height * width)
            bright += np.bincount(index, amount * brightness, height * width)
        cover = np.minimum(total, 1).reshape(height, width).astype(np.float32)
        shade = (bright / np.maximum(total, 1e-9)).reshape(height, width).astype(np.float32)
        self.over(self.whole(), cover, colour, shade)
