"""Nuke's image operations: one function for each node, pictures in and a picture out. Knobs keep their names.

Node                                Function
Merge2                              merge
Copy, ShuffleCopy                   copy, shuffle_copy
Shuffle, Shuffle2                   shuffle (shuffle_copy with two inputs)
Premult, Unpremult                  premult, unpremult
Grade, Multiply, Invert             grade, multiply, invert
Crop, Reformat, Transform           crop, reformat (with box_format, scaled_format), transform
Constant, CheckerBoard2             constant, checkerboard
Colorspace, OCIOColorSpace          colorspace
"""

from __future__ import annotations

from .channel_ops import copy, premult, shuffle, shuffle_copy, unpremult
from .colour import colorspace
from .formats import RESIZE_TYPES, box_format, scaled_format
from .generate import checkerboard, constant, empty
from .grade import grade, invert, multiply
from .merge import OPERATIONS, merge
from .transform import crop, reformat, transform

__all__ = [
    "OPERATIONS",
    "RESIZE_TYPES",
    "box_format",
    "checkerboard",
    "colorspace",
    "constant",
    "copy",
    "crop",
    "empty",
    "grade",
    "invert",
    "merge",
    "multiply",
    "premult",
    "reformat",
    "scaled_format",
    "shuffle",
    "shuffle_copy",
    "transform",
    "unpremult",
]
