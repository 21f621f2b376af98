"""What the monitor itself asks an engine to render: a job once more, a block of it with other settings.

Pure values; `renders` runs them. A try of other settings never touches the shot's own mattes: it goes to a folder
`tries` beside them, where a later try of the same settings finds its frames again.
"""

from __future__ import annotations

import dataclasses
import os
from typing import Any, Dict, Mapping, Optional

from ...client import MatteJob
from ...core.errors import UsageError
from ...core.frames import BlockPlan, FrameRange
from ...params.keys import ShotParams
from ...protocol.parts import Sink, Source
from ...protocol.watching import JobState
from ..kit.words import tr

TRIES = "tries"


def why_not_again(job: JobState) -> str:
    """Why a job's frames cannot be asked for from here, in a sentence; empty where they can."""
    if not job.plates:
        return tr("Its plates come out of the memory of the program that asked; render it again there.")
    if not job.mattes:
        return tr("Its mattes go into the memory of the program that asked; render it again there.")
    return ""


def again(job: JobState) -> MatteJob:
    """The same frames once more; those on disk that would come out the same are kept.

    Raises:
        UsageError: its plates or mattes are out of reach.
    """
    return _job(job, {**job.params, "existing": "resume"}, job.frames, job.mattes)


def shot_with(job: JobState, params: Mapping[str, Any], frames: str) -> MatteJob:
    """Frames with these parameters, into the shot's own mattes; what is fresh is kept.

    Raises:
        UsageError: as `again`.
        ParamError: values that cannot be.
    """
    return _job(job, _checked(params), frames, _own_mattes(job))


def survey_of(job: JobState, params: Mapping[str, Any]) -> MatteJob:
    """The question what is on disk of a job's frames, if they were made with these parameters; nothing is computed.

    Raises:
        UsageError, ParamError: as `shot_with`.
    """
    return dataclasses.replace(_job(job, _checked(params), job.frames, job.mattes), dry_run=True)


def try_of(job: JobState, params: Mapping[str, Any], frames: str) -> MatteJob:
    """Some frames with these parameters, as a try beside the job's mattes.

    Raises:
        UsageError, ParamError: as `shot_with`.
    """
    folder, name = os.path.split(_own_mattes(job))
    return _job(job, _checked(params), frames, os.path.join(folder, TRIES, name))


def is_try(job: JobState) -> bool:
    """Whether a job's mattes lie beside the shot's own."""
    return _own_mattes(job) != job.mattes


def mattes_of(job: JobState, frame: int) -> str:
    """Where a frame's matte lies: around a try the shot's own mattes are seen."""
    return job.mattes if frame in FrameRange.parse(job.frames) else _own_mattes(job)


def _own_mattes(job: JobState) -> str:
    """The mattes of a job's shot, also of a try: a try of a try is one of the shot."""
    folder, name = os.path.split(job.mattes)
    above, last = os.path.split(folder)
    return os.path.join(above, name) if last == TRIES else job.mattes


def block_of(job: JobState, params: Mapping[str, Any], frame: int) -> Optional[FrameRange]:
    """The frames of the block that holds a frame, as these parameters cut the job's shot; None outside the shot.

    Raises:
        ParamError: values that cannot be.
    """
    if len(job.shot) != 2 or not job.shot[0] <= frame <= job.shot[1]:
        return None
    plan = BlockPlan.of(ShotParams.of(params).base, job.shot)
    return FrameRange(tuple(plan.block_of(frame).frames))


def _checked(params: Mapping[str, Any]) -> Dict[str, Any]:
    checked = {**params, "existing": "resume"}
    ShotParams.of(checked)
    return checked


def _job(job: JobState, params: Dict[str, Any], frames: str, mattes: str) -> MatteJob:
    trouble = why_not_again(job)
    if trouble:
        raise UsageError(trouble)
    shot = tuple(job.shot) if len(job.shot) == 2 else ()
    return MatteJob(Source("files", job.plates), Sink(mattes), frames, shot, params)
