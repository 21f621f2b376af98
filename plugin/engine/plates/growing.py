"""A sequence that a host is still writing: frames are known before their files are there.

The host says which frames there will be, what each is known by, and how large they are; it puts each file in its place
whole, by a rename. Reading a frame waits for its file. What a frame is known by is the host's word (a hash of what it is
rendered from): the files may go when the mattes are made, and a later run can still tell whether those are good.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, Mapping, Optional

from ...core.errors import PlateError, PlateMissingError
from ...core.frames import FrameRange
from ...core.image import Box
from .channels import PICTURE, Pick
from .image_file import read_header
from .plate import Plate, PlateInfo
from .sequence import ImageSequence

LOOK_SECONDS = 0.01  # how soon a new file is seen


class GrowingSequence(ImageSequence):
    """Files that appear while others are read.

    Args:
        pattern: with a frame field.
        keys: what frames are known by, by frame ranges as text.
        data, display, pixel_aspect: of every frame, for what must be known before the first is there.
        check: called while waiting; raises when the job is cancelled.
    """

    def __init__(
        self,
        pattern: str,
        *,
        keys: Mapping[str, str],
        data: Box,
        display: Box,
        pixel_aspect: float,
        check: Callable[[], None],
        pick: Pick = PICTURE,
    ) -> None:
        self.path, self.pick = pattern, pick
        self._keys = {frame: key for frames, key in keys.items() for frame in FrameRange.parse(frames)}
        self.frames = tuple(sorted(self._keys))
        self._data, self._display, self._pixel_aspect, self._check = data, display, pixel_aspect, check

    def identity(self, frame: int) -> str:
        """What the host says; the file is not looked at."""
        return f"{self._keys.get(frame, 'missing')}|{self.pick}"

    def problem(self, frame: int) -> Optional[PlateError]:
        if frame in self._keys:
            return None
        return PlateMissingError(f"Frame {frame} of {self.path} is not among the host's.", frame=frame, path=self.path)

    def probe(self, frame: int) -> PlateInfo:
        """The header where the file is there, else what the host said of all."""
        path = self.file_of(frame)
        if Path(path).is_file():
            return read_header(path, frame, self.pick)
        return PlateInfo(
            frame=frame,
            path=path,
            data=self._data,
            display=self._display,
            pixel_aspect=self._pixel_aspect,
            channels=(),
            picked=(),
            dtype="float16",
            colorspace="",
            fps=None,
            timecode=None,
            view="",
            compression="",
        )

    def read(self, frame: int) -> Plate:
        path = Path(self.file_of(frame))
        while not path.is_file():
            self._check()
            time.sleep(LOOK_SECONDS)
        return super().read(frame)
