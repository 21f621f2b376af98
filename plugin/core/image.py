"""Geometry of images: boxes, windows, sizes. Pure arithmetic.

Coordinates are OpenEXR's: x to the right, y down, pixels at integer positions. A `Box` is half open, so that its width
is a difference; EXR's inclusive windows and Nuke's y-up boxes are converted at the border, by the functions here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Tuple

from .errors import UsageError


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, half open: x0 ≤ x < x1, y0 ≤ y < y1. Coordinates may be negative."""

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise UsageError(f"The box {self.x0},{self.y0} to {self.x1},{self.y1} holds no pixel.")

    @property
    def width(self) -> int:
        """In pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """In pixels."""
        return self.y1 - self.y0

    @property
    def as_tuple(self) -> Tuple[int, int, int, int]:
        """(x0, y0, x1, y1), for messages and headers."""
        return self.x0, self.y0, self.x1, self.y1

    @classmethod
    def from_nuke(cls, x: float, y: float, r: float, t: float, *, display: Box) -> Box:
        """Nuke's box, y up from the bottom left of the display window, rounded out to whole pixels.

        Raises:
            UsageError: it holds no pixel.
        """
        return cls(display.x0 + floor(x), display.y1 - ceil(t), display.x0 + ceil(r), display.y1 - floor(y))

    def overlaps(self, other: Box) -> bool:
        """Whether the two share a pixel."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def intersection(self, other: Box) -> Box:
        """What both hold.

        Raises:
            UsageError: they share no pixel.
        """
        return Box(max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1))

    def union(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at {self.x0},{self.y0}"


def fit_size(width: int, height: int, *, size: int, max_resolution: int) -> Tuple[int, int]:
    """Width and height at which the model sees a plate.

    The shorter edge becomes `size`; where the longer edge would then exceed `max_resolution`, that becomes the longer
    edge instead. Source: GVM's own preprocessing, truncation of fractions included.

    Args:
        width, height: of the processed area, square pixels, at least 1.
        size, max_resolution: in pixels, at least 1.
    """
    short, long = min(width, height), max(width, height)
    new_short, new_long = size, int(size * long / short)
    if new_long > max_resolution:
        new_short, new_long = int(max_resolution * new_short / new_long), max_resolution
    new_short = max(new_short, 1)
    return (new_short, new_long) if width < height else (new_long, new_short)


def padding(width: int, height: int, *, multiple: int = 32) -> Tuple[int, int, int, int]:
    """(left, right, top, bottom) that make both edges multiples of `multiple`, centred, the odd pixel right and bottom."""
    pad_x, pad_y = -width % multiple, -height % multiple
    return pad_x // 2, pad_x - pad_x // 2, pad_y // 2, pad_y - pad_y // 2
