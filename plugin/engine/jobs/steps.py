"""What a job has still to render: the steps of its plan, begun one by one, and the far ones that its host takes back.

    begun             ├──┬──┬──┤                   goes on whatever the host says: nothing that was computed is lost
    not begun                  ├──┬──┬──┬──┬──┤
    Shorten(last)                     ├──┬──┬──┤   no step of these is begun any more; their frames' locks are freed, then
                                                   the host is told: from then on, and not before, somebody else may write

One lock stands between the runner, which begins a step, and the host, which takes steps back, so that each is the one's or
the other's. A window that is context alone goes with the block that it is computed for: a block is begun with it. Nothing
that was not begun has reached the sink, so no file of what is given up is in writing when its lock is freed.

Standard library alone: the simulations of several engines run on it, too.
"""

from __future__ import annotations

import threading
from typing import Callable, Iterable, Iterator, List, Optional, Tuple

from ...core.frames import BlockPlan, Step

Frames = Tuple[int, ...]


class Share:
    """The steps of one job. The runner's thread begins them, any thread may give some up.

    Args:
        frames: that will be rendered; may be empty.
        fixed: give nothing up, whoever asks.
        free: called with the first frame of what is given up, before anybody is told of it.
        told: called with a request's id and the frames and plates that were given up for it, both ascending.

    Attributes:
        frames, plates: that are rendered, and read for it, ascending; fewer once some are given up.
    """

    def __init__(
        self,
        plan: BlockPlan,
        frames: Iterable[int],
        *,
        fixed: bool = False,
        free: Callable[[int], None] = lambda first: None,
        told: Callable[[int, Frames, Frames], None] = lambda request, frames, plates: None,
    ) -> None:
        self.frames: Frames = tuple(sorted(frames))
        self._steps: List[Step] = plan.steps(self.frames) if self.frames else []
        self.plates: Frames = tuple(plate for step in self._steps for plate in step.plates)
        self._fixed, self._free, self._told = fixed, free, told
        self._begun = 0
        self._closed = False
        self._lock = threading.Lock()

    def begin(self) -> Optional[Step]:
        """The next step, which is the job's from now on; None where nothing is left."""
        with self._lock:
            if self._begun == len(self._steps):
                return None
            self._begun += 1
            return self._steps[self._begun - 1]

    def steps(self) -> Iterator[Step]:
        """The steps, each begun when it is asked for."""
        while (step := self.begin()) is not None:
            yield step

    def renders(self, frame: int) -> bool:
        """Whether a frame is rendered, as far as is known; without waiting."""
        frames = self.frames
        return bool(frames) and frame <= frames[-1]

    def reads(self, plate: int) -> bool:
        """Whether a plate is read, as far as is known; without waiting."""
        plates = self.plates
        return bool(plates) and plate <= plates[-1]

    def give_up(self, request: int, last: int) -> None:
        """Gives up the blocks behind frame `last` that are not begun, and tells which: none, where there is none.

        After `close` nobody is told: the job's end is the answer.
        """
        with self._lock:
            if self._closed:
                return
            keep = len(self._steps) if self._fixed else self._kept(last)
            given, self._steps = self._steps[keep:], self._steps[:keep]
            if not given:
                self._told(request, (), ())
                return
            first = next(step for step in given if step.groups).block.first
            frames = tuple(frame for frame in self.frames if frame >= first)
            plates = tuple(plate for step in given for plate in step.plates)
            self.plates = self.plates[: len(self.plates) - len(plates)]
            self.frames = self.frames[: len(self.frames) - len(frames)]
            self._free(frames[0])
            self._told(request, frames, plates)

    def _kept(self, last: int) -> int:
        """How many steps stay: those begun, all up to the block of `last`, and no context without its block."""
        steps, keep = self._steps, self._begun
        if keep and not steps[keep - 1].groups:  # the context of a block that is begun with it
            keep += 1
        while keep < len(steps) and not (steps[keep].groups and steps[keep].block.first > last):
            keep += 1
        while keep > self._begun and not steps[keep - 1].groups:
            keep -= 1
        return keep

    def close(self) -> None:
        """Nothing is given up from now on; what is just being given up is told first."""
        with self._lock:
            self._closed = True
