"""Where pixels of a picture lie on the screen: zoom and place. Pure arithmetic, in the screen's own pixels.

A high-DPI screen has more pixels than Qt's units; at 1:1 one pixel of the picture is one of the screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Tuple

Size = Tuple[int, int]
Rect = Tuple[int, int, int, int]  # x, y, width, height
SMALLEST, LARGEST = 1 / 64, 64.0
STEPS_PER_DOUBLING = 4  # of wheel and keys: every fourth is a power of two, 1:1 among them


@dataclass(frozen=True)
class Mapping:
    """A picture on the screen.

    Attributes:
        zoom: pixels of the screen for one of the picture, `SMALLEST` to `LARGEST`.
        x, y: where the picture's top left corner is; paint and read-out use whole numbers, `origin`.
    """

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0

    @classmethod
    def fit(cls, screen: Size, picture: Size) -> Mapping:
        """All of the picture, as large as it will be, in the middle."""
        zoom = min(max(min(screen[0] / picture[0], screen[1] / picture[1]), SMALLEST), LARGEST)
        return cls(zoom).centred(screen, picture)

    def centred(self, screen: Size, picture: Size) -> Mapping:
        """The same zoom, in the middle."""
        x, y = ((screen[axis] - picture[axis] * self.zoom) / 2 for axis in (0, 1))
        return replace(self, x=x, y=y)

    @property
    def origin(self) -> Tuple[int, int]:
        """The corner on whole pixels, so that at whole zooms every pixel of the picture is equally large."""
        return math.floor(self.x + 0.5), math.floor(self.y + 0.5)

    def zoomed(self, zoom: float, about: Tuple[float, float]) -> Mapping:
        """Another zoom, under which what is at `about` on the screen stays there."""
        zoom = min(max(zoom, SMALLEST), LARGEST)
        ratio = zoom / self.zoom
        return Mapping(zoom, about[0] - (about[0] - self.x) * ratio, about[1] - (about[1] - self.y) * ratio)

    def stepped(self, steps: float, about: Tuple[float, float]) -> Mapping:
        """As many steps nearer (or farther, below 0); whole ones land on the grid that 1:1 is on."""
        level = math.log2(self.zoom) * STEPS_PER_DOUBLING
        if steps == int(steps):
            level = math.floor(level + 1e-6) if steps > 0 else math.ceil(level - 1e-6)
        return self.zoomed(2.0 ** ((level + steps) / STEPS_PER_DOUBLING), about)

    def moved(self, dx: float, dy: float) -> Mapping:
        """Panned."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def pixel(self, x: int, y: int) -> Tuple[int, int]:
        """The picture's pixel under one of the screen; it may lie outside."""
        left, top = self.origin
        return math.floor((x + 0.5 - left) / self.zoom), math.floor((y + 0.5 - top) / self.zoom)

    def covered(self, screen: Size, picture: Size) -> Rect:
        """The pixels of the screen whose middle shows the picture; width or height may be 0 or less: none."""
        edges = []
        for axis in (0, 1):
            start = self.origin[axis]
            first = max(math.ceil(start - 0.5), 0)
            last = min(math.ceil(start + picture[axis] * self.zoom - 0.5), screen[axis])
            edges.append((first, max(last, first + 1) - first if start < screen[axis] and last > 0 else 0))
        return edges[0][0], edges[1][0], edges[0][1], edges[1][1]
