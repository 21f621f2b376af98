"""A video file as a source of plates: one decoder, made for ascending frames.

    read(n):  n is what the decoder gives next, or a little later     decode, drop what lies before
              a keyframe lies between, or n lies behind               seek to the last keyframe at or before n
              n is the frame read last                                it is still here

In an ascending run each frame is decoded once and nothing is read twice. Frames are told by their presentation times, not
by counting what comes out of the decoder, so that a damaged frame is an error of its own and does not shift the rest.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Optional

import av
import numpy.typing as npt
from av.video.frame import VideoFrame

from ...core.errors import PlateError, PlateMissingError, PlateUnreadableError
from ...core.image import Box
from ...images.opening import file_problem
from .plate import Plate, PlateInfo, PlateSource, Rational, file_identity
from .video_decoder import VideoDecoder
from .video_index import VideoIndex, index_video
from .video_pixels import bit_depth, quarter_turns, to_rgb

_CONTAINERS = """
mp4 m4v mov qt mkv webm gif avi mxf mpg mpeg m2v ts m2ts mts vob wmv asf flv f4v ogv 3gp 3g2 dv y4m nut ivf
"""
ENDINGS = frozenset(f".{name}" for name in _CONTAINERS.split())
# What AVColorTransferCharacteristic states and is not display-referred as a monitor shows it.
_TRANSFERS = {8: "scene_linear", 16: "pq_rec2020_display", 18: "hlg_rec2020_display"}


class VideoFile(PlateSource):
    """The frames of a video, numbered from 1. Readers of several threads take turns."""

    def __init__(self, path: str) -> None:
        """Opens the video and counts its frames.

        Raises:
            PlateMissingError: there is no such file.
            PlateUnreadableError: it is empty, truncated, or no video.
        """
        problem = file_problem(path, 1)
        if problem is not None:
            raise problem
        self.path = path
        self._lock = threading.Lock()
        self._identity = file_identity(path)
        try:
            self._index: VideoIndex = index_video(path)
            self._decoder = VideoDecoder(path, self._index)
        except (av.error.FFmpegError, LookupError) as exc:
            raise self._error(1, f"is damaged, or no video that FFmpeg reads ({_reason(exc)})") from exc
        if self._index.count == 0:
            self._decoder.close()
            raise self._error(1, "holds no frame")
        self.frames = tuple(range(1, self._index.count + 1))
        self._last: Optional[Plate] = None
        self._info: Optional[PlateInfo] = None

    def probe(self, frame: int) -> PlateInfo:
        """As in `PlateSource`. The first time the frame is decoded: rotation and colours are not known before."""
        self._known(frame)
        if self._info is None:
            self.read(frame)
        with self._lock:
            assert self._info is not None
            return replace(self._info, frame=frame)

    def read(self, frame: int) -> Plate:
        """As in `PlateSource`. The frame read last is kept and handed out again: its pixels are not to be written to."""
        self._known(frame)
        with self._lock:
            if self._last is not None and self._last.frame == frame:
                return self._last
            try:
                picture = self._decoder.frame(frame - 1)
            except av.error.FFmpegError as exc:
                raise self._error(frame, f"cannot be decoded there ({_reason(exc)})") from exc
            if picture is None:
                raise self._error(
                    frame, f"is damaged there or truncated: of its {self._index.count} frames this one does not decode"
                )
            if self._info is None:
                self._info = self._describe(picture)
            self._last = self._plate(picture, frame, self._info)
            return self._last

    def identity(self, frame: int) -> str:
        """The file's, for each of its frames."""
        there = self.problem(frame) is None
        return f"{file_identity(self.path)}#{frame}" if there else f"{Path(self.path).absolute()}|missing#{frame}"

    def problem(self, frame: int) -> Optional[PlateError]:
        try:
            self._known(frame)
        except PlateMissingError as exc:
            return exc
        return file_problem(self.path, frame)

    def close(self) -> None:
        with self._lock:
            self._last = None
            self._decoder.close()

    def _plate(self, picture: VideoFrame, frame: int, info: PlateInfo) -> Plate:
        pixels = self._pixels(picture)
        box = Box(0, 0, pixels.shape[1], pixels.shape[0])
        return Plate(
            frame=frame,
            path=self.path,
            pixels=pixels,
            data=box,
            display=box,
            pixel_aspect=info.pixel_aspect,
            colorspace=info.colorspace,
            fps=info.fps,
            timecode=None,
            view="",
            source_id=f"{self._identity}#{frame}",
        )

    def _pixels(self, picture: VideoFrame) -> npt.NDArray[Any]:
        """[h, w, c] as in `Plate`."""
        return to_rgb(picture)

    def _describe(self, picture: VideoFrame) -> PlateInfo:
        turned = quarter_turns(picture) % 2 == 1
        box = Box(0, 0, picture.height, picture.width) if turned else Box(0, 0, picture.width, picture.height)
        stream = self._decoder.stream
        aspect = float(stream.sample_aspect_ratio or 1) or 1.0
        return PlateInfo(
            frame=self.first,
            path=self.path,
            data=box,
            display=box,
            pixel_aspect=1 / aspect if turned else aspect,
            channels=("R", "G", "B"),
            picked=("R", "G", "B"),
            dtype="uint16" if bit_depth(picture) > 8 else "uint8",
            colorspace=_TRANSFERS.get(int(picture.color_trc), "srgb"),
            fps=_rate(stream.average_rate or stream.guessed_rate),
            timecode=None,
            view="",
            compression=f"{stream.codec_context.name} ({picture.format.name})",
        )

    def _known(self, frame: int) -> None:
        if not 1 <= frame <= self._index.count:
            raise PlateMissingError(
                f"Frame {frame} is missing: {self.path} is a video, whose frames count from 1 to {self._index.count}.",
                frame=frame,
                path=self.path,
            )

    def _error(self, frame: int, what: str) -> PlateUnreadableError:
        return PlateUnreadableError(f"Frame {frame} cannot be read: {self.path} {what}.", frame=frame, path=self.path)


def _rate(rate: Optional[Fraction]) -> Optional[Rational]:
    return (rate.numerator, rate.denominator) if rate else None


def _reason(exc: Exception) -> str:
    """FFmpeg's own words, without its number and the path that our sentence names already."""
    return (exc.strerror if isinstance(exc, av.error.FFmpegError) else str(exc)) or "no reason given"
