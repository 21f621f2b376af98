"""Clips of mattes: which frames there are, and two or more of them read side by side.

    A, B, truth ─▶ common_frames ─▶ read_ahead: a thread reads frame n+1 while frame n is measured
    region      ─▶ (a still one stands for every frame)

Memory does not grow with the clip: at most the frame that is measured and the next one are held here.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, TypeVar

from ..core.errors import FrameRangeError, PlateError, PlateMissingError, PlateUnreadableError
from ..core.frames import FrameRange
from ..core.image import Box
from ..core.paths import frame_field, frame_path
from .matte_file import Matte, read_matte

_T = TypeVar("_T")
_SHOWN = 5  # frames that a message names


class MatteClip:
    """A sequence of matte files, or a still. Holds no file open; any thread may read any frame.

    Attributes:
        path: the pattern, or the still's path.
        frames: the numbers on disk, ascending; a still's is the number in its name (`matte.1001.exr`), or 1.
        is_still: whether the path has no frame field.
    """

    def __init__(self, path: str) -> None:
        """Lists the clip's folder; no file is opened.

        Raises:
            UsageError: the name has more than one frame field.
            PlateMissingError: no file fits.
            PlateUnreadableError: the folder cannot be listed.
        """
        self.path = path
        self.is_still = Path(path).is_file() or frame_field(path) is None
        self.frames: Tuple[int, ...] = (_number_in(path),) if self.is_still else _frames_of(path)
        if not self.frames:
            raise PlateMissingError(f"There is no frame of {path}; check folder, name and padding.", path=path)

    def file_of(self, frame: int) -> str:
        """The path of a frame; a still has one file for all."""
        return self.path if self.is_still else frame_path(self.path, frame)

    def read(self, frame: int) -> Matte:
        """Reads a frame; of a still the same for every number.

        Raises:
            PlateMissingError, PlateUnreadableError: as `read_matte`.
        """
        return read_matte(self.file_of(frame), frame)


def common_frames(clips: Mapping[str, MatteClip], asked: Optional[FrameRange] = None) -> FrameRange:
    """The frames to compare: those asked for, which every clip must have; else those that all clips have.

    Stills among themselves are compared whatever their numbers.

    Args:
        clips: by what messages call them: A, B, truth.
        asked: what is asked for; None: all that there is.

    Raises:
        FrameRangeError: the clips have no frame in common.
        PlateMissingError: a frame that is asked for is not there.
    """
    if all(clip.is_still for clip in clips.values()):
        number = next(iter(clips.values())).frames[0]
        if asked is not None and asked.frames != (number,):
            raise FrameRangeError(f"These are single images, frame {number}; frames {asked} cannot be compared.")
        return FrameRange.of([number])
    if asked is not None:
        for name, clip in clips.items():
            missing = sorted(set(asked) - set(clip.frames))
            if missing:
                path = clip.file_of(missing[0])
                raise PlateMissingError(
                    f"{name} has no frame {_few(missing)}: there is no file {path}.", frame=missing[0], path=path
                )
        return asked
    common = set.intersection(*(set(clip.frames) for clip in clips.values()))
    if not common:
        having = "; ".join(f"{name} has {FrameRange.of(clip.frames)} ({clip.path})" for name, clip in clips.items())
        raise FrameRangeError(f"There is no frame that all have: {having}. Check the names and the numbering.")
    return FrameRange.of(common)


def left_out(clips: Mapping[str, MatteClip]) -> Dict[str, FrameRange]:
    """By name the frames that a sequence has and another one lacks; sequences without such frames are not in it."""
    having = {name: set(clip.frames) for name, clip in clips.items() if not clip.is_still}
    common = set.intersection(*having.values()) if having else set()
    return {name: FrameRange.of(frames - common) for name, frames in having.items() if frames - common}


def shared_box(mattes: Mapping[str, Matte]) -> Box:
    """The union of the display windows of one frame's mattes.

    Raises:
        PlateError: they differ in size.
    """
    (first_name, first), *others = mattes.items()
    box = first.display
    for name, matte in others:
        if (matte.display.width, matte.display.height) != (first.display.width, first.display.height):
            raise PlateError(
                f"Frame {first.frame} differs in size: {first_name} is {_size(first)} ({first.path}), {name} is "
                f"{_size(matte)} ({matte.path}). Compare mattes of one size.",
                frame=first.frame,
                path=matte.path,
            )
        box = box.union(matte.display)
    return box


def read_ahead(read: Callable[[int], _T], frames: Iterable[int]) -> Iterator[_T]:
    """`read` of every frame, in order; one more than is asked for is read meanwhile, in a thread."""
    with ThreadPoolExecutor(1, thread_name_prefix="mattes") as thread:
        ahead = None
        for frame in frames:
            ahead, ready = thread.submit(read, frame), ahead
            if ready is not None:
                yield ready.result()
        if ahead is not None:
            yield ahead.result()


def _frames_of(pattern: str) -> Tuple[int, ...]:
    """The numbers of the files that the pattern names; what is found is exactly what is then opened."""
    folder, name = os.path.split(pattern)
    stem, ending = name.split(frame_field(pattern) or "")
    number = re.compile(re.escape(stem) + r"(-?[0-9]+)" + re.escape(ending))
    try:
        matches = [number.fullmatch(candidate) for candidate in os.listdir(folder or ".")]
    except FileNotFoundError:
        return ()
    except OSError as exc:
        raise PlateUnreadableError(
            f"The folder {folder} cannot be listed ({exc.strerror or exc}); check its permissions.", path=folder
        ) from exc
    found = ((match.group(0), int(match.group(1))) for match in matches if match is not None)
    return tuple(sorted(frame for candidate, frame in found if frame_path(name, frame) == candidate))


def _number_in(path: str) -> int:
    match = re.search(r"(?:^|[._])(-?[0-9]+)\.[^.]+$", os.path.basename(path))
    return int(match.group(1)) if match else 1


def _few(frames: Sequence[int]) -> str:
    shown: List[str] = [str(frame) for frame in frames[:_SHOWN]]
    rest = len(frames) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def _size(matte: Matte) -> str:
    return f"{matte.display.width}x{matte.display.height}"
