"""Generated clips with a known matte: what the built-in model is trained on, and what demo and tests show.

A scene is drawn from a seed and has no resolution of its own: lengths are in heights of the full frame, the origin is
its middle. Seeds of training and of checks never meet: see `TRAINING_SEEDS` and `HELD_OUT_SEEDS`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from .background import Background, draw_background, draw_pattern, draw_stage, paint_background
from .noise import Array
from .photographs import Photograph
from .subject import Subject, draw_subject, paint_subject, place_at

TRAINING_SEEDS = range(1_000_000, 1_000_000_000)
HELD_OUT_SEEDS = range(0, 10_000)
DEMO_SEED = 63
FRAMES_PER_SECOND = 24
SHUTTER = 0.5  # share of a frame that the shutter is open (180 degrees)


class Scene:
    """What is in a clip: background, one or two subjects, exposure. The same seed is the same scene."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.spill = 0.0  # share of the light on the subjects that comes from behind them

    @cached_property
    def _drawn(self) -> tuple[Background, tuple[Subject, ...], float, float]:
        rng = np.random.default_rng(self.seed)
        background = draw_background(rng)
        pair = rng.uniform() < 0.18
        subjects = (draw_subject(rng, 1), draw_subject(rng, 2)) if pair else (draw_subject(rng),)
        exposure = float(np.exp(rng.uniform(-0.6, 0.5)))
        return background, subjects, exposure, float(rng.uniform(0.001, 0.012))

    @property
    def background(self) -> Background:
        """What is behind."""
        return self._drawn[0]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What the matte is of, from the back to the front."""
        return self._drawn[1]

    def behind(self, xs: Array, ys: Array, pixel: float, seconds: float) -> Array:
        """[H,W,3] scene-linear: what stands behind; see `paint_background`."""
        return paint_background(self.background, xs, ys, pixel, seconds)

    @property
    def exposure(self) -> float:
        """Factor on all scene-linear values."""
        return self._drawn[2]

    @property
    def noise(self) -> float:
        """Sigma of the sensor noise at a value of 1."""
        return self._drawn[3]


class Odd(Scene):
    """A scene whose one subject is of a kind that held-out scenes do not have."""

    @cached_property
    def _odd(self) -> Subject:
        return draw_subject(np.random.default_rng((self.seed, 1)), odd=True)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The one."""
        return (self._odd,)


class Patterned(Scene):
    """A scene's subjects before a patterned wall of a kind that held-out scenes do not have."""

    @cached_property
    def _wall(self) -> Background:
        return draw_pattern(np.random.default_rng((self.seed, 2)))

    @property
    def background(self) -> Background:
        """The wall."""
        return self._wall


class Photographed(Scene):
    """A scene's subjects before a photograph."""

    def __init__(self, seed: int, folder: str) -> None:
        super().__init__(seed)
        self._photograph = Photograph(np.random.default_rng((seed, 3)), folder)

    def behind(self, xs: Array, ys: Array, pixel: float, seconds: float) -> Array:
        """The photograph."""
        return self._photograph.paint(xs, ys, pixel, seconds)


class OnStage(Scene):
    """A scene's subjects before a green or blue screen or a plain wall, with the screen's light on them."""

    def __init__(self, seed: int, rng: np.random.Generator) -> None:
        super().__init__(seed)
        self._stage = draw_stage(rng)
        self.spill = float(rng.uniform(0, 0.22)) if self._stage.kind == "screen" else 0.0

    @property
    def background(self) -> Background:
        """The screen or the wall."""
        return self._stage


class SubjectAlone(Scene):
    """A scene with nothing behind its subjects: their colours times their alpha, for a foreground's truth."""

    @property
    def background(self) -> Background:
        """All black."""
        found = super().background
        boxes = found.boxes.copy()
        boxes[:, 5:8] = 0
        return replace(found, palette=found.palette * 0, boxes=boxes)


def render(
    scene: Scene,
    frame: float,
    width: int,
    height: int,
    *,
    frames_per_clip: int = 48,
    samples: int = 4,
    window: tuple[float, float, float, float] | None = None,
    grain: bool = False,
) -> tuple[Array, Array]:
    """Renders one frame and its matte.

    Args:
        scene: what to render.
        frame: number from 0; the shutter opens at it.
        width: pixels.
        height: pixels.
        frames_per_clip: the length over which a subject's drift goes from its start to its end.
        samples: most instants in the shutter's time; slow frames use fewer.
        window: x0, y0, x1, y1 of the part to render, in heights of the full frame with the origin in its middle; the
            whole frame, whose height is 1, if not given. Pixels must be square.
        grain: whether to add sensor noise.

    Returns:
        [height,width,3] scene-linear plate, 0 and up; [height,width] alpha in [0,1].
    """
    front, alpha = render_subjects(
        scene, frame, width, height, frames_per_clip=frames_per_clip, samples=samples, window=window
    )
    return lay_over(scene, front, alpha, frame, window=window, grain=grain), alpha


def render_subjects(
    scene: Scene,
    frame: float,
    width: int,
    height: int,
    *,
    frames_per_clip: int = 48,
    samples: int = 4,
    window: tuple[float, float, float, float] | None = None,
) -> tuple[Array, Array]:
    """What stands in front, alone: [height,width,3] scene-linear, premultiplied; [height,width] alpha. See `render`."""
    xs, ys, pixel = pixel_grid(width, height, window)
    front: Array = np.zeros((height, width, 3), np.float32)
    alpha: Array = np.zeros((height, width), np.float32)
    for subject in scene.subjects:
        count = _instants(subject, frame, frames_per_clip, pixel, samples)
        rgb_sum, alpha_sum = np.zeros_like(front), np.zeros_like(alpha)
        for i in range(count):
            at = frame + SHUTTER * (i + 0.5) / count
            rgb, cover = paint_subject(subject, xs, ys, pixel, at / FRAMES_PER_SECOND, at / frames_per_clip - 0.5)
            rgb_sum += rgb
            alpha_sum += cover
        # two subjects are blurred one by one and then laid over each other; where they blur across each other this is a
        # mean of products taken for a product of means, which no eye sees
        keep = 1 - alpha_sum / count
        front, alpha = front * keep[..., None] + rgb_sum / count, alpha * keep + alpha_sum / count
    return front, np.clip(alpha, 0, 1)


def lay_over(
    scene: Scene,
    front: Array,
    alpha: Array,
    frame: float,
    *,
    window: tuple[float, float, float, float] | None = None,
    grain: bool = False,
    shadow: Array | None = None,
) -> Array:
    """Subjects of any scene over this one's background, with its spill, exposure and grain.

    Args:
        scene: whose background.
        front: [H,W,3] scene-linear, premultiplied.
        alpha: [H,W].
        frame, window, grain: see `render`.
        shadow: [H,W] factor on what is behind.

    Returns:
        [H,W,3] scene-linear plate, 0 and up.
    """
    xs, ys, pixel = pixel_grid(alpha.shape[1], alpha.shape[0], window)
    behind = scene.behind(xs, ys, pixel, (frame + SHUTTER / 2) / FRAMES_PER_SECOND)
    if shadow is not None:
        behind = behind * shadow[..., None]
    if scene.spill:  # the colour of the screen, mirrored by what stands before it
        glow = behind.mean((0, 1)) * np.float32(scene.spill)
        front = front * np.float32(1 - scene.spill) + glow * alpha[..., None]
    rgb: Array = (front + behind * (1 - alpha)[..., None]) * np.float32(scene.exposure)
    if grain:
        rng = np.random.default_rng((scene.seed, int(frame * 1000)))
        sigma = np.float32(scene.noise) * np.sqrt(rgb + np.float32(0.02))
        rgb = np.maximum(rgb + sigma * rng.standard_normal(rgb.shape, np.float32), 0)
    return rgb


def pixel_grid(width: int, height: int, window: tuple[float, float, float, float] | None) -> tuple[Array, Array, float]:
    """Pixel centres [W] and [H] in heights of the full frame, and the size of a pixel."""
    aspect = width / height
    x0, y0, x1, y1 = window or (-aspect / 2, -0.5, aspect / 2, 0.5)
    pixel = (y1 - y0) / height
    xs = (x0 + (np.arange(width) + 0.5) * ((x1 - x0) / width)).astype(np.float32)
    return xs, (y0 + (np.arange(height) + 0.5) * pixel).astype(np.float32), pixel


def _instants(subject: Subject, frame: float, frames_per_clip: int, pixel: float, most: int) -> int:
    """How many instants the shutter's time needs: one for each pixel that the fastest part moves."""
    spots = [place_at(subject, t / FRAMES_PER_SECOND, t / frames_per_clip) for t in (frame, frame + SHUTTER)]
    path = np.hypot(spots[1][0] - spots[0][0], spots[1][1] - spots[0][1])
    # joints turn parts that are up to half a unit from their pivot
    turn = max(2 * np.pi * joint.rate * (joint.swing * 0.5 + max(joint.shift)) for joint in subject.joints)
    path += turn * SHUTTER / FRAMES_PER_SECOND * subject.scale
    return int(np.clip(np.ceil(path / pixel), 1, most))
