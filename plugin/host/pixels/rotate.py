"""Turning a picture: what `resample` cannot do, since the axes do not stay apart.

Each output pixel is looked up in the input, and weighs the pixels around that place by the filter across times the filter
down. The channels go through together, so that places and weights are computed once.
"""

from __future__ import annotations

import math
from typing import List, Tuple

import numpy as np
import numpy.typing as npt

from .boxes import BBox, shape
from .picture import Channel, ieee
from .resample import reach_of, weights_of

Matrix = Tuple[float, float, float, float]
"""(xx, xy, yx, yy): out.x = xx·x + xy·y and out.y = yx·x + yy·y; y up."""


def turn(degrees: float, scale: Tuple[float, float]) -> Matrix:
    """Scales, then turns to the left."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return cosine * scale[0], -sine * scale[1], sine * scale[0], cosine * scale[1]


def turned_box(box: BBox, matrix: Matrix, offset: Tuple[float, float]) -> BBox:
    """What the corners of the box span afterwards, in whole pixels, rounded outwards."""
    corners = [(x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
    across = [matrix[0] * x + matrix[1] * y + offset[0] for x, y in corners]
    up = [matrix[2] * x + matrix[3] * y + offset[1] for x, y in corners]
    low = math.floor(min(across) + 1e-6), math.floor(min(up) + 1e-6)
    return (*low, math.ceil(max(across) - 1e-6), math.ceil(max(up) - 1e-6))


@ieee
def rotated(
    channels: List[Channel],
    box: BBox,
    target: BBox,
    *,
    matrix: Matrix,
    offset: Tuple[float, float],
    scale: Tuple[float, float],
    filter: str,
    black_outside: bool,
) -> List[Channel]:
    """Channels over `box`, [h, w] each, at matrix·position + offset, over `target`.

    Args:
        scale: the matrix's; below 1 the filter is widened by as much.

    Raises:
        ParamError: a filter that is not known.
    """
    x, y = _looked_up(target, matrix, offset)  # [H, W] each, in the input's pixels
    x_taps, y_taps = _taps(x, filter, scale[0]), _taps(y, filter, scale[1])
    stacked = np.stack(channels, axis=-1)  # [h, w, c]
    result = np.zeros((*shape(target), len(channels)), np.float32)
    for x_index, x_weight in x_taps:
        for y_index, y_weight in y_taps:
            weight = x_weight * y_weight
            if black_outside:
                inside = (x_index >= box[0]) & (x_index < box[2]) & (y_index >= box[1]) & (y_index < box[3])
                weight = np.where(inside, weight, np.float32(0))
            columns = np.clip(x_index, box[0], box[2] - 1) - box[0]
            rows = box[3] - 1 - np.clip(y_index, box[1], box[3] - 1)
            result += stacked[rows, columns] * weight[..., None]
    return [np.ascontiguousarray(result[..., index]) for index in range(len(channels))]


def _looked_up(
    target: BBox, matrix: Matrix, offset: Tuple[float, float]
) -> Tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where the centres of the target's pixels come from."""
    across = np.arange(target[0], target[2])[None, :] + 0.5 - offset[0]
    up = np.arange(target[3] - 1, target[1] - 1, -1)[:, None] + 0.5 - offset[1]
    xx, xy, yx, yy = matrix
    determinant = xx * yy - xy * yx
    return (yy * across - xy * up) / determinant, (xx * up - yx * across) / determinant


def _taps(
    centres: npt.NDArray[np.float64], filter: str, scale: float
) -> List[Tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]]:
    """(pixel, weight) of each tap along one axis, [H, W] each; the weights of all sum to 1."""
    reach, stretch = reach_of(filter, scale)
    start = np.ceil(centres - reach - 0.5).astype(np.intp)
    count = int(np.ceil(2 * reach)) + 1
    weights = [weights_of(filter, (start + tap + 0.5 - centres) / stretch) for tap in range(count)]
    total = np.sum(weights, axis=0)
    return [(start + tap, (weight / total).astype(np.float32)) for tap, weight in enumerate(weights) if weight.any()]
