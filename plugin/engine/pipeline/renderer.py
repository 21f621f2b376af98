"""One job from beginning to end. The model that a job loaded stays for the next."""

from __future__ import annotations

import dataclasses
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
from ..colour import InputTransform
from ..jobs.job import Job
from ..jobs.status import EngineStatus
from ..mattes import FrameLock, drop_locks
from ..model.device import memory_probe
from ..model.matting import MattingModel, load_model
from ..model.weights import WeightFiles
from ..plates import Plate, PlateSource, open_plates
from ..plates.video import VideoFile
from ..watch.hub import WatchHub
from .extras import Extras, KeptPlates
from .feed import Feed
from .movies import make_movies
from .noise import noise_source
from .pictures import FramePictures
from .plan import Plan, make_plan
from .prepare import Preparer
from .pushed import from_buffers
from .reading import PlateReader, for_the_matte, for_the_model
from .request import Origin, Request, header_of
from .sink import MatteHeader, Sink
from .survey import survey
from .windows import WindowRunner

READERS = 2
NO_PIXELS = np.empty((0, 0, 3), np.uint8)
AHEAD_BYTES = 512 << 20  # plates that wait may hold so much, counted at their own size
MAX_AHEAD = 8
EXTRAS_AHEAD = 2
SHORT_HASH = 8  # digits of the weights' fingerprint that monitors show


class Renderer:
    """Runs jobs, one after the other, on one thread."""

    def __init__(self, status: EngineStatus, hub: WatchHub) -> None:
        self._status, self._hub = status, hub
        self._model: Optional[MattingModel] = None
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
            guarded = plan.frames or (list(plan.request.frames) if sink.movies else [])  # a movie's frames must stay, too
            if sink.path and guarded:
                make_folder(frame_path(sink.path, guarded[0]), guarded[0])  # wrong folders are told before loading
                lock = cleanup.enter_context(FrameLock(sink.path, guarded))
                if not lock.held:
                    text = "The output's file system has no locks: see to it that no other run writes the same frames."
                    job.send(Notice(job.id, "warning", text))
            _accept(job, plan)
            seconds: dict[str, float] = {}
            stages = Stages(job, plan, cleanup, self._hub)

            # 2. the model, and the mattes that it gives
            if plan.frames:
                model = self._load(job, plan)
                seconds = stages.run(model, done=self._count)

            # 3. what is made of the mattes
            stages.movies()
            if plan.frames:
                job.progress("writing", always=True)
            seconds["total"] = time.monotonic() - started
            rounded = {name: round(value, 3) for name, value in seconds.items()}
            return Done(job.id, len(plan.frames), len(plan.order), rounded, stages.windows)

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

    def _load(self, job: Job, plan: Plan) -> MattingModel:
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


class Stages:
    """The stages of one job: plates ahead, the model, mattes behind. Without a hub nobody can watch."""

    def __init__(self, job: Job, plan: Plan, cleanup: ExitStack, hub: Optional[WatchHub] = None) -> None:
        self._job, self._plan, self._cleanup, self._hub = job, plan, cleanup, hub
        request = plan.request
        self.windows = 0
        self._preparer = Preparer(
            params=request.shot_params, region=request.region, pixel_aspect=request.pixel_aspect, device=plan.device
        )
        self._origins: dict[int, Origin] = {}  # for the headers of frames still to be delivered
        self._noted: set[str] = set()
        self._again: Optional[PlateSource] = None

    def run(self, model: MattingModel, *, done: Callable[[], None]) -> dict[str, float]:
        """Renders the plan's frames; seconds by stage, of which several overlap."""
        job, plan, params = self._job, self._plan, self._plan.request.params
        pictures = self._pictures()
        feed, looks = self._feeds()
        sink = Sink(job=job, params=params, area=plan.request.region.area, pattern=job.request.sink.path,
                    header=self._header, done=done)  # fmt: skip
        self._cleanup.callback(sink.close)
        self._cleanup.callback(job.cancel)  # first of all on the way out: whoever waits for a plate or a slot stops waiting

        def deliver(frame: int, alpha: torch.Tensor) -> None:
            extras = looks.take(frame) if looks is not None else Extras()
            raw = self._preparer.raw(alpha, extras)
            sink.put(frame, self._preparer.finished(frame, raw, extras))
            if pictures is not None:
                pictures.alpha(frame, raw)

        runner = WindowRunner(
            model=model, params=params, plan=plan.request.plan, plates=feed,
            noise=noise_source(params, plan.request.plan.first), deliver=deliver, stage=job.progress,
        )  # fmt: skip
        if job.record is not None:
            job.record.computes(runner.live_seconds)
        try:
            runner.run(plan.frames)
        except PlateError:
            with suppress(GvmMatteError):
                sink.finish()  # what came before the plate that failed is worth having
            raise
        self.windows = runner.windows
        finishing = time.monotonic()
        sink.finish()
        return {**runner.seconds, "finishing": time.monotonic() - finishing}

    def _pictures(self) -> Optional[FramePictures]:
        """What monitors see of the job; None for one that they are not told of."""
        job, request, hub = self._job, self._plan.request, self._hub
        if job.record is None or hub is None:
            return None

        def again(frame: int) -> Optional[tuple[npt.NDArray[np.uint8], Box]]:
            if request.source is None:
                return None
            with suppress(GvmMatteError):  # it is gone, or black: the render knows what it did about that
                return hub.disk().plate(request.source.path, frame, request.shot_params.at(frame))
            return None

        in_flight = request.params.num_frames_per_batch + request.params.num_overlap_frames + _ahead(request)
        pictures = FramePictures(
            hub=hub, number=job.record.number, region=request.region, frames=self._plan.frames, in_flight=in_flight,
            again=again,
        )  # fmt: skip
        self._preparer.seen = pictures.plate
        return pictures

    def movies(self) -> None:
        """Makes the movies that were asked for."""
        if self._job.request.sink.movies:
            make_movies(self._job, self._plan, reader=self._reader(self._source_again()), preparer=self._preparer)

    def _feeds(self) -> tuple[Feed[torch.Tensor], Optional[Feed[Extras]]]:
        """Plates for the model, and what mattes need beside the alpha; None where that is nothing."""
        job, plan, request = self._job, self._plan, self._plan.request
        again = self._preparer.wants_guide or request.params.file_channels.colours
        pushed = request.source is None
        kept = KeptPlates(plan.frames if again else (), limit=None) if pushed else KeptPlates(plan.frames if again else ())
        reader, threads = None, 1
        if request.source is None:
            fetch = from_buffers(job=job, colour=request.colour, preparer=self._preparer, params=request.params, kept=kept,
                                 again=again)  # fmt: skip
        else:
            fetch = for_the_model(self._reader(request.source), colour=request.colour, preparer=self._preparer, kept=kept,
                                  remember=self._remember)  # fmt: skip
            threads = 1 if isinstance(request.source, VideoFile) else READERS
            reader = self._reader(self._source_again()) if again else None
        feed = Feed(order=plan.order, fetch=fetch, threads=threads, ahead=_ahead(request), check=job.check)
        self._cleanup.callback(feed.close)
        if not again and not request.masks:
            return feed, None
        look = for_the_matte(
            reader, colour=request.colour, preparer=self._preparer, kept=kept, garbage=request.garbage, core=request.core,
            display=request.display, area=request.region.area, plates=again, check=job.check,
        )  # fmt: skip
        looks = Feed(order=plan.frames, fetch=look, threads=1, ahead=EXTRAS_AHEAD, check=job.check)
        self._cleanup.callback(looks.close)
        return feed, looks

    def _reader(self, source: PlateSource) -> PlateReader:
        request, plan = self._plan.request, self._plan
        chosen = plan.chosen
        missing = [frame for frame in request.frames if frame not in chosen]
        if missing:  # kept frames, of which a movie shows the plates
            chosen = {**chosen, **source.check_frames(missing, policy=request.params.missing)}  # type: ignore[arg-type]
        return PlateReader(
            source=source, chosen=chosen, params=request.params, display=request.display, check=self._job.check
        )

    def _source_again(self) -> PlateSource:
        """The plates for a second look: a video has one place at a time, so it is opened once more."""
        source, params = self._plan.request.source, self._plan.request.params
        assert source is not None
        if not isinstance(source, VideoFile):
            return source
        if self._again is None:
            self._again = open_plates(source.path, view=params.view, layer=params.layer)
            self._cleanup.callback(self._again.close)
        return self._again

    def _remember(self, frame: int, plate: Plate, transform: InputTransform) -> None:
        if transform.note and transform.note not in self._noted:
            self._noted.add(transform.note)
            self._job.send(Notice(self._job.id, "info", transform.note))
        if self._job.request.sink.path:
            self._origins[frame] = Origin(dataclasses.replace(plate, pixels=NO_PIXELS), transform)

    def _header(self, frame: int) -> MatteHeader:
        plan = self._plan
        return header_of(
            plan.request, frame, self._origins.pop(frame, None), files=plan.files, digest=plan.digests.of(frame)
        )


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
