"""Knobs of several numbers, by the names that Nuke gives them."""

from __future__ import annotations

from typing import Any, Dict

from .numbers import Array_Knob


class XY_Knob(Array_Knob):
    """A place in the image, in pixels."""

    _names = "xy"

    def x(self, *args: Any) -> float:
        """Horizontal."""
        return float(self.value(0))

    def y(self, *args: Any) -> float:
        """Vertical, upwards."""
        return float(self.value(1))


class XYZ_Knob(XY_Knob):
    """A place in space."""

    _names = "xyz"


class UV_Knob(XY_Knob):
    """Two numbers."""

    _names = "uv"


class WH_Knob(XY_Knob):
    """A width and a height."""

    _names = "wh"


class Scale_Knob(WH_Knob):
    """A scale for each direction."""


class Range_Knob(Array_Knob):
    """A lower and an upper end."""

    _names = "ab"


class BBox_Knob(Array_Knob):
    """A box: x, y, r, t in pixels, y upwards."""

    _names = "xyrt"

    def x(self, *args: Any) -> float:
        """Left."""
        return float(self.value(0))

    def y(self, *args: Any) -> float:
        """Bottom."""
        return float(self.value(1))

    def r(self, *args: Any) -> float:
        """Right."""
        return float(self.value(2))

    def t(self, *args: Any) -> float:
        """Top."""
        return float(self.value(3))

    def toDict(self) -> Dict[str, float]:
        """As a dictionary of x, y, r and t."""
        return dict(zip("xyrt", self.array()))

    def fromDict(self, box: Dict[str, float]) -> None:
        """From a dictionary of x, y, r and t."""
        self.setValue([box[name] for name in "xyrt"])


class Color_Knob(Array_Knob):
    """Red, green and blue."""

    _names = "rgb"


class AColor_Knob(Color_Knob):
    """Red, green, blue and alpha."""

    _names = "rgba"
