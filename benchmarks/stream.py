"""A whole shot through the device: by the engine's pipeline in both ways, and by the baseline.

    engine     plates pushed into a ring → Feed, Preparer → WindowRunner → Preparer, Sink → alphas taken from a ring
    model      WindowRunner alone: plates lie prepared on the device, alphas stay there
    baseline   baseline.py, from plates in memory to mattes in memory

The engine's parts are its own, in this process, with the host's pusher at one end and a copy at the other, as over a
connection but without the messages' way through a socket (benchmarks.ring measures that).
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from gvm_matte.client import PlateData
from gvm_matte.client.plate_pusher import PlatePusher
from gvm_matte.core.frames import BlockPlan
from gvm_matte.core.image import Box
from gvm_matte.engine.colour import InputColour
from gvm_matte.engine.jobs.job import Job, Rings
from gvm_matte.engine.pipeline.prepare import Preparer
from gvm_matte.engine.pipeline.region import Region
from gvm_matte.engine.pipeline.windows import WindowRunner
from gvm_matte.params.fields import MatteParams
from gvm_matte.params.keys import ShotParams
from gvm_matte.protocol.frame_buffer import FrameRing, slot_bytes
from gvm_matte.protocol.messages import (
    AlphaReady,
    AlphaTaken,
    Message,
    PlateFailed,
    PlateReady,
    Render,
    SlotFree,
)
from gvm_matte.protocol.parts import Sink, Source
from torch import Tensor

from . import baseline
from .gpu import FAILURES, failure, peak_of, wall_of
from .plates import plate
from .stages import Models
from .timing import ratio, spread, take_turns

SLOTS = 4
AHEAD = 8
KINDS = 3  # different plates, in turn


class Shot:
    """One shot at one size, and the three ways through.

    Args:
        height, width: the model's size; plates are twice as wide and high.
    """

    def __init__(
        self, models: Models, *, height: int, width: int, window: int, overlap: int, group: int, windows: int
    ) -> None:
        self._models = models
        self.box = Box(0, 0, 2 * width, 2 * height)
        self.plan = BlockPlan(1, window + (windows - 1) * (window - overlap), window=window, overlap=overlap, group=group)
        self.params = MatteParams.of({
            "num_frames_per_batch": window, "num_overlap_frames": overlap, "decode_chunk_size": group,
            "size": min(height, width), "max_resolution": max(height, width),
        })  # fmt: skip
        self._plates = [plate(n, width=self.box.width, height=self.box.height) for n in range(KINDS)]
        shot = ShotParams(self.params, {})
        self._preparer = Preparer(
            params=shot, region=Region(shot, display=self.box, processed=self.box), pixel_aspect=1.0, device=models.device
        )
        assert self._preparer.model_size == (width, height), "sizes are multiples of 32"
        linear = _linear()
        self._prepared: list[Tensor] = [self._preparer.plate(0, pixels, self.box, linear) for pixels in self._plates]
        self.mattes = np.zeros((self.box.height, self.box.width), np.float16)

    def read(self, frame: int) -> npt.NDArray[Any]:
        """A plate from memory."""
        return self._plates[frame % KINDS]

    def write(self, frame: int, matte: npt.NDArray[np.float16]) -> None:
        """A matte to memory."""
        np.copyto(self.mattes, matte)

    def take(self, frame: int) -> Tensor:
        """A plate that lies prepared on the device."""
        return self._prepared[frame % KINDS]

    def model(self) -> None:
        """The model alone, over the windows."""
        self._run(self, lambda frame, alpha: None)

    def engine(self) -> None:
        """The whole pipeline between two rings.

        Raises:
            ImportError: the image libraries, which the pipeline imports, are not there.
        """
        from gvm_matte.engine.pipeline import feed as feeding
        from gvm_matte.engine.pipeline import pushed
        from gvm_matte.engine.pipeline import sink as sinking

        with _Host(self) as host:
            plates = pushed.PushedPlates(
                host.job, colour=InputColour(), preparer=self._preparer, missing="error", kept=None
            )
            feed = feeding.Feed(order=self.frames, fetch=plates.fetch, threads=1, ahead=AHEAD, check=host.job.check)
            sink = sinking.Sink(
                job=host.job, params=self.params, area=self.box, pattern="", file_of=_no_file, done=lambda: None
            )
            try:
                self._run(feed, lambda frame, alpha: sink.put(frame, self._preparer.matte(frame, alpha)))
                sink.finish()
            finally:
                host.job.cancel()
                feed.close()
                sink.close()

    def baseline(self) -> None:
        """A straightforward program, files left out."""
        size, cap = self.params.size, self.params.max_resolution
        baseline.run(self._models.baseline, self.plan, size=size, max_resolution=cap, read=self.read, write=self.write)

    @property
    def frames(self) -> range:
        """All of the shot."""
        return range(self.plan.first, self.plan.last + 1)

    def _run(self, plates: Any, deliver: Callable[[int, Tensor], None]) -> None:
        runner = WindowRunner(
            model=self._models.engine,
            params=self.params,
            plan=self.plan,
            plates=plates,
            noise=None,
            stage=lambda _: None,
        )
        for frame, alpha in runner.alphas(self.frames):
            deliver(frame, alpha)


class _Host:
    """Both ends of a job's rings; a context manager that closes them."""

    def __init__(self, shot: Shot) -> None:
        box, self._shot = shot.box, shot
        self._plates = FrameRing.create(slots=SLOTS, slot_bytes=slot_bytes(box, 3, "half"))
        self._alphas = FrameRing.create(slots=SLOTS, slot_bytes=slot_bytes(box, 1, "half"))
        rings = Rings(*(FrameRing.attach(ring.spec, _twin(ring.handle)) for ring in (self._plates, self._alphas)))
        render = Render(1, Source("buffers", display=box.as_tuple), Sink(buffers=True))
        self.job = Job(request=render, rings=rings, send=self._take, forget=lambda _: None)
        self._pusher = PlatePusher(
            send=self._push, ring=self._plates, job=1, frames=shot.frames, first={},
            plates=lambda frame: PlateData(shot.read(frame), box, 3, "half"),
        )  # fmt: skip
        self._pusher.start()

    def _push(self, message: Message) -> None:
        assert isinstance(message, (PlateReady, PlateFailed))
        self.job.feed(message)

    def _take(self, message: Message) -> None:
        if isinstance(message, SlotFree):
            self._plates.release(message.slot)
        elif isinstance(message, AlphaReady):
            info, pixels = self._alphas.open(message.slot, message.sequence)
            shape = (info.box.height, info.box.width)
            self._shot.write(message.frame, np.frombuffer(pixels, np.float16).reshape(shape))
            self.job.feed(AlphaTaken(1, message.slot))

    def __enter__(self) -> _Host:
        return self

    def __exit__(self, *exc: object) -> None:
        self._pusher.stop()
        self._alphas.close()
        self.job.rings.close()


def _twin(handle: int | None) -> int | None:
    return None if handle is None else os.dup(handle)


def _linear() -> Any:
    from gvm_matte.engine.colour import resolve_input

    return resolve_input("", hint="scene_linear", dtype="float16")


def _no_file(frame: int) -> Any:
    raise AssertionError("no file is written")


def streamed(shot: Shot, models: Models, *, rounds: int) -> dict[str, Any]:
    """Frames a second of the three ways, in turn, and their memory; a way that cannot go says why."""
    ways: dict[str, Callable[[], None]] = {"engine": shot.engine, "model": shot.model, "baseline": shot.baseline}
    found: dict[str, Any] = {"frames": len(shot.frames), "plate": [shot.box.width, shot.box.height]}
    able: dict[str, Callable[[], float]] = {}
    for name, way in ways.items():
        weights = models.weights["baseline" if name == "baseline" else "engine"]
        try:
            found[name] = {"peak_bytes": peak_of(way, models.device) + weights}
            able[name] = partial(wall_of, way, models.device)
        except FAILURES as exc:
            found[name] = failure(exc, models.device)
        except ImportError as exc:
            found[name] = {"failed": f"{exc.name} is not installed"}
    seconds = take_turns(able, rounds)
    for name, values in seconds.items():
        found[name]["frames_per_second"] = spread([len(shot.frames) / value for value in values])
        found[name]["seconds"] = statistics.median(values)
        if "baseline" in seconds:
            found[name]["ratio"] = ratio(values, seconds["baseline"])
    if {"engine", "model"} <= seconds.keys():
        found["share_outside_model"] = 1.0 - 1.0 / ratio(seconds["model"], seconds["engine"])
    return found
