"""Plates from files: which stands in for one that is missing, and what is made of each, the first time and the second."""

from __future__ import annotations

from typing import Callable, Optional

from torch import Tensor

from ...core.errors import PlateError, UsageError
from ...core.image import Box
from ...params.fields import MatteParams
from ..colour import InputColour, InputTransform
from ..plates import Plate, PlateSource
from .extras import Extras, KeptPlates, Seen
from .masks import MaskSource
from .prepare import Preparer

Remember = Callable[[int, Plate, InputTransform], None]


class PlateReader:
    """Reads a shot's plates under the policy for missing ones; any thread.

    Args:
        chosen: which frame stands in for one that is missing (None: black).
        display: that every plate must have: a proxy among full plates is an error of the one who asked.
    """

    def __init__(
        self, *, source: PlateSource, chosen: dict[int, Optional[int]], params: MatteParams, display: Box,
        check: Callable[[], None],
    ) -> None:  # fmt: skip
        self._source, self._chosen, self._params, self._display, self._check = source, chosen, params, display, check

    def read(self, frame: int) -> Optional[Plate]:
        """The plate that serves a frame; None for black.

        Raises:
            PlateError: it cannot be read, and the policy is `error`.
            UsageError: it is of another size.
        """
        self._check()
        instead = self._chosen[frame]
        tried = set()
        while instead is not None:
            try:
                plate = self._source.read(instead)
            except PlateError as exc:  # what only shows on reading: truncated, damaged
                if self._params.missing == "error":
                    raise
                tried.add(instead)
                usable = [n for n in self._source.frames if n not in tried]
                if self._params.missing == "black":
                    return None
                if not usable:
                    raise exc
                instead = min(usable, key=lambda n: (abs(n - frame), n))
                continue
            if plate.display != self._display:
                raise UsageError(
                    f"{self._source.path}: frame {plate.frame} is {plate.display}, the shot is {self._display}. All plates "
                    "of a shot have one size; are there proxies among them?",
                    frame=plate.frame,
                )
            return plate
        return None


def for_the_model(
    reader: PlateReader, *, colour: InputColour, preparer: Preparer, kept: KeptPlates, remember: Remember
) -> Callable[[int], Tensor]:
    """A fetch of plates as the model wants them.

    Args:
        kept: takes those that are needed again.
        remember: told which plate serves a frame, for what the matte's file keeps of it.
    """

    def fetch(frame: int) -> Tensor:
        plate = reader.read(frame)
        if plate is None:
            kept.put(frame, None)
            return preparer.black()
        transform = colour.resolve(hint=plate.colorspace, dtype=plate.pixels.dtype, path=plate.path)
        remember(frame, plate, transform)
        kept.put(frame, Seen(plate.pixels, plate.data, transform))
        return preparer.plate(frame, plate.pixels, plate.data, transform)

    return fetch


def for_the_matte(
    reader: Optional[PlateReader], *, colour: InputColour, preparer: Preparer, kept: KeptPlates,
    garbage: Optional[MaskSource], core: Optional[MaskSource], display: Box, area: Box, plates: bool,
    check: Callable[[], None],
) -> Callable[[int], Extras]:  # fmt: skip
    """A fetch of what a matte is made of beside its alpha.

    Args:
        reader: reads again what was not kept; None: everything was.
        plates: whether the plate itself is needed.
    """

    def fetch(frame: int) -> Extras:
        masks = {
            "garbage": garbage.read(frame, display=display, area=area) if garbage else None,
            "core": core.read(frame, display=display, area=area) if core else None,
        }
        was_kept, seen = kept.take(frame, check) if plates else (True, None)
        if not was_kept and reader is not None:
            plate = reader.read(frame)
            if plate is not None:
                transform = colour.resolve(hint=plate.colorspace, dtype=plate.pixels.dtype, path=plate.path)
                seen = Seen(plate.pixels, plate.data, transform)
        if seen is None:
            return preparer.extras(frame, None, display, None, **masks)
        return preparer.extras(frame, seen.pixels, seen.box, seen.transform, **masks)

    return fetch
