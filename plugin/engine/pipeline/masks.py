"""Garbage and core mattes: what forces alpha to 0 and to 1, as compositors draw it.

    alpha' = max(alpha, core) · (1 − garbage)

so that garbage wins where both are. A sequence has a file for every frame; a single image serves all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ...core.errors import PlateMissingError, UsageError
from ...core.image import Box
from ...images.placing import placed
from ..colour import normalised
from ..plates import PlateSource
from ..plates.sequence import SingleImage
from ..plates.video import VideoFile

Mask = npt.NDArray[np.float32]


class MaskSource:
    """One of the two.

    Args:
        what: garbage matte or core matte, for messages.
        source: of plates with one channel; the mask closes it.
    """

    def __init__(self, what: str, source: PlateSource) -> None:
        self.what, self.source = what, source

    def _frame(self, frame: int) -> int:
        return self.source.first if isinstance(self.source, SingleImage) else frame

    def identity(self, frame: int) -> str:
        """What its picture at this frame is known by, and as what it is used."""
        return f"{self.what}|{self.source.identity(self._frame(frame))}"

    def check(self, frames: Iterable[int], *, display: Box) -> None:
        """What can be known to be wrong by names and the first header.

        Raises:
            PlateError: one of these frames has no picture, or the first has not the channel.
            UsageError: its display window is not the plates'.
        """
        needed = sorted({self._frame(frame) for frame in frames})
        try:
            self.source.check_frames(needed)
        except PlateMissingError as exc:
            counts = " The frames of a video count from 1." if isinstance(self.source, VideoFile) else ""
            text = f"The {self.what} lacks frames: {exc.message}{counts}"
            raise type(exc)(text, frame=exc.frame, path=exc.path) from exc
        info = self.source.probe(needed[0])
        self._check_size(info.path, info.display, display, needed[0])

    def _check_size(self, path: str, found: Box, display: Box, frame: int) -> None:
        if found != display:
            raise UsageError(
                f"The {self.what} {path} is {found}, the plates are {display}. Give it the plates' size.",
                frame=frame,
                path=path,
            )

    def read(self, frame: int, *, display: Box, area: Box) -> Mask:
        """The mask over `area`, [H,W] in [0,1], 0 where the file has no pixels.

        Raises:
            UsageError: its display window is not the plates'.
        """
        plate = self.source.read(self._frame(frame))
        self._check_size(plate.path, plate.display, display, frame)
        values = np.clip(normalised(plate.pixels[..., 0]), 0.0, 1.0)
        return placed(values, plate.data, area)

    def close(self) -> None:
        """Gives back its files."""
        self.source.close()
