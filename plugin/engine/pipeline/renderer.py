"""One job from beginning to end. The model that a job loaded stays for the next."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional, cast

import numpy as np
import torch

from ...errors import GvmMatteError, PlateError
from ...frames import FrameRange
from ...paths import frame_path, remove_own_parts, sweep_parts
from ...protocol import LOADING, RENDERING, Accepted, Done, FrameKept, Message, Notice
from ..device import resolve_device, resolve_precision
from ..jobs import Job
from ..mattes import read_digest
from ..model.matting import MattingModel, load_model
from ..model.weights import WeightFiles, find_weights
from ..plates import Plate
from ..plates.plate import MissingPolicy
from ..plates.video import VideoFile
from .digest import params_digest
from .feed import Feed, Fetch, from_buffers, from_files
from .noise import noise_source
from .prepare import Preparer
from .request import Request, digester, header_of, understand
from .sink import MatteHeader, Sink
from .windows import WindowRunner

if TYPE_CHECKING:
    from ..server import Server

READERS = 2
NO_PIXELS = np.empty((0, 0, 3), np.uint8)
Remember = Callable[[int, Plate], None]
AHEAD_BYTES = 512 << 20  # plates that wait may hold so much, counted at their own size
MAX_AHEAD = 8


def identity_of(request: Request) -> Callable[[int], str]:
    """What a plate is known by; one that a host pushed has no name, so a file made of it is never kept."""
    if request.source is not None:
        return request.source.identity
    unique = os.urandom(16).hex()
    return lambda frame: f"pushed {unique} {frame}"


class Renderer:
    """Runs jobs, one after the other, on one thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._model: Optional[MattingModel] = None
        self._folder: Optional[str] = None  # that the running job writes to

    def render(self, job: Job) -> Message:
        """Does a job and returns its last message.

        Raises:
            GvmMatteError: the job's failure, or its cancellation.
        """
        started = time.monotonic()
        with ExitStack() as cleanup:
            # 1. what is asked for
            request = understand(job.request, job.check)
            cleanup.callback(request.close)
            params = request.params
            device = resolve_device(params.device)
            dtype = resolve_precision(params.precision, device)
            files = find_weights(
                model_base=params.model_base,
                unet_base=params.unet_base,
                lora_base=params.lora_base,
                pretrain_type=params.pretrain_type,
            )
            self._notices(job, files)

            # 2. what is there already, and which plates the rest needs
            pattern = job.request.sink.path
            self._folder = os.path.dirname(pattern) if pattern else None
            if self._folder is not None:
                sweep_parts(self._folder)
            digests = digester(request, files, str(dtype), identity_of(request))
            kept = self._kept(job, request, digests.of)
            frames = [frame for frame in request.frames if frame not in kept]
            order = list(request.plan.plates(frames)) if frames else []
            policy = cast(MissingPolicy, params.missing)
            chosen = request.source.check_frames(order, policy=policy) if request.source and order else {}
            job.total = len(request.frames)
            job.send(Accepted(
                job=job.id, shot=(request.plan.first, request.plan.last), frames=str(request.frames),
                kept=str(FrameRange.of(kept)) if kept else "", plates=str(FrameRange.of(order)) if order else "",
            ))  # fmt: skip
            for frame in kept:
                job.delivered += 1
                job.send(FrameKept(job.id, frame, frame_path(pattern, frame)))
            if not frames:
                return Done(job.id, 0, 0, {"total": time.monotonic() - started})

            # 3. the model
            model = self._load(job, files, device, dtype)
            model.check_cancelled = job.check
            model.memory_settings = {
                name: getattr(params, name) for name in ("num_frames_per_batch", "decode_chunk_size", "max_resolution")
            }

            # 4. the stages: plates ahead, the model, mattes behind
            preparer = Preparer(params=params, area=request.area, pixel_aspect=request.pixel_aspect, device=device)
            plates: dict[int, Plate] = {}  # without their pixels, for the headers of frames still to be delivered
            wanted = set(frames)

            def remember(frame: int, plate: Plate) -> None:
                if frame in wanted and pattern:
                    plates[frame] = dataclasses.replace(plate, pixels=NO_PIXELS)

            fetch, threads = self._fetch(job, request, preparer, chosen, remember)
            feed = Feed(order=order, fetch=fetch, threads=threads, ahead=self._ahead(request), check=job.check)
            cleanup.callback(feed.close)
            params_json = json.dumps(params_digest(params), sort_keys=True)

            def header(frame: int) -> MatteHeader:
                return header_of(
                    request, plates.pop(frame, None), files=files, params_json=params_json, digest=digests.of(frame)
                )

            sink = Sink(job=job, params=params, area=request.area, pattern=pattern, header=header, done=self._count)
            cleanup.callback(sink.close)
            cleanup.callback(job.cancel)  # first of all on the way out: whoever waits for a plate or a slot stops waiting
            runner = WindowRunner(
                model=model, params=params, plan=request.plan, plates=feed,
                noise=noise_source(params, request.plan.first),
                deliver=lambda frame, alpha: sink.put(frame, preparer.matte(alpha)), stage=job.progress,
            )  # fmt: skip
            try:
                runner.run(frames)
            except PlateError:
                with suppress(GvmMatteError):
                    sink.finish()  # what came before the plate that failed is worth having
                raise
            finishing = time.monotonic()
            sink.finish()
            job.progress("writing", always=True)
            seconds = {name: round(value, 3) for name, value in runner.seconds.items()}
            seconds["finishing"] = round(time.monotonic() - finishing, 3)
            seconds["total"] = round(time.monotonic() - started, 3)
            return Done(job.id, len(frames), len(order), seconds)

    def discard_files(self) -> None:
        """Removes what the running job is writing, for an engine that must end now."""
        if self._folder is not None:
            remove_own_parts(self._folder)

    def _count(self) -> None:
        self._server.frames_done += 1

    def _notices(self, job: Job, files: WeightFiles) -> None:
        for text in files.notices:
            job.send(Notice(job.id, "warning" if files.is_builtin else "info", text))
        asked = job.request.params.get("num_interp_frames", 0)
        if isinstance(asked, int) and asked > 1:
            text = "These weights have no interpolation UNet (unet_interp/), so Interpolated frames has no effect."
            job.send(Notice(job.id, "info", text))

    def _kept(self, job: Job, request: Request, digest_of: Callable[[int], str]) -> list[int]:
        """Frames on disk that would come out the same."""
        pattern = job.request.sink.path
        if not pattern or job.request.sink.buffers or request.source is None or request.params.existing == "overwrite":
            return []
        kept = []
        for frame in request.frames:
            job.check()
            path = frame_path(pattern, frame)
            if Path(path).is_file() and read_digest(path) == digest_of(frame):
                kept.append(frame)
        return kept

    def _fetch(
        self, job: Job, request: Request, preparer: Preparer, chosen: dict[int, Optional[int]], remember: Remember
    ) -> tuple[Fetch, int]:
        """How plates come, and by how many threads."""
        if request.source is None:
            return from_buffers(job=job, preparer=preparer, params=request.params), 1
        fetch = from_files(
            source=request.source, chosen=chosen, preparer=preparer, params=request.params, display=request.display,
            check=job.check, remember=remember,
        )  # fmt: skip
        return fetch, 1 if isinstance(request.source, VideoFile) else READERS

    @staticmethod
    def _ahead(request: Request) -> int:
        plate_bytes = request.display.width * request.display.height * 3 * 4
        return max(1, min(MAX_AHEAD, AHEAD_BYTES // plate_bytes))

    def _load(self, job: Job, files: WeightFiles, device: torch.device, dtype: torch.dtype) -> MattingModel:
        """The model in memory if it is this one, else from the disk."""
        model = self._model
        if model is not None and (model.files.fingerprint, model.device, model.dtype) == (files.fingerprint, device, dtype):
            return model
        self._server.state = LOADING
        self._model = model = None  # two models may not fit side by side

        def progress(what: str, fraction: float) -> None:
            job.check()
            job.progress("loading")

        self._model = load_model(files, device=device, dtype=dtype, progress=progress)
        self._server.device = str(device)
        self._server.model = f"{files.name} ({files.kind}, {str(dtype).removeprefix('torch.')})"
        self._server.state = RENDERING
        return self._model
