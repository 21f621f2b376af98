"""Solid subjects of the test families: robot, potted plant, wheel of wire, glasses. None of them is in training.

A unit is about the subject's own height, its origin the middle. A subject is drawn from a generator of random numbers
once, and painted at any instant.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .noise import colour, fbm
from .unseen_canvas import Canvas, Point, band, turned

RESTLESS = (0.25, 0.9)  # Hz, of what swings


class Subject(Protocol):
    """What stands in front.

    Attributes:
        speed: of the fastest part, units a second: how finely the shutter's time must be sampled.
        blur: radius of the disc of confusion, units; 0 in focus.
    """

    speed: float
    blur: float

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """Lays itself over the canvas as it is at one instant."""


class Robot:
    """Rounded boxes with jointed limbs, and a flag with a frayed edge."""

    blur = 0.0

    def __init__(self, rng: np.random.Generator) -> None:
        self.body, self.trim, self.flag = (colour(rng, (0.12, 0.75), (0.05, 0.75)) for _ in range(3))
        self.eye = colour(rng, (0.8, 1.4), (0.2, 0.8))
        self.rate = float(rng.uniform(0.4, 1.1))
        self.phases = rng.uniform(0, 2 * np.pi, 8)
        self.swings = rng.uniform(0.25, 0.75, 8)
        self.side = int(rng.choice([-1, 1]))
        self.seed = int(rng.integers(1 << 20))
        self.speed = 2.6

    def swing(self, index: int, seconds: float) -> float:
        """Angle of one joint, rad."""
        return float(self.swings[index] * np.sin(2 * np.pi * self.rate * seconds + self.phases[index]))

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """See `Subject`."""
        lean = 0.06 * float(np.sin(2 * np.pi * 0.3 * seconds + self.phases[6]))
        for index, side in enumerate((-1, 1)):
            knee = turned((side * 0.085, 0.12), side * 0.05 + 0.5 * self.swing(index, seconds), 0.17)
            foot = turned(knee, side * 0.03 - 0.3 * abs(self.swing(index, seconds)), 0.17)
            canvas.bar((side * 0.085, 0.12), knee, 0.034, self.trim)
            canvas.bar(knee, foot, 0.042, self.body)
            canvas.box((foot[0] + side * 0.02, foot[1] + 0.025), (0.065, 0.024), 0.015, 0.0, self.trim)
        hands = []
        for index, side in enumerate((-1, 1)):
            shoulder = (side * 0.17 + lean * 0.3, -0.15)
            raised = side * (2.3 if side == self.side else 0.35) + self.swing(2 + index, seconds)
            elbow = turned(shoulder, raised, 0.15)
            hand = turned(elbow, raised + 0.6 * self.swing(4 + index, seconds), 0.15)
            canvas.bar(shoulder, elbow, 0.033, self.trim)
            canvas.bar(elbow, hand, 0.038, self.body)
            canvas.disc(hand, (0.04, 0.04), self.trim)
            hands.append(hand)
        canvas.box((lean * 0.3, -0.02), (0.15, 0.17), 0.045, lean, self.body)
        canvas.box((lean * 0.3, -0.04), (0.085, 0.06), 0.015, lean, self.trim * 0.6)
        for x in (-0.05, 0.0, 0.05):
            canvas.disc((x + lean * 0.3, 0.075), (0.014, 0.014), self.eye)
        head = (lean, -0.29)
        canvas.stroke((lean * 0.6, -0.21), head, 0.03, 0.03, self.trim * 0.5)
        canvas.stroke(head, (lean * 1.6, -0.47), 0.006, 0.004, self.trim)
        canvas.disc((lean * 1.6, -0.47), (0.015, 0.015), self.eye)
        canvas.box(head, (0.105, 0.08), 0.03, lean, self.body * 1.1)
        for side in (-1, 1):
            canvas.disc((lean + side * 0.045, -0.3), (0.026, 0.026), self.eye)
        self._flag(canvas, hands[0 if self.side < 0 else 1], seconds)

    def _flag(self, canvas: Canvas, hand: Point, seconds: float) -> None:
        top = (hand[0], hand[1] - 0.3)
        canvas.stroke((hand[0], hand[1] + 0.05), top, 0.008, 0.007, self.trim * 0.7)
        long, tall = 0.3, 0.17
        patch = canvas.patch(top[0] - long - 0.05, top[1] - 0.08, top[0] + long + 0.05, top[1] + tall + 0.08)
        if patch is None:
            return
        along = (patch.x - top[0]) * self.side / long
        wave = 9 * along - 2 * np.pi * 1.7 * seconds + self.phases[7]
        lift = 0.035 * np.clip(along, 0, 1) * np.sin(wave)
        down = (patch.y - top[1] - 0.01 - lift) / tall
        row = down[:, :1].ravel() * 22
        frayed = 1 - 0.1 * np.abs(fbm(self.seed, np.zeros(1, np.float32), row, canvas.pixel * 22 / tall, 3))
        steep = np.sqrt(1 + (0.315 / long * np.clip(along, 0, 1) * np.cos(wave)) ** 2)  # the wave tilts the long edges
        edge = np.minimum(np.minimum(down, 1 - down) * tall / steep, np.minimum(along, frayed - along) * long)
        stripes = np.where(np.floor(down * 3) % 2 == 0, 1.0, 0.35)
        cover = np.clip(0.5 + edge / canvas.pixel, 0, 1).astype(np.float32)
        canvas.over(patch, cover, self.flag, (0.85 + 0.3 * np.cos(wave)) * stripes)


class Plant:
    """A pot with stems as thin as wire and dozens of leaves."""

    blur = 0.0

    def __init__(self, rng: np.random.Generator) -> None:
        self.pot = colour(rng, (0.15, 0.7), (0.2, 0.8))
        # no pure green: it would be a hole in a green screen by right
        self.green = np.array([0.16, 0.3, 0.09], np.float32) * np.float32(rng.uniform(0.5, 1.5))
        if rng.uniform() < 0.4:
            self.green = colour(rng, (0.25, 0.6), (0.3, 0.7)) * np.array([1.1, 0.7, 0.8], np.float32)
        self.stems = [
            (rng.normal(0, 0.5), rng.uniform(0.45, 0.72), rng.normal(0, 0.5), rng.uniform(0, 6.3), rng.uniform(*RESTLESS))
            for _ in range(int(rng.integers(7, 13)))
        ]
        self.leaves = rng.uniform(0, 1, (len(self.stems), 12, 3))
        self.slim = float(rng.uniform(0.012, 0.03))
        self.speed = 0.8

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """See `Subject`."""
        t = np.linspace(0, 1, 14, dtype=np.float32)
        for (tilt, tall, bend, phase, rate), leaves in zip(self.stems, self.leaves):
            sway = tilt + (0.1 * np.sin(2 * np.pi * rate * seconds + phase) + bend * 0.6) * t
            x = 0.03 * tilt + np.cumsum(np.sin(sway)) * tall / 14
            y = 0.2 - np.cumsum(np.cos(sway)) * tall / 14
            canvas.curve(np.stack([x, y], 1).astype(np.float32), 0.006, 0.0018, self.green * 0.7)
            for number, (where, facing, size) in enumerate(leaves):
                at = int(4 + where * 9.9)
                side = 1 if number % 2 else -1
                flutter = 0.12 * np.sin(2 * np.pi * 1.6 * seconds + 9 * where + phase)
                angle = float(np.pi - sway[at] + side * (0.5 + 0.9 * facing) + flutter)
                root = (float(x[at]), float(y[at]))
                shade = self.green * np.float32(0.6 + 0.9 * size)
                canvas.leaf(root, turned(root, angle, 0.06 + 0.1 * size), self.slim * (0.6 + 0.8 * size), shade)
        for down, half in ((0.24, 0.15), (0.28, 0.142), (0.33, 0.134), (0.38, 0.124), (0.43, 0.114)):
            canvas.box((0.0, down), (half, 0.05), 0.02, 0.0, self.pot)
        canvas.box((0.0, 0.2), (0.17, 0.028), 0.012, 0.0, self.pot * 1.15)


class Wheel:
    """Rims, spokes and a hub that turn fast, on a stand: what is seen through it is the background."""

    blur = 0.0

    def __init__(self, rng: np.random.Generator) -> None:
        self.metal, self.tyre = colour(rng, (0.4, 0.9), (0.0, 0.25)), colour(rng, (0.03, 0.5), (0.0, 0.6))
        self.spokes = int(rng.choice([9, 14, 20, 28]))
        self.turns = float(rng.uniform(0.35, 1.4) * rng.choice([-1, 1]))  # a second
        self.thin = float(rng.uniform(0.0025, 0.007))
        self.rings = int(rng.integers(1, 4))
        self.slant = float(rng.choice([0.0, 0.35]))
        self.speed = 2 * np.pi * abs(self.turns) * 0.38

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """See `Subject`."""
        hub: Point = (0.0, -0.08)
        for side in (-1, 1):
            canvas.stroke(hub, (side * 0.2, 0.5), 0.014, 0.02, self.tyre)
        canvas.stroke((-0.26, 0.49), (0.26, 0.49), 0.02, 0.02, self.tyre)
        canvas.ring(hub, 0.37, 0.022, self.tyre)
        canvas.ring(hub, 0.34, 0.007, self.metal)
        for number in range(self.rings):
            canvas.ring(hub, 0.12 + 0.07 * number, self.thin, self.metal)
        patch = canvas.patch(-0.36, hub[1] - 0.36, 0.36, hub[1] + 0.36)
        if patch is not None:
            dx, dy = patch.x - hub[0], patch.y - hub[1]
            far = np.maximum(np.hypot(dx, dy), 1e-4)
            for lean in {self.slant, -self.slant}:  # spokes that cross lean both ways
                turn = np.arctan2(dy, dx) - 2 * np.pi * self.turns * seconds + lean * (far / 0.34)
                pitch = 2 * np.pi / self.spokes
                away = np.abs((turn + pitch / 2) % pitch - pitch / 2) * far / np.sqrt(1 + (lean * far / 0.34) ** 2)
                ends = np.clip(0.5 + np.minimum(far - 0.05, 0.345 - far) / canvas.pixel, 0, 1)
                canvas.over(patch, (band(away, self.thin, canvas.pixel) * ends).astype(np.float32), self.metal, 0.9)
        angle = 2 * np.pi * self.turns * seconds
        reflector = (float(0.27 * np.cos(angle)), float(hub[1] + 0.27 * np.sin(angle)))
        canvas.box(reflector, (0.03, 0.014), 0.008, -angle, np.array([0.9, 0.35, 0.05], np.float32))
        canvas.disc(hub, (0.05, 0.05), self.metal)


class Glasses:
    """A tailor's head with large goggles, and a magnifying glass that is waved beside it.

    Alpha of glass is the share of the light from behind that it holds back, by absorbing or reflecting it. What it adds,
    its reflections and its own tint, is its premultiplied colour. It does not bend light: what is behind stays in place.
    """

    blur = 0.0

    def __init__(self, rng: np.random.Generator) -> None:
        self.skin, self.frame = colour(rng, (0.3, 0.85), (0.1, 0.45)), colour(rng, (0.02, 0.4), (0.0, 0.8))
        self.stand = colour(rng, (0.05, 0.4), (0.0, 0.4))
        self.held_back = float(rng.uniform(0.1, 0.35))  # straight on
        self.rate, self.phase = float(rng.uniform(0.3, 0.7)), float(rng.uniform(0, 6.3))
        self.side = int(rng.choice([-1, 1]))
        self.speed = 1.6

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """See `Subject`."""
        nod = 0.03 * float(np.sin(2 * np.pi * self.rate * seconds))
        canvas.stroke((0.0, 0.1), (0.0, 0.5), 0.06, 0.075, self.skin * 0.8)
        canvas.box((0.0, 0.5), (0.2, 0.05), 0.03, 0.0, self.stand)
        canvas.disc((nod, -0.13), (0.16, 0.22), self.skin)
        canvas.disc((nod, 0.0), (0.115, 0.13), self.skin)
        canvas.stroke((nod, -0.12), (nod + 0.01, -0.03), 0.016, 0.03, self.skin * 1.15)
        canvas.stroke((nod - 0.05, 0.06), (nod + 0.05, 0.06), 0.01, 0.01, self.skin * (0.7, 0.35, 0.35))
        for side in (-1, 1):
            self.lens(canvas, (nod + side * 0.135, -0.12 + nod * side * 0.5), 0.11, 0.011)
        canvas.stroke((nod - 0.03, -0.13), (nod + 0.03, -0.13), 0.01, 0.01, self.frame)
        beat = 2 * np.pi * self.rate * seconds + self.phase
        held = (self.side * (0.44 + 0.05 * float(np.sin(beat))), -0.02 + 0.12 * float(np.sin(1.7 * beat)))
        grip = turned(held, self.side * 0.3, 0.36)
        canvas.stroke(turned(held, self.side * 0.3, 0.145), grip, 0.014, 0.022, self.frame)
        self.lens(canvas, held, 0.14, 0.012)

    def lens(self, canvas: Canvas, centre: Point, radius: float, rim: float) -> None:
        """A round glass in its rim."""
        patch = canvas.patch(centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
        if patch is not None:
            dx, dy = (patch.x - centre[0]) / radius, (patch.y - centre[1]) / radius
            far = np.hypot(dx, dy)
            # what a surface reflects grows towards grazing angles: Schlick's fifth power
            steep = 1 - np.sqrt(np.maximum(1 - np.minimum(far, 1) ** 2, 0))
            back = self.held_back + (1 - self.held_back) * 0.5 * steep**5
            glint = 0.5 * np.exp(-((dx + 0.35) ** 2 + (dy + 0.4) ** 2) * 40)
            cover = np.clip((1 - far) * radius / canvas.pixel + 0.5, 0, 1) * np.minimum(back + glint, 1)
            canvas.over(patch, cover.astype(np.float32), np.array([0.55, 0.6, 0.62], np.float32), 0.5 + glint)
        canvas.ring(centre, radius, rim, self.frame)
