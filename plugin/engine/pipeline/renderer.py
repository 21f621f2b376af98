"""One job from beginning to end. The model that a job loaded stays for the next."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from typing import Callable, Optional

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import GvmMatteError, PlateError
from ...core.files import remove_own_parts, sweep_parts
from ...core.frames import FrameRange
from ...core.image import Box
from ...core.paths import frame_path
from ...images.whole_file import make_folder
from ...protocol.messages import LOADING, RENDERING, Accepted, Done, FrameKept, Message, Notice
from ..jobs.job import Job
from ..jobs.status import EngineStatus
from ..mattes import FrameLock, MatteFile, drop_locks
from ..model.device import memory_probe
from ..model.interface import Model
from ..model.matting import load_model
from ..model.weights import WeightFiles
from ..plates import open_plates
from ..plates.video import VideoFile
from ..watch.hub import WatchHub
from .extras import KEEP_BYTES, Extras, KeptPlates
from .feed import Feed
from .movies import make_movies
from .noise import noise_source
from .pictures import FramePictures
from .plan import Plan, make_plan
from .prepare import Preparer
from .pushed import PushedPlates
from .reading import FilePlates, MatteExtras, PlateReader
from .request import Origin, Request, matte_file
from .sink import Sink
from .survey import survey
from .windows import WindowRunner

READERS = 2
AHEAD_BYTES = 512 << 20  # plates that wait may hold so much, counted at their own size
MAX_AHEAD = 8
EXTRAS_AHEAD = 2
SHORT_HASH = 8  # digits of the weights' fingerprint that monitors show


class Renderer:
    """Runs jobs, one after the other, on one thread."""

    def __init__(self, status: EngineStatus, hub: WatchHub) -> None:
        self._status, self._hub = status, hub
        self._model: Optional[Model] = None
        self._folders: set[str] = set()  # that the running job writes to

    def render(self, job: Job) -> Message:
        """Does a job and returns its last message.

        Raises:
            GvmMatteError: the job's failure, or its cancellation.
        """
        started = time.monotonic()
        with ExitStack() as cleanup:
            # 1. what is asked for, what is there already, and which plates the rest needs
            sink = job.request.sink
            self._folders = {os.path.dirname(path) for path in (sink.path, *sink.movies.values()) if path}
            for folder in self._folders if not job.request.dry_run else ():
                sweep_parts(folder)
            plan = make_plan(job.request, check=job.check, found=lambda request, files: _notices(job, request, files))
            cleanup.callback(plan.request.close)
            if job.request.dry_run:
                _accept(job, plan)
                job.send(survey(job.id, plan, sink.path, check=job.check))
                return Done(job.id, 0, 0, {"total": time.monotonic() - started})
            _lock_frames(job, plan, cleanup)
            _accept(job, plan)
            preparer = preparer_of(plan)
            again = second_reader(job, plan, preparer, cleanup)

            # 2. the model, and the mattes that it gives
            seconds: dict[str, float] = {}
            windows = 0
            if plan.frames:
                model = self._load(job, plan)
                seconds, windows = render_mattes(
                    job, plan, model, preparer, again=again, hub=self._hub, done=self._count, cleanup=cleanup
                )

            # 3. what is made of the mattes
            if sink.movies and again is not None:
                make_movies(job, plan, reader=again, preparer=preparer)
            if plan.frames:
                job.progress("writing", always=True)
            seconds["total"] = time.monotonic() - started
            rounded = {name: round(value, 3) for name, value in seconds.items()}
            return Done(job.id, len(plan.frames), len(plan.order), rounded, windows)

    def release_model(self) -> None:
        """Lets go of the model and of the memory that it had on its device; for the worker's thread."""
        self._model = None
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        self._status.model = self._status.weights = self._status.precision = ""

    def discard_files(self) -> None:
        """Removes what the running job is writing, for an engine that must end now."""
        for folder in self._folders:
            remove_own_parts(folder)
        drop_locks()

    def _count(self) -> None:
        self._status.frames_done += 1

    def _load(self, job: Job, plan: Plan) -> Model:
        """The model in memory if it is this one, else from the disk."""
        model, files, params = self._model, plan.files, plan.request.params
        wanted = (files.fingerprint, plan.device, plan.dtype)
        if model is None or (model.files.fingerprint, model.device, model.dtype) != wanted:
            self._status.doing = LOADING
            self._status.model = ""
            self._model = model = None  # two models may not fit side by side

            def progress(what: str, fraction: float) -> None:
                job.check()
                job.progress("loading")

            self._model = model = load_model(files, device=plan.device, dtype=plan.dtype, progress=progress)
            self._status.device = str(plan.device)
            self._status.memory = memory_probe(plan.device)
            self._status.weights = f"{files.kind} {files.fingerprint[:SHORT_HASH]}"
            self._status.precision = str(plan.dtype).removeprefix("torch.")
            self._status.loaded_at = time.monotonic()
            self._status.model = f"{files.name} ({files.kind}, {self._status.precision})"
            self._status.doing = RENDERING
        model.check_cancelled = job.check
        model.memory_settings = {
            name: getattr(params, name) for name in ("num_frames_per_batch", "decode_chunk_size", "max_resolution")
        }
        return model


def render_mattes(
    job: Job,
    plan: Plan,
    model: Model,
    preparer: Preparer,
    *,
    again: Optional[PlateReader],
    hub: Optional[WatchHub],
    done: Callable[[], None],
    cleanup: ExitStack,
) -> tuple[dict[str, float], int]:
    """Renders the plan's frames: plates are read ahead of the model, mattes are written behind it.

    Args:
        again: reads plates that a matte is made of and that were not kept; None: there are none.
        hub: that monitors look at; None: there is none.
        done: called after each matte.
        cleanup: ends the threads, after the caller's other work with the plates.

    Returns:
        (seconds by stage, of which several overlap; windows that were computed).
    """
    request, params, sink_path = plan.request, plan.request.params, job.request.sink.path

    # 1. what monitors see, from the first plate on
    pictures = _pictures(job, plan, preparer, hub)

    # 2. plates for the model, read ahead; those that a matte is made of, too, are kept
    pushed = request.source is None
    kept = KeptPlates(plan.frames, limit=None if pushed else KEEP_BYTES) if preparer.wants_plate else None
    origins: dict[int, Origin] = {}  # for the headers of frames still to be delivered
    threads = 1 if isinstance(request.source, VideoFile) or pushed else READERS
    if request.source is None:
        fetch = PushedPlates(job, colour=request.colour, preparer=preparer, missing=params.missing, kept=kept).fetch
    else:
        fetch = FilePlates(PlateReader(request.source, plan, job.check), job, preparer, kept=kept, origins=origins).fetch
    plates = Feed(order=plan.order, fetch=fetch, threads=threads, ahead=_ahead(request), check=job.check)
    cleanup.callback(plates.close)

    # 3. what mattes are made of beside their alphas
    extras: Optional[Feed[Extras]] = None
    if kept is not None or request.masks:
        look = MatteExtras(plan, preparer, kept=kept, again=again, check=job.check).fetch
        extras = Feed(order=plan.frames, fetch=look, threads=1, ahead=EXTRAS_AHEAD, check=job.check)
        cleanup.callback(extras.close)

    # 4. where mattes go
    def file_of(frame: int) -> MatteFile:
        return matte_file(request, frame, origins.pop(frame, None), files=plan.files, digest=plan.digests.of(frame))

    sink = Sink(job=job, params=params, area=request.region.area, pattern=sink_path, file_of=file_of, done=done)
    cleanup.callback(sink.close)
    cleanup.callback(job.cancel)  # first of all on the way out: threads that wait for a plate or a slot stop waiting

    # 5. windows to alphas, alphas to mattes
    noise = noise_source(params, request.plan.first)
    runner = WindowRunner(model=model, params=params, plan=request.plan, plates=plates, noise=noise, stage=job.progress)
    if job.record is not None:
        job.record.computes(runner.live_seconds)
    try:
        for frame, alpha in runner.alphas(plan.frames):
            more = extras.take(frame) if extras is not None else Extras()
            raw = preparer.raw(alpha, more)
            sink.put(frame, preparer.finished(frame, raw, more))
            if pictures is not None:
                pictures.alpha(frame, raw)
    except PlateError:
        with suppress(GvmMatteError):
            sink.finish()  # what came before the plate that failed is worth having
        raise

    # 6. the last files
    finishing = time.monotonic()
    sink.finish()
    return {**runner.seconds, "finishing": time.monotonic() - finishing}, runner.windows


def _pictures(job: Job, plan: Plan, preparer: Preparer, hub: Optional[WatchHub]) -> Optional[FramePictures]:
    """What monitors see of the job; None for one that they are not told of."""
    request = plan.request
    if job.record is None or hub is None:
        return None

    def again(frame: int) -> Optional[tuple[npt.NDArray[np.uint8], Box]]:
        if request.source is None:
            return None
        with suppress(GvmMatteError):  # it is gone, or black: the render knows what it did about that
            return hub.disk().plate(request.source.path, frame, request.shot_params.at(frame))
        return None

    in_flight = request.plan.window + request.plan.overlap + _ahead(request)
    number, region, frames = job.record.number, request.region, plan.frames
    pictures = FramePictures(hub=hub, number=number, region=region, frames=frames, in_flight=in_flight, again=again)
    preparer.seen = pictures.plate
    return pictures


def preparer_of(plan: Plan) -> Preparer:
    """What is done to the pixels of this plan's frames."""
    request = plan.request
    aspect = request.pixel_aspect
    return Preparer(params=request.shot_params, region=request.region, pixel_aspect=aspect, device=plan.device)


def second_reader(job: Job, plan: Plan, preparer: Preparer, cleanup: ExitStack) -> Optional[PlateReader]:
    """Reads plates a second time, for mattes that are made of them and for movies; None where that is not needed.

    A video has one place at a time, so it is opened once more.
    """
    source, params, movies = plan.request.source, plan.request.params, bool(job.request.sink.movies)
    if source is None or not (movies or (plan.frames and preparer.wants_plate)):
        return None
    if isinstance(source, VideoFile):
        source = open_plates(source.path, view=params.view, layer=params.layer)
        cleanup.callback(source.close)
    return PlateReader(source, plan, job.check, kept=movies)


def _accept(job: Job, plan: Plan) -> None:
    """Tells the host what will be done, and what is done already."""
    request = plan.request
    job.total = len(request.frames)
    if job.record is not None:
        job.record.missing = [frame for frame in request.frames if plan.chosen.get(frame, frame) != frame]
    kept, plates = str(FrameRange.of(plan.kept)), str(FrameRange.of(plan.order))
    shot = (request.plan.first, request.plan.last)
    job.send(Accepted(job=job.id, shot=shot, frames=str(request.frames), kept=kept, plates=plates))
    for frame in plan.kept:
        job.delivered += 1
        job.send(FrameKept(job.id, frame, frame_path(job.request.sink.path, frame)))


def _lock_frames(job: Job, plan: Plan, cleanup: ExitStack) -> None:
    """Keeps other runs from the files that this one writes, or makes a movie of."""
    sink = job.request.sink
    frames = plan.frames or (list(plan.request.frames) if sink.movies else [])
    if not sink.path or not frames:
        return
    make_folder(frame_path(sink.path, frames[0]), frames[0])  # wrong folders are told before loading
    if not cleanup.enter_context(FrameLock(sink.path, frames)).held:
        text = "The output's file system has no locks: see to it that no other run writes the same frames."
        job.send(Notice(job.id, "warning", text))


def _notices(job: Job, request: Request, files: WeightFiles) -> None:
    for text in files.notices:
        job.send(Notice(job.id, "warning" if files.is_builtin else "info", text))
    asked = job.request.params.get("num_interp_frames", 0)
    if isinstance(asked, int) and asked > 1:
        text = "These weights have no interpolation UNet (unet_interp/), so Interpolated frames has no effect."
        job.send(Notice(job.id, "info", text))


def _ahead(request: Request) -> int:
    plate_bytes = request.display.width * request.display.height * 3 * 4
    return max(1, min(MAX_AHEAD, AHEAD_BYTES // plate_bytes))
