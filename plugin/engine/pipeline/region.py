"""The region of interest: what of a plate goes to the model, and where its alpha may be other than 0.

    area    the matte's data window: the processed area, or what all regions of the shot cover of it
    box     one frame's region: outside it alpha is 0
    crop    the box with a margin of context: what the model sees; of one size over the shot, whose frames are one tensor

The margin keeps the model's border effects outside the box, and a short ramp inside the box keeps a haze that the model
may leave there from ending in a line. Where the box ends with the processed area there is no ramp: the subject goes on.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import torch
from torch import Tensor

from ...core.errors import ParamError
from ...core.image import Box
from ...images.placing import inside
from ...params.keys import ShotParams, box_numbers

MARGIN = 1 / 16  # of the region's longer edge
RAMP = 1 / 256  # of the processed area's shorter edge


class Region:
    """The region of a job; without `roi` it is the whole processed area.

    Args:
        display: the plates' display window, to whose bottom left corner `roi` refers.
        processed: the display window, or the union of the data windows.

    Raises:
        ParamError: no region of the shot touches the processed area.
    """

    def __init__(self, params: ShotParams, *, display: Box, processed: Box) -> None:
        self._params, self._display, self._processed = params, display, processed
        self.area = processed
        self.is_whole = not params.base.roi
        self._crop_width, self._crop_height = processed.width, processed.height
        if self.is_whole:
            return
        keyed = params.keys.get("roi")
        boxes = [self._asked(text) for text in (keyed.values if keyed else (params.base.roi,))]
        touching = [box.intersection(processed) for box in boxes if box.overlaps(processed)]
        if not touching:
            raise ParamError(
                f"The region {params.base.roi} lies outside the picture: the processed area is {processed}, the display "
                f"window {display}. Coordinates count from the bottom left of the display window.",
                name="roi",
            )
        self.area = reduce(Box.union, touching)
        spare = 1 if keyed else 0  # a box between two keys is rounded out to pixels
        width = max(box.width for box in boxes) + spare
        height = max(box.height for box in boxes) + spare
        margin = max(8, round(MARGIN * max(width, height)))
        self._crop_width = min(width + 2 * margin, processed.width)
        self._crop_height = min(height + 2 * margin, processed.height)

    def _asked(self, text: str) -> Box:
        x, y, r, t = box_numbers(text)
        return Box.from_nuke(x, y, r, t, display=self._display)

    @property
    def crop_size(self) -> tuple[int, int]:
        """(width, height) of what the model sees of every plate, in the plate's pixels."""
        return self._crop_width, self._crop_height

    def box(self, frame: int) -> Box | None:
        """Where the frame's alpha may be other than 0; None where the region is outside the picture."""
        if self.is_whole:
            return self.area
        box = self._asked(self._params.at(frame).roi)
        return box.intersection(self.area) if box.overlaps(self.area) else None

    def crop(self, frame: int) -> Box:
        """What the model sees: around the frame's box, moved into the processed area."""
        if self.is_whole:
            return self.area
        box, whole = self._asked(self._params.at(frame).roi), self._processed
        x = _moved_in((box.x0 + box.x1 - self._crop_width) // 2, self._crop_width, whole.x0, whole.x1)
        y = _moved_in((box.y0 + box.y1 - self._crop_height) // 2, self._crop_height, whole.y0, whole.y1)
        return Box(x, y, x + self._crop_width, y + self._crop_height)

    def place(self, alpha: Tensor, frame: int) -> Tensor:
        """An alpha [h,w] of the frame's crop as one of the area, 0 outside the frame's box."""
        if self.is_whole:
            return alpha
        whole = alpha.new_zeros(self.area.height, self.area.width)
        box, crop, area = self.box(frame), self.crop(frame), self.area
        if box is None or not box.overlaps(crop):
            return whole
        box = box.intersection(crop)
        kept = alpha[inside(box, crop)]
        length = max(2, round(RAMP * min(self._processed.width, self._processed.height)))
        down = self._ramp(box.y0, box.y1, self._processed.y0, self._processed.y1, length, alpha)
        across = self._ramp(box.x0, box.x1, self._processed.x0, self._processed.x1, length, alpha)
        whole[inside(box, area)] = kept * down[:, None] * across[None, :]
        return whole

    @staticmethod
    def _ramp(start: int, end: int, first: int, last: int, length: int, like: Tensor) -> Tensor:
        """1 but near those ends of a box that are not the processed area's."""
        steps = torch.arange(end - start, device=like.device, dtype=like.dtype) + 0.5
        ramp = torch.ones_like(steps)
        if start > first:
            ramp = torch.minimum(ramp, steps / length)
        if end < last:
            ramp = torch.minimum(ramp, steps.flip(0) / length)
        return ramp


def plane(part: Box, whole: Box) -> tuple[Any, slice, slice]:
    """The index of `part` in a tensor […,h,w] over `whole`, which holds it."""
    return (..., *inside(part, whole))


def over_area(x: Tensor, box: Box, area: Box) -> Tensor:
    """[…,h,w] of a box as that of the area, 0 where the box has nothing: `images.placing.placed` on the device."""
    if box == area:
        return x
    whole = x.new_zeros(*x.shape[:-2], area.height, area.width)
    if box.overlaps(area):
        both = box.intersection(area)
        whole[plane(both, area)] = x[plane(both, box)]
    return whole


def _moved_in(start: int, length: int, first: int, last: int) -> int:
    return max(first, min(start, last - length))
