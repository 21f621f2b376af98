"""One image file as a plate: its header, and the pixels of what is picked of it."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Tuple

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from ...core.errors import PlateUnreadableError
from ...images.opening import opened, parts, read_channels, unreadable
from .channels import PICTURE, Choice, Part, Pick
from .image_header import plate_info, size_problem
from .plate import PlateInfo

_OIIO_TYPES = {"uint8": "uint8", "uint16": "uint16", "float16": "half", "float32": "float"}
MAX_SPAN = 8
"""Neighbouring channels that are read at once, when those that are wanted lie apart."""


def read_header(path: str, frame: int, pick: Pick) -> PlateInfo:
    """The header of the part that is picked.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, of an impossible size, or holds nothing of what is picked.
    """
    with opened(path, frame) as image:
        return _picked(image, pick, path, frame)[1]


def read_any_header(path: str, frame: int, pick: Pick) -> PlateInfo:
    """The header of a file that need not be a plate: where it is none, of its first part, with nothing picked.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, of an impossible size, or has no such view or layer.
    """
    with opened(path, frame) as image:
        try:
            return _picked(image, pick, path, frame)[1]
        except PlateUnreadableError:
            if pick != PICTURE:  # a view or a layer that was asked for
                raise
        image.seek_subimage(0, 0)  # a matte, a depth pass, deep pixels
        return _info(image, image.spec(), Choice(0, (), _text(image.spec(), "view")), path, frame)


def read_pixels(path: str, frame: int, pick: Pick) -> Tuple[PlateInfo, npt.NDArray[Any]]:
    """Header and pixels [h, w, 3 or 1] of what is picked, as stored.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, truncated, of an impossible size, or holds nothing of what is picked.
    """
    with opened(path, frame) as image:
        choice, info = _picked(image, pick, path, frame)
        low, high = min(choice.indices), max(choice.indices) + 1

        def read(begin: int, end: int) -> npt.NDArray[Any]:
            return read_channels(image, choice.part, begin, end, _OIIO_TYPES[info.dtype], path=path, frame=frame)

        # OpenImageIO puts R, G, B of a layer side by side, so this is nearly always one read into one array.
        if choice.indices == tuple(range(low, high)):
            return info, read(low, high)
        if high - low > MAX_SPAN:
            return info, np.concatenate([read(index, index + 1) for index in choice.indices], axis=-1)
        return info, np.take(read(low, high), [index - low for index in choice.indices], axis=-1)


def _picked(image: oiio.ImageInput, pick: Pick, path: str, frame: int) -> Tuple[Choice, PlateInfo]:
    """What is picked, and the header of the part that has it."""
    specs: Dict[int, oiio.ImageSpec] = {}
    try:
        choice = pick.choose(_parts(image, specs))
    except LookupError as exc:
        if any(spec.deep for spec in specs.values()):
            raise unreadable(
                path, frame, "holds deep pixels; flatten it (DeepToImage) and render it as a plain EXR"
            ) from exc
        raise unreadable(path, frame, str(exc)) from exc
    return choice, _info(image, specs[choice.part], choice, path, frame)


def _parts(image: oiio.ImageInput, specs: Dict[int, oiio.ImageSpec]) -> Iterator[Part]:
    """The parts that are no deep pixels, one after the other; `specs` gets the headers of all that were looked at."""
    for number, spec in parts(image):
        specs[number] = spec
        if not spec.deep:
            views = spec.getattribute("multiView")
            listed = views if isinstance(views, (tuple, list)) else (views,) if isinstance(views, str) else ()
            name = _text(spec, "oiio:subimagename")
            yield Part(number, name, _text(spec, "view"), tuple(map(str, listed)), tuple(spec.channelnames))


def _info(image: oiio.ImageInput, spec: oiio.ImageSpec, choice: Choice, path: str, frame: int) -> PlateInfo:
    problem = size_problem(spec)
    if problem is not None:
        raise unreadable(path, frame, problem)
    return plate_info(spec, choice.indices, file_format=image.format_name(), view=choice.view, path=path, frame=frame)


def _text(spec: oiio.ImageSpec, name: str) -> str:
    return str(spec.getattribute(name) or "")
