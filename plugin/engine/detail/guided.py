"""An alpha of the model's size at the plate's size, with its edges where the plate's edges are.

Bilinear enlargement leaves an edge as wide as a pixel of the model. But near an edge the alpha is nearly an affine function
of the plate's colour; that function can be read off at the model's size, where both are known, and used at the plate's:

    model's size   in each window: alpha ≈ a·colour + const, by least squares
    plate's size   alpha = up(a)·colour + up(alpha − a·colour at the model's size)

Sources: He, Sun, Tang: Guided Image Filtering, PAMI 2013; He, Sun: Fast Guided Filter, arXiv 1505.00996, 2015. Three things
differ from them. The second line passes through the model's own alpha at its own pixels instead of through the window's
mean of the fit: nothing is blurred. A slope counts by how much of the alpha's variance in the window it explains, so solid
areas, and areas where colour says nothing about the alpha, take no texture from the plate. And the result stays between
the extremes of the alpha within `REACH` pixels of the model: where the alpha is flat, it stays flat. Colour separates a
subject from what is behind it better than luminance alone; a grey plate has one channel.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.errors import UsageError
from .tiles import TILE, Span, check_tile, spans

RADIUS = 4  # of the windows, in pixels of the model
EPSILON = 2e-4  # squared noise of the guide that is not taken for signal
SLIGHT = 3e-3  # variance of an alpha below which it is taken for flat: a deviation of about 0.05
REACH = 2  # pixels of the model


@torch.inference_mode()
def guided_upsample(
    alpha: Tensor, guide: Tensor, *, radius: int = RADIUS, epsilon: float = EPSILON, tile: int = TILE
) -> Tensor:
    """Enlarges an alpha; each frame by itself, and the same whatever the tile.

    Args:
        alpha: [1,1,h,w] floating point in [0,1], at the model's size without its padding.
        guide: [1,C,H,W] floating point in [0,1], display-referred, the processed area at the plate's size, on the alpha's
            device; C is 3, or 1 for luminance. Half precision halves its memory.
        radius: of the windows in which the fit is made, in pixels of the model.
        epsilon: of the fit, in squared values of the guide: larger takes less of the plate's detail and grain.
        tile: edge of the pieces in which the plate's size is done, in pixels; even.

    Returns:
        [1,1,H,W] float32 in [0,1]. A guide that is not larger than the alpha adds nothing: there it is a plain resize.

    Raises:
        UsageError: other shapes, or an odd tile.
    """
    _check(alpha, guide)
    check_tile(tile)
    alpha = alpha.to(torch.float32)
    small, large = alpha.shape[-2:], guide.shape[-2:]
    if large[0] <= small[0] and large[1] <= small[1]:
        if large == small:
            return alpha.clamp(0.0, 1.0)
        return F.interpolate(alpha, large, mode="bilinear", antialias=True, align_corners=False).clamp(0.0, 1.0)

    # 1. at the model's size: slopes, what they leave, and the bounds
    reduced = _reduced(guide, small)
    slopes = _slopes(alpha, reduced, radius, epsilon)  # [1,C,h,w]
    rest = alpha - (slopes * reduced).sum(1, keepdim=True)
    edge = 2 * REACH + 1
    high = F.max_pool2d(alpha, edge, 1, REACH)
    low = -F.max_pool2d(-alpha, edge, 1, REACH)
    planes = torch.cat((slopes, rest, low, high), 1)  # [1,C+3,h,w]

    # 2. at the plate's size, tile by tile: a tile's columns first, then its rows
    result = alpha.new_empty(1, 1, *large)
    for columns in spans(large[1], tile):
        wide = _enlarged(planes.mT.contiguous(), large[1], columns).mT.contiguous()  # [1,C+3,h,tile]
        for rows in spans(large[0], tile):
            here = _enlarged(wide, large[0], rows)  # [1,C+3,tile,tile]
            place = (..., slice(rows.start, rows.stop), slice(columns.start, columns.stop))
            slope, (offset, floor, ceiling) = here[:, :-3], here[:, -3:].split(1, 1)
            fitted = (slope * guide[place].to(torch.float32)).sum(1, keepdim=True) + offset
            result[place] = torch.minimum(torch.maximum(fitted, floor), ceiling).clamp(0.0, 1.0)
    return result


def _check(alpha: Tensor, guide: Tensor) -> None:
    if alpha.dim() != 4 or tuple(alpha.shape[:2]) != (1, 1):
        raise UsageError(f"The alpha to enlarge is [1,1,h,w], not {list(alpha.shape)}.")
    if guide.dim() != 4 or guide.shape[0] != 1 or guide.shape[1] not in (1, 3):
        raise UsageError(f"The guide is [1,1,H,W] or [1,3,H,W], not {list(guide.shape)}.")


def _reduced(guide: Tensor, size: torch.Size) -> Tensor:
    """The guide as the model saw it; a channel at a time, so that a guide of half precision is never whole in float32."""
    channels = [
        F.interpolate(channel.to(torch.float32), size, mode="bilinear", antialias=True, align_corners=False)
        for channel in guide.split(1, 1)
    ]
    return torch.cat(channels, 1)


def _slopes(alpha: Tensor, guide: Tensor, radius: int, epsilon: float) -> Tensor:
    """Slopes of the fit [1,C,h,w] in each pixel's window, weighted by what they explain."""
    channels = guide.split(1, 1)
    mean_alpha = _window_mean(alpha, radius)
    means = [_window_mean(one, radius) for one in channels]
    shared = [_window_mean(one * alpha, radius) - mean * mean_alpha for one, mean in zip(channels, means)]
    count = len(channels)
    covariance = [
        [
            # the matrix is symmetric: what lies below its diagonal is not looked at
            _window_mean(channels[i] * channels[j], radius) - means[i] * means[j] + (epsilon if i == j else 0.0)
            for j in range(i, count)
        ]
        for i in range(count)
    ]
    slopes = _solve(covariance, shared)
    explained = sum((slope * one for slope, one in zip(slopes, shared)), torch.zeros_like(alpha))
    variance = _window_mean(alpha * alpha, radius) - mean_alpha * mean_alpha
    weight = (explained.clamp(min=0.0) / (variance.clamp(min=0.0) + SLIGHT)).clamp(max=1.0)
    return torch.cat(slopes, 1) * weight


def _window_mean(picture: Tensor, radius: int) -> Tensor:
    """Mean over a square window, at the border over what there is of it."""
    edge = 2 * radius + 1
    across = F.avg_pool2d(picture, (1, edge), 1, (0, radius), count_include_pad=False)
    return F.avg_pool2d(across, (edge, 1), 1, (radius, 0), count_include_pad=False)


def _solve(upper: list[list[Tensor]], right: list[Tensor]) -> list[Tensor]:
    """Solves a symmetric positive definite system in every pixel, by elimination; such a one needs no pivots.

    Args:
        upper: rows of the upper triangle, each from its diagonal on.
        right: the right side.
    """
    rows, right = [list(row) for row in upper], list(right)
    count = len(rows)
    for i in range(count):
        for j in range(i + 1, count):
            factor = rows[i][j - i] / rows[i][0]
            right[j] = right[j] - factor * right[i]
            for k in range(j, count):
                rows[j][k - j] = rows[j][k - j] - factor * rows[i][k - i]
    found: list[Tensor] = []
    for i in reversed(range(count)):
        known = right[i]
        for entry, value in zip(rows[i][1:], found):
            known = known - entry * value
        found.insert(0, known / rows[i][0])
    return found


def _enlarged(planes: Tensor, large: int, span: Span) -> Tensor:
    """Some of the rows of the planes at a height of `large`: bilinear, half-pixel centres, held at the border.

    Rows, since picking columns out of rows costs ten times as much. The places are exact, in integers, so that a row is
    the same from whichever tile it is asked for.
    """
    small = planes.shape[-2]
    pixel = torch.arange(span.start, span.stop, device=planes.device)
    place = ((2 * pixel + 1) * small - large).clamp(min=0)  # in units of 1/(2·large) of a row
    first = (place // (2 * large)).clamp(max=small - 1)
    share = (place - first * (2 * large)).to(torch.float32) / (2 * large)
    above = planes.index_select(-2, first)
    below = planes.index_select(-2, (first + 1).clamp(max=small - 1))
    return above + (below - above) * share[:, None]
