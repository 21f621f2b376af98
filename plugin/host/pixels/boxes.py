"""Boxes as Nuke has them: (x, y, r, t), y up, half open, from the format's bottom left corner. Pure arithmetic.

`image.Box` is OpenEXR's, y down and never empty; a bbox of Nuke's can be empty, as after an intersection.
"""

from __future__ import annotations

from typing import Tuple

from ...core.errors import ParamError

BBox = Tuple[int, int, int, int]
EMPTY: BBox = (0, 0, 0, 0)
CHOICES = ("union", "intersection", "A", "B")
"""What the knob `bbox` of a node with two inputs can be."""


def is_empty(box: BBox) -> bool:
    """Whether it holds no pixel."""
    return box[2] <= box[0] or box[3] <= box[1]


def shape(box: BBox) -> Tuple[int, int]:
    """(height, width), that of its channels."""
    return max(box[3] - box[1], 0), max(box[2] - box[0], 0)


def union(one: BBox, other: BBox) -> BBox:
    """The smallest box that holds both; an empty one adds nothing."""
    if is_empty(one) or is_empty(other):
        return other if is_empty(one) else one
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def intersection(one: BBox, other: BBox) -> BBox:
    """What both hold; `EMPTY` where that is no pixel."""
    box = max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])
    return EMPTY if is_empty(box) else box


def shifted(box: BBox, x: int, y: int) -> BBox:
    """Moved to the right by `x` and up by `y`."""
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def chosen(choice: str, a: BBox, b: BBox) -> BBox:
    """The output's box by the knob `bbox` of Merge2, Copy and ShuffleCopy.

    Raises:
        ParamError: not one of `CHOICES`.
    """
    if choice not in CHOICES:
        raise ParamError(f'The bbox cannot be set to "{choice}"; choose {", ".join(CHOICES)}.', name="bbox")
    if choice == "union":
        return union(a, b)
    if choice == "intersection":
        return intersection(a, b)
    return a if choice == "A" else b
