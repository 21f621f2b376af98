"""Opening an image file by OpenImageIO: the border at which its errors become ours.

OpenImageIO reports in three ways, and all three are looked at: no object, no array, and an error text beside an array
(a truncated JPEG comes back with grey rows and a complaint).
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Optional, Tuple

import numpy.typing as npt
import OpenImageIO as oiio

from ..core.errors import PlateError, PlateMissingError, PlateUnreadableError

MAX_EDGE = 65_536
"""Pixels in an edge of a plate: four times 16K. A header that claims more is damaged."""

MAX_PIXELS = 2**29
"""Pixels of a plate: 32K x 16K, more than 16K plates of any shape."""

SIZE_LIMITS = f"a plate has at most {MAX_EDGE} pixels in an edge and {MAX_PIXELS:,} in all"


def file_problem(path: str, frame: Optional[int] = None) -> Optional[PlateError]:
    """What speaks against reading the file, as far as name, size and permissions show it; None where nothing does."""
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        there_is_none = f"there is no file {path}"
        text = (
            f"T{there_is_none[1:]}; check name and frame."
            if frame is None
            else f"Frame {frame} is missing: {there_is_none}."
        )
        return PlateMissingError(text, frame=frame, path=path)
    except (OSError, ValueError) as exc:
        return unreadable(path, frame, f"cannot be looked up ({getattr(exc, 'strerror', None) or exc})")
    if stat.S_ISDIR(found.st_mode):
        return unreadable(path, frame, "is a folder; name its files, as in shot.####.exr")
    if found.st_size == 0:
        return unreadable(path, frame, "is empty (0 bytes): it is being written, or a render or copy failed")
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        return unreadable(path, frame, "may not be read by this user; change its permissions")
    return None


@contextmanager
def opened(path: str, frame: Optional[int] = None) -> Iterator[oiio.ImageInput]:
    """An image file, open until the block ends. Its colours come as stored: nothing is multiplied by the alpha.

    Args:
        path: of the file.
        frame: its number, for messages.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is a folder, empty, or no image.
    """
    problem = file_problem(path, frame)
    if problem is not None:
        raise problem
    hints = oiio.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)  # PNG and TIFF are not premultiplied on the way in
    try:
        image = oiio.ImageInput.open(path, hints)
    except TypeError as exc:  # how the binding says that a name is not UTF-8
        raise unreadable(path, frame, "has a name that is not UTF-8; rename it") from exc
    if image is None:
        raise unreadable(path, frame, _why_not_opened(_error_text(oiio.geterror), path))
    try:
        yield image
    finally:
        image.close()


def opened_or_none(path: str) -> Optional[oiio.ImageInput]:
    """An image file, which the caller closes; None where `opened` would raise."""
    try:
        if Path(path).stat().st_size == 0:
            return None
        image = oiio.ImageInput.open(path)
    except (OSError, TypeError, ValueError):
        return None
    if image is None:
        oiio.geterror()  # fetched, or it is printed at exit
    return image


def parts(image: oiio.ImageInput) -> Iterator[Tuple[int, oiio.ImageSpec]]:
    """The number and header of each part of a file, one after the other; a part is sought when it is asked for."""
    number = 0
    while image.seek_subimage(number, 0):
        yield number, image.spec()
        number += 1
    _error_text(image.geterror)  # that there is no further part is not an error


def read_channels(
    image: oiio.ImageInput, part: int, begin: int, end: int, kind: str, *, path: str, frame: Optional[int] = None
) -> npt.NDArray[Any]:
    """The pixels [h,w,end-begin] of neighbouring channels of a part, as `kind`: OpenImageIO's name of a data type.

    Raises:
        PlateUnreadableError: the file is truncated or damaged.
    """
    pixels = image.read_image(part, 0, begin, end, kind)
    error = _error_text(image.geterror)
    if pixels is None or error:  # a truncated file can come with both, an array and a complaint
        reason = _one_line(error, path)
        raise unreadable(path, frame, f"cannot be read to its end, so it is truncated or damaged ({reason})")
    found: npt.NDArray[Any] = pixels
    return found


def unreadable(path: str, frame: Optional[int], what: str) -> PlateUnreadableError:
    """The error that a file cannot be read; `what` goes on after its name."""
    text = f"{path} cannot be read: it {what}." if frame is None else f"Frame {frame} cannot be read: {path} {what}."
    return PlateUnreadableError(text, frame=frame, path=path)


def _why_not_opened(error: str, path: str) -> str:
    """What OpenImageIO says of a file that it does not open, to go on after the file's name."""
    claim = re.search(r"claim\w* (?:to be |an? )(\d+x\d+|\d+ MB)", error)
    if claim is not None:
        pixels = claim.group(1).replace("MB", "MB of")
        return f"claims {pixels} pixels, so its header is damaged; {SIZE_LIMITS}"
    if "ubsampled" in error:
        return "has chroma-subsampled channels (Y, RY, BY); write the plate as R, G and B"
    return f"is damaged, or no image that OpenImageIO reads ({_one_line(error, path)})"


def _error_text(ask: Callable[[], str]) -> str:
    """OpenImageIO's error; of a damaged file it may quote bytes that are no text."""
    try:
        return ask()
    except UnicodeDecodeError:
        return "the header is damaged"


def _one_line(error: str, path: str) -> str:
    """The first line of an error, without the path that our sentence names already."""
    line = error.strip().split("\n")[0].replace(f"EXR Error ({path}): ", "").replace(f'"{path}"', "the file")
    return line.replace(path, "the file").rstrip(". ") or "no reason given"
