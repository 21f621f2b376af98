"""Scaling and moving a channel by any amount: each axis apart, with Nuke's filters.

A filter is a function of the distance between an output pixel and an input pixel, in input pixels; where the picture
shrinks it is widened, so that every input pixel counts. All cubic ones are one family (Mitchell and Netravali 1988, with
B and C): `Cubic` is B = C = 0, the only one that neither smooths nor rings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping, Tuple

import numpy as np
import numpy.typing as npt

from ...core.errors import ParamError
from .picture import Channel, ieee

_Weights = npt.NDArray[np.float64]


def _cubic(b: float, c: float) -> Callable[[_Weights], _Weights]:
    def weight(distance: _Weights) -> _Weights:
        x = np.abs(distance)
        near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + (6 - 2 * b)
        far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + (8 * b + 24 * c)
        values: _Weights = np.where(x < 1, near, np.where(x < 2, far, 0.0)) / 6
        return values

    return weight


def _windowed_sinc(radius: float) -> Callable[[_Weights], _Weights]:
    def weight(distance: _Weights) -> _Weights:
        values: _Weights = np.where(np.abs(distance) < radius, np.sinc(distance) * np.sinc(distance / radius), 0.0)
        return values

    return weight


def _triangle(distance: _Weights) -> _Weights:
    values: _Weights = np.maximum(1 - np.abs(distance), 0.0)
    return values


FILTERS: Mapping[str, Tuple[float, Callable[[_Weights], _Weights]]] = {
    "cubic": (1.0, _cubic(0, 0)),
    "triangle": (1.0, _triangle),
    "keys": (2.0, _cubic(0, 0.5)),
    "simon": (2.0, _cubic(0, 0.75)),
    "rifman": (2.0, _cubic(0, 1.0)),
    "mitchell": (2.0, _cubic(1 / 3, 1 / 3)),
    "parzen": (2.0, _cubic(1.0, 0.0)),
    "notch": (2.0, _cubic(1.5, -0.25)),
    "lanczos4": (2.0, _windowed_sinc(2.0)),
    "lanczos6": (3.0, _windowed_sinc(3.0)),
}
"""By name in lower case: radius in pixels, and weight by distance."""
IMPULSE = "impulse"


def reach_of(filter: str, scale: float) -> Tuple[float, float]:
    """(reach, stretch): how far from an output pixel input pixels count, in those, and by how much the filter is widened.

    Raises:
        ParamError: a filter that is not known.
    """
    if filter.lower() == IMPULSE:
        return 0.5, 1.0
    stretch = max(1.0, 1 / abs(scale))
    return _filter(filter)[0] * stretch, stretch


def weights_of(filter: str, distance: _Weights) -> _Weights:
    """Weights by distance; Impulse takes the pixel that holds the centre, the one above where it lies between two."""
    if filter.lower() == IMPULSE:
        return ((distance > -0.5) & (distance <= 0.5)).astype(np.float64)
    return _filter(filter)[1](distance)


def _filter(name: str) -> Tuple[float, Callable[[_Weights], _Weights]]:
    try:
        return FILTERS[name.lower()]
    except KeyError:
        known = ", ".join([IMPULSE, *FILTERS])
        raise ParamError(f'There is no filter "{name}"; choose {known}.', name="filter") from None


@dataclass(frozen=True)
class Axis:
    """One axis: output position = scale·input position + offset; positions of pixels are their centres, n + 0.5.

    Args:
        first, last: the input's pixels, half open, in the same coordinates as the output's.
        out_first, out_last: the output's pixels, half open.
        scale: not 0; below 0 mirrors.
        offset: in output pixels.
    """

    first: int
    last: int
    out_first: int
    out_last: int
    scale: float
    offset: float

    @property
    def shift(self) -> int:
        """By how many whole pixels the axis moves, where `is_shift`."""
        return round(self.offset)

    @property
    def is_shift(self) -> bool:
        """Whether pixels only move, by whole pixels."""
        return self.scale == 1 and float(self.offset).is_integer()

    def taps(self, filter: str, *, black_outside: bool) -> Tuple[npt.NDArray[np.intp], Channel]:
        """Which input pixels count for each output pixel: indices from `first`, and weights, both [out, taps].

        Beyond the input's edge lies black (a weight of 0), or the edge's pixel again.

        Raises:
            ParamError: a filter that is not known.
        """
        centres = (np.arange(self.out_first, self.out_last) + 0.5 - self.offset) / self.scale
        reach, stretch = reach_of(filter, self.scale)
        start = np.ceil(centres - reach - 0.5).astype(np.intp)
        index = start[:, None] + np.arange(int(np.ceil(2 * reach)) + 1)
        weights = weights_of(filter, (index + 0.5 - centres[:, None]) / stretch)
        weights /= weights.sum(axis=1, keepdims=True)
        if black_outside:
            weights = np.where((index >= self.first) & (index < self.last), weights, 0.0)
        index = np.clip(index, self.first, self.last - 1) - self.first
        return index, weights.astype(np.float32)


@ieee
def resample(values: Channel, rows: Axis, columns: Axis, *, filter: str, black_outside: bool) -> Channel:
    """A channel [h, w] brought to the axes' output pixels; row 0 is the first of `rows`.

    Raises:
        ParamError: a filter that is not known.
    """
    row_index, row_weights = rows.taps(filter, black_outside=black_outside)
    column_index, column_weights = columns.taps(filter, black_outside=black_outside)
    narrow = np.zeros((values.shape[0], len(column_index)), np.float32)
    for index, weights in zip(column_index.T, column_weights.T):
        if weights.any():
            narrow += values[:, index] * weights
    result = np.zeros((len(row_index), narrow.shape[1]), np.float32)
    for index, weights in zip(row_index.T, row_weights.T):
        if weights.any():
            result += narrow[index] * weights[:, None]
    return result
