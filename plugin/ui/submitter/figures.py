"""What a job comes to: frames, tasks, and what is computed twice. From the functions that `farm bundle` reports with."""

from __future__ import annotations

from dataclasses import dataclass

from ...farm import FarmJob, chunks, repeated_share


@dataclass(frozen=True)
class Figures:
    """Of one job.

    Attributes:
        frames: as text, rounded out to blocks; asked: as they were asked for; count: how many.
        stride: frames from block to block; blocks: how many there are; tasks: how many tasks they make.
        repeated: windows beyond those of one task for all, as a share; 0 is none.
    """

    frames: str
    asked: str
    count: int
    stride: int
    blocks: int
    tasks: int
    repeated: float

    @property
    def rounded(self) -> bool:
        """Whether more frames come out than were asked for."""
        return bool(self.asked) and self.asked != self.frames


def figures_of(job: FarmJob) -> Figures:
    """The figures of a job."""
    size, rounded = job.settings.blocks_per_chunk, job.rounded
    return Figures(
        frames=str(rounded),
        asked=job.frames,
        count=len(rounded),
        stride=job.plan.stride if job.plan.count > 1 else job.plan.length,
        blocks=len(job.blocks),
        tasks=len(chunks(job.blocks, size)),
        repeated=repeated_share(job.plan, job.blocks, size),
    )
