"""Movies of a matte, for people to look at and for editing: written from mattes and plates that are on disk already.

    alpha    NAME.mp4, .mov         H.264: the alpha as grey
    green    NAME_green.mp4, .mov   H.264: the plate over green, rgb·a + (0,1,0)·(1−a) on display-referred values, which is
                                    what the reference program shows; it is not what a comp in scene-linear light gives
    prores   NAME.mov               ProRes 4444: the plate's colours as they are (straight) and the alpha, 10 bit

A movie has no frame numbers: the frames follow each other in ascending order, and a range with gaps (1-10,20-30) plays
without them. It is written whole or not at all.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Iterable, NoReturn, Optional, Tuple

import av
import numpy as np
import numpy.typing as npt

from ...core.errors import MatteWriteError, ParamError
from ...core.files import renamed
from ...images.whole_file import cause, check_name, make_folder, synchronise, write_failure
from ...params.movies import MOVIES
from .movie_pixels import grey_frame, over_green, rgb_frame, straight_frame

Image = npt.NDArray[np.floating[Any]]
DEFAULT_FPS = (24, 1)


def check_movie(kind: str, path: str) -> str:
    """Whether such a movie can be written, asked before anything is computed; the encoder's name.

    Raises:
        ParamError: no such kind, a name with another ending than the kind's, or an encoder that is not there.
    """
    if kind not in MOVIES:
        raise ParamError(f'There is no movie "{kind}"; choose {", ".join(MOVIES)}.', name="movies", path=path)
    check_name(path)
    endings, encoders = MOVIES[kind].endings, MOVIES[kind].encoders
    if not path.lower().endswith(endings):
        named = " or ".join(endings)
        raise ParamError(f"{path}: let the name of the {kind} movie end in {named}.", name="movies", path=path)
    for name in encoders:
        with suppress(ValueError):
            av.codec.Codec(name, "w")
            return name
    raise ParamError(
        f"{path} cannot be made: the FFmpeg of this engine has no encoder {' or '.join(encoders)}. "
        f"Install PyAV from PyPI, or leave out the {kind} movie.",
        name="movies",
        path=path,
    )


class MovieWriter:
    """One movie in writing, as a context manager: the file is there when the block ends without an error, else not.

    H.264 and MPEG-4 store colour for 2×2 pixels: an odd width or height is made even by repeating the last column or row.
    Colours are BT.709, limited range, and say so.

    Args:
        path: `.mp4` or `.mov`; the folder is made where it is missing, a file of that name is replaced.
        kind: a name of `MOVIES`.
        width, height: of the mattes, in pixels.
        fps: frame rate (numerator, denominator), kept exactly; None, or one that is none: 24.
        pixel_aspect: width of a pixel over its height.

    Raises:
        ParamError: as `check_movie`.
        MatteWriteError: the folder cannot be made, is not writable or is full, or the encoder refuses the size.
    """

    def __init__(
        self,
        path: str,
        *,
        kind: str,
        width: int,
        height: int,
        fps: Optional[Tuple[int, int]] = None,
        pixel_aspect: float = 1.0,
    ) -> None:
        self.path, self.kind, self.width, self.height = path, kind, width, height
        self.count = 0
        self._rate = Fraction(*(fps if fps is not None and min(fps) > 0 else DEFAULT_FPS))
        self._aspect = Fraction(pixel_aspect).limit_denominator(1000)
        self._encoder = check_movie(kind, path)
        self._kind = MOVIES[kind]

    def __enter__(self) -> MovieWriter:
        make_folder(self.path, None)
        self._whole = renamed(self.path)
        self._part = self._whole.__enter__()
        try:
            self._container = av.open(
                f"file:{self._part}", "w", format="mov" if self.path.lower().endswith("mov") else "mp4"
            )
            self._stream = self._open_stream()
        except BaseException as exc:
            self._fail(exc)
        return self

    def __exit__(self, kind: Any, error: Optional[BaseException], trace: Any) -> None:
        try:
            if error is None:
                self._finish()
            else:
                with suppress(av.error.FFmpegError):
                    self._container.close()
        except BaseException as exc:
            self._fail(exc)
        try:
            self._whole.__exit__(kind, error, trace)
        except OSError as exc:  # not `error`, which goes its own way
            raise write_failure(self.path, exc, None) from exc

    def add(self, alpha: Image, rgb: Optional[Image] = None) -> None:
        """Adds a frame.

        Args:
            alpha: [H, W] in [0, 1].
            rgb: [H, W, 3] display-referred in [0, 1], not multiplied by the alpha; for the kinds that need a plate.

        Raises:
            ValueError: the size is not the movie's, or `rgb` is missing.
            MatteWriteError: the file cannot be written.
        """
        size = (self.height, self.width)
        if alpha.shape != size or (self._kind.needs_plate and (rgb is None or rgb.shape != (*size, 3))):
            raise ValueError(f"frame {self.count + 1} of {self.path} is not {self.width}x{self.height}, or has no plate")
        if rgb is None or not self._kind.needs_plate:
            frame = grey_frame(alpha)
        else:
            frame = rgb_frame(over_green(rgb, alpha)) if self._kind.picture == "green" else straight_frame(rgb, alpha)
        frame.pts, frame.time_base = self.count, 1 / self._rate
        try:
            self._container.mux(self._stream.encode(frame))
        except av.error.FFmpegError as exc:
            raise self._failure(exc) from exc
        self.count += 1

    def _open_stream(self) -> av.VideoStream:
        """The picture stream: exact rate, aspect, colour tags."""
        stream = self._container.add_stream(
            self._encoder, rate=self._rate, options=dict(self._kind.encoders[self._encoder])
        )
        assert isinstance(stream, av.VideoStream)
        straight = self._kind.picture == "straight"
        chroma = 1 if straight else 2  # pixels of width and height that share a colour
        stream.width, stream.height = self.width + self.width % chroma, self.height + self.height % chroma
        stream.pix_fmt = "yuva444p10le" if straight else "yuv420p"
        stream.time_base = stream.codec_context.time_base = 1 / self._rate
        stream.codec_context.sample_aspect_ratio = self._aspect
        stream.codec_context.thread_type = "AUTO"
        for name, value in (("color_range", 1), ("color_primaries", 1), ("color_trc", 1), ("colorspace", 1)):
            setattr(stream.codec_context, name, value)  # limited range; BT.709, thrice
        return stream

    def _finish(self) -> None:
        """Empties the encoder, closes the file and looks whether it is there to its end."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        synchronise(self._part)
        with av.open(f"file:{self._part}") as written:
            packets = sum(1 for packet in written.demux(video=0) if packet.size)
        if packets != self.count:
            raise OSError(f"it holds {packets} of {self.count} frames")

    def _fail(self, exc: BaseException) -> NoReturn:
        """Ends in an error: nothing stays of the file."""
        with suppress(AttributeError, av.error.FFmpegError):
            self._container.close()
        error: BaseException = self._failure(exc) if isinstance(exc, (OSError, av.error.FFmpegError)) else exc
        self._whole.__exit__(type(error), error, error.__traceback__)
        raise error

    def _failure(self, exc: Exception) -> Exception:
        size = 0
        with suppress(OSError):
            size = Path(self._part).stat().st_size
        reason = cause(self._part, size + (1 << 16))
        if reason is not None or self.count:
            return write_failure(self.path, reason or OSError(str(exc)), None)
        return MatteWriteError(
            f"The movie {self.path} cannot be written: {self._encoder} does not take {self.width}x{self.height} pixels "
            f"({type(exc).__name__}). Leave out the {self.kind} movie: the mattes are there.",
            path=self.path,
        )


def write_movie(
    kind: str,
    path: str,
    frames: Iterable[int],
    *,
    matte: Callable[[int], Image],
    plate: Optional[Callable[[int], Image]] = None,
    fps: Optional[Tuple[int, int]] = None,
    pixel_aspect: float = 1.0,
    check: Callable[[], None] = lambda: None,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Writes a movie of these frames, in ascending order; between gaps of the range nothing is put.

    Args:
        kind: a name of `MOVIES`.
        path: of the movie.
        frames: their numbers, at least one.
        matte: a frame's alpha, [H, W] in [0, 1]; the first one's size is the movie's.
        plate: a frame's colours, [H, W, 3] display-referred in [0, 1]; for the kinds that need a plate.
        fps: frame rate (numerator, denominator); None: 24.
        pixel_aspect: width of a pixel over its height.
        check: called before each frame; raises to cancel.
        progress: called after each frame with how many are done.

    Raises:
        ParamError: as `check_movie`.
        ValueError: no frame, a frame of another size, or no plate where one is needed.
        MatteWriteError: the file cannot be written; nothing of it stays.
        What `matte`, `plate` and `check` raise: nothing of the file stays.
    """
    ordered = sorted(frames)
    if not ordered:
        raise ValueError(f"{path}: a movie needs at least one frame")
    if kind in MOVIES and MOVIES[kind].needs_plate and plate is None:
        raise ValueError(f"{path}: the {kind} movie needs plates")
    check_movie(kind, path)
    check()
    alpha = matte(ordered[0])
    height, width = alpha.shape
    with MovieWriter(path, kind=kind, width=width, height=height, fps=fps, pixel_aspect=pixel_aspect) as movie:
        for done, frame in enumerate(ordered):
            if done:
                check()
                alpha = matte(frame)
            movie.add(alpha, plate(frame) if plate is not None and MOVIES[kind].needs_plate else None)
            progress(done + 1)
