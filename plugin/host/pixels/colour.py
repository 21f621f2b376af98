"""Colour spaces: Nuke's curves, and those of an OpenColorIO configuration, to and from the working space.

A name is looked for among the curves first, then in the configuration ($OCIO, else OpenImageIO's built-in one), roles and
aliases included. Curves change nothing but the transfer function; the working space of the configuration is its role
`scene_linear`, and a curve's `linear` stands for that where the two meet.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Dict, Iterable, Mapping, Optional

import numpy as np
import OpenImageIO as oiio

from ...core.errors import ParamError
from .boxes import is_empty
from .channel_ops import divided
from .curves import CURVES, curve_name
from .layers import Channels, colour_layers, is_colour, select
from .picture import Channel, Picture, ieee

WORKING_SPACE = "scene_linear"
BUILT_IN = "ocio://default"
_DEFAULT = re.compile(r"(?:default|rendering|compositing)\s*\((?P<name>.+)\)", re.IGNORECASE)


def colorspace(
    picture: Picture, source: str, target: str, *, config: str = "", channels: Channels = "rgb", unpremult: str = "none"
) -> Picture:
    """Colorspace and OCIOColorSpace: red, green and blue from one space to another; alpha and data are left alone.

    Args:
        source, target: names of curves (`sRGB`, `Cineon` …) or of an OCIO configuration's spaces.
        config: path of the configuration; empty is $OCIO, or the built-in one.
        channels: only colours among them count; a layer is converted as a whole.
        unpremult: a channel to divide by before and to multiply with after; `none` does neither.

    Raises:
        ParamError: a name that neither is a curve nor in the configuration, or a configuration that cannot be read.
    """
    chosen = [name for name in select(channels, picture.channels) if is_colour(name)]
    planes = {name: picture.channels[name] for name in chosen}
    alpha = None if unpremult == "none" else picture.channel(unpremult)
    if is_empty(picture.bbox) or not planes:
        _resolved(source, config)
        _resolved(target, config)
        return picture
    return picture.with_channels(convert(planes, source, target, config=config, alpha=alpha))


@ieee
def convert(
    planes: Mapping[str, Channel], source: str, target: str, *, config: str = "", alpha: Optional[Channel] = None
) -> Dict[str, Channel]:
    """The same for bare channels, all of one size; the result holds those given.

    Args:
        alpha: to divide by before and to multiply with after, or None.

    Raises:
        ParamError: as `colorspace`.
    """
    first, last = _resolved(source, config), _resolved(target, config)
    if first == last or not planes:
        return dict(planes)
    current = {name: divided(values, alpha) for name, values in planes.items()} if alpha is not None else dict(planes)
    if first in CURVES:
        current = {name: CURVES[first][0](values) for name, values in current.items()}
    if first not in CURVES or last not in CURVES:
        working = _resolved(WORKING_SPACE, config)
        first, through = (working if name in CURVES else name for name in (first, last))
        current = current if first == through else _through_config(current, first, through, config)
    if last in CURVES:
        current = {name: CURVES[last][1](values) for name, values in current.items()}
    return {name: values * alpha for name, values in current.items()} if alpha is not None else current


def _resolved(name: str, config: str) -> str:
    """The curve's name, else that of the configuration's space, whatever its spelling, alias or role.

    Raises:
        ParamError: neither knows it.
    """
    stated = _DEFAULT.fullmatch(name.strip())
    wanted = stated.group("name") if stated else name.strip()
    curve = curve_name(wanted)
    if curve is not None:
        return curve
    spaces = _config(_config_path(config))
    found = spaces.getColorSpaceNameByRole(wanted) or spaces.resolve(wanted)
    known = {space.lower(): space for space in spaces.getColorSpaceNames()}
    if found and found.lower() in known:
        return known[found.lower()]
    raise ParamError(
        f'The colour space "{name}" is neither one of Nuke\'s curves ({", ".join(CURVES)}) nor in the OCIO configuration '
        f"{_config_path(config)}; choose another, or set OCIO to a configuration that has it.",
        name="colorspace",
    )


def _config_path(config: str) -> str:
    return config or os.environ.get("OCIO") or BUILT_IN


@lru_cache(maxsize=8)
def _config(path: str) -> oiio.ColorConfig:
    spaces = oiio.ColorConfig(path)
    error = spaces.geterror()
    if error or not spaces.getColorSpaceNames():
        reason = error.strip().split("\n")[0].rstrip(".") or "it holds no colour space"
        raise ParamError(f"The OCIO configuration {path} cannot be read: {reason}.", name="config", path=path)
    return spaces


def _through_config(planes: Mapping[str, Channel], source: str, target: str, config: str) -> Dict[str, Channel]:
    converted: Dict[str, Channel] = {}
    for layer in colour_layers(planes):
        converted.update(_convert_layer(planes, layer, source, target, config))
    return {name: converted[name] for name in planes}


def _convert_layer(
    planes: Mapping[str, Channel], layer: Iterable[str], source: str, target: str, config: str
) -> Dict[str, Channel]:
    """A layer's red, green and blue at once: a change of primaries mixes them. What the layer lacks is black."""
    names = list(layer)
    size = next(planes[name].shape for name in names if name in planes)
    pixels = np.zeros((*size, 3), np.float32)
    for index, name in enumerate(names):
        if name in planes:
            pixels[..., index] = planes[name]
    before = oiio.ImageBuf(pixels)
    after = oiio.ImageBufAlgo.colorconvert(before, source, target, False, colorconfig=_config_path(config))
    result = None if after.has_error else after.get_pixels(oiio.FLOAT)
    if result is None:
        raise ParamError(
            f'"{source}" cannot be converted to "{target}": {after.geterror().strip().rstrip(".")}.', name="colorspace"
        )
    return {name: np.ascontiguousarray(result[..., index]) for index, name in enumerate(names)}
