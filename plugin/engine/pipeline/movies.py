"""Movies of a job's mattes, made when all are on disk: so a render that was resumed has whole ones, too."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...images.placing import placed
from ..jobs.job import Job
from ..mattes import write_movie
from ..plates import open_masks
from .masks import MaskSource
from .plan import Plan
from .prepare import Preparer
from .reading import PlateReader

STAGE = "making movies"


def make_movies(job: Job, plan: Plan, *, reader: PlateReader, preparer: Preparer) -> None:
    """Writes the movies that the job's sink names, over the plates' display window.

    Raises:
        MatteWriteError and its kin: a movie cannot be written; the mattes stay.
    """
    request, display = plan.request, plan.request.display
    source = request.source
    if not job.request.sink.movies or source is None:
        return
    frames = list(request.frames)
    mattes = MaskSource("matte", open_masks(job.request.sink.path, channel=request.params.file_channels.alpha))
    first = next((frame for frame in (*frames, *source.frames) if source.problem(frame) is None), None)
    fps = source.probe(first).fps if first is not None else None

    def matte(frame: int) -> npt.NDArray[np.float32]:
        return mattes.read(frame, display=display, area=display)

    def plate(frame: int) -> npt.NDArray[Any]:
        found = reader.read(frame)
        if found is None:
            return np.zeros((display.height, display.width, 3), np.float32)
        seen, transform = found
        shown = preparer.displayed(frame, seen.pixels, transform).cpu().numpy()
        return placed(np.broadcast_to(shown, (*shown.shape[:2], 3)), seen.data, display)

    try:
        for kind, path in job.request.sink.movies.items():
            write_movie(
                kind,
                path,
                frames,
                matte=matte,
                plate=plate,
                fps=fps,
                pixel_aspect=request.pixel_aspect,
                check=job.check,
                progress=lambda done: job.progress(STAGE),
            )
    finally:
        mattes.close()
