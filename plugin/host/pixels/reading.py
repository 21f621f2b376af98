"""Read: one image file as a picture.

The data window becomes the bbox and the display window the format, whose corner is 0, 0 wherever the file has it; y is
turned up. All parts of a file are read; of a stereo file, those of the first view.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import OpenImageIO as oiio

from ...core.errors import ParamError, PlateError
from ...images.opening import opened, parts, read_channels, unreadable
from .boxes import EMPTY, BBox, shifted, union
from .colour import convert
from .generate import checkerboard
from .layers import ALPHA, from_file, is_colour
from .picture import Channel, Format, Picture

ON_ERROR = ("error", "black", "checkerboard")
_LOG_BITS = (10, 12)
_BITS = {"uint8": 8, "uint16": 16, "half": 16, "float": 32, "uint32": 32, "double": 64}


def read(
    path: str,
    *,
    colorspace: str = "default",
    raw: bool = False,
    premultiplied: bool = False,
    on_error: str = "error",
    format: Optional[Format] = None,
    config: str = "",
) -> Picture:
    """Reads one file.

    Args:
        path: of the file; frame fields are resolved by the caller.
        colorspace: of its colours: a curve's name, one of an OCIO configuration, or `default`: linear for floats, Cineon
            for .cin and for DPX of 10 and 12 bits, sRGB for other integers.
        raw: values as they are, integers over their range.
        premultiplied: the colours are divided by the alpha while the curve is undone.
        on_error: what a file that cannot be read gives: error, or black or a checkerboard over `format`; without a format
            there is always an error.
        format: stands in for the file's display window where both have one size, and so gives name and pixel aspect.
        config: path of the OCIO configuration; empty is $OCIO, or OpenImageIO's built-in one.

    Returns:
        The picture; its metadata holds `input/…` and, of an EXR's header, `exr/…`.

    Raises:
        PlateMissingError: there is no such file.
        PlateUnreadableError: it is empty, truncated, deep, or no image.
        ParamError: colorspace or on_error; no `on_error` hides it.
    """
    if on_error not in ON_ERROR:
        raise ParamError(f'Read cannot answer an error with "{on_error}"; choose {", ".join(ON_ERROR)}.', name="on_error")
    try:
        picture, encoding = _load(path)
    except PlateError:
        if on_error == "error" or format is None:
            raise
        return checkerboard(format) if on_error == "checkerboard" else Picture(format, EMPTY, {})
    source = encoding if colorspace in ("default", "") else colorspace
    if not raw:
        planes = {name: values for name, values in picture.channels.items() if is_colour(name)}
        alpha = picture.channels.get(ALPHA) if premultiplied else None
        picture = picture.with_channels(convert(planes, source, "linear", config=config, alpha=alpha))
    if format is not None and (format.width, format.height) == (picture.format.width, picture.format.height):
        picture = Picture(format, picture.bbox, picture.channels, picture.metadata)
    return picture


def _load(path: str) -> Tuple[Picture, str]:
    """The picture as stored, and the curve its kind of file has by default."""
    with opened(path) as image:
        return _picture(image, path)


def _picture(image: oiio.ImageInput, path: str) -> Tuple[Picture, str]:
    first = image.spec()
    format = Format(first.full_width, first.full_height, _pixel_aspect(first))
    view = str(first.getattribute("view") or "")
    layers: List[Tuple[BBox, Dict[str, Channel]]] = []
    for part, spec in parts(image):
        if spec.deep:
            raise unreadable(path, None, "holds deep pixels; flatten it (DeepToImage) and write it as a plain EXR")
        if str(spec.getattribute("view") or "") in (view, ""):
            layer = "" if part == 0 else _layer(spec)
            layers.append((_bbox(spec, first), _channels(image, part, spec, layer, path)))
    box = EMPTY
    for part_box, _ in layers:
        box = union(box, part_box)
    channels: Dict[str, Channel] = {}
    for part_box, found in layers:
        over = Picture(format, part_box, found)
        channels = {**{name: over.channel(name, box) for name in found}, **channels}
    return Picture(format, box, channels, _metadata(first, image.format_name(), path)), _encoding(
        first, image.format_name()
    )


def _channels(image: oiio.ImageInput, part: int, spec: oiio.ImageSpec, layer: str, path: str) -> Dict[str, Channel]:
    pixels = read_channels(image, part, 0, spec.nchannels, "float", path=path)
    pixels = pixels.reshape(spec.height, spec.width, spec.nchannels)
    channels: Dict[str, Channel] = {}
    for index, names in from_file(tuple(spec.channelnames), layer=layer).items():
        channels.update(dict.fromkeys(names, np.ascontiguousarray(pixels[..., index])))
    return channels


def _bbox(spec: oiio.ImageSpec, first: oiio.ImageSpec) -> BBox:
    """The data window, y up, from the bottom left of the first part's display window."""
    bottom = first.full_y + first.full_height
    return shifted((spec.x, bottom - spec.y - spec.height, spec.x + spec.width, bottom - spec.y), -first.full_x, 0)


def _layer(spec: oiio.ImageSpec) -> str:
    """The layer that a later part's name gives, without its view."""
    name = str(spec.getattribute("oiio:subimagename") or spec.getattribute("name") or "")
    view = str(spec.getattribute("view") or "")
    return name[: -len(view) - 1] if view and name.endswith(f".{view}") else name


def _pixel_aspect(spec: oiio.ImageSpec) -> float:
    aspect = float(spec.getattribute("PixelAspectRatio") or 1.0)
    return aspect if math.isfinite(aspect) and 0.01 < aspect < 100 else 1.0  # DPX headers hold garbage where unset


def _encoding(spec: oiio.ImageSpec, kind: str) -> str:
    if str(spec.format) in ("half", "float", "double"):
        return "linear"
    bits = int(spec.getattribute("oiio:BitsPerSample") or 0)
    return "Cineon" if kind == "cineon" or (kind == "dpx" and bits in _LOG_BITS) else "sRGB"


def _metadata(spec: oiio.ImageSpec, kind: str, path: str) -> Dict[str, Any]:
    """By Nuke's keys. Numbers and texts of an EXR's header come as `exr/name`, rates and time codes as `input/…`."""
    found: Dict[str, Any] = {
        "input/filename": path,
        "input/filereader": {"openexr": "exr", "targa": "tga"}.get(kind, kind),
        "input/width": spec.full_width,
        "input/height": spec.full_height,
        "input/bitsperchannel": int(spec.getattribute("oiio:BitsPerSample") or _BITS.get(str(spec.format), 0)),
    }
    rate = spec.getattribute("FramesPerSecond")
    if isinstance(rate, tuple) and len(rate) == 2 and rate[1]:
        found["input/frame_rate"] = rate[0] / rate[1]
    timecode = spec.get_string_attribute("smpte:TimeCode")
    if timecode:
        found["input/timecode"] = timecode
    if kind == "openexr":
        for attribute in spec.extra_attribs:
            if not attribute.name.startswith(("oiio:", "smpte:")) and isinstance(attribute.value, (str, int, float)):
                found[f"exr/{attribute.name.replace('openexr:', '')}"] = attribute.value
    return found
