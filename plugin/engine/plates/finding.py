"""From a path, as people write it, to what it stands for: a sequence, an image, a video, or a folder with one of them."""

from __future__ import annotations

import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import FrozenSet, Literal, Tuple

import OpenImageIO as oiio

from ...core.errors import PlateMissingError, PlateUnreadableError
from ...core.paths import frame_field, frame_path
from .scan import sequences_in
from .video import ENDINGS as VIDEO_ENDINGS

Kind = Literal["sequence", "image", "video"]


def find_plates(path: str) -> Tuple[Kind, str]:
    """What a path stands for, and its own path where `path` is the folder around it.

    A sequence need not have frames yet. A file that is there under exactly this name is that file, whatever characters
    the name holds.

    Raises:
        UsageError: a pattern with more than one frame field.
        PlateMissingError: there is no such file; the message names what is there instead.
        PlateUnreadableError: a folder that holds no plates or several sequences, or one that cannot be read.
    """
    try:
        found = Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        if frame_field(path) is not None:
            return "sequence", path
        if not os.path.lexists(path):  # else a link to nothing, which its frame will tell
            raise PlateMissingError(f"There is no file {path}{near(path)}.", path=path) from None
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise PlateUnreadableError(f"{path} cannot be looked up ({reason}).", path=path) from exc
    else:
        if stat.S_ISDIR(found.st_mode):
            return _only_one(path)
    return ("video" if Path(path).suffix.lower() in VIDEO_ENDINGS else "image"), path


def is_folder(path: str) -> bool:
    """Whether it is there as a folder and may be looked up: `Path.is_dir` raises where it may not."""
    try:
        return stat.S_ISDIR(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False


@lru_cache(maxsize=1)
def plate_endings() -> FrozenSet[str]:
    """Endings of the files that can hold plates, with the dot, lower case: what OpenImageIO reads, and videos."""
    formats = str(oiio.get_string_attribute("extension_list")).split(";")
    images = {f".{ending}" for entry in formats for ending in entry.partition(":")[2].split(",")}
    return frozenset(images - {".null", ".nul", ".term", ".z", ".sm", ".env", ".vsm"}) | VIDEO_ENDINGS


def near(path: str) -> str:
    """`; the folder has …`, or that there is no folder: most wrong paths are a wrong padding or a typing error."""
    folder, name = os.path.split(path)
    if not is_folder(folder or "."):
        return f": the folder {folder} does not exist"
    return _choices(folder, name)


def _only_one(folder: str) -> Tuple[Kind, str]:
    """The one sequence, image or video of a folder; other files do not count."""
    try:
        found = sequences_in(folder, endings=plate_endings())
    except OSError as exc:
        raise PlateUnreadableError(f"The folder {folder} cannot be listed ({exc.strerror or exc}).", path=folder) from exc
    if not found:
        raise PlateUnreadableError(f"The folder {folder} holds no image and no video.", path=folder)
    if len(found) > 1:
        raise PlateUnreadableError(
            f"{folder} is a folder with {len(found)} sequences, so name the one that is meant{_choices(folder, '')}.",
            path=folder,
        )
    path, frames = found[0].path, found[0].frames
    if Path(path).suffix.lower() not in VIDEO_ENDINGS or not frames:
        return find_plates(path)
    if len(frames) > 1:  # each is a video, whatever their names have in common
        raise PlateUnreadableError(
            f"{folder} is a folder with {len(frames)} videos, so name the one that is meant.", path=folder
        )
    return "video", frame_path(path, frames[0])


def _alike(one: str, other: str) -> int:
    """How many characters two names begin with in common."""
    return next((place for place, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def _choices(folder: str, name: str, *, limit: int = 4) -> str:
    try:
        found = [os.path.basename(sequence.path) for sequence in sequences_in(folder, endings=plate_endings())]
    except OSError:
        return ""
    if not found:
        return "; the folder holds no image and no video"
    ranked = sorted(found, key=lambda other: -_alike(name, other))
    more = f" and {len(ranked) - limit} more" if len(ranked) > limit else ""
    return f"; the folder has {', '.join(ranked[:limit])}{more}"
