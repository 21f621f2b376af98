"""Knobs of several numbers, by the names that Nuke gives them."""

from __future__ import annotations

from .numbers import Array_Knob


class XY_Knob(Array_Knob):
    """A place in the image, in pixels."""

    _names = "xy"


class XYZ_Knob(XY_Knob):
    """A place in space."""

    _names = "xyz"


class WH_Knob(XY_Knob):
    """A width and a height."""

    _names = "wh"


class Scale_Knob(WH_Knob):
    """A scale for each direction."""


class BBox_Knob(Array_Knob):
    """A box: x, y, r, t in pixels, y upwards."""

    _names = "xyrt"


class Color_Knob(Array_Knob):
    """Red, green and blue."""

    _names = "rgb"


class AColor_Knob(Color_Knob):
    """Red, green, blue and alpha."""

    _names = "rgba"
