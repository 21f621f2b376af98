"""One image file, through OpenImageIO: the border at which its errors become ours.

OpenImageIO reports in three ways, and all three are looked at: no object, no array, and an error text beside an array
(a truncated JPEG comes back with grey rows and a complaint).
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from ...core.errors import PlateError, PlateMissingError, PlateUnreadableError
from .channels import PICTURE, Choice, Part, Pick
from .image_header import SIZE_LIMITS, plate_info, size_problem
from .plate import PlateInfo

_OIIO_TYPES = {"uint8": "uint8", "uint16": "uint16", "float16": "half", "float32": "float"}
MAX_SPAN = 8
"""Neighbouring channels that are read at once, when those that are wanted lie apart."""


def file_problem(path: str, frame: int) -> Optional[PlateError]:
    """What speaks against reading the file, as far as name, size and permissions show it; None where nothing does."""
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        return PlateMissingError(f"Frame {frame} is missing: there is no file {path}.", frame=frame, path=path)
    except (OSError, ValueError) as exc:
        return _unreadable(path, frame, f"cannot be looked up ({getattr(exc, 'strerror', None) or exc})")
    if stat.S_ISDIR(found.st_mode):
        return _unreadable(path, frame, "is a folder")
    if found.st_size == 0:
        return _unreadable(path, frame, "is empty (0 bytes): it is being written, or a render or copy failed")
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        return _unreadable(path, frame, "may not be read by this user; change its permissions")
    return None


def read_header(path: str, frame: int, pick: Pick) -> PlateInfo:
    """The header of the part that is picked.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, of an impossible size, or holds nothing of what is picked.
    """
    with _opened(path, frame) as image:
        return _picked(image, pick, path, frame)[1]


def read_any_header(path: str, frame: int, pick: Pick) -> PlateInfo:
    """The header of a file that need not be a plate: where it is none, of its first part, with nothing picked.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, of an impossible size, or has no such view or layer.
    """
    with _opened(path, frame) as image:
        try:
            return _picked(image, pick, path, frame)[1]
        except PlateUnreadableError:
            if pick != PICTURE:  # a view or a layer that somebody asked for
                raise
        image.seek_subimage(0, 0)  # a matte, a depth pass, deep pixels
        return _info(image, image.spec(), Choice(0, (), _text(image.spec(), "view")), path, frame)


def read_pixels(path: str, frame: int, pick: Pick) -> Tuple[PlateInfo, npt.NDArray[Any]]:
    """Header and pixels [h, w, 3 or 1] of what is picked, as stored.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, truncated, of an impossible size, or holds nothing of what is picked.
    """
    with _opened(path, frame) as image:
        choice, info = _picked(image, pick, path, frame)
        low, high = min(choice.indices), max(choice.indices) + 1

        def read(begin: int, end: int) -> npt.NDArray[Any]:
            pixels = image.read_image(choice.part, 0, begin, end, _OIIO_TYPES[info.dtype])
            error = _error_text(image.geterror)
            if pixels is None or error:
                reason = _one_line(error, path)
                raise _unreadable(path, frame, f"cannot be read to its end, so it is truncated or damaged ({reason})")
            return pixels

        # OpenImageIO puts R, G, B of a layer side by side, so this is nearly always one read into one array.
        if choice.indices == tuple(range(low, high)):
            return info, read(low, high)
        if high - low > MAX_SPAN:
            return info, np.concatenate([read(index, index + 1) for index in choice.indices], axis=-1)
        return info, np.take(read(low, high), [index - low for index in choice.indices], axis=-1)


@contextmanager
def _opened(path: str, frame: int) -> Iterator[oiio.ImageInput]:
    problem = file_problem(path, frame)
    if problem is not None:
        raise problem
    hints = oiio.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)  # colours as stored: PNG and TIFF are not premultiplied on the way in
    try:
        image = oiio.ImageInput.open(path, hints)
    except TypeError as exc:  # how the binding says that a name is not UTF-8
        raise _unreadable(path, frame, "has a name that is not UTF-8; rename it") from exc
    if image is None:
        raise _unreadable(path, frame, _why_not_opened(_error_text(oiio.geterror), path))
    try:
        yield image
    finally:
        image.close()


def _why_not_opened(error: str, path: str) -> str:
    """What OpenImageIO says of a file that it does not open, to go on after the file's name."""
    claim = re.search(r"claim\w* (?:to be |an? )(\d+x\d+|\d+ MB)", error)
    if claim is not None:
        pixels = claim.group(1).replace("MB", "MB of")
        return f"claims {pixels} pixels, so its header is damaged; {SIZE_LIMITS}"
    if "ubsampled" in error:
        return "has chroma-subsampled channels (Y, RY, BY); write the plate as R, G and B"
    return f"is damaged, or no image that OpenImageIO reads ({_one_line(error, path)})"


def _picked(image: oiio.ImageInput, pick: Pick, path: str, frame: int) -> Tuple[Choice, PlateInfo]:
    """What is picked, and the header of the part that has it."""
    specs: Dict[int, oiio.ImageSpec] = {}
    try:
        choice = pick.choose(_parts(image, specs))
    except LookupError as exc:
        if any(spec.deep for spec in specs.values()):
            raise _unreadable(
                path, frame, "holds deep pixels; flatten it (DeepToImage) and render it as a plain EXR"
            ) from exc
        raise _unreadable(path, frame, str(exc)) from exc
    return choice, _info(image, specs[choice.part], choice, path, frame)


def _parts(image: oiio.ImageInput, specs: Dict[int, oiio.ImageSpec]) -> Iterator[Part]:
    """The parts that are no deep pixels, one after the other; `specs` gets the headers of all that were looked at."""
    number = 0
    while image.seek_subimage(number, 0):
        spec = specs[number] = image.spec()
        if not spec.deep:
            views = spec.getattribute("multiView")
            listed = views if isinstance(views, (tuple, list)) else (views,) if isinstance(views, str) else ()
            name = _text(spec, "oiio:subimagename")
            yield Part(number, name, _text(spec, "view"), tuple(map(str, listed)), tuple(spec.channelnames))
        number += 1
    _error_text(image.geterror)  # that there is no further part is not an error


def _info(image: oiio.ImageInput, spec: oiio.ImageSpec, choice: Choice, path: str, frame: int) -> PlateInfo:
    problem = size_problem(spec)
    if problem is not None:
        raise _unreadable(path, frame, problem)
    return plate_info(spec, choice.indices, file_format=image.format_name(), view=choice.view, path=path, frame=frame)


def _text(spec: oiio.ImageSpec, name: str) -> str:
    return str(spec.getattribute(name) or "")


def _unreadable(path: str, frame: int, what: str) -> PlateUnreadableError:
    return PlateUnreadableError(f"Frame {frame} cannot be read: {path} {what}.", frame=frame, path=path)


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
