"""Test families: clips of a kind that training never draws, to judge a model by.

A family is a background's kind with a subject's kind, `green/robot`. Subjects come from `unseen_subjects` and
`unseen_soft`, backgrounds from `unseen_backgrounds`; of training's generator they share the noise and the shutter alone.
Seeds are those of `TEST_SEEDS`, which training and its checks never draw.

    subject, several instants of the shutter's time ─▶ mean: premultiplied colour and alpha (true motion blur)
    backdrop, as the camera sees it                 ─▶ front + (1 − alpha)·behind, scene-linear
    exposure ─▶ grain ─▶ sRGB ─▶ 8 bits ─▶ in some JPEG and back

The alpha is the one that the plate was composited with, before grain and compression.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gvm_matte.core.files import whole_file
from gvm_matte.images.curves import linear_to_srgb

from .clips import FRAMES_PER_SECOND, SHUTTER
from .noise import Array
from .unseen_backgrounds import SCREENS, TEXTURED, Backdrop, Concrete, Cove, Knit, Photograph, Screen, Tiles, Wood
from .unseen_canvas import Canvas
from .unseen_soft import Defocused, Hair, Lace, Smoke, disc_blur
from .unseen_subjects import Glasses, Plant, Robot, Subject, Wheel

TEST_SEEDS = range(20_000, 30_000)
SUBJECTS: dict[str, Callable[[np.random.Generator], Subject]] = {
    "robot": Robot, "plant": Plant, "wheel": Wheel, "lace": Lace,
    "hair": Hair, "smoke": Smoke, "glasses": Glasses, "defocus": Defocused,
}  # fmt: skip
BACKGROUNDS = (*SCREENS, "plain", *TEXTURED, "photograph")
WIDTH, HEIGHT, FRAMES = 512, 288, 24
INSTANTS = 12  # at most, of the shutter's time
JPEG_QUALITY = 60
_TAKES = 100  # seeds of one family
_SOURCES = ("families", "clips", "noise", "unseen_backgrounds", "unseen_canvas", "unseen_soft", "unseen_subjects")


@dataclass(frozen=True)
class Family:
    """A kind of background with a kind of subject."""

    background: str
    subject: str

    @property
    def name(self) -> str:
        """As in tables: `green/robot`."""
        return f"{self.background}/{self.subject}"

    def seed(self, take: int = 0) -> int:
        """The seed of one of its clips; no two families share one."""
        if not 0 <= take < _TAKES:
            raise ValueError(f"A family has takes 0 to {_TAKES - 1}, not {take}.")
        kind = BACKGROUNDS.index(self.background) * len(SUBJECTS) + list(SUBJECTS).index(self.subject)
        return TEST_SEEDS[kind * _TAKES + take]


def families(subjects: int = len(SUBJECTS), *, photographs: bool = False) -> list[Family]:
    """Every background with so many subjects; with fewer than all, backgrounds take turns with them.

    Args:
        subjects: for each background, 1 to all eight.
        photographs: whether there is a folder of them.
    """
    names = list(SUBJECTS)
    chosen = []
    for index, background in enumerate(name for name in BACKGROUNDS if photographs or name != "photograph"):
        step = len(names) / subjects
        order = [names[(index + int(k * step)) % len(names)] for k in range(subjects)]
        chosen += [Family(background, subject) for subject in order]
    return chosen


@dataclass(frozen=True)
class Layers:
    """One frame before it is put together, scene-linear: plate = (front + (1 − alpha)·behind)·exposure.

    Attributes:
        front: [H,W,3] premultiplied.
        alpha: [H,W] in [0,1].
        behind: [H,W,3].
    """

    front: Array
    alpha: Array
    behind: Array


@dataclass(frozen=True)
class Clip:
    """What a model is judged on.

    Attributes:
        plate: [F,H,W,3] of 8 bits, sRGB-encoded.
        alpha: [F,H,W] in [0,1].
    """

    family: Family
    plate: npt.NDArray[np.uint8]
    alpha: Array


class Shot:
    """One clip of a family while it has no size yet: the same family and take are the same shot."""

    def __init__(self, family: Family, take: int = 0, *, photographs: Path | None = None) -> None:
        """Draws subject, background and camera.

        Args:
            photographs: folder of pictures, for the background of that name.
        """
        self.family, self._seed = family, family.seed(take)
        rng = np.random.default_rng(self._seed)
        self.backdrop = _backdrop(rng, family.background, photographs)
        self.subject = SUBJECTS[family.subject](rng)
        self.scale = float(rng.uniform(0.78, 1.0))
        self.place = (float(rng.uniform(-0.25, 0.25)), float(rng.uniform(-0.04, 0.06)))
        if family.subject == "hair":  # a bust: the frame's bottom cuts it
            self.place = (self.place[0], 0.5 - 0.42 * self.scale)
        self.drift, self.bounce = float(rng.normal(0, 0.12)), float(rng.uniform(0, 0.02))  # heights a second; heights
        moving = rng.uniform() < 0.5
        self.pan = tuple(rng.uniform(-0.12, 0.12, 2) * (1, 0.4)) if moving else (0.0, 0.0)
        self.push = float(rng.uniform(-0.06, 0.06)) if moving else 0.0  # of the zoom, a second
        self.shake = float(rng.choice([0.0, 0.004])) if moving else 0.0
        self.gain = (np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.05, 3))).astype(np.float32)
        self.spill = float(rng.uniform(0.06, 0.25)) if family.background in SCREENS else 0.0
        self.exposure = float(np.exp(rng.normal(0, 0.25)))
        self.grain = float(rng.choice([0.0, 0.006, 0.014]))
        self.compressed = bool(rng.uniform() < 0.4)
        self._still: dict[tuple[int, int], Array] = {}

    def layers(self, frame: int, width: int, height: int) -> Layers:
        """One frame in its parts.

        Args:
            frame: from 0.
            width, height: pixels, square ones; the frame is 1 high.
        """
        pixel = 1 / height
        xs = ((np.arange(width) + 0.5 - width / 2) * pixel).astype(np.float32)
        ys = ((np.arange(height) + 0.5 - height / 2) * pixel).astype(np.float32)
        front, alpha = self._front(frame, xs, ys, pixel)
        behind = self._behind(frame, xs, ys, pixel)
        front = front * self.gain
        if self.spill:  # the screen's light, strongest where the subject turns away from us
            inside = _box_blur(alpha, max(1, round(0.03 * height)))
            share = self.spill * (0.3 + 0.7 * np.clip(2 - 2 * inside, 0, 1))[..., None]
            front = front * (1 - share) + share * alpha[..., None] * behind.mean((0, 1))
        return Layers(front.astype(np.float32), alpha, behind)

    def plate(self, layers: Layers, frame: int) -> npt.NDArray[np.uint8]:
        """[H,W,3]: a frame's layers put together, with exposure, grain and compression, sRGB-encoded."""
        linear = (layers.front + layers.behind * (1 - layers.alpha)[..., None]) * np.float32(self.exposure)
        if self.grain:
            rng = np.random.default_rng((self._seed, frame))
            noise = _box_blur(rng.standard_normal(linear.shape, np.float32), 1) * 2.2  # grains larger than a pixel
            linear = np.maximum(linear + np.float32(self.grain) * np.sqrt(linear + np.float32(0.02)) * noise, 0)
        plate = np.round(linear_to_srgb(linear) * 255).astype(np.uint8)
        return through_jpeg(plate) if self.compressed else plate

    def frames(self, count: int = FRAMES, width: int = WIDTH, height: int = HEIGHT) -> Iterator[tuple[Layers, int]]:
        """Layers and number of each frame."""
        for frame in range(count):
            yield self.layers(frame, width, height), frame

    def _front(self, frame: int, xs: Array, ys: Array, pixel: float) -> tuple[Array, Array]:
        """The subject over the shutter's time. Out of focus, what is beyond the frame shines in, too."""
        radius = self.subject.blur * self.scale / pixel
        around = int(np.ceil(radius))
        if not around:
            return self._sharp(frame, xs, ys, pixel)
        more = np.arange(1, around + 1, dtype=np.float32) * np.float32(pixel)
        xs = np.concatenate([xs[0] - more[::-1], xs, xs[-1] + more])
        ys = np.concatenate([ys[0] - more[::-1], ys, ys[-1] + more])
        rgb, alpha = self._sharp(frame, xs, ys, pixel)
        inside = slice(around, -around)
        both = disc_blur(np.concatenate([rgb, alpha[..., None]], 2), radius)[inside, inside]
        return both[..., :3], np.clip(both[..., 3], 0, 1)

    def _sharp(self, frame: int, xs: Array, ys: Array, pixel: float) -> tuple[Array, Array]:
        path = (self.subject.speed * self.scale + abs(self.drift)) * SHUTTER / FRAMES_PER_SECOND
        count = int(np.clip(np.ceil(path / pixel), 1, INSTANTS))
        rgb, alpha = np.zeros((len(ys), len(xs), 3), np.float32), np.zeros((len(ys), len(xs)), np.float32)
        for i in range(count):
            seconds = (frame + SHUTTER * (i + 0.5) / count) / FRAMES_PER_SECOND
            x = self.place[0] + self.drift * (seconds - 0.5)
            y = self.place[1] + self.bounce * float(np.sin(5 * seconds))
            canvas = Canvas((xs - x) / self.scale, (ys - y) / self.scale, pixel / self.scale)
            self.subject.paint(canvas, seconds)
            rgb += canvas.rgb / count
            alpha += canvas.alpha / count
        return np.maximum(rgb, 0), np.clip(alpha, 0, 1)

    def _behind(self, frame: int, xs: Array, ys: Array, pixel: float) -> Array:
        if not any((*self.pan, self.push, self.shake)):
            size = (len(xs), len(ys))
            if size not in self._still:
                self._still[size] = self.backdrop.paint(xs, ys, pixel)
            return self._still[size]
        seconds = (frame + SHUTTER / 2) / FRAMES_PER_SECOND
        zoom = 1 + self.push * (seconds - 0.5)
        x = self.pan[0] * (seconds - 0.5) + self.shake * np.sin(7 * seconds)
        y = self.pan[1] * (seconds - 0.5) + self.shake * np.sin(9 * seconds + 1)
        return self.backdrop.paint((xs * zoom + x).astype(np.float32), (ys * zoom + y).astype(np.float32), pixel * zoom)


def render_clip(
    family: Family,
    *,
    take: int = 0,
    frames: int = FRAMES,
    width: int = WIDTH,
    height: int = HEIGHT,
    photographs: Path | None = None,
    cache: Path | None = None,
) -> Clip:
    """A clip of a family; the same arguments give the same pixels.

    Args:
        take: which of the family's clips.
        cache: folder where rendered clips are kept, under names that change with this code; made if missing.

    Raises:
        FileNotFoundError: a photograph is asked for and there is none.
    """
    path = None
    if cache is not None:
        pictures = "" if photographs is None or family.background != "photograph" else _fingerprint(photographs)
        name = f"{family.background}-{family.subject}-{take}-{width}x{height}x{frames}-{_version()}{pictures}.npz"
        path = cache / name
        if path.is_file():
            with np.load(path) as kept:
                return Clip(family, kept["plate"], kept["alpha"].astype(np.float32) / np.float32(65535))
    shot = Shot(family, take, photographs=photographs)
    plates, alphas = [], []
    for layers, frame in shot.frames(frames, width, height):
        plates.append(shot.plate(layers, frame))
        alphas.append(np.round(layers.alpha * 65535).astype(np.uint16))  # as the cache has it, so that both agree
    plate, alpha = np.stack(plates), np.stack(alphas)
    if path is not None:
        with whole_file(str(path)) as part:
            np.savez(part, plate=plate, alpha=alpha)
    return Clip(family, plate, alpha.astype(np.float32) / np.float32(65535))


def through_jpeg(plate: npt.NDArray[np.uint8], quality: int = JPEG_QUALITY) -> npt.NDArray[np.uint8]:
    """[H,W,3] written as JPEG and read again."""
    import OpenImageIO as oiio

    spec = oiio.ImageSpec(plate.shape[1], plate.shape[0], 3, "uint8")
    spec.attribute("Compression", f"jpeg:{quality}")
    image = oiio.ImageBuf(spec)
    image.set_pixels(image.roi, np.ascontiguousarray(plate))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "plate.jpg")
        if not image.write(path):
            raise OSError(image.geterror())
        read = oiio.ImageBuf(path)
        pixels = read.get_pixels(oiio.UINT8)
    if pixels is None:
        raise OSError(read.geterror())
    found: npt.NDArray[np.uint8] = pixels
    return found


def _backdrop(rng: np.random.Generator, kind: str, photographs: Path | None) -> Backdrop:
    if kind in SCREENS:
        return Screen(rng, kind)
    if kind == "photograph":
        if photographs is None:
            raise FileNotFoundError("The family of photographs needs a folder of pictures.")
        return Photograph(rng, photographs)
    makers: dict[str, Callable[[np.random.Generator], Backdrop]] = {
        "plain": Cove, "wood": Wood, "tiles": Tiles, "concrete": Concrete, "knit": Knit,
    }  # fmt: skip
    return makers[kind](rng)


def _box_blur(image: Array, radius: int) -> Array:
    """Mean over squares, the edge repeated: [H,W] or [H,W,C] to the same."""
    wide = 2 * radius + 1
    for axis, count in enumerate(image.shape[:2]):
        pads = [(0, 0)] * image.ndim
        pads[axis] = (radius + 1, radius)
        run = np.cumsum(np.pad(image, pads, mode="edge"), axis=axis, dtype=np.float64)
        mean = (np.take(run, np.arange(wide, wide + count), axis) - np.take(run, np.arange(count), axis)) / wide
        image = mean.astype(np.float32)
    return image


def _version() -> str:
    """Changes with the code that makes clips."""
    here = Path(__file__).parent
    return hashlib.sha256(b"".join((here / f"{name}.py").read_bytes() for name in _SOURCES)).hexdigest()[:10]


def _fingerprint(folder: Path) -> str:
    """Changes with the pictures of a folder."""
    files = sorted((path.name, path.stat().st_size) for path in folder.iterdir() if path.is_file())
    return "-" + hashlib.sha256(repr(files).encode()).hexdigest()[:8]
