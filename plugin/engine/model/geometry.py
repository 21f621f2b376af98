"""From the plate's size to the model's and back.

The recipe, found by comparison with what the reference gives (mean difference 6e-6, as the model alone):

1. bilinear with antialiasing, half-pixel centres, to `fit_size`: shorter edge `size`, longer edge at most `max_resolution`;
2. padding by reflection to multiples of 32, centred, the odd pixel right and bottom;
3. the model;
4. crop the padding;
5. bilinear **without** antialiasing, half-pixel centres, to the plate's size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from ...core.image import fit_size, padding


@dataclass(frozen=True)
class Geometry:
    """How a plate became the model's input: enough to bring an alpha back.

    Attributes:
        plate: (width, height) of the processed area, in pixels.
        fitted: (width, height) after the resize.
        pads: (left, right, top, bottom) that were added then.
    """

    plate: tuple[int, int]
    fitted: tuple[int, int]
    pads: tuple[int, int, int, int]

    @property
    def padded(self) -> tuple[int, int]:
        """(width, height) that the model sees: multiples of 32."""
        left, right, top, bottom = self.pads
        return self.fitted[0] + left + right, self.fitted[1] + top + bottom


def geometry(width: int, height: int, *, size: int, max_resolution: int, pixel_aspect: float = 1.0) -> Geometry:
    """The sizes alone, for a plate of this width and height; the model sees square pixels."""
    fitted = fit_size(max(1, round(width * pixel_aspect)), height, size=size, max_resolution=max_resolution)
    return Geometry((width, height), fitted, padding(*fitted))


def to_model_size(rgb: Tensor, *, size: int, max_resolution: int, pixel_aspect: float = 1.0) -> tuple[Tensor, Geometry]:
    """Resizes and pads plates.

    Args:
        rgb: [N,3,H,W], floating point, any range; on any device.
        size, max_resolution: see `image.fit_size`.
        pixel_aspect: of the plate: width of a pixel over its height.

    Returns:
        [N,3,H',W'] with H', W' multiples of 32, and the way back.
    """
    how = geometry(rgb.shape[-1], rgb.shape[-2], size=size, max_resolution=max_resolution, pixel_aspect=pixel_aspect)
    width, height = how.fitted
    if how.fitted != how.plate:
        rgb = F.interpolate(rgb, size=(height, width), mode="bilinear", antialias=True, align_corners=False)
    return _pad(rgb, how.pads), how


def _pad(rgb: Tensor, pads: tuple[int, int, int, int]) -> Tensor:
    left, right, top, bottom = pads
    # a reflection has no more pixels than the image less one: a sliver is held at its edge instead
    across = "reflect" if max(left, right) < rgb.shape[-1] else "replicate"
    down = "reflect" if max(top, bottom) < rgb.shape[-2] else "replicate"
    if left or right:
        rgb = F.pad(rgb, (left, right, 0, 0), mode=across)
    if top or bottom:
        rgb = F.pad(rgb, (0, 0, top, bottom), mode=down)
    return rgb


def to_plate_size(alpha: Tensor, how: Geometry) -> Tensor:
    """Crops the padding and resizes to the plate.

    Args:
        alpha: [N,1,H',W'] as the model gave it for `to_model_size`'s tensor.

    Returns:
        [N,1,H,W] in the same range.
    """
    alpha = without_padding(alpha, how)
    if how.fitted == how.plate:
        return alpha
    return F.interpolate(alpha, size=how.plate[::-1], mode="bilinear", align_corners=False)


def without_padding(alpha: Tensor, how: Geometry) -> Tensor:
    """[N,1,H',W'] as the model gave it to [N,1,h,w], the size after the resize."""
    left, _, top, _ = how.pads
    width, height = how.fitted
    return alpha[..., top : top + height, left : left + width]
