"""Batches of generated clips for training, made in processes of their own so that the network never waits."""

from __future__ import annotations

import itertools
import multiprocessing as mp
import os
from dataclasses import dataclass, replace
from multiprocessing.sharedctypes import Synchronized

import numpy as np
import numpy.typing as npt
import torch
from gvm_matte.images.curves import linear_to_srgb
from torch import Tensor

from .clips import (
    FRAMES_PER_SECOND,
    TRAINING_SEEDS,
    Odd,
    OnStage,
    Patterned,
    Photographed,
    Scene,
    lay_over,
    pixel_grid,
    render_subjects,
)
from .noise import Array
from .veils import draw_veil, paint_veil

PERIOD = 64  # steps for which fronts are kept
CHOICE = 12  # fronts of a shape and clip in a period: one is used about twice in the most frequent shapes, else once
SHADOWED = 0.2  # share of clips whose subjects throw a shadow on what is behind
TO_TONES = np.array([[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]], np.float32)  # BT.601, as JPEG
FROM_TONES = np.linalg.inv(TO_TONES).astype(np.float32)
_TURN = (np.arange(8)[:, None] * (np.arange(8)[None, :] + 0.5)) * np.pi / 8
COSINES = (np.cos(_TURN) * np.sqrt(np.where(np.arange(8) == 0, 1 / 8, 2 / 8))[:, None]).astype(np.float32)  # DCT-II
# shares of clips before a screen or a plain wall, before a patterned wall, and before a photograph if there are any
SIMPLE, PATTERNED, PHOTOGRAPHED = 0.43, 0.41, 0.03
INSTANTS = 8  # at most, of the shutter's time
ODD = 0.6  # share of fronts with a subject that held-out scenes never have
UNKEYED = 0.8  # share of the clips before a screen in which a subject of the screen's colour gets another
ALIKE = 0.28  # share of the clips before no screen whose subject has the colour of a spot of what is behind
# share of the fronts that are veiled, and of these veils that have sharp edges: before a screen or a plain wall, elsewhere
VEILED, HARD = (0.22, 0.2), (0.35, 0.7)
WORN = 0.3  # share of clips that are compressed


@dataclass(frozen=True)
class Shape:
    """Size of one training batch, and whether the step ends at the latent (`spelled`) or at the alpha."""

    clips: int
    frames: int
    height: int
    width: int
    spelled: bool = False


# Few frames a clip: neighbouring frames teach little that is new, other scenes do. Some with as many as a window may have:
# of frame numbers that training has not seen the temporal layers make something, and not always sense. Large pictures, so
# that attention and the norms know them.
SPELLED = (
    (0.34, Shape(3, 1, 96, 96, True)),
    (0.16, Shape(3, 1, 96, 160, True)),
    (0.20, Shape(2, 1, 128, 128, True)),
    (0.05, Shape(1, 5, 64, 64, True)),
    (0.03, Shape(1, 20, 64, 64, True)),
    (0.22, Shape(1, 1, 160, 288, True)),
)
WHOLE = (
    (0.06, Shape(3, 1, 96, 96)),
    (0.09, Shape(3, 1, 96, 160)),
    (0.16, Shape(2, 1, 128, 128)),
    (0.05, Shape(1, 2, 128, 128)),
    (0.22, Shape(1, 1, 160, 288)),
    (0.08, Shape(1, 3, 160, 288)),
    (0.10, Shape(1, 4, 96, 160)),
    (0.04, Shape(1, 12, 64, 96)),
    (0.04, Shape(1, 32, 64, 64)),
    (0.16, Shape(1, 1, 288, 512)),
)


def draw_shape(rng: np.random.Generator, progress: float) -> Shape:
    """The size of the next batch; `progress` is the share of the run that is over.

    Half of the steps end at the latent for the first quarter of the run, none does in its last third.
    """
    table = SPELLED if rng.uniform() < 0.5 * min(1.0, max(0.0, (0.65 - progress) / 0.4)) else WHOLE
    return table[rng.choice(len(table), p=[share for share, _ in table])][1]


@dataclass(frozen=True)
class Front:
    """Subjects without a background, as they were rendered once: a clip is them over one of many backgrounds.

    Attributes:
        rgb: [F,H,W,3] scene-linear, premultiplied.
        alpha: [F,H,W].
        seed: of their scene.
        window: see `clips.render`.
        times: frame numbers.
    """

    rgb: Array
    alpha: Array
    seed: int
    window: tuple[float, float, float, float]
    times: tuple[float, ...]


class Fronts:
    """Fronts by shape: painting a subject takes ten times as long as painting what is behind it, so each is used again.

    Which front is drawn depends on the seed, the step and the source of randomness alone, not on what was drawn before:
    a run that was interrupted goes on with the clips that it would have had.

    Args:
        photographs: folder of pictures for some of the backgrounds; none if empty.
        seed: of all fronts.
        clips: factor on the number of clips in a batch, for which there are as many more fronts.
    """

    def __init__(self, photographs: str = "", seed: int = 0, clips: int = 1) -> None:
        self.photographs, self.seed, self.clips = photographs, seed, clips
        self._period = -1
        self._kept: dict[tuple[int, ...], Front] = {}

    def draw(self, rng: np.random.Generator, shape: Shape, step: int = 0) -> Front:
        """One of the few of this shape that this step's period has."""
        if step // PERIOD != self._period:
            self._period = step // PERIOD
            self._kept.clear()
        number = int(rng.integers(CHOICE * shape.clips * self.clips))
        key = (self.seed, self._period, shape.frames, shape.height, shape.width, number)
        if key not in self._kept:
            self._kept[key] = new_front(np.random.default_rng(key), shape)
        return self._kept[key]


def new_front(rng: np.random.Generator, shape: Shape) -> Front:
    """The subjects of a random scene: the whole frame or a window of it, at any speed."""
    while True:  # one in two of the scenes without a person is passed over
        seed = int(rng.integers(TRAINING_SEEDS.start, TRAINING_SEEDS.stop))
        scene = Odd(seed) if rng.uniform() < ODD else Scene(seed)
        if isinstance(scene, Odd) or rng.uniform() < 1 / 2 or scene.subjects[0].kind == "bust":
            break
    aspect = shape.width / shape.height
    # a window of 0.45 of the height at 128 lines has the pixels of a whole frame of 288 lines
    tall = 1.0 if shape.width > shape.height and rng.uniform() < 0.45 else float(np.exp(rng.uniform(np.log(0.32), 0)))
    subject = scene.subjects[int(rng.integers(len(scene.subjects)))]
    x, y = 0.0, 0.0
    if tall < 1 or aspect < 1.5:
        x = float(np.clip(subject.place[0] + rng.normal(0, 0.22), -1.78 / 2 + 0.3 * tall, 1.78 / 2 - 0.3 * tall))
        y = float(np.clip(subject.place[1] + rng.normal(-0.1, 0.2), -0.5 + tall / 2, 0.5 - tall / 2))
    window = (x - tall * aspect / 2, y - tall / 2, x + tall * aspect / 2, y + tall / 2)
    first, step = float(rng.uniform(0, 40)), float(rng.choice([0.5, 1, 1, 1, 2]))
    times = tuple(first + i * step for i in range(shape.frames))
    made = [render_subjects(scene, at, shape.width, shape.height, samples=INSTANTS, window=window) for at in times]
    return Front(np.stack([rgb for rgb, _ in made]), np.stack([alpha for _, alpha in made]), scene.seed, window, times)


def training_clip(rng: np.random.Generator, shape: Shape, fronts: Fronts, step: int = 0) -> tuple[Array, Array]:
    """One clip: subjects over a background of their own, of another scene, or before a screen, with grain.

    Args:
        rng: source of randomness.
        shape: its size; `clips` is not looked at.
        fronts: where subjects come from.
        step: of the run.

    Returns:
        [F,3,H,W] sRGB-encoded plate in [0,1]; [F,H,W] alpha in [0,1].
    """
    front = fronts.draw(rng, shape, step)
    seed = int(rng.integers(TRAINING_SEEDS.start, TRAINING_SEEDS.stop))
    kind = rng.uniform()
    if kind < SIMPLE:
        scene: Scene = OnStage(seed, rng)
    elif kind < SIMPLE + PATTERNED:
        scene = Patterned(seed)
    elif kind < SIMPLE + PATTERNED + PHOTOGRAPHED and fronts.photographs:
        scene = Photographed(seed, fronts.photographs)
    else:
        scene = Scene(seed)
    front = veiled(rng, front, int(kind >= SIMPLE))
    # light that does not match: the subject brighter or darker, warmer or colder than what is behind it
    gain = np.exp(rng.normal(0, 0.35)) * np.exp(rng.normal(0, 0.08, 3))
    if not scene.spill and rng.uniform() < ALIKE:
        gain = _alike(rng, front, scene)
    rgb, grain = front.rgb * gain.astype(np.float32), bool(rng.uniform() < 0.7)
    if scene.spill and rng.uniform() < UNKEYED:
        rgb = unkeyed(rng, rgb, front.alpha, scene.background.palette[0])
    cast, worn = _shadow(rng, front.alpha, shape), float(rng.choice([6, 12, 25])) if rng.uniform() < WORN else 0.0
    plates = []
    for i, at in enumerate(front.times):
        shadow = None if cast is None else cast[i]
        linear = lay_over(scene, rgb[i], front.alpha[i], at, window=front.window, grain=grain, shadow=shadow)
        shown = linear_to_srgb(linear)
        plates.append((compressed(shown, worn) if worn else shown).transpose(2, 0, 1))
    plate, matte = np.stack(plates), front.alpha
    if rng.uniform() < 0.5:
        plate, matte = plate[..., ::-1], matte[..., ::-1]
    return np.ascontiguousarray(plate), np.ascontiguousarray(matte)


def veiled(rng: np.random.Generator, front: Front, where: int) -> Front:
    """A front, some of them sheer or pierced in places; `where` is 0 before a screen or a plain wall, else 1."""
    if rng.uniform() > VEILED[where]:
        return front
    veil = draw_veil(rng, HARD[where])
    xs, ys, pixel = pixel_grid(front.alpha.shape[2], front.alpha.shape[1], front.window)
    factor = np.stack([paint_veil(veil, xs, ys, pixel, at / FRAMES_PER_SECOND) for at in front.times])
    return replace(front, rgb=front.rgb * factor[..., None], alpha=front.alpha * factor)


def _alike(rng: np.random.Generator, front: Front, scene: Scene) -> npt.NDArray[np.float64]:
    """[3] factor that gives a front, in the mean, the colour of a spot of what is behind, or one between the two."""
    x0, y0, x1, y1 = front.window
    spot = np.array([rng.uniform(x0, x1)], np.float32), np.array([rng.uniform(y0, y1)], np.float32)
    wanted = scene.behind(*spot, 0.01, 0.0)[0, 0] + 0.01
    own = front.rgb.sum((0, 1, 2)) / max(float(front.alpha.sum()), 1e-3) + 0.01
    return np.clip(wanted / own, 0.05, 20.0).astype(np.float64) ** rng.uniform(0.6, 1.1)


def unkeyed(rng: np.random.Generator, rgb: Array, alpha: Array, screen: Array) -> Array:
    """A front, two of its channels exchanged if more than a little of it has the screen's colour: no subject wears that."""
    key = int(screen.argmax())
    others = [channel for channel in range(3) if channel != key]
    near = rgb[..., key] > 1.15 * np.maximum(rgb[..., others[0]], rgb[..., others[1]])
    if float((alpha * near).sum()) < 0.05 * float(alpha.sum()):
        return rgb
    order = [0, 1, 2]
    other = int(rng.choice(others))
    order[key], order[other] = other, key
    return np.ascontiguousarray(rgb[..., order])


def compressed(picture: Array, coarse: float) -> Array:
    """What block compression leaves of a picture: cosines of 8x8 blocks, rounded, the fine and the coloured ones most.

    Args:
        picture: [H,W,3] sRGB-encoded in [0,1]; H and W multiples of 8.
        coarse: step of the lowest frequency, in 255ths.
    """
    high, wide = picture.shape[:2]
    tones = picture @ TO_TONES.T
    blocks = tones.reshape(high // 8, 8, wide // 8, 8, 3).transpose(0, 2, 4, 1, 3)
    waves = COSINES @ blocks @ COSINES.T
    across = np.arange(8, dtype=np.float32)
    steps = np.float32(coarse / 255) * (1 + 0.7 * (across[:, None] + across[None, :]))
    steps = np.stack([steps, 2 * steps, 2 * steps])
    found = COSINES.T @ (np.round(waves / steps) * steps) @ COSINES
    tones = found.transpose(0, 3, 1, 4, 2).reshape(high, wide, 3)
    return np.clip(tones @ FROM_TONES.T, 0, 1).astype(np.float32)


def _shadow(rng: np.random.Generator, alpha: Array, shape: Shape) -> Array | None:
    """[F,H,W] factor on what is behind: the subjects' shadow on it, shifted and soft; None for no shadow."""
    if rng.uniform() > SHADOWED:
        return None
    size = int(max(shape.height, shape.width) * rng.uniform(0.02, 0.08)) + 1
    shift = rng.normal(0, 0.08, 2) * shape.height
    strength, cast = np.float32(rng.uniform(0.1, 0.6)), alpha
    for axis, move in ((1, shift[0]), (2, shift[1])):
        cast = np.roll(cast, int(move), axis)
        edge = [(0, 0)] * 3
        edge[axis] = (size, size)
        run = np.cumsum(np.pad(cast, edge, mode="edge"), axis=axis)
        count = cast.shape[axis]
        ahead, behind = np.arange(2 * size, 2 * size + count), np.arange(count)
        cast = (np.take(run, ahead, axis) - np.take(run, behind, axis)) / np.float32(2 * size)
    return np.clip(1 - strength * cast, 0, 1).astype(np.float32)


Batch = tuple[Array, Array, bool]  # plates, alphas, whether it ends at the latent


def batch(step: int, progress: float, fronts: Fronts) -> Batch:
    """The clips of one step.

    Args:
        step: of the run; the same step of the same seed has the same clips.
        progress: share of the run that is over.
        fronts: where subjects come from; their seed is the batch's.

    Returns:
        [B,F,3,H,W] plate, [B,F,H,W] alpha, and whether the step is to end at the latent.
    """
    rng = np.random.default_rng((fronts.seed, step))
    shape = draw_shape(rng, progress)
    made = [training_clip(rng, shape, fronts, step) for _ in range(shape.clips * fronts.clips)]
    return np.stack([plate for plate, _ in made]), np.stack([alpha for _, alpha in made]), shape.spelled


def _work(queue: mp.Queue[Batch], progress: Synchronized[float], fronts: Fronts) -> None:
    """Body of a generator process: fills the queue until it is ended."""
    for step in itertools.count():
        queue.put(batch(step, progress.value, fronts))


class Feeder:
    """Generator processes and the queue between them and the training loop; without processes, the loop's own work."""

    def __init__(self, workers: int, fronts: Fronts, step: int = 0) -> None:
        """Starts the processes.

        Args:
            workers: how many; 0 generates in this process, which takes about a tenth of a CPU step's time.
            fronts: where subjects come from; each process has its own, from a seed of its own.
            step: the first that is asked for, which processes do not look at.
        """
        self._fronts, self._step = fronts, step
        os.environ["OMP_NUM_THREADS"] = "1"  # read by the children: they must not take the network's cores
        context = mp.get_context("spawn")
        self.progress = context.Value("d", 0.0)
        self._queue = context.Queue(maxsize=4 + 2 * workers)
        seeds = [(fronts.seed + step) * 1000 + i for i in range(workers)]
        self._workers = [
            context.Process(
                target=_work, args=(self._queue, self.progress, Fronts(fronts.photographs, seed, fronts.clips)), daemon=True
            )
            for seed in seeds
        ]
        for worker in self._workers:
            worker.start()

    def next(self) -> tuple[Tensor, Tensor, bool]:
        """The next step's batch; see `batch`."""
        if self._workers:
            plate, alpha, spelled = self._queue.get(timeout=120)
        else:
            plate, alpha, spelled = batch(self._step, self.progress.value, self._fronts)
        self._step += 1
        return torch.from_numpy(plate), torch.from_numpy(alpha), spelled

    def close(self) -> None:
        """Ends the processes."""
        for worker in self._workers:
            worker.terminate()
