"""Colour arithmetic, pixel by pixel: Grade, Multiply, Invert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence, Union

import numpy as np

from ...core.errors import ParamError
from .channel_ops import divided
from .layers import ALPHA, Channels, position
from .mixing import Change, Mixing, adjust
from .picture import Channel, Picture

Colour = Union[float, Sequence[float]]
"""A colour knob: one value for all channels, or red, green, blue and, where it has four, alpha."""


def component(colour: Colour, channel: str, knob: str) -> float:
    """A colour knob's value for a channel.

    Raises:
        ParamError: neither one value nor three or four.
    """
    if isinstance(colour, (int, float)):
        return float(colour)
    values = [float(value) for value in colour]
    if len(values) not in (1, 3, 4):
        raise ParamError(f"{knob} has {len(values)} values; give one, or red, green, blue and alpha.", name=knob)
    return values[min(position(channel), len(values) - 1)]


@dataclass(frozen=True)
class _Curve:
    """Grade for one channel: a line A·in + B, and a gamma; the clamps stand between the two, or last in reverse."""

    slope: float
    offset: float
    gamma: float
    black_clamp: bool
    white_clamp: bool

    def forward(self, values: Channel) -> Channel:
        if self.slope != 1 or self.offset != 0:
            values = values * np.float32(self.slope) + np.float32(self.offset)
        return _gamma(self._clamped(values), self.gamma)

    def reverse(self, values: Channel) -> Channel:
        black_or_white = self.gamma <= 0
        values = np.where(values > 0, np.float32(1), np.float32(0)) if black_or_white else _gamma(values, 1 / self.gamma)
        if self.slope != 1 or self.offset != 0:
            slope = 1 / self.slope if self.slope else 1.0
            values = values * np.float32(slope) - np.float32(self.offset * slope)
        return self._clamped(values)

    def _clamped(self, values: Channel) -> Channel:
        if not (self.black_clamp or self.white_clamp):
            return values
        low = 0.0 if self.black_clamp else None
        high = 1.0 if self.white_clamp else None
        return np.clip(values, low, high)


def _gamma(values: Channel, gamma: float) -> Channel:
    """in^(1/gamma) between 0 and 1; below it as it is, above it straight on with the slope at 1."""
    if gamma == 1:
        return values
    if gamma <= 0:
        return np.where(values < 1, np.float32(0), np.where(values > 1, np.float32(np.inf), values))
    power = np.float32(1 / gamma)
    curved = np.power(np.clip(values, 0, 1), power)
    straight = np.float32(1) + (values - np.float32(1)) * power
    return np.where(values <= 0, values, np.where(values < 1, curved, straight))


def grade(
    picture: Picture,
    *,
    blackpoint: Colour = 0.0,
    whitepoint: Colour = 1.0,
    black: Colour = 0.0,
    white: Colour = 1.0,
    multiply: Colour = 1.0,
    add: Colour = 0.0,
    gamma: Colour = 1.0,
    reverse: bool = False,
    black_clamp: bool = True,
    white_clamp: bool = False,
    channels: Channels = "rgb",
    unpremult: str = "none",
    mix: float = 1.0,
    mask: Optional[Picture] = None,
    mask_channel: str = ALPHA,
    invert_mask: bool = False,
) -> Picture:
    """Grade, by the formula in its help: A = multiply·(white − black)/(whitepoint − blackpoint),
    B = add + black − A·blackpoint, out = (A·in + B)^(1/gamma).

    As in Nuke the gamma leaves values below 0 alone and goes on as a line above 1, and equal black and white points give
    a slope of 10000.

    Args:
        blackpoint … gamma: one value, or one for each of red, green, blue, alpha.
        reverse: undoes the grade: the gamma first, then the line.
        black_clamp, white_clamp: below 0 becomes 0, above 1 becomes 1.
        unpremult: a channel to divide by before and to multiply with after; `none` does neither.

    Raises:
        ParamError: a colour with two, or more than four values.
    """

    def change(name: str, values: Channel) -> Channel:
        low, high = component(blackpoint, name, "blackpoint"), component(whitepoint, name, "whitepoint")
        lift, gain = component(black, name, "black"), component(white, name, "white")
        slope = (gain - lift) / (high - low) if high != low else 10000.0
        slope *= component(multiply, name, "multiply")
        offset = component(add, name, "add") + lift - slope * low
        curve = _Curve(slope, offset, component(gamma, name, "gamma"), black_clamp, white_clamp)
        return curve.reverse(values) if reverse else curve.forward(values)

    return _adjusted(picture, channels, change, Mixing(mix, mask, mask_channel, invert_mask), unpremult)


def multiply(
    picture: Picture,
    *,
    value: Colour = 1.0,
    channels: Channels = "rgb",
    unpremult: str = "none",
    mix: float = 1.0,
    mask: Optional[Picture] = None,
    mask_channel: str = ALPHA,
    invert_mask: bool = False,
) -> Picture:
    """Multiply: channels times a value; arguments as for `grade`.

    Raises:
        ParamError: a colour with two, or more than four values.
    """

    def change(name: str, values: Channel) -> Channel:
        factor = component(value, name, "value")
        return values if factor == 1 else values * np.float32(factor)

    return _adjusted(picture, channels, change, Mixing(mix, mask, mask_channel, invert_mask), unpremult)


def invert(
    picture: Picture,
    *,
    channels: Channels = "all",
    clamp: bool = False,
    mix: float = 1.0,
    mask: Optional[Picture] = None,
    mask_channel: str = ALPHA,
    invert_mask: bool = False,
) -> Picture:
    """Invert: 1 − in; `clamp` keeps the result in [0, 1]. Other arguments as for `grade`."""

    def change(name: str, values: Channel) -> Channel:
        inverted: Channel = np.float32(1) - values
        return np.clip(inverted, 0, 1) if clamp else inverted

    return adjust(picture, channels, change, Mixing(mix, mask, mask_channel, invert_mask))


def _adjusted(picture: Picture, channels: Channels, change: Change, mixing: Mixing, unpremult: str) -> Picture:
    """The change, between a division and a multiplication where a channel for that is named."""
    if unpremult == "none":
        return adjust(picture, channels, change, mixing)
    return adjust(picture, channels, _around(picture, unpremult, change), mixing, keeps_black=True)


def _around(picture: Picture, alpha: str, change: Change) -> Change:
    """The change between a division by a channel, over the picture's bbox, and a multiplication with it."""
    factor = picture.channel(alpha)

    def around(name: str, values: Channel) -> Channel:
        changed: Channel = values if name == alpha else change(name, divided(values, factor)) * factor
        return changed

    return around
