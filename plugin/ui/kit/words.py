"""Numbers in words: durations, sizes, rates. Of one width where they change, so that nothing beside them jumps."""

from __future__ import annotations

import os
from typing import Iterable

from ...core.errors import FrameRangeError
from ...core.frames import FrameRange
from ...protocol.watching import CANCELLED, DONE, FAILED, RUNNING, WAITING, JobState
from .qt import QtCore

OPEN = (WAITING, RUNNING)
NOTHING = "–"


def tr(text: str) -> str:
    """A text in the person's language; for what is no method of a widget."""
    return QtCore.QCoreApplication.translate("Monitor", text)


def duration(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`; a dash for what is not known (below 0, or no number)."""
    if not 0 <= seconds < 1e8:
        return NOTHING
    minutes, second = divmod(int(seconds + 0.5), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def size(count: float) -> str:
    """`812 MiB`, `23.4 GiB`; a dash for what is not known (0 and less)."""
    if count <= 0:
        return NOTHING
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"


def rate(per_second: float) -> str:
    """Frames per second with as many digits as say something; a dash for 0."""
    if per_second <= 0:
        return NOTHING
    return f"{per_second:.1f}" if per_second >= 10 else f"{per_second:.2f}"


def name_of(job: JobState) -> str:
    """A job as people call it: the plates' name without folder and frame field, else the mattes', else its number."""
    for path in (job.plates, job.mattes):
        name = os.path.basename(path)
        if name:
            stem = name.split("#")[0].split("%0")[0].split("@")[0] if any(mark in name for mark in "#%@") else name
            return stem.rstrip("._- ") or name
    return tr("Job {0}").format(job.number)


def frames_in(text: str) -> int:
    """How many frames a range names; 0 for an empty text, or one that is no range."""
    try:
        return len(FrameRange.parse(text))
    except FrameRangeError:
        return 0


def left_of(job: JobState) -> int:
    """Frames that a job still has to deliver; of one that waits and was not counted yet, those that it asks for."""
    if job.state not in OPEN:
        return 0
    return max((job.total or frames_in(job.frames)) - job.done, 0)


def eta(job: JobState) -> float:
    """Seconds until a running job is done; -1 where that is not known."""
    return left_of(job) / job.rate if job.state == RUNNING and job.rate > 0 and job.total else -1.0


def total_eta(jobs: Iterable[JobState]) -> float:
    """Seconds until the queue is empty, at the speed of what runs; -1 where that is not known."""
    listed = list(jobs)
    speed = sum(job.rate for job in listed if job.state == RUNNING)
    return sum(map(left_of, listed)) / speed if speed > 0 else -1.0


__all__ = [
    "CANCELLED", "DONE", "FAILED", "NOTHING", "OPEN", "RUNNING", "WAITING", "duration", "eta", "frames_in", "left_of",
    "name_of", "rate", "size", "total_eta", "tr",
]  # fmt: skip
