"""Operations on whole channels: Copy, Shuffle, ShuffleCopy, Premult, Unpremult."""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Sequence, Tuple

import numpy as np

from ...core.errors import ParamError
from .boxes import BBox, chosen
from .layers import ALPHA, Channels, select
from .mixing import Mixing, blend
from .picture import Channel, Picture, ieee, solid

_CONSTANTS = {"black": 0.0, "white": 1.0}


def copy(
    a: Picture,
    b: Picture,
    *,
    pairs: Sequence[Tuple[str, str]],
    bbox: str = "union",
    mask: Optional[Picture] = None,
    mask_channel: str = ALPHA,
    invert_mask: bool = False,
    mix: float = 1.0,
) -> Picture:
    """Copy: channels of A into B, the others B's as they are; format and metadata are B's.

    Args:
        pairs: (from A's, to B's), in order; a later pair wins. `none` on either side skips the pair.
        bbox: the output's: union, intersection, A or B.
        mask, mask_channel, invert_mask, mix: how much of the copy there is; B's channel shows through.

    Raises:
        ParamError: bbox.
    """
    box = chosen(bbox, a.bbox, b.bbox)
    weight = Mixing(mix, mask, mask_channel, invert_mask).weight(box)
    copied = {
        target: blend(b.channel(target, box), a.channel(source, box), weight)
        for source, target in pairs
        if "none" not in (source, target)
    }
    return b.with_channels(copied, bbox=box)


def shuffle(picture: Picture, *, mapping: Mapping[str, str]) -> Picture:
    """Shuffle and Shuffle2: channels from other channels of the same picture.

    Args:
        mapping: out channel → in channel, `black` or `white`. A channel that is not named passes through; one that the
            picture does not have is black.

    Raises:
        ParamError: an out channel without a layer.
    """
    shuffled = {out: _source(picture, source, picture.bbox) for out, source in _checked(mapping).items()}
    return picture.with_channels(shuffled)


def shuffle_copy(
    a: Picture, b: Picture, *, from_a: Mapping[str, str], from_b: Optional[Mapping[str, str]] = None, bbox: str = "union"
) -> Picture:
    """ShuffleCopy, and Shuffle2 with two inputs: channels from both, into B.

    Args:
        from_a, from_b: out channel → channel of that input, `black` or `white`; A wins. Channels of B that neither names
            pass through.
        bbox: the output's: union, intersection, A or B.

    Raises:
        ParamError: bbox, or an out channel without a layer.
    """
    box = chosen(bbox, a.bbox, b.bbox)
    shuffled = {out: _source(b, source, box) for out, source in _checked(from_b or {}).items()}
    shuffled.update({out: _source(a, source, box) for out, source in _checked(from_a).items()})
    return b.with_channels(shuffled, bbox=box)


@ieee
def premult(picture: Picture, *, channels: Channels = "rgb", alpha: str = ALPHA, invert: bool = False) -> Picture:
    """Premult: channels times the alpha (1 − alpha with `invert`); the alpha itself is left alone.

    Args:
        alpha: a channel that the picture does not have is black; `none` changes nothing.
    """
    if alpha == "none":
        return picture
    factor = _factor(picture, alpha, invert)
    return picture.with_channels({name: picture.channels[name] * factor for name in _but(picture, channels, alpha)})


def unpremult(picture: Picture, *, channels: Channels = "rgb", alpha: str = ALPHA, invert: bool = False) -> Picture:
    """Unpremult: channels divided by the alpha; a pixel whose alpha is 0 stays as it is, as in Nuke.

    Args:
        alpha: as for `premult`; where the picture does not have it, nothing changes.
    """
    if alpha == "none":
        return picture
    factor = _factor(picture, alpha, invert)
    return picture.with_channels({name: divided(picture.channels[name], factor) for name in _but(picture, channels, alpha)})


@ieee
def divided(values: Channel, alpha: Channel) -> Channel:
    """values / alpha, and `values` where the alpha is 0; all [h, w]."""
    result: Channel = values.copy()
    np.divide(values, alpha, out=result, where=alpha != 0)
    return result


def _but(picture: Picture, channels: Channels, alpha: str) -> Tuple[str, ...]:
    return tuple(name for name in select(channels, picture.channels) if name != alpha)


def _factor(picture: Picture, alpha: str, invert: bool) -> Channel:
    values = picture.channel(alpha)
    inverted: Channel = np.float32(1) - values if invert else values
    return inverted


def _source(picture: Picture, source: str, box: BBox) -> Channel:
    return solid(box, _CONSTANTS[source]) if source in _CONSTANTS else picture.channel(source, box)


def _checked(mapping: Mapping[str, str]) -> Dict[str, str]:
    for out in mapping:
        if "." not in out:
            raise ParamError(f'A shuffle cannot write to "{out}"; name layer and channel, as in rgba.alpha.', name=out)
    return dict(mapping)
