"""Batches of generated clips for training, made in processes of their own so that the network never waits."""

from __future__ import annotations

import multiprocessing as mp
import os
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .clips import TRAINING_SEEDS, Scene, render, to_display
from .noise import Array


@dataclass(frozen=True)
class Shape:
    """Size of one training batch, and whether the step ends at the latent (`coarse`) or at the alpha."""

    clips: int
    frames: int
    height: int
    width: int
    coarse: bool = False


# Few frames a clip: neighbouring frames teach little that is new, other scenes do. Some with many, so that the learned
# frame positions and the temporal layers know long windows. Large pictures, so that attention and the norms know them.
COARSE = (
    (0.45, Shape(2, 1, 128, 128, True)),
    (0.18, Shape(3, 1, 96, 96, True)),
    (0.15, Shape(1, 1, 160, 288, True)),
    (0.10, Shape(1, 4, 96, 96, True)),
    (0.05, Shape(1, 10, 64, 64, True)),
    (0.07, Shape(1, 2, 128, 224, True)),
)
WHOLE = (
    (0.30, Shape(1, 2, 128, 128)),
    (0.18, Shape(2, 1, 128, 128)),
    (0.10, Shape(1, 4, 96, 96)),
    (0.08, Shape(1, 10, 64, 64)),
    (0.14, Shape(1, 1, 128, 224)),
    (0.14, Shape(1, 1, 160, 288)),
    (0.06, Shape(1, 1, 288, 512)),
)


def draw_shape(rng: np.random.Generator, progress: float) -> Shape:
    """The size of the next batch; `progress` is the share of the run that is over.

    Three steps in four are coarse for the first half of the run, none is in its last quarter.
    """
    table = COARSE if rng.uniform() < 0.75 * min(1.0, max(0.0, (0.75 - progress) / 0.25)) else WHOLE
    return table[rng.choice(len(table), p=[share for share, _ in table])][1]


def training_clip(rng: np.random.Generator, shape: Shape) -> tuple[Array, Array]:
    """One clip of a random scene: the whole frame or a window of it, any speed, with grain.

    Args:
        rng: source of randomness.
        shape: its size; `clips` is not looked at.

    Returns:
        [F,3,H,W] sRGB-encoded plate in [0,1]; [F,H,W] alpha in [0,1].
    """
    while True:  # people first: two in three of the other scenes are passed over
        scene = Scene(int(rng.integers(TRAINING_SEEDS.start, TRAINING_SEEDS.stop)))
        if rng.uniform() < 1 / 3 or (len(scene.subjects) == 1 and scene.subjects[0].kind == "bust"):
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
    grain, flip = bool(rng.uniform() < 0.7), rng.uniform() < 0.5
    plates, alphas = [], []
    for i in range(shape.frames):
        rgb, alpha = render(scene, first + i * step, shape.width, shape.height, samples=3, window=window, grain=grain)
        plates.append(to_display(rgb).transpose(2, 0, 1))
        alphas.append(alpha)
    plate, matte = np.stack(plates), np.stack(alphas)
    if flip:
        plate, matte = plate[..., ::-1], matte[..., ::-1]
    return np.ascontiguousarray(plate), np.ascontiguousarray(matte)


def _batch(rng: np.random.Generator, progress: float, clips: int) -> tuple[Array, Array, bool]:
    """[B,F,3,H,W] plate and [B,F,H,W] alpha of `clips` times as many clips as the drawn shape says; its `coarse`."""
    shape = draw_shape(rng, progress)
    made = [training_clip(rng, shape) for _ in range(shape.clips * clips)]
    return np.stack([plate for plate, _ in made]), np.stack([alpha for _, alpha in made]), shape.coarse


def _work(queue: mp.Queue, seed: int, progress: mp.Value, clips: int) -> None:
    """Body of a generator process: fills the queue until it is ended."""
    rng = np.random.default_rng(seed)
    while True:
        queue.put(_batch(rng, progress.value, clips))


class Feeder:
    """Generator processes and the queue between them and the training loop; without processes, the loop's own work."""

    def __init__(self, workers: int, seed: int, clips: int = 1) -> None:
        """Starts the processes.

        Args:
            workers: how many; 0 generates in this process, which takes about a tenth of a CPU step's time.
            seed: of the choice of scenes; each worker gets its own.
            clips: factor on the number of clips in a batch.
        """
        self._rng, self._clips = np.random.default_rng(seed), clips
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
        """[B,F,3,H,W] plate, [B,F,H,W] alpha, and whether the step is to be coarse."""
        if self._workers:
            plate, alpha, coarse = self._queue.get(timeout=120)
        else:
            plate, alpha, coarse = _batch(self._rng, self.progress.value, self._clips)
        return torch.from_numpy(plate), torch.from_numpy(alpha), coarse

    def close(self) -> None:
        """Ends the processes."""
        for worker in self._workers:
            worker.terminate()
