"""From OpenImageIO's header of one part of a file to a `PlateInfo`."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Optional, Tuple

import OpenImageIO as oiio

from ...core.image import Box
from ...images.opening import MAX_EDGE, MAX_PIXELS, SIZE_LIMITS
from .plate import PlateInfo, Rational
from .stated_colour import stated_colour

# What is read as what: a plate keeps its own precision up to 32 bits.
_DTYPES = {"uint8": "uint8", "uint16": "uint16", "half": "float16", "float": "float32"}


def size_problem(spec: oiio.ImageSpec) -> Optional[str]:
    """What is impossible about the windows, to go on after the file's name; None where they can be a plate's.

    Asked before anything of this size is allocated. The display window counts too: a matte has its size.
    """
    windows = (("data", spec.width, spec.height), ("display", spec.full_width, spec.full_height))
    for name, width, height in windows:
        if width < 1 or height < 1:
            return f"has a {name} window without a pixel ({width}x{height})"
        if max(width, height) > MAX_EDGE or width * height > MAX_PIXELS:
            return f"claims a {name} window of {width}x{height} pixels, so its header is damaged; {SIZE_LIMITS}"
    return None


def plate_info(
    spec: oiio.ImageSpec, indices: Tuple[int, ...], *, file_format: str, view: str, path: str, frame: int
) -> PlateInfo:
    """What a header says.

    Args:
        spec: of the part that is read; its windows have no `size_problem`.
        indices: of the channels that make the plate.
        file_format: OpenImageIO's name of it.
    """
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
        colorspace=stated_colour(spec, file_format),
        fps=_fps(spec),
        timecode=_timecode(spec),
        view=view,
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
