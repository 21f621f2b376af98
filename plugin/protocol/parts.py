"""Parts of messages that are no messages by themselves: rings, and where plates come from and mattes go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Tuple


@dataclass(frozen=True)
class RingSpec:
    """Where a ring is: `name` for a named mapping (Windows); elsewhere a descriptor follows the message."""

    slots: int
    slot_bytes: int  # payload capacity of one slot
    name: str


@dataclass(frozen=True)
class Source:
    """Where plates come from: `files` with a path or pattern, or `buffers` pushed by the host.

    For buffers, `display` (x0,y0,x1,y1; half open, y down) and `pixel_aspect` describe every plate, `data` is the union
    of the shot's data windows (empty: the display window), and `colorspace` is scene_linear, srgb or empty (then as for
    files: float is scene-linear, integer is sRGB).

    `growing` names the inputs (plates, garbage, core) whose files the host is still writing, each with what its frames are
    known by: `{"plates": {"1001-1010": "a hash"}}`. Each file appears whole, by a rename, and is waited for; until then
    `display`, `data` and `pixel_aspect` describe them, as for buffers. They may go once the mattes are there.
    """

    type: str
    path: str = ""
    display: Tuple[int, ...] = ()
    data: Tuple[int, ...] = ()
    pixel_aspect: float = 1.0
    colorspace: str = ""
    growing: Dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sink:
    """Where alphas go: `files` with a pattern (empty: none), and `buffers` (the host takes them), or both.

    `movies` are made of the files when all are there: a path for each kind, by its name in `params.movies`.
    """

    path: str = ""
    buffers: bool = False
    movies: Dict[str, Any] = field(default_factory=dict)
