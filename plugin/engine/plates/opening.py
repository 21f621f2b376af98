"""From a path, as people write it, to a source of plates."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import FrozenSet

import OpenImageIO as oiio

from ...errors import PlateMissingError, PlateUnreadableError
from ...paths import frame_field
from . import video
from .plate import PlateSource
from .scan import sequences_in
from .sequence import ImageSequence, SingleImage


def open_plates(path: str) -> PlateSource:
    """Opens an image sequence, a single image or a video.

    Args:
        path: a pattern with one frame field (`####`, `%04d`, `@@@@`), an image, or a video (by its ending). A file that
            is there under exactly this name is that file, whatever characters the name holds.

    Raises:
        UsageError: a pattern with more than one frame field.
        PlateMissingError: nothing is there; the message names what is there instead.
        PlateUnreadableError: a folder, or a video that is empty, truncated or none.
    """
    if Path(path).is_dir():
        raise PlateUnreadableError(f"{path} is a folder; name a sequence in it{_choices(path, '')}.", path=path)
    if not Path(path).is_file() and frame_field(path) is not None:
        try:
            source = ImageSequence(path)
        except OSError as exc:
            reason = exc.strerror or str(exc)
            raise PlateUnreadableError(f"The folder of {path} cannot be listed ({reason}).", path=path) from exc
        if source.frames:
            return source
        raise PlateMissingError(f"There is no frame of {path} on disk{_near(path)}.", path=path)
    if not os.path.lexists(path):
        raise PlateMissingError(f"There is no file {path}{_near(path)}.", path=path)
    if Path(path).suffix.lower() in video.ENDINGS:
        return video.VideoFile(path)
    return SingleImage(path)


@lru_cache(maxsize=1)
def plate_endings() -> FrozenSet[str]:
    """Endings of the files that can hold plates, with the dot, lower case: what OpenImageIO reads, and videos."""
    formats = str(oiio.get_string_attribute("extension_list")).split(";")
    images = {f".{ending}" for entry in formats for ending in entry.partition(":")[2].split(",")}
    return frozenset(images - {".null", ".nul", ".term", ".z", ".sm", ".env", ".vsm"}) | video.ENDINGS


def _near(path: str) -> str:
    """`; the folder has …`, or that there is no folder: most wrong paths are a wrong padding or a typing error."""
    folder, name = os.path.split(path)
    if not Path(folder or ".").is_dir():
        return f": the folder {folder} does not exist"
    return _choices(folder, name)


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
