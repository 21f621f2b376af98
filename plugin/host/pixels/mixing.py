"""What every operation ends with: the mask, the mix, and the bbox of one that turns black into something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Optional, Union

import numpy as np
import numpy.typing as npt

from .boxes import BBox, union
from .layers import ALPHA, Channels, select
from .picture import Channel, Picture, ieee

Weight = Union[float, npt.NDArray[np.float32]]
Change = Callable[[str, Channel], Channel]
"""From a channel's name and values to new values of the same size."""


@dataclass(frozen=True, eq=False)
class Mixing:
    """How much of a node's result there is: 0 gives the input, 1 the result.

    Args:
        mix: the knob of that name, 0 to 1.
        mask: a picture whose `mask_channel` multiplies the mix; black outside its bbox.
        mask_channel: of the mask.
        invert_mask: takes 1 minus the mask.
    """

    mix: float = 1.0
    mask: Optional[Picture] = None
    mask_channel: str = ALPHA
    invert_mask: bool = False

    def weight(self, box: BBox) -> Weight:
        """One number, or [h, w] over the box."""
        if self.mask is None or self.mix == 0:
            return float(self.mix)
        values = self.mask.channel(self.mask_channel, box)
        if self.invert_mask:
            values = np.float32(1) - values
        weight: Channel = values if self.mix == 1 else values * np.float32(self.mix)
        return weight


@ieee
def blend(before: Channel, after: Channel, weight: Weight) -> Channel:
    """before·(1 − weight) + after·weight: exactly the one at 0 and the other at 1, also where a pixel is not finite."""
    if isinstance(weight, float):
        if weight in (0.0, 1.0):
            return after if weight else before
        faded: Channel = before * np.float32(1 - weight) + after * np.float32(weight)
        return faded
    mixed: Channel = before * (np.float32(1) - weight) + after * weight
    if not np.isfinite(mixed).all():
        mixed = np.where(weight == 0, before, np.where(weight == 1, after, mixed))
    return mixed


@ieee
def adjust(picture: Picture, channels: Channels, change: Change, mixing: Mixing, *, keeps_black: bool = False) -> Picture:
    """A colour operation, pixel by pixel: `change` on some channels, the others shared.

    Where it turns black into something else the bbox grows to hold the format: what lies outside a bbox is black too, and
    an inverted matte must be white there. `keeps_black` says that it does not, and that `change` wants the whole bbox.
    """
    chosen = select(channels, picture.channels)
    black = np.zeros((1, 1), np.float32)
    box = picture.bbox
    if not keeps_black and mixing.mix != 0 and any(change(name, black)[0, 0] != 0 for name in chosen):
        box = union(box, picture.format.box)
    weight = mixing.weight(box)
    changed: Dict[str, Channel] = {}
    for name in chosen:
        before = picture.channel(name, box)
        changed[name] = blend(before, change(name, before), weight)
    return picture.with_channels(changed, bbox=box)
