"""Pictures from nothing: Constant and CheckerBoard2."""

from __future__ import annotations

from typing import Dict, Sequence, Tuple, Union

import numpy as np

from ...core.errors import ParamError
from .boxes import EMPTY
from .grade import Colour, component
from .layers import RGBA, Channels, select
from .picture import Channel, Format, Picture, solid

_GREY_DARK, _GREY_LIGHT = 0.1, 0.5


def constant(format: Format, *, color: Colour = 0.0, channels: Channels = "rgba") -> Picture:
    """Constant: one colour over the format; its channels take no memory.

    Args:
        color: one value, or red, green, blue and alpha.
        channels: text stands for channels of the main layer (`rgb`, `rgba`, `alpha`); a sequence names any.

    Raises:
        ParamError: a colour with two, or more than four values.
    """
    names = select(channels, RGBA) if isinstance(channels, str) else tuple(channels)
    return Picture(format, format.box, {name: solid(format.box, component(color, name, "color")) for name in names})


def empty(format: Format) -> Picture:
    """A picture without pixels and channels: what an unconnected input gives."""
    return Picture(format, EMPTY, {})


def checkerboard(
    format: Format,
    *,
    boxsize: Union[int, Sequence[int]] = 64,
    color0: Colour = _GREY_DARK,
    color1: Colour = _GREY_LIGHT,
    color2: Colour = _GREY_DARK,
    color3: Colour = _GREY_LIGHT,
    channels: Channels = "rgba",
) -> Picture:
    """CheckerBoard2 without its lines: boxes in four colours, counted from the format's centre.

    Args:
        boxsize: of a box in pixels, or its width and height; at least 1.
        color0, color1, color2, color3: of the boxes at 0, 0; at 1, 0; at 1, 1; at 0, 1; and of every second box from there.
            x counts to the right, y up. A colour of one value is opaque: its alpha is 1.

    Raises:
        ParamError: a box size below 1, or a colour with two, or more than four values.
    """
    width, height = (boxsize, boxsize) if isinstance(boxsize, int) else (int(boxsize[0]), int(boxsize[-1]))
    if width < 1 or height < 1:
        raise ParamError(f"The checkerboard's boxes are {width}x{height}; both are at least 1.", name="boxsize")
    odd_x = ((np.arange(format.width) - format.width // 2) // width) % 2 == 1
    odd_y = ((np.arange(format.height)[::-1] - format.height // 2) // height) % 2 == 1
    names = select(channels, RGBA) if isinstance(channels, str) else tuple(channels)
    drawn: Dict[str, Channel] = {}
    for name in names:
        values: Tuple[np.float32, ...] = tuple(
            np.float32(component(_opaque(color), name, f"color{index}"))
            for index, color in enumerate((color0, color1, color2, color3))
        )
        even_rows, odd_rows = np.where(odd_x, values[1], values[0]), np.where(odd_x, values[2], values[3])
        drawn[name] = np.where(odd_y[:, None], odd_rows, even_rows)
    return Picture(format, format.box, drawn)


def _opaque(color: Colour) -> Colour:
    return (color, color, color, 1.0) if isinstance(color, (int, float)) else color
