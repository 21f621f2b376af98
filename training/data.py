"""Batches of generated clips for training, made in processes of their own so that the network never waits."""

from __future__ import annotations

import multiprocessing as mp
import os
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .clips import TRAINING_SEEDS, OnStage, Scene, lay_over, render_subjects, to_display
from .noise import Array

KEPT, USES = 48, 3
SIMPLE = 0.55  # share of clips before a screen or a plain wall, which Scene never draws


@dataclass(frozen=True)
class Shape:
    """Size of one training batch, and whether the step ends at the latent (`spelled`) or at the alpha."""

    clips: int
    frames: int
    height: int
    width: int
    spelled: bool = False


# Few frames a clip: neighbouring frames teach little that is new, other scenes do. Some with many, so that the learned
# frame positions and the temporal layers know long windows. Large pictures, so that attention and the norms know them.
SPELLED = (
    (0.32, Shape(3, 1, 96, 96, True)),
    (0.26, Shape(2, 1, 96, 160, True)),
    (0.14, Shape(2, 1, 128, 128, True)),
    (0.12, Shape(1, 5, 64, 64, True)),
    (0.16, Shape(1, 1, 160, 288, True)),
)
WHOLE = (
    (0.26, Shape(2, 1, 128, 128)),
    (0.16, Shape(1, 2, 128, 128)),
    (0.16, Shape(1, 1, 160, 288)),
    (0.14, Shape(2, 1, 96, 160)),
    (0.12, Shape(1, 4, 96, 96)),
    (0.08, Shape(1, 10, 64, 64)),
    (0.08, Shape(1, 1, 288, 512)),
)


def draw_shape(rng: np.random.Generator, progress: float) -> Shape:
    """The size of the next batch; `progress` is the share of the run that is over.

    Eight steps in ten end at the latent for the first half of the run, none does in its last fifth.
    """
    table = SPELLED if rng.uniform() < 0.8 * min(1.0, max(0.0, (0.8 - progress) / 0.3)) else WHOLE
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
    """A store of fronts by size: painting a subject takes ten times as long as painting what is behind it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, int], list[Front]] = {}

    def draw(self, rng: np.random.Generator, shape: Shape) -> Front:
        """A new one, or one of the last `KEPT` of this size; each is used about `USES` times."""
        kept = self._kept.setdefault((shape.frames, shape.height, shape.width), [])
        if len(kept) >= KEPT // 4 and rng.uniform() < 1 - 1 / USES:
            return kept[int(rng.integers(len(kept)))]
        front = new_front(rng, shape)
        if len(kept) >= KEPT:
            kept.pop(0)
        kept.append(front)
        return front


def new_front(rng: np.random.Generator, shape: Shape) -> Front:
    """The subjects of a random scene: the whole frame or a window of it, at any speed."""
    while True:  # one in two of the scenes without a person is passed over
        scene = Scene(int(rng.integers(TRAINING_SEEDS.start, TRAINING_SEEDS.stop)))
        if rng.uniform() < 1 / 2 or scene.subjects[0].kind == "bust":
            break
    aspect = shape.width / shape.height
    # a window of 0.45 of the height at 128 lines has the pixels of a whole frame of 288 lines
    tall = 1.0 if shape.width > shape.height and rng.uniform() < 0.6 else float(np.exp(rng.uniform(np.log(0.4), 0)))
    subject = scene.subjects[int(rng.integers(len(scene.subjects)))]
    x, y = 0.0, 0.0
    if tall < 1 or aspect < 1.5:
        x = float(np.clip(subject.place[0] + rng.normal(0, 0.22), -1.78 / 2 + 0.3 * tall, 1.78 / 2 - 0.3 * tall))
        y = float(np.clip(subject.place[1] + rng.normal(-0.1, 0.2), -0.5 + tall / 2, 0.5 - tall / 2))
    window = (x - tall * aspect / 2, y - tall / 2, x + tall * aspect / 2, y + tall / 2)
    first, step = float(rng.uniform(0, 40)), float(rng.choice([0.5, 1, 1, 1, 2]))
    times = tuple(first + i * step for i in range(shape.frames))
    made = [render_subjects(scene, at, shape.width, shape.height, samples=3, window=window) for at in times]
    return Front(np.stack([rgb for rgb, _ in made]), np.stack([alpha for _, alpha in made]), scene.seed, window, times)


def training_clip(rng: np.random.Generator, shape: Shape, fronts: Fronts) -> tuple[Array, Array]:
    """One clip: subjects over a background of their own, of another scene, or before a screen, with grain.

    Args:
        rng: source of randomness.
        shape: its size; `clips` is not looked at.
        fronts: where subjects come from.

    Returns:
        [F,3,H,W] sRGB-encoded plate in [0,1]; [F,H,W] alpha in [0,1].
    """
    front = fronts.draw(rng, shape)
    seed = int(rng.integers(TRAINING_SEEDS.start, TRAINING_SEEDS.stop))
    scene = OnStage(seed, rng) if rng.uniform() < SIMPLE else Scene(seed)
    # light that does not match: the subject brighter or darker, warmer or colder than what is behind it
    gain = np.exp(rng.normal(0, 0.35)) * np.exp(rng.normal(0, 0.08, 3))
    rgb, grain = front.rgb * gain.astype(np.float32), bool(rng.uniform() < 0.7)
    plates = [
        to_display(lay_over(scene, rgb[i], front.alpha[i], at, window=front.window, grain=grain)).transpose(2, 0, 1)
        for i, at in enumerate(front.times)
    ]
    plate, matte = np.stack(plates), front.alpha
    if rng.uniform() < 0.5:
        plate, matte = plate[..., ::-1], matte[..., ::-1]
    return np.ascontiguousarray(plate), np.ascontiguousarray(matte)


def _batch(rng: np.random.Generator, progress: float, clips: int, fronts: Fronts) -> tuple[Array, Array, bool]:
    """[B,F,3,H,W] plate and [B,F,H,W] alpha of `clips` times as many clips as the drawn shape says; its `spelled`."""
    shape = draw_shape(rng, progress)
    made = [training_clip(rng, shape, fronts) for _ in range(shape.clips * clips)]
    return np.stack([plate for plate, _ in made]), np.stack([alpha for _, alpha in made]), shape.spelled


def _work(queue: mp.Queue, seed: int, progress: mp.Value, clips: int) -> None:
    """Body of a generator process: fills the queue until it is ended."""
    rng, fronts = np.random.default_rng(seed), Fronts()
    while True:
        queue.put(_batch(rng, progress.value, clips, fronts))


class Feeder:
    """Generator processes and the queue between them and the training loop; without processes, the loop's own work."""

    def __init__(self, workers: int, seed: int, clips: int = 1) -> None:
        """Starts the processes.

        Args:
            workers: how many; 0 generates in this process, which takes about a tenth of a CPU step's time.
            seed: of the choice of scenes; each worker gets its own.
            clips: factor on the number of clips in a batch.
        """
        self._rng, self._clips, self._fronts = np.random.default_rng(seed), clips, Fronts()
        os.environ["OMP_NUM_THREADS"] = "1"  # read by the children: they must not take the network's cores
        context = mp.get_context("spawn")
        self.progress = context.Value("d", 0.0)
        self._queue = context.Queue(maxsize=4 + 2 * workers)
        self._workers = [
            context.Process(target=_work, args=(self._queue, seed * 1000 + i, self.progress, clips), daemon=True)
            for i in range(workers)
        ]
        for worker in self._workers:
            worker.start()

    def next(self) -> tuple[Tensor, Tensor, bool]:
        """[B,F,3,H,W] plate, [B,F,H,W] alpha, and whether the step is to end at the latent."""
        if self._workers:
            plate, alpha, spelled = self._queue.get(timeout=120)
        else:
            plate, alpha, spelled = _batch(self._rng, self.progress.value, self._clips, self._fronts)
        return torch.from_numpy(plate), torch.from_numpy(alpha), spelled

    def close(self) -> None:
        """Ends the processes."""
        for worker in self._workers:
            worker.terminate()
