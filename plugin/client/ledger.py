"""The account of one render: it outlives the engines that work on it, so that the next one is asked for the rest alone."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, Optional, Set

from ..core.errors import FrameRangeError, ProtocolError
from ..core.frames import FrameRange
from ..protocol.messages import Accepted, Notice
from .job import MatteJob, RenderResult


class Ledger:
    """What a render has delivered so far, over all engines that worked on it."""

    def __init__(self, job: MatteJob) -> None:
        self._job = job
        self._accepted: Optional[Accepted] = None
        self.asked: Set[int] = set()
        self.written: Set[int] = set()
        self.taken: Set[int] = set()
        self.kept: Set[int] = set()
        self.stages: Dict[str, Any] = {}
        self.windows = 0
        self.notices: List[Notice] = []

    @property
    def delivered(self) -> Set[int]:
        """Frames of which nothing is missing."""
        done = self.written & self.taken if self._job.sink.path and self._job.sink.buffers else self.written | self.taken
        return (done | self.kept) & self.asked

    @property
    def missing(self) -> Set[int]:
        """Frames that were asked for and are not delivered; empty before the job was accepted, and for a dry run."""
        return set() if self._job.dry_run else self.asked - self.delivered

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do, though no engine has said so; movies come after all frames."""
        return self.begun and not self.missing and not self._job.sink.movies and not self._job.dry_run

    @property
    def begun(self) -> bool:
        """Whether an engine has accepted the job."""
        return self._accepted is not None

    def accept(self, message: Accepted) -> bool:
        """Notes what will be rendered; whether this is the first time.

        Raises:
            ProtocolError: it makes no sense.
        """
        if len(message.shot) != 2:
            raise ProtocolError("The engine accepted a job without its shot range.")
        first = self._accepted is None
        if first:
            self._accepted = message
            self.asked = set(frames_of(message.frames))
        self.keep(set(frames_of(message.kept)))
        return first

    def keep(self, frames: Set[int]) -> None:
        """Notes frames whose file stays as it is; telling them twice is no error.

        Raises:
            ProtocolError: one of them was not asked for.
        """
        if frames - self.asked:
            raise ProtocolError(f"The engine kept frame {min(frames - self.asked)}, which is not expected.")
        self.kept |= frames

    def note(self, frames: Set[int], frame: int) -> None:
        """Notes a frame in one of the sets.

        Raises:
            ProtocolError: it was not asked for, or has come before.
        """
        if frame not in self.asked or frame in frames:
            raise ProtocolError(f"The engine delivered frame {frame}, which is not expected.", frame=frame)
        frames.add(frame)

    def remaining(self) -> MatteJob:
        """The job that asks for what is missing, in the same shot; the whole job before it was accepted."""
        if self._accepted is None or self._job.dry_run:
            return self._job
        if self._job.sink.movies:  # of all frames; those that are there are kept
            return dataclasses.replace(
                self._job, shot=tuple(self._accepted.shot), params={**self._job.params, "existing": "resume"}
            )
        params = {name: value for name, value in self._job.params.items() if name != "max_frames"}
        frames = FrameRange.of(self.missing)
        if self._job.sink.path and self._job.sink.buffers:  # half delivered: once more, the file too
            params["existing"] = "overwrite"
            self.written -= self.missing
            self.taken -= self.missing
        return dataclasses.replace(self._job, frames=frames, shot=tuple(self._accepted.shot), params=params)

    def result(self, seconds: float, restarts: int) -> RenderResult:
        """The account's end."""
        written, taken, kept = (tuple(sorted(frames)) for frames in (self.written, self.taken, self.kept))
        return RenderResult(written, taken, kept, seconds, self.stages, tuple(self.notices), restarts, self.windows)


def frames_of(text: str) -> FrameRange:
    """A frame range that an engine wrote.

    Raises:
        ProtocolError: it is none.
    """
    try:
        return FrameRange.parse(text)
    except FrameRangeError as exc:
        raise ProtocolError(f"The engine named frames that are no frame range: {exc}") from exc
