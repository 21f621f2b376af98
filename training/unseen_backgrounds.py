"""Backgrounds of the test families: none has a pattern that training draws.

Screens of another making than training's (spots of light, folds pressed in, crosses for tracking, a seam of two cloths), a
studio cove, planks, tiles, concrete, knitting, and photographs from files. Lengths are in heights of the full frame, the
origin is its middle, y goes down; colours are scene-linear.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from gvm_matte.images.curves import srgb_to_linear

from .noise import Array, colour, fbm, lattice, smoothstep, value_noise
from .unseen_canvas import band

SCREENS = ("green", "blue")
TEXTURED = ("wood", "tiles", "concrete", "knit")
PHOTOGRAPHS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr")


class Backdrop(Protocol):
    """What is behind."""

    def paint(self, xs: Array, ys: Array, pixel: float) -> Array:
        """[H,W,3] for pixel centres xs [W] and ys [H]."""


class Screen:
    """A green or blue screen, badly lit, creased, sewn from two cloths, with crosses taped to it."""

    def __init__(self, rng: np.random.Generator, kind: str) -> None:
        level, low = rng.uniform(0.25, 0.7), rng.uniform(0.08, 0.38, 2)
        full = [low[0], 1.0, low[1]] if kind == "green" else [low[0] * 0.7, low[1] + 0.08, 1.0]
        self.full = np.array(full, np.float32) * np.float32(level)
        self.spots = np.stack(
            [rng.uniform(-0.9, 0.9, 3), rng.uniform(-0.5, 0.5, 3), rng.uniform(0.3, 0.9, 3), rng.uniform(0.2, 0.7, 3)], 1
        )
        self.dim = float(rng.uniform(0.35, 0.7))
        self.pitch, self.pressed = float(rng.uniform(0.22, 0.45)), float(rng.choice([0.0, 0.05, 0.1]))
        self.corner, self.drape = float(rng.choice([-1.0, 1.0])), float(rng.uniform(0.0, 0.12))
        self.pleats = float(rng.uniform(9, 24))
        self.seam = float(rng.uniform(-0.7, 0.7)) if rng.uniform() < 0.6 else 9.0
        self.second = np.float32(rng.uniform(0.88, 1.12, 3))
        self.crosses = rng.uniform(-0.03, 0.03, (15, 2)) if rng.uniform() < 0.6 else np.zeros((0, 2))
        bright = colour(rng, (0.5, 0.9), (0.0, 0.9)) if rng.uniform() < 0.4 else self.full * np.float32(1.5)
        self.cross, self.arm = bright.astype(np.float32), float(rng.uniform(0.012, 0.025))

    def paint(self, xs: Array, ys: Array, pixel: float) -> Array:
        """See `Backdrop`."""
        x, y = xs[None, :], ys[:, None]
        light = np.full((len(ys), len(xs)), self.dim, np.float32)
        for spot_x, spot_y, wide, strong in self.spots:
            light += np.float32(strong) * np.exp(-(((x - spot_x) / wide) ** 2) - ((y - spot_y) / wide) ** 2)
        # as it lay folded in its bag: flat between straight creases, each field tilted another way
        field = np.where(np.floor(x / self.pitch) % 2 == np.floor(y / self.pitch) % 2, 1.0, -1.0)
        slope = (x / self.pitch) % 1 + (y / self.pitch) % 1 - 1
        light *= 1 + np.float32(self.pressed) * field * slope
        # pleats that fan out from the corner by which it hangs
        dx, dy = x - 1.0 * self.corner, y + 0.62
        pleat = np.abs((np.arctan2(dy, dx) * self.pleats / np.pi) % 2 - 1) - 0.5
        light *= 1 + np.float32(self.drape) * pleat * np.exp(-0.8 * np.hypot(dx, dy))
        rgb = light[..., None] * self.full
        beyond = np.clip((x - self.seam - 0.04 * y) / pixel + 0.5, 0, 1)
        rgb *= 1 + (self.second - 1) * beyond[..., None]
        rgb *= 1 - 0.3 * band(np.abs(x - self.seam - 0.04 * y), 0.0025, pixel)[..., None]
        for number, (off_x, off_y) in enumerate(self.crosses):
            away_x = np.abs(x - (number % 5 - 2) * 0.4 - off_x)
            away_y = np.abs(y - (number // 5 - 1) * 0.33 - off_y)
            upright = band(away_x, self.arm * 0.22, pixel) * np.clip((self.arm - away_y) / pixel + 0.5, 0, 1)
            level = band(away_y, self.arm * 0.22, pixel) * np.clip((self.arm - away_x) / pixel + 0.5, 0, 1)
            cover = np.maximum(upright, level)[..., None]
            rgb += cover * (self.cross * light[..., None] - rgb)
        return np.maximum(rgb, 0).astype(np.float32)


class Cove:
    """A studio's seamless backdrop: wall and floor run into each other, one light on it, no shadow."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.full = colour(rng, (0.05, 0.9), (0.0, 0.45))
        self.floor, self.bend = np.float32(rng.uniform(0.6, 1.4)), float(rng.uniform(0.1, 0.3))
        self.spot = (float(rng.uniform(-0.4, 0.4)), float(rng.uniform(-0.3, 0.1)), float(rng.uniform(0.4, 1.0)))
        self.falloff, self.warm = float(rng.uniform(0.2, 0.7)), np.float32(rng.uniform(0.93, 1.07, 3))

    def paint(self, xs: Array, ys: Array, pixel: float) -> Array:
        """See `Backdrop`."""
        x, y = xs[None, :], ys[:, None]
        spot = np.exp(-(((x - self.spot[0]) / self.spot[2]) ** 2) - ((y - self.spot[1]) / self.spot[2]) ** 2)
        ground = smoothstep(self.bend - 0.25, self.bend + 0.25, y)[..., None]
        tone = (1 - self.falloff + self.falloff * spot)[..., None] * (1 + (self.floor - 1) * ground)
        return (self.full * tone * (1 + (self.warm - 1) * ground)).astype(np.float32)


class Wood:
    """Planks with the rings of a trunk cut lengthwise."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.seed, self.tall = int(rng.integers(1 << 20)), float(rng.uniform(0.11, 0.24))
        self.light = np.array([0.55, 0.33, 0.17], np.float32) * np.float32(rng.uniform(0.4, 1.4, 3) * rng.uniform(0.5, 1.2))
        self.dark, self.rings = self.light * np.float32(rng.uniform(0.3, 0.6)), float(rng.uniform(45, 90))

    def paint(self, xs: Array, ys: Array, pixel: float) -> Array:
        """See `Backdrop`."""
        x, y = xs[None, :], ys[:, None]
        row = np.floor(y / self.tall)
        rows = np.arange(int(row.min()), int(row.max()) + 1)
        tone, shift = (lattice(self.seed + k, rows, np.zeros(1, np.int64))[(row - rows[0]).astype(int), 0] for k in (0, 1))
        local = y - (row + 0.5) * self.tall
        bow = value_noise(self.seed + 2, xs * 1.3, ys * 0.01 + 5) * 0.06 + 0.03 * value_noise(self.seed + 3, xs * 3, ys * 9)
        depth = np.hypot(local + 0.6 * bow + 0.09 * shift, 0.11 * np.sin(x * 1.7 + 9 * shift))
        fade = smoothstep(2, 3.5, np.float32(1 / (self.rings * pixel)))
        rings = 0.5 + 0.5 * fade * np.sin(2 * np.pi * self.rings * depth)
        fibres = fbm(self.seed + 4, xs * 6, ys * 90, pixel * 90, 2)
        rgb = self.dark + (self.light - self.dark) * (0.25 + 0.75 * rings**2)[..., None]
        rgb = rgb * (1 + 0.22 * tone + 0.12 * fibres)[..., None]
        return np.maximum(rgb * (1 - 0.75 * band(self.tall / 2 - np.abs(local), 0.003, pixel))[..., None], 0).astype(
            np.float32
        )


class Tiles:
    """Glazed square tiles with grout, each of its own tone and with its own glint."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.seed, self.pitch = int(rng.integers(1 << 20)), float(rng.uniform(0.09, 0.22))
        self.one, self.two = colour(rng, (0.1, 0.8), (0.1, 0.8)), colour(rng, (0.1, 0.8), (0.0, 0.5))
        self.grout, self.gap = colour(rng, (0.1, 0.7), (0.0, 0.15)), float(rng.uniform(0.002, 0.006))

    def paint(self, xs: Array, ys: Array, pixel: float) -> Array:
        """See `Backdrop`."""
        u, v = xs / self.pitch, ys / self.pitch
        columns, rows = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
        tone, glaze = lattice(self.seed, rows, columns), lattice(self.seed + 1, rows, columns)
        local_x, local_y = (u - columns - 0.5)[None, :], (v - rows - 0.5)[:, None]
        rgb = np.where((glaze > 0.35)[..., None], self.two, self.one) * (1 + 0.22 * tone)[..., None]
        glint = np.clip(local_x * -0.6 + local_y * -0.8 + 0.15 * tone, 0, 1) ** 2
        rgb = rgb + 0.5 * glint[..., None]
        edge = (0.5 - np.maximum(np.abs(local_x), np.abs(local_y))) * self.pitch
        joint = np.clip((self.gap - edge) / pixel + 0.5, 0, 1)[..., None]
        return (rgb + joint * (self.grout - rgb)).astype(np.float32)


class Concrete:
    """Cast concrete with pebbles in it, the seams and holes of its formwork, and runs of water."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.seed, self.size = int(rng.integers(1 << 20)), float(rng.uniform(0.025, 0.06))
        self.base = colour(rng, (0.15, 0.6), (0.0, 0.12))
        self.stone = colour(rng, (0.1, 0.7), (0.0, 0.35))
        self.panel = float(rng.uniform(0.5, 0.9))

    def paint(self, xs: Array, ys: Array, pixel: float) -> Array:
        """See `Backdrop`."""
        u, v = xs / self.size, ys / self.size
        columns, rows = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
        nearest, tone = np.full((len(ys), len(xs)), 9.0, np.float32), np.zeros((len(ys), len(xs)), np.float32)
        for down in (-1, 0, 1):  # one pebble a cell, anywhere in it
            for right in (-1, 0, 1):
                off_x, off_y, large = (lattice(self.seed + k, rows + down, columns + right) for k in range(3))
                dx = (u - columns - right - 0.5)[None, :] - 0.45 * off_x
                dy = (v - rows - down - 0.5)[:, None] - 0.45 * off_y
                gap = np.hypot(dx, dy * (1 + 0.3 * large)) - (0.3 + 0.22 * large)
                tone = np.where(gap < nearest, large, tone)
                nearest = np.minimum(nearest, gap)
        pebble = np.clip(0.5 - nearest * self.size / pixel, 0, 1)[..., None]
        cement = self.base * (1 + 0.12 * value_noise(self.seed + 5, xs * 2, ys * 1.5))[..., None]
        rgb = cement + pebble * (self.stone * (1 + 0.5 * tone)[..., None] - cement)
        runs = np.clip(value_noise(self.seed + 6, xs * 14, ys * 0.8), 0, 1)
        x, y = xs[None, :], ys[:, None]
        seams = np.minimum(np.abs((x / self.panel) % 1 - 0.5), np.abs((y / self.panel) % 1 - 0.5)) * self.panel
        holes = np.hypot((x / self.panel) % 1 - 0.8, (y / self.panel) % 1 - 0.8) * self.panel
        dark = 1 - 0.3 * runs - 0.5 * band(seams, 0.003, pixel) - 0.6 * np.clip((0.014 - holes) / pixel + 0.5, 0, 1)
        return np.maximum(rgb * np.clip(dark, 0.1, 1)[..., None], 0).astype(np.float32)


class Knit:
    """Knitting in two colours: rows of stitches like the letter V."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.seed, self.wide = int(rng.integers(1 << 20)), float(rng.uniform(0.026, 0.05))
        self.one, self.two = colour(rng, (0.1, 0.8), (0.2, 0.9)), colour(rng, (0.1, 0.8), (0.0, 0.6))
        self.repeat = int(rng.integers(4, 9))

    def paint(self, xs: Array, ys: Array, pixel: float) -> Array:
        """See `Backdrop`."""
        u = xs / self.wide
        column = np.floor(u).astype(np.int64)
        side = (u - column - 0.5)[None, :]
        v = ys[:, None] / (self.wide * 0.8) + 1.1 * np.abs(side)
        row = np.floor(v).astype(np.int64)
        # a motif that repeats and is mirrored
        motif = lattice(self.seed, np.arange(self.repeat), np.arange(self.repeat)) > 0.1
        places = np.abs((column[None, :] % (2 * self.repeat)) - self.repeat + 0.5).astype(int)
        second = motif[row % self.repeat, np.broadcast_to(places, row.shape)][..., None]
        across = 2 * np.abs(np.abs(side) - 0.25)  # 0 in the middle of a leg of the V
        yarn = np.cos(np.pi * (v - row - 0.5)) * np.clip(1 - across * 1.6, 0, 1)
        fade = smoothstep(3, 5, np.float32(self.wide / pixel))
        shade = 0.3 + 0.8 * np.sqrt(np.maximum(yarn, 0))
        return (np.where(second, self.two, self.one) * (0.65 + (shade - 0.65) * fade)[..., None]).astype(np.float32)


class Photograph:
    """A picture from a file, read as sRGB, large enough for the camera to move over it."""

    def __init__(self, rng: np.random.Generator, folder: Path) -> None:
        """Chooses and reads a picture.

        Raises:
            FileNotFoundError: the folder has none.
            OSError: the picture cannot be read.
        """
        import OpenImageIO as oiio

        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTOGRAPHS)
        if not files:
            raise FileNotFoundError(f"{folder} has no pictures; photographs end in {', '.join(PHOTOGRAPHS)}.")
        path = files[int(rng.integers(len(files)))]
        read = oiio.ImageBuf(str(path))
        pixels = read.get_pixels(oiio.FLOAT)
        if pixels is None or read.has_error:
            raise OSError(f"{path} cannot be read: {read.geterror()}")
        pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] < 3 else pixels[..., :3]
        self.linear: Array = srgb_to_linear(pixels)
        if rng.uniform() < 0.5:
            self.linear = self.linear[:, ::-1]
        self.zoom = float(rng.uniform(1.05, 1.4))

    def paint(self, xs: Array, ys: Array, pixel: float) -> Array:
        """See `Backdrop`; beyond its edges a picture is mirrored."""
        tall, wide = self.linear.shape[:2]
        scale = max(tall, wide / (16 / 9)) if wide / tall < 16 / 9 else tall
        scale = min(scale, wide / (16 / 9)) / self.zoom  # pixels of the picture in a height of the frame
        step = max(1, int(scale * pixel))  # a coarser frame takes means, so that nothing aliases
        picture = self.linear[: tall // step * step, : wide // step * step]
        picture = picture.reshape(tall // step, step, wide // step, step, 3).mean((1, 3))
        rows, columns = ys * (scale / step) + len(picture) / 2, xs * (scale / step) + picture.shape[1] / 2
        return _between(_between(picture, rows), columns, axis=1)


def _between(picture: Array, places: Array, axis: int = 0) -> Array:
    """Linear interpolation along one axis at pixel coordinates [N], mirrored beyond the ends."""
    count = picture.shape[axis]
    places = np.abs(places - 0.5)
    places = np.minimum(places, 2 * (count - 1) - places).clip(0, count - 1.001)
    low = places.astype(np.int64)
    shape = [1] * picture.ndim
    shape[axis] = len(places)
    share = (places - low).astype(np.float32).reshape(shape)
    found: Array = np.take(picture, low, axis) * (1 - share) + np.take(picture, low + 1, axis) * share
    return found
