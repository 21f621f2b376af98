"""Plates from files: which stands in for one that is missing, and what is made of each, the first time and the second."""

from __future__ import annotations

import dataclasses
from typing import Callable, Optional, cast

import numpy as np
from torch import Tensor

from ...core.errors import PlateError, UsageError
from ...protocol.messages import Notice
from ..colour import InputTransform
from ..jobs.job import Job
from ..plates import Plate, PlateSource
from ..plates.plate import MissingPolicy
from .extras import Extras, KeptPlates, Seen
from .plan import Plan
from .prepare import Preparer
from .request import Origin

NO_PIXELS = np.empty((0, 0, 3), np.uint8)


class PlateReader:
    """Reads a shot's plates under the policy for missing ones; any thread.

    Args:
        check: raises when the job is cancelled.
        kept: whether plates of frames that are kept are read, too: a movie shows them.
    """

    def __init__(self, source: PlateSource, plan: Plan, check: Callable[[], None], *, kept: bool = False) -> None:
        request = plan.request
        self._source, self._check = source, check
        self._colour, self._display, self._missing = request.colour, request.display, request.params.missing
        self._chosen = plan.chosen  # which frame stands in for one that is missing; None: black
        if kept:
            unread = [frame for frame in request.frames if frame not in self._chosen]
            policy = cast(MissingPolicy, self._missing)
            self._chosen = {**self._chosen, **source.check_frames(unread, policy=policy)}

    def read(self, frame: int) -> Optional[tuple[Plate, InputTransform]]:
        """The plate that serves a frame, and how its colours are understood; None for black.

        Raises:
            PlateError: it cannot be read, and the policy is `error`.
            UsageError: it is of another size.
            ParamError: its colours cannot be understood as the parameters say.
        """
        plate = self._read(frame)
        if plate is None:
            return None
        return plate, self._colour.resolve(hint=plate.colorspace, dtype=plate.pixels.dtype, path=plate.path)

    def _read(self, frame: int) -> Optional[Plate]:
        self._check()
        instead = self._chosen[frame]
        tried = set()
        while instead is not None:
            try:
                plate = self._source.read(instead)
            except PlateError as exc:  # what only shows on reading: truncated, damaged
                if self._missing == "error":
                    raise
                tried.add(instead)
                usable = [n for n in self._source.frames if n not in tried]
                if self._missing == "black":
                    return None
                if not usable:
                    raise exc
                instead = min(usable, key=lambda n: (abs(n - frame), n))
                continue
            if plate.display != self._display:  # a proxy among full plates
                raise UsageError(
                    f"{self._source.path}: frame {plate.frame} is {plate.display}, the shot is {self._display}. All plates "
                    "of a shot have one size; are there proxies among them?",
                    frame=plate.frame,
                )
            return plate
        return None


class FilePlates:
    """Plates as the model wants them.

    Args:
        kept: takes those that are needed again; None: none is.
        origins: takes what a matte's file keeps of its plate.
    """

    def __init__(
        self,
        reader: PlateReader,
        job: Job,
        preparer: Preparer,
        *,
        kept: Optional[KeptPlates],
        origins: dict[int, Origin],
    ) -> None:
        self._reader, self._job, self._preparer, self._kept, self._origins = reader, job, preparer, kept, origins
        self._noted: set[str] = set()

    def fetch(self, frame: int) -> Tensor:
        """[1,3,H',W'] on the device; raises what `PlateReader.read` does."""
        found = self._reader.read(frame)
        if found is None:
            self._keep(frame, None)
            return self._preparer.black()
        plate, transform = found
        if transform.note and transform.note not in self._noted:
            self._noted.add(transform.note)
            self._job.send(Notice(self._job.id, "info", transform.note))
        if self._job.request.sink.path:
            self._origins[frame] = Origin(dataclasses.replace(plate, pixels=NO_PIXELS), transform)
        self._keep(frame, Seen(plate.pixels, plate.data, transform))
        return self._preparer.plate(frame, plate.pixels, plate.data, transform)

    def _keep(self, frame: int, plate: Optional[Seen]) -> None:
        if self._kept is not None:
            self._kept.put(frame, plate)


class MatteExtras:
    """What mattes are made of beside their alphas.

    Args:
        kept: plates from their first use; None: the plate itself is not needed.
        again: reads again what was not kept; None: everything was.
    """

    def __init__(
        self,
        plan: Plan,
        preparer: Preparer,
        *,
        kept: Optional[KeptPlates],
        again: Optional[PlateReader],
        check: Callable[[], None],
    ) -> None:
        self._request, self._preparer, self._kept, self._again, self._check = plan.request, preparer, kept, again, check

    def fetch(self, frame: int) -> Extras:
        """On the device; raises what `PlateReader.read` and `MaskSource.read` do."""
        request = self._request
        display, area = request.display, request.region.area
        garbage = request.garbage.read(frame, display=display, area=area) if request.garbage else None
        core = request.core.read(frame, display=display, area=area) if request.core else None
        seen = self._seen(frame)
        if seen is None:
            return self._preparer.extras(frame, None, display, None, garbage=garbage, core=core)
        return self._preparer.extras(frame, seen.pixels, seen.box, seen.transform, garbage=garbage, core=core)

    def _seen(self, frame: int) -> Optional[Seen]:
        if self._kept is None:
            return None
        was_kept, seen = self._kept.take(frame, self._check)
        if was_kept or self._again is None:
            return seen
        found = self._again.read(frame)
        return None if found is None else Seen(found[0].pixels, found[0].data, found[1])
