"""A picture between two nodes: a format, a bbox, and float32 channels that pictures share.

Row 0 of a channel is the top row of the bbox, as files have it, while boxes count y from below, as Nuke does. Channels
are read-only: an operation makes new arrays for what it changes and hands on the others as they are, so a tree that
touches only the alpha keeps one copy of the colours.

Outside its bbox a picture is black. Nuke repeats the pixels at the edge there unless a node says "black outside"; its
Read and Crop say so, and so do most trees that such a difference would show in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ...core.errors import UsageError
from .boxes import BBox, intersection, is_empty, shape

Channel = npt.NDArray[np.float32]
ieee = np.errstate(all="ignore")
"""Decorates what computes with pixels: plates hold infinities, and as in Nuke their sums and products raise no warning."""


@dataclass(frozen=True)
class Format:
    """A format: size in pixels, pixel aspect (width / height of one pixel), and the area x, y, r, t that is the image.

    `r` and `t` default to the size; the area matters to nothing here but to scripts that ask for it.
    """

    width: int
    height: int
    pixel_aspect: float = 1.0
    x: int = 0
    y: int = 0
    r: Optional[int] = None
    t: Optional[int] = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise UsageError(
                f"The format {self.name or 'of this node'} is {self.width}x{self.height}; both are at least 1."
            )
        if not 0 < self.pixel_aspect < float("inf"):
            raise UsageError(f"The format's pixel aspect is {self.pixel_aspect}; it is above 0.")
        object.__setattr__(self, "r", self.width if self.r is None else self.r)
        object.__setattr__(self, "t", self.height if self.t is None else self.t)

    @property
    def box(self) -> BBox:
        """The whole format as a box."""
        return 0, 0, self.width, self.height


@dataclass(frozen=True, eq=False)
class Picture:
    """One frame of one view.

    Args:
        format: what Write's formats without a data window cover.
        bbox: (x, y, r, t), half open, y up, from the format's bottom left; may be empty, then channels have no pixels.
        channels: `layer.channel` → float32 [t − y, r − x], the top row first.
        metadata: by Nuke's keys: `input/filename`, `exr/compression` …

    Raises:
        UsageError: a channel's size is not the bbox's, its type is not float32, or its name has no layer.
    """

    format: Format
    bbox: BBox
    channels: Mapping[str, Channel]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept: Dict[str, Channel] = {}
        size = shape(self.bbox)
        for name, values in self.channels.items():
            if values.shape != size or values.dtype != np.float32:
                raise UsageError(
                    f"Channel {name} is {values.dtype} {values.shape}; the bbox {self.bbox} needs float32 {size}."
                )
            if "." not in name:
                raise UsageError(f'Channel "{name}" has no layer; name it as in rgba.red.')
            kept[name] = values
            if values.flags.writeable:
                kept[name] = values.view()
                kept[name].flags.writeable = False
        object.__setattr__(self, "channels", MappingProxyType(kept))
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    def channel(self, name: str, bbox: Optional[BBox] = None) -> Channel:
        """A channel over `bbox` (its own by default): [h, w], read-only, black outside the picture's bbox.

        A channel that the picture does not have is black. What lies inside the bbox is a view, not a copy.
        """
        box = self.bbox if bbox is None else bbox
        values = self.channels.get(name)
        if values is not None and box == self.bbox:
            return values
        inside = intersection(box, self.bbox)
        if values is None or is_empty(inside):
            return solid(box, 0.0)
        part = values[_window(inside, self.bbox)]
        if inside == box:
            return part
        padded = np.zeros(shape(box), np.float32)
        padded[_window(inside, box)] = part
        padded.flags.writeable = False
        return padded

    def with_channels(
        self, changed: Mapping[str, Channel], *, bbox: Optional[BBox] = None, format: Optional[Format] = None
    ) -> Picture:
        """This picture with some channels replaced or added; the others are shared, or brought to the new bbox.

        Args:
            changed: over `bbox`.
            bbox, format: of the new picture; this one's where they are left out.
        """
        box = self.bbox if bbox is None else bbox
        channels = {name: changed[name] if name in changed else self.channel(name, box) for name in self.channels}
        channels.update(changed)
        return Picture(self.format if format is None else format, box, channels, self.metadata)


def solid(box: BBox, value: float) -> Channel:
    """A channel of one value, read-only, that takes no memory."""
    return np.broadcast_to(np.float32(value), shape(box))


def _window(inner: BBox, outer: BBox) -> Tuple[slice, slice]:
    """Where `inner` lies in the rows and columns of `outer`, which holds it."""
    rows = slice(outer[3] - inner[3], outer[3] - inner[1])
    return rows, slice(inner[0] - outer[0], inner[2] - outer[0])
