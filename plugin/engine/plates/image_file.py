"""One image file, through OpenImageIO: the border at which its errors become ours.

OpenImageIO reports in three ways, and all three are looked at: no object, no array, and an error text beside an array
(a truncated JPEG comes back with grey rows and a complaint).
"""

from __future__ import annotations

import math
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Iterator, Optional, Tuple

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from ...errors import PlateError, PlateMissingError, PlateUnreadableError
from ...image import Box
from .channels import pick_channels
from .plate import PlateInfo, Rational

# What is read as what: a plate keeps its own precision up to 32 bits.
_DTYPES = {"uint8": "uint8", "uint16": "uint16", "half": "float16", "float": "float32"}
_OIIO_TYPES = {dtype: name for name, dtype in _DTYPES.items()}


@dataclass(frozen=True)
class _Header:
    """A part of a file that can be a plate, and where its channels are."""

    part: int
    indices: Tuple[int, ...]
    info: PlateInfo


def file_problem(path: str, frame: int) -> Optional[PlateError]:
    """What speaks against reading the file, as far as name and size show it; None where nothing does."""
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
    return None


def read_header(path: str, frame: int) -> PlateInfo:
    """The header of the file's first part that can be a plate.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, or holds neither R, G, B nor grey.
    """
    with _opened(path, frame) as image:
        return _plate_part(image, path, frame).info


def read_any_header(path: str, frame: int) -> PlateInfo:
    """The header of a file that need not be a plate: where it is none, of its first part, with nothing picked.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image.
    """
    with _opened(path, frame) as image:
        try:
            return _plate_part(image, path, frame).info
        except PlateUnreadableError:  # a matte, a depth pass, deep pixels
            image.seek_subimage(0, 0)
            return _info(image.spec(), (), path, frame)


def read_pixels(path: str, frame: int) -> Tuple[PlateInfo, npt.NDArray[Any]]:
    """Header and pixels [h, w, 3 or 1] of the file's first part that can be a plate, as stored.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is no image, truncated, or holds neither R, G, B nor grey.
    """
    with _opened(path, frame) as image:
        header = _plate_part(image, path, frame)
        low, high = min(header.indices), max(header.indices) + 1
        pixels = image.read_image(header.part, 0, low, high, _OIIO_TYPES[header.info.dtype])
        error = image.geterror()
    if pixels is None or error:
        raise _unreadable(path, frame, f"cannot be read to its end, so it is truncated or damaged ({_one_line(error)})")
    offsets = [index - low for index in header.indices]
    if offsets != list(range(high - low)):
        pixels = pixels[..., offsets]
    return header.info, np.ascontiguousarray(pixels)


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
        raise _unreadable(path, frame, f"is damaged, or no image that OpenImageIO reads ({_one_line(oiio.geterror())})")
    try:
        yield image
    finally:
        image.close()


def _plate_part(image: oiio.ImageInput, path: str, frame: int) -> _Header:
    """The first part that holds R, G, B or grey; stereo files have a part for each view, others one for each layer."""
    names: Tuple[str, ...] = ()
    deep = False
    part = 0
    while image.seek_subimage(part, 0):
        spec = image.spec()
        if spec.deep:
            deep = True
        else:
            indices = pick_channels(spec.channelnames)
            if indices is not None:
                return _Header(part, indices, _info(spec, indices, path, frame))
        names += tuple(spec.channelnames)
        part += 1
    image.geterror()  # that there is no further part is not an error
    if deep:
        raise _unreadable(path, frame, "holds deep pixels; flatten it (DeepToImage) and render it as a plain EXR")
    raise _unreadable(
        path, frame, f"holds no R, G, B and no grey channel, only {', '.join(names)}; write the plate as R, G and B"
    )


def _info(spec: oiio.ImageSpec, indices: Tuple[int, ...], path: str, frame: int) -> PlateInfo:
    names = tuple(spec.channelnames)
    return PlateInfo(
        frame=frame,
        path=path,
        data=Box(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height),
        display=Box(spec.full_x, spec.full_y, spec.full_x + spec.full_width, spec.full_y + spec.full_height),
        pixel_aspect=_pixel_aspect(spec),
        channels=names,
        picked=tuple(names[index] for index in indices),
        dtype=_dtype(spec, indices),
        colorspace=_colorspace(spec),
        fps=_fps(spec),
        timecode=_timecode(spec),
        view=str(spec.getattribute("view") or ""),
        compression=str(spec.getattribute("compression") or ""),
    )


def _dtype(spec: oiio.ImageSpec, indices: Tuple[int, ...]) -> str:
    """The widest type among the picked channels; 32-bit integers and doubles are read as float32."""
    formats = [str(spec.channelformats[index]) for index in indices] if spec.channelformats and indices else []
    formats = formats or [str(spec.format)]
    known = {_DTYPES.get(name, "float32") for name in formats}
    return known.pop() if len(known) == 1 else "float32"


def _pixel_aspect(spec: oiio.ImageSpec) -> float:
    aspect = float(spec.getattribute("PixelAspectRatio") or 1.0)
    return aspect if math.isfinite(aspect) and 0.01 < aspect < 100 else 1.0  # DPX headers hold garbage where unset


def _fps(spec: oiio.ImageSpec) -> Optional[Rational]:
    rate = spec.getattribute("FramesPerSecond")
    if isinstance(rate, (tuple, list)) and len(rate) == 2 and rate[1] > 0 and rate[0] > 0:
        return int(rate[0]), int(rate[1])
    for name in ("dpx:FrameRate", "dpx:TemporalFrameRate", "FramesPerSecond"):
        value = spec.getattribute(name)
        if isinstance(value, (int, float)) and math.isfinite(value) and 0.1 < value < 10_000:
            # 23.976 stands for 24000/1001
            ntsc = Fraction(round(value * 1.001) * 1000, 1001)
            exact = Fraction(value).limit_denominator(1000)
            rate = ntsc if abs(float(ntsc) - value) < 1e-3 and exact.denominator != 1 else exact
            return rate.numerator, rate.denominator
    return None


def _timecode(spec: oiio.ImageSpec) -> Optional[Tuple[int, int]]:
    value = spec.getattribute("smpte:TimeCode")
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return int(value[0]), int(value[1])
    return None


def _colorspace(spec: oiio.ImageSpec) -> str:
    """`scene_linear`, `srgb` or "": what the file itself, or a convention of its format, says of its colours."""
    name = str(spec.getattribute("oiio:ColorSpace") or "").lower()
    if name.startswith(("lin", "scene_linear", "aces")) or spec.getattribute("acesImageContainerFlag"):
        return "scene_linear"
    if name.startswith(("srgb", "g18", "g22", "g24", "gamma", "rec709", "rec.709")):
        return "srgb"
    return ""


def _unreadable(path: str, frame: int, what: str) -> PlateUnreadableError:
    return PlateUnreadableError(f"Frame {frame} cannot be read: {path} {what}.", frame=frame, path=path)


def _one_line(error: str) -> str:
    return error.strip().split("\n")[0].rstrip(". ") or "no reason given"
