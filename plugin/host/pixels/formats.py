"""What Reformat makes of sizes: how far an image is scaled, and which format "to box" and "scale" stand for."""

from __future__ import annotations

from typing import Tuple, Union

from ...core.errors import ParamError
from .picture import Format

RESIZE_TYPES = ("none", "width", "height", "fit", "fill", "distort")


def resize_factors(old: Format, new: Format, resize: str) -> Tuple[float, float]:
    """Factors for x and y. A pixel is as wide as its aspect, so factors that look equal differ by new aspect / old.

    Raises:
        ParamError: no such resize type.
    """
    if resize not in RESIZE_TYPES:
        raise ParamError(f'Reformat cannot resize by "{resize}"; choose {", ".join(RESIZE_TYPES)}.', name="resize")
    width, height = new.width / old.width, new.height / old.height
    if resize == "none":
        return 1.0, 1.0
    if resize == "distort":
        return width, height
    aspect = new.pixel_aspect / old.pixel_aspect
    by_width = resize == "width" or (resize == "fit" and width * aspect <= height)
    by_width = by_width or (resize == "fill" and width * aspect >= height)
    return (width, width * aspect) if by_width else (height / aspect, height)


def box_format(
    old: Format, *, width: int, height: int, fixed: bool = False, pixel_aspect: float = 1.0, resize: str = "width"
) -> Format:
    """The format of Reformat "to box".

    Args:
        width, height: of the box, in pixels, at least 1.
        fixed: the format is the box ("force this shape"); else the edge that `resize` does not set follows the image.
        pixel_aspect: of the new format.
        resize: as for `reformat`.

    Raises:
        ParamError: no such resize type.
        UsageError: the box is smaller than a pixel.
    """
    box = Format(width, height, pixel_aspect)
    factors = resize_factors(old, box, resize)
    if fixed or resize in ("none", "distort"):
        return box
    return Format(max(round(old.width * factors[0]), 1), max(round(old.height * factors[1]), 1), pixel_aspect)


def scaled_format(old: Format, scale: Union[float, Tuple[float, float]]) -> Format:
    """The format of Reformat "scale": the old one times a factor, or one for each edge, in whole pixels.

    Raises:
        ParamError: a factor that is not above 0.
    """
    factors = (scale, scale) if isinstance(scale, (int, float)) else (scale[0], scale[1])
    if not min(factors) > 0:
        raise ParamError(f"Reformat cannot scale by {min(factors)}; the factor is above 0.", name="scale")
    return Format(max(round(old.width * factors[0]), 1), max(round(old.height * factors[1]), 1), old.pixel_aspect)
