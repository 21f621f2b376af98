"""What changes where pixels lie: Crop, Reformat, Transform."""

from __future__ import annotations

import math
from typing import Optional, Sequence, Tuple, Union

import numpy as np

from ...core.errors import ParamError
from .boxes import EMPTY, BBox, intersection, is_empty, shape, shifted
from .formats import resize_factors
from .picture import Channel, Format, Picture, ieee
from .resample import Axis, resample
from .rotate import rotated, turn, turned_box


@ieee
def crop(
    picture: Picture,
    *,
    box: Sequence[float],
    reformat: bool = False,
    intersect: bool = False,
    crop: bool = True,
    softness: float = 0.0,
) -> Picture:
    """Crop: the bbox becomes the box, black inside it where the picture had none.

    Args:
        box: (x, y, r, t), rounded to whole pixels.
        reformat: the box becomes the format, its corner the new 0, 0.
        intersect: the bbox becomes what box and bbox share.
        crop: the box is cut to the format ("crop to format").
        softness: in pixels; the edges of the box fade to black over as many, inwards.

    Raises:
        ParamError: with `reformat`, a box without pixels.
    """
    x, y, r, t = (math.floor(value + 0.5) for value in box)
    window: BBox = (x, y, r, t)
    if reformat and is_empty(window):
        raise ParamError(f"The box {window} holds no pixel, so it cannot become the format.", name="box")
    kept = intersection(window, picture.format.box) if crop else window
    kept = intersection(kept, picture.bbox) if intersect else kept
    kept = EMPTY if is_empty(kept) else kept
    cropped = picture.with_channels({}, bbox=kept)
    if softness > 0 and not is_empty(kept):
        ramp = _fade(window, kept, softness)
        cropped = cropped.with_channels({name: values * ramp for name, values in cropped.channels.items()})
    if not reformat:
        return cropped
    format = Format(r - x, t - y, picture.format.pixel_aspect)
    moved = EMPTY if is_empty(kept) else shifted(kept, -x, -y)
    return Picture(format, moved, cropped.channels, picture.metadata)


def _fade(window: BBox, kept: BBox, softness: float) -> Channel:
    """[h, w] over `kept`: 0 at the window's edges, 1 from `softness` pixels inwards; corners are the product."""
    across = np.arange(kept[0], kept[2]) + 0.5
    down = np.arange(kept[3], kept[1], -1) - 0.5
    columns = np.minimum(across - window[0], window[2] - across) / softness
    rows = np.minimum(down - window[1], window[3] - down) / softness
    ramp: Channel = (np.clip(rows, 0, 1)[:, None] * np.clip(columns, 0, 1)[None, :]).astype(np.float32)
    return ramp


def reformat(
    picture: Picture,
    *,
    format: Format,
    resize: str = "width",
    center: bool = True,
    flip: bool = False,
    flop: bool = False,
    filter: str = "Cubic",
    black_outside: bool = False,
    pbb: bool = False,
) -> Picture:
    """Reformat, to a format. Pixel aspects count: `fit`, `fill`, `width` and `height` keep what is round, round.

    Args:
        resize: none (pixels stay), width, height, fit (all of it is seen), fill (all of the format is filled), distort.
        center: the image's centre goes to the format's; else its bottom left corner to the format's.
        flip, flop: upside down, left to right.
        filter: one of `resample.FILTERS` in any case, or Impulse.
        black_outside: black counts beyond the bbox's edge, which then fades; else the edge's pixels are repeated.
        pbb: preserve bounding box: the bbox may be larger than the format; else it is cut to it.

    Raises:
        ParamError: resize or filter.
    """
    old = picture.format
    scale_x, scale_y = resize_factors(old, format, resize)
    offset_x = (format.width - old.width * scale_x) / 2 if center else 0.0
    offset_y = (format.height - old.height * scale_y) / 2 if center else 0.0
    if resize == "none":  # whole pixels: an odd difference does not blur
        offset_x, offset_y = math.floor(offset_x), math.floor(offset_y)
    if flop:
        scale_x, offset_x = -scale_x, format.width - offset_x
    if flip:
        scale_y, offset_y = -scale_y, format.height - offset_y
    limit = None if pbb else format.box
    moved = _moved(picture, (scale_x, scale_y), (offset_x, offset_y), filter, black_outside, limit)
    return Picture(format, moved.bbox, moved.channels, picture.metadata)


def transform(
    picture: Picture,
    *,
    translate: Tuple[float, float] = (0.0, 0.0),
    scale: Union[float, Tuple[float, float]] = 1.0,
    center: Optional[Tuple[float, float]] = None,
    rotate: float = 0.0,
    filter: str = "Cubic",
    black_outside: bool = True,
) -> Picture:
    """Transform: scale and turn about the centre, then translate; the format stays.

    Args:
        translate: in pixels, right and up; fractions are filtered.
        scale: one factor, or x and y; not 0; below 0 mirrors.
        center: in pixels; the format's centre where it is left out.
        rotate: in degrees, to the left.
        filter: as for `reformat`.
        black_outside: as for `reformat`.

    Raises:
        ParamError: filter, or a scale of 0.
    """
    factors = (scale, scale) if isinstance(scale, (int, float)) else (scale[0], scale[1])
    if 0 in factors:
        raise ParamError("Transform cannot scale by 0; use a factor above or below it.", name="scale")
    pivot = (picture.format.width / 2, picture.format.height / 2) if center is None else center
    xx, xy, yx, yy = matrix = turn(rotate % 360, factors)
    offset = (
        translate[0] + pivot[0] - xx * pivot[0] - xy * pivot[1],
        translate[1] + pivot[1] - yx * pivot[0] - yy * pivot[1],
    )
    if rotate % 360 == 0:
        return _moved(picture, factors, offset, filter, black_outside, None)
    target = turned_box(picture.bbox, matrix, offset)
    if is_empty(picture.bbox) or not picture.channels:
        return picture
    turned = rotated(
        list(picture.channels.values()), picture.bbox, target,
        matrix=matrix, offset=offset, scale=factors, filter=filter, black_outside=black_outside,
    )  # fmt: skip
    return picture.with_channels(dict(zip(picture.channels, turned)), bbox=target)


def _moved(
    picture: Picture,
    scale: Tuple[float, float],
    offset: Tuple[float, float],
    filter: str,
    black_outside: bool,
    limit: Optional[BBox],
) -> Picture:
    """All channels at scale·position + offset, y up, over the moved bbox in whole pixels, cut to `limit`."""
    box = picture.bbox
    if is_empty(box):
        return picture
    target = _moved_box(box, scale, offset)
    if limit is not None:
        target = intersection(target, limit)
    columns = Axis(box[0], box[2], target[0], target[2], scale[0], offset[0])
    # Rows count down from the top: row n of a picture lies at -y.
    rows = Axis(-box[3], -box[1], -target[3], -target[1], scale[1], -offset[1])
    if columns.is_shift and rows.is_shift:
        there = Picture(picture.format, shifted(box, columns.shift, -rows.shift), picture.channels, picture.metadata)
        return there if target == there.bbox else there.with_channels({}, bbox=target)
    if is_empty(target):
        return picture.with_channels({}, bbox=EMPTY)
    resampled = {}
    for name, values in picture.channels.items():
        if values.strides == (0, 0) and not black_outside:  # one value all over stays one
            resampled[name] = np.broadcast_to(values[0, 0], shape(target))
        else:
            resampled[name] = resample(values, rows, columns, filter=filter, black_outside=black_outside)
    return Picture(picture.format, target, resampled, picture.metadata)


def _moved_box(box: BBox, scale: Tuple[float, float], offset: Tuple[float, float]) -> BBox:
    """The box's corners moved, rounded outwards; a hair's breadth of rounding error adds no pixel."""
    across = sorted(edge * scale[0] + offset[0] for edge in (box[0], box[2]))
    up = sorted(edge * scale[1] + offset[1] for edge in (box[1], box[3]))
    x, y = math.floor(across[0] + 1e-6), math.floor(up[0] + 1e-6)
    return x, y, math.ceil(across[1] - 1e-6), math.ceil(up[1] - 1e-6)
