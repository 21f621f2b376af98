"""The computation: plates to latents, window by window, blended where windows overlap, decoded group by group.

Source of the scheme: `frames.BlockPlan`. What is held at any time: the plate latents of one window and the next window's
beginning, the last window's alpha latents in the overlap, and one decode group.
"""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from typing import Callable, Iterable, Iterator, Protocol

import torch
from torch import Tensor

from ...core.frames import BlockPlan, Step
from ...params.fields import MatteParams
from ..model.interface import Model
from .noise import NoiseSource

ENCODE_BATCH = 4  # frames in one pass of the encoder on a GPU; on the CPU the model takes them one by one


class Plates(Protocol):
    """Where prepared plates come from, in the order of the plan."""

    def take(self, frame: int) -> Tensor:
        """[1,3,H',W'] float in [0,1]."""


class WindowRunner:
    """Runs a plan's steps on a model.

    Args:
        noise: the noise latents of frames; None for `zeros`.
        stage: called with the name of what begins, for progress.
    """

    def __init__(
        self,
        *,
        model: Model,
        params: MatteParams,
        plan: BlockPlan,
        plates: Plates,
        noise: NoiseSource,
        stage: Callable[[str], None],
    ) -> None:
        self._model, self._params, self._plan = model, params, plan
        self._plates, self._noise, self._stage = plates, noise, stage
        self._latents: dict[int, Tensor] = {}  # plate latents by frame, [C,h,w]
        self._before: dict[int, Tensor] = {}  # the last window's alpha latents where the next overlaps it, [C,h,w]
        self._before_index = -1
        self.seconds: dict[str, float] = defaultdict(float)
        self._now: tuple[str, float] | None = None  # the stage that runs, and since when
        self.windows = 0  # that were computed, those that are context alone included

    @torch.inference_mode()
    def alphas(self, frames: Iterable[int]) -> Iterator[tuple[int, Tensor]]:
        """(frame, alpha [1,1,H',W'] float32 in [0,1]) for each of these frames in order, computed as they are asked for."""
        wanted = set(frames)
        for step in self._plan.steps(wanted):
            # 1. the window's plates that no window before had
            self._encode(step)

            # 2. the window
            result = self._denoise(step)

            # 3. its block's alphas, blended with the window before
            yield from self._decode(step, result, wanted)

            # 4. what the next window is blended with
            block = step.block
            overlap = range(block.last + 1, block.last + 1 + self._plan.overlap)
            self._before = {f: result[f - block.window_first].clone() for f in overlap if f <= block.window_last}
            self._before_index = block.index

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        self._stage(stage)
        started = time.monotonic()
        self._now = stage, started
        yield
        self._now = None
        self.seconds[stage] += time.monotonic() - started

    def live_seconds(self) -> dict[str, float]:
        """`seconds` with what the running stage has taken so far; from any thread."""
        now, seconds = self._now, dict(self.seconds)
        if now is not None:
            seconds[now[0]] = seconds.get(now[0], 0.0) + time.monotonic() - now[1]
        return seconds

    def _encode(self, step: Step) -> None:
        batch = ENCODE_BATCH if self._model.device.type == "cuda" else 1
        for start in range(0, len(step.plates), batch):
            frames = step.plates[start : start + batch]
            with self._timed("reading"):
                rgb = torch.cat([self._plates.take(frame) for frame in frames])  # [n,3,H',W']
            with self._timed("encoding"):
                self._latents.update(zip(frames, self._model.encode(rgb)))

    def _denoise(self, step: Step) -> Tensor:
        with self._timed("denoising"):
            window = torch.stack([self._latents[frame] for frame in step.block.window])  # [W,C,h,w]
            for frame in [frame for frame in self._latents if frame < step.keep_latents_from]:
                del self._latents[frame]
            noise = None
            if self._noise is not None:
                shape = tuple(window.shape[1:])
                noise = torch.stack([self._noise(frame, shape) for frame in step.block.window])  # [W,C,h,w]
            self.windows += 1
            return self._model.denoise(window, steps=self._params.denoise_steps, noise=noise)

    def _decode(self, step: Step, result: Tensor, wanted: set[int]) -> Iterator[tuple[int, Tensor]]:
        for first, last in step.groups:
            with self._timed("decoding"):
                latents = torch.stack([self._blended(step, result, frame) for frame in range(first, last + 1)])
                alphas = self._model.decode(latents)  # [G,1,H',W']
            with self._timed("delivering"):
                for frame, alpha in zip(range(first, last + 1), alphas):
                    if frame in wanted:
                        yield frame, alpha[None]

    def _blended(self, step: Step, result: Tensor, frame: int) -> Tensor:
        own = result[frame - step.block.window_first]
        weight = self._plan.blend(step.block, frame)
        if weight == 1.0:
            return own
        assert self._before_index == step.block.index - 1, "the plan runs the window before whenever it is blended"
        return (1.0 - weight) * self._before[frame] + weight * own
