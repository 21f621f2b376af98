"""Merge2: two pictures into one, B behind A.

Capitals are channels, small letters the alphas of their pictures. The formulas are those of Nuke's guide ("Merge
Operations"); inputs are premultiplied, but for `matte`.
"""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ...core.errors import ParamError
from .boxes import chosen
from .layers import ALPHA, Channels, position, select
from .mixing import Mixing, blend
from .picture import Channel, Picture, ieee

_Formula = Callable[[Channel, Channel, Channel, Channel], Channel]
_ONE = np.float32(1)


def _divide(top: Channel, bottom: Channel) -> Channel:
    """0 where the divisor is 0, or both are below 0."""
    quotient = np.zeros(top.shape, np.float32)
    np.divide(top, bottom, out=quotient, where=(bottom != 0) & ~((top < 0) & (bottom < 0)))
    return quotient


def _screen(top: Channel, bottom: Channel) -> Channel:
    within = (top <= 1) & (bottom <= 1)
    return np.where(within, top + bottom - top * bottom, np.maximum(top, bottom))


def _multiply(top: Channel, bottom: Channel) -> Channel:
    return np.where((top < 0) & (bottom < 0), np.float32(0), top * bottom)


OPERATIONS: Mapping[str, _Formula] = {
    "atop": lambda A, B, a, b: A * b + B * (_ONE - a),
    "average": lambda A, B, a, b: (A + B) / np.float32(2),
    "copy": lambda A, B, a, b: A,
    "difference": lambda A, B, a, b: np.abs(A - B),
    "divide": lambda A, B, a, b: _divide(A, B),
    "exclusion": lambda A, B, a, b: A + B - np.float32(2) * A * B,
    "from": lambda A, B, a, b: B - A,
    "hypot": lambda A, B, a, b: np.hypot(A, B),
    "in": lambda A, B, a, b: A * b,
    "mask": lambda A, B, a, b: B * a,
    "matte": lambda A, B, a, b: A * a + B * (_ONE - a),
    "max": lambda A, B, a, b: np.maximum(A, B),
    "min": lambda A, B, a, b: np.minimum(A, B),
    "minus": lambda A, B, a, b: A - B,
    "multiply": lambda A, B, a, b: _multiply(A, B),
    "out": lambda A, B, a, b: A * (_ONE - b),
    "over": lambda A, B, a, b: A + B * (_ONE - a),
    "plus": lambda A, B, a, b: A + B,
    "screen": lambda A, B, a, b: _screen(A, B),
    "stencil": lambda A, B, a, b: B * (_ONE - a),
    "under": lambda A, B, a, b: A * (_ONE - b) + B,
    "xor": lambda A, B, a, b: A * (_ONE - b) + B * (_ONE - a),
}


@ieee
def merge(
    a: Picture,
    b: Picture,
    *,
    mask: Optional[Picture] = None,
    operation: str = "over",
    mix: float = 1.0,
    also_merge: Channels = "none",
    bbox: str = "union",
    mask_channel: str = ALPHA,
    invert_mask: bool = False,
    a_channels: Channels = "rgba",
    b_channels: Channels = "rgba",
    output: Channels = "rgba",
) -> Picture:
    """Merge2. The format and the metadata are B's; channels that are not merged are B's as they are.

    Args:
        a, b: the inputs; several A inputs are several calls, A1 first.
        mask: limits the merge to where its `mask_channel` is not black; B shows elsewhere.
        operation: one of `OPERATIONS`.
        mix: 0 gives B, 1 the merge.
        also_merge: further channels, each merged with its namesake.
        bbox: the output's: union, intersection, A or B.
        mask_channel, invert_mask: of the mask.
        a_channels, b_channels, output: what takes the part of red, green, blue and alpha on each side; black where a
            side lacks one. The alphas of the formulas are the fourth of each side.

    Raises:
        ParamError: operation or bbox.
    """
    if operation not in OPERATIONS:
        raise ParamError(
            f'Merge has no operation "{operation}" here; choose {", ".join(sorted(OPERATIONS))}.', name="operation"
        )
    formula = OPERATIONS[operation]
    box = chosen(bbox, a.bbox, b.bbox)
    names = tuple(dict.fromkeys((*b.channels, *a.channels)))
    pairs = _pairs(a_channels, b_channels, output, names)
    pairs += [(name, name, name) for name in select(also_merge, names) if name not in {pair[2] for pair in pairs}]
    a_alpha = a.channel(_alpha(a_channels, a.channels), box)
    b_alpha = b.channel(_alpha(b_channels, b.channels), box)
    weight = Mixing(mix, mask, mask_channel, invert_mask).weight(box)
    merged: Dict[str, Channel] = {}
    for a_name, b_name, name in pairs:
        behind = b.channel(b_name, box)
        merged[name] = blend(behind, formula(a.channel(a_name, box), behind, a_alpha, b_alpha), weight)
    return b.with_channels(merged, bbox=box)


def _pairs(
    a_channels: Channels, b_channels: Channels, output: Channels, names: Sequence[str]
) -> List[Tuple[str, str, str]]:
    """(A's channel, B's channel, result's channel) by their places in red, green, blue, alpha; "" is black."""
    sides = [{position(name): name for name in select(side, names)} for side in (a_channels, b_channels, output)]
    return [(sides[0].get(place, ""), sides[1].get(place, ""), name) for place, name in sides[2].items()]


def _alpha(side: Channels, names: Mapping[str, Channel]) -> str:
    """The alpha among a side's channels: the main layer's where they name none of their own."""
    own = [name for name in select(side, names) if position(name) == 3]
    return own[0] if own else ALPHA
