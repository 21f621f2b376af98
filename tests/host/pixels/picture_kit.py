"""Small pictures for the tests: by hand, and by hypothesis."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np
from gvm_matte.host.pixels import Format, Picture
from hypothesis import strategies as st

RGBA = ("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha")
SMALL = Format(4, 3)


def picture(
    rows: Mapping[str, Any],
    *,
    at: Tuple[int, int] = (0, 0),
    format: Format = SMALL,
    metadata: Optional[Dict[str, Any]] = None,
) -> Picture:
    """A picture of these channels, each a list of rows from the top; the bbox's bottom left corner lies `at` x, y."""
    channels = {name: np.array(values, np.float32) for name, values in rows.items()}
    height, width = next(iter(channels.values())).shape
    return Picture(format, (at[0], at[1], at[0] + width, at[1] + height), channels, metadata or {})


def flat(values: Mapping[str, float], box: Tuple[int, int, int, int] = (0, 0, 4, 3), format: Format = SMALL) -> Picture:
    """One value for each channel, over the box."""
    size = box[3] - box[1], box[2] - box[0]
    return Picture(format, box, {name: np.full(size, value, np.float32) for name, value in values.items()})


def noise(box: Tuple[int, int, int, int], *, seed: int = 0, names: Sequence[str] = RGBA, format: Format = SMALL) -> Picture:
    """Random channels in [0, 1) over the box."""
    generator = np.random.default_rng(seed)
    size = box[3] - box[1], box[2] - box[0]
    return Picture(format, box, {name: generator.random(size, dtype=np.float32) for name in names})


def boxes() -> st.SearchStrategy[Tuple[int, int, int, int]]:
    """Boxes of 1 to 6 pixels a side, in and around a small format."""
    corner, size = st.integers(-5, 5), st.integers(1, 6)
    return st.builds(lambda x, y, w, h: (x, y, x + w, y + h), corner, corner, size, size)
