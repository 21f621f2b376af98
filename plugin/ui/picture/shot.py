"""What is known of a shot's frames: which are done, stale, missing or failed, and how their mattes change. No Qt here.

Several jobs make one shot: a block is rendered again, and the rest is as the job before left it. Jobs that write the same
mattes are one line, the newest first; a frame is taken from the first that has it.
"""

from __future__ import annotations

import enum
import statistics
from typing import Dict, FrozenSet, Iterable, List, Optional, Tuple

from ...core.errors import FrameRangeError, ParamError
from ...core.frames import BlockPlan, FrameRange
from ...params.keys import ShotParams
from ...protocol.watching import FAILED, FrameState, JobState

FLICKER = 3.0  # a change so many times the usual one is worth a look
FLICKER_LEAST = 0.01  # of the whole range; less is not seen
Measures = Dict[int, Tuple[float, float]]  # by frame: mean alpha, change to the frame before (-1: not known)


class Mark(enum.Enum):
    """What is known of a frame; a frame without one has nothing behind it yet."""

    DONE = "done"
    STALE = "stale"
    MISSING = "missing"
    FAILED = "failed"


def frames_of(text: str) -> FrozenSet[int]:
    """Frames of a range as text; none for an empty text, or one that is no range."""
    try:
        return frozenset(FrameRange.parse(text))
    except FrameRangeError:
        return frozenset()


class Shot:
    """One shot as it is watched, whatever jobs make it."""

    def __init__(self) -> None:
        self.current: Optional[JobState] = None
        self._jobs: Dict[int, JobState] = {}
        self._measures: Dict[int, Measures] = {}
        self._fresh: FrozenSet[int] = frozenset()
        self._stale: FrozenSet[int] = frozenset()
        self._missing: FrozenSet[int] = frozenset()
        self._surveyed: FrozenSet[int] = frozenset()  # delivered before the survey, which knows better

    def show(self, job: JobState) -> bool:
        """Makes a job the one that is shown; whether that is another shot than before."""
        before = self.current
        self._jobs[job.number] = self.current = job
        same = before is not None and (
            before.number == job.number or ("" != job.mattes == before.mattes and job.plates == before.plates)
        )
        if not same:
            self._fresh = self._stale = self._missing = self._surveyed = frozenset()
        return not same

    def change(self, job: JobState) -> bool:
        """Takes a job's new state; whether it matters to the shot that is shown."""
        self._jobs[job.number] = job
        if self.current is not None and self.current.number == job.number:
            self.current = job
        return self.current is not None and job.number in self.line(self.current.number)

    def measure(self, state: FrameState) -> bool:
        """Takes a frame's measures; as `change`."""
        if state.mean >= 0:  # below: there was no matte
            self._measures.setdefault(state.number, {})[state.frame] = (state.mean, state.change)
        return self.current is not None and state.number in self.line(self.current.number)

    def survey(self, fresh: str, stale: str, missing: str) -> None:
        """Takes what is on disk: frame ranges as text."""
        self._fresh, self._stale, self._missing = frames_of(fresh), frames_of(stale), frames_of(missing)
        told = self._fresh | self._stale | self._missing
        line = self.line(self.current.number) if self.current is not None else []
        self._surveyed = told & self._delivered(line)

    def line(self, number: int) -> List[int]:
        """This job and those before it that write the same mattes, the newest first."""
        job = self._jobs.get(number)
        if job is None or not job.mattes:
            return [number]
        return sorted((n for n, other in self._jobs.items() if n <= number and other.mattes == job.mattes), reverse=True)

    def range(self) -> Tuple[int, int]:
        """First and last frame; (0, 0) while nothing is known."""
        if self.current is None:
            return 0, 0
        if len(self.current.shot) == 2:
            return self.current.shot[0], self.current.shot[1]
        known = frames_of(self.current.frames) | self.marks().keys() | self.measures().keys()
        return (min(known), max(known)) if known else (0, 0)

    def marks(self) -> Dict[int, Mark]:
        """By frame."""
        found = dict.fromkeys(self._missing, Mark.MISSING)
        found.update(dict.fromkeys(self._stale, Mark.STALE))
        found.update(dict.fromkeys(self._fresh, Mark.DONE))
        if self.current is None:
            return found
        for number in reversed(self.line(self.current.number)):
            job = self._jobs.get(number)
            if job is not None:
                mark = Mark.DONE if job.params == self.current.params else Mark.STALE
                found.update(dict.fromkeys(self._delivered([number]) - self._surveyed, mark))
        found.update(dict.fromkeys(self._lost(self.current), Mark.FAILED))
        return found

    def measures(self) -> Measures:
        """Of each frame as its newest job left it."""
        found: Measures = {}
        if self.current is not None:
            for number in reversed(self.line(self.current.number)):
                found.update(self._measures.get(number, {}))
        return found

    def blocks(self) -> List[int]:
        """Frames at which a block begins, the first left out: there a seam would be. Empty where that is not known."""
        if self.current is None or len(self.current.shot) != 2:
            return []
        try:
            plan = BlockPlan.of(ShotParams.of(self.current.params).base, self.current.shot)
        except (ParamError, FrameRangeError):
            return []
        return [plan.block(index).first for index in range(1, plan.count)]

    def _delivered(self, numbers: Iterable[int]) -> FrozenSet[int]:
        jobs = [self._jobs[number] for number in numbers if number in self._jobs]
        return frozenset().union(*(frames_of(job.finished) | frames_of(job.kept) for job in jobs))

    @staticmethod
    def _lost(job: JobState) -> FrozenSet[int]:
        """Frames without a plate, and those that a failed job was asked for and has not delivered."""
        lost = frames_of(job.missing_plates)
        if job.state == FAILED:
            lost |= frames_of(job.frames) - frames_of(job.finished) - frames_of(job.kept)
        return lost


def flickers(measures: Measures) -> FrozenSet[int]:
    """Frames that change much more than the shot does as a rule."""
    changes = {frame: change for frame, (_, change) in measures.items() if change >= 0}
    if len(changes) < 3:
        return frozenset()
    least = max(FLICKER * statistics.median(changes.values()), FLICKER_LEAST)
    return frozenset(frame for frame, change in changes.items() if change > least)
