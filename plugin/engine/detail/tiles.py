"""Pictures in pieces: an 8K plate has 33 million pixels, and what a pixel needs on its way is many times its result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...core.errors import UsageError

TILE = 512  # pixels: on a CPU what a tile needs stays in its caches; measured 1.5 times as fast as 1024


@dataclass(frozen=True)
class Span:
    """One tile along one axis.

    Attributes:
        start, stop: the pixels that it delivers.
        first, last: the pixels that it looks at: `halo` more on either side, as far as there are any; `last` is excluded.
    """

    start: int
    stop: int
    first: int
    last: int

    @property
    def own(self) -> slice:
        """What it delivers, counted from `first`."""
        return slice(self.start - self.first, self.stop - self.first)


def spans(length: int, tile: int, halo: int = 0) -> Iterator[Span]:
    """Cuts one axis.

    Args:
        length: pixels along it.
        tile: pixels that a tile delivers.
        halo: pixels that it needs around them.
    """
    for start in range(0, length, tile):
        stop = min(start + tile, length)
        yield Span(start, stop, max(start - halo, 0), min(stop + halo, length))


def tiles(height: int, width: int, tile: int, halo: int = 0) -> Iterator[tuple[Span, Span]]:
    """Cuts a picture into (rows, columns), row by row; see `spans`."""
    for rows in spans(height, tile, halo):
        for columns in spans(width, tile, halo):
            yield rows, columns


def check_tile(tile: int) -> None:
    """Whether tiles of this edge can be cut; even, so that they begin with a pixel of the picture of half the size.

    Raises:
        UsageError: they cannot.
    """
    if tile < 2 or tile % 2:
        raise UsageError(f"A tile is an even number of pixels, 2 or more, not {tile}.")
