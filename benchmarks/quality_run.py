"""One clip through the model, its per-frame version and the key, in a worker process that has the model loaded.

The model runs as the engine runs it: `Preparer` makes it plates, `WindowRunner` does windows, overlaps and decode groups,
`Preparer` treats the edges; only files and sockets are left out.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from gvm_matte.metrics import dtssd, gradient, mad, mse

from training.families import Clip, Family, render_clip

from .quality_key import classic_key

if TYPE_CHECKING:
    from torch import Tensor

Array = npt.NDArray[np.float32]
PER_FRAME = {"num_frames_per_batch": 1, "num_overlap_frames": 0, "decode_chunk_size": 1}


@dataclass(frozen=True)
class Task:
    """What a worker is to do.

    Attributes:
        family, take, width, height, frames: which clip.
        params: of `MatteParams`, by name: what differs from their defaults.
        rivals: whether the per-frame version and the key run, too.
        group: what the parent sorts results by: "families", "windows", "sizes".
    """

    family: Family
    take: int
    width: int
    height: int
    frames: int
    params: dict[str, Any]
    rivals: bool = True
    group: str = "families"


@dataclass(frozen=True)
class Worst:
    """The frame of a clip where the model is farthest from the truth, in 8 bits: plate [H,W,3], alphas [H,W]."""

    plate: npt.NDArray[np.uint8]
    truth: npt.NDArray[np.uint8]
    ours: npt.NDArray[np.uint8]
    key: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    Attributes:
        measures: by "ours", "per_frame", "key": means over the frames.
        seconds: a frame took the model, others' work on the machine included.
        frame: the worst one's number.
    """

    task: Task
    measures: dict[str, dict[str, float]]
    seconds: float
    frame: int
    worst: Worst | None


class Judge:
    """A loaded model, and where clips come from."""

    def __init__(self, model: str, device: str, cache: Path | None, photographs: Path | None) -> None:
        """Loads the model.

        Args:
            model: folder with vae/ and unet/.
            device: as of the parameter `device`.
            cache, photographs: see `render_clip`.
        """
        from gvm_matte.engine.model.device import resolve_device, resolve_precision
        from gvm_matte.engine.model.matting import load_model
        from gvm_matte.engine.model.weights import find_weights

        self._device, self._cache, self._photographs = resolve_device(device), cache, photographs
        precision = resolve_precision("auto", self._device)
        self._model = load_model(find_weights(model_base=model), device=self._device, dtype=precision)

    def run(self, task: Task) -> Outcome:
        """Renders the clip or finds it in the cache, computes and measures."""
        clip = render_clip(
            task.family, take=task.take, frames=task.frames, width=task.width, height=task.height,
            photographs=self._photographs, cache=self._cache,
        )  # fmt: skip
        started = time.perf_counter()
        mattes = {"ours": self.mattes(clip, task.params)}
        seconds = (time.perf_counter() - started) / task.frames
        if task.rivals:
            mattes["per_frame"] = self.mattes(clip, {**task.params, **PER_FRAME})
            mattes["key"] = classic_key(clip.plate)
        errors = [mad(ours, truth) for ours, truth in zip(mattes["ours"], clip.alpha)]
        frame = int(np.argmax(errors))
        worst = _worst(clip, mattes, frame) if task.rivals else None
        return Outcome(task, {name: measured(each, clip.alpha) for name, each in mattes.items()}, seconds, frame, worst)

    def mattes(self, clip: Clip, params: dict[str, Any]) -> Array:
        """[F,H,W] as the engine delivers them, in float; the model's shorter edge is the clip's."""
        from gvm_matte.core.frames import BlockPlan
        from gvm_matte.core.image import Box
        from gvm_matte.engine.colour import resolve_input
        from gvm_matte.engine.pipeline.prepare import Preparer
        from gvm_matte.engine.pipeline.region import Region
        from gvm_matte.engine.pipeline.windows import WindowRunner
        from gvm_matte.params.fields import MatteParams
        from gvm_matte.params.keys import ShotParams

        frames, height, width = clip.alpha.shape
        sizes = {"size": min(width, height), "max_resolution": max(width, height), "datatype": "float"}
        shot = ShotParams(MatteParams.of({**sizes, **params}), {})
        box = Box(0, 0, width, height)
        region = Region(shot, display=box, processed=box)
        preparer = Preparer(params=shot, region=region, pixel_aspect=1.0, device=self._device)
        encoded = resolve_input("raw", hint="", dtype="uint8")
        found = np.zeros(clip.alpha.shape, np.float32)

        class Plates:
            def take(self, frame: int) -> Tensor:
                return preparer.plate(frame, clip.plate[frame], box, encoded)

        base = shot.base
        plan = BlockPlan.of(base, (0, frames - 1))
        runner = WindowRunner(model=self._model, params=base, plan=plan, plates=Plates(), noise=None, stage=lambda _: None)
        for frame, alpha in runner.alphas(range(frames)):
            found[frame] = preparer.matte(frame, alpha).cpu().numpy()
        return found


def measured(mattes: Array, truth: Array) -> dict[str, float]:
    """Means over a clip's frames by the measure's name; arguments are [F,H,W]."""
    single = {"mad": mad, "mse": mse, "gradient": gradient}
    found = {name: float(np.mean([measure(a, g) for a, g in zip(mattes, truth)])) for name, measure in single.items()}
    changes = [dtssd(mattes[i], mattes[i - 1], truth[i], truth[i - 1]) for i in range(1, len(mattes))]
    return {**found, "dtssd": float(np.mean(changes)) if changes else 0.0}


_judge: Judge | None = None  # of a worker process


def start(model: str, device: str, cache: Path | None, photographs: Path | None, threads: int) -> None:
    """What a worker process does first."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch

    torch.set_num_threads(threads)
    global _judge
    _judge = Judge(model, device, cache, photographs)


def work(task: Task) -> Outcome:
    """What a worker process does for every clip."""
    assert _judge is not None
    return _judge.run(task)


def _worst(clip: Clip, mattes: dict[str, Array], frame: int) -> Worst:
    def grey(alpha: Array) -> npt.NDArray[np.uint8]:
        found: npt.NDArray[np.uint8] = np.round(np.clip(alpha[frame], 0, 1) * 255).astype(np.uint8)
        return found

    return Worst(clip.plate[frame], grey(clip.alpha), grey(mattes["ours"]), grey(mattes["key"]))
