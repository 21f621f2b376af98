"""Image files as a source of plates: a sequence, or a single image, which is a sequence of one frame."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from ...core.errors import PlateError, PlateMissingError
from ...core.paths import frame_path
from ...images.opening import file_problem
from .channels import PICTURE, Pick
from .finite import make_finite
from .image_file import read_any_header, read_header, read_pixels
from .plate import Plate, PlateInfo, PlateSource, file_identity
from .scan import frame_of, scan_frames


class ImageSequence(PlateSource):
    """Files numbered by a pattern. Holds no file open: threads read different frames without waiting for one another."""

    def __init__(self, pattern: str, *, pick: Pick = PICTURE) -> None:
        self.path = pattern
        self.pick = pick
        self.frames = scan_frames(pattern)

    def file_of(self, frame: int) -> str:
        """The path of a frame, whether or not it is there."""
        return frame_path(self.path, frame)

    def probe(self, frame: int) -> PlateInfo:
        self._known(frame)
        return read_header(self.file_of(frame), frame, self.pick)

    def read(self, frame: int) -> Plate:
        self._known(frame)
        path = self.file_of(frame)
        source_id = self.identity(frame)  # before the pixels: a file that changes meanwhile then differs from its identity
        info, pixels = read_pixels(path, frame, self.pick)
        return Plate(
            frame=frame,
            path=path,
            pixels=make_finite(pixels),
            data=info.data,
            display=info.display,
            pixel_aspect=info.pixel_aspect,
            colorspace=info.colorspace,
            fps=info.fps,
            timecode=info.timecode,
            view=info.view,
            source_id=source_id,
        )

    def probe_any(self, frame: int) -> PlateInfo:
        """As `probe`, of a file that need not be a plate: then nothing is picked."""
        return read_any_header(self.file_of(frame), frame, self.pick)

    def identity(self, frame: int) -> str:
        """As in `PlateSource`; what is picked belongs to it where it was asked for."""
        identity = file_identity(self.file_of(frame))
        return identity if self.pick == PICTURE else f"{identity}|{self.pick}"

    def problem(self, frame: int) -> Optional[PlateError]:
        try:
            self._known(frame)
        except PlateMissingError as exc:
            return exc
        return file_problem(self.file_of(frame), frame)

    def close(self) -> None:
        """Nothing to give back."""

    def _known(self, frame: int) -> None:
        """A pattern knows every number; whether there is a file shows when it is opened."""


class SingleImage(ImageSequence):
    """One image: its frame is the number in its name (`foo.1001.exr` is frame 1001), or 1."""

    def __init__(self, path: str, *, pick: Pick = PICTURE) -> None:
        self.path = path
        self.pick = pick
        number = frame_of(path)
        self.frames = (1 if number is None else number,)

    def file_of(self, frame: int) -> str:
        """The image, whatever the frame."""
        return self.path

    def identity(self, frame: int) -> str:
        """The image's, or that of a missing frame."""
        try:
            self._known(frame)
        except PlateMissingError:
            return f"{Path(self.path).absolute()}|missing"
        return super().identity(frame)

    def _known(self, frame: int) -> None:
        if frame != self.frames[0]:
            raise PlateMissingError(
                f"Frame {frame} is missing: {self.path} is a single image, frame {self.frames[0]}. "
                "For a sequence write its number as ####, for instance plate.####.exr.",
                frame=frame,
                path=self.path,
            )


class StillImage(SingleImage):
    """One image that serves every frame, as a garbage matte does."""

    def _known(self, frame: int) -> None:
        """There is no frame that it is not for."""
