"""A classic key, the measure for the built-in model: what a compositor gets from a keyer with a clean plate, untouched.

    border of the frames ─▶ its median: a green or blue screen, or something else
    screen      colour difference (Vlahos): how far its channel exceeds the larger of the others, over what it exceeds there
                where nothing stands in front
    else        distance in Cb, Cr and, less, in Y from what would be there if nothing stood in front
    both        "what would be there": a polynomial over the frame, fitted to the pixels that look like the border
                levels: from the two classes that Otsu's threshold (1979) makes of the clip's values

Everything is found from the clip itself, for the clip as a whole: no truth, no hand-set value for any clip. A plate has no
more than a subject and a smooth background as far as this key can know; where the background has a pattern it must fail.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gvm_matte.images.curves import srgb_to_linear

Array = npt.NDArray[np.float32]
BORDER = 0.04  # of the height, at the top and both sides; subjects stand at the bottom
DOMINANT = 1.2  # by this factor a screen's channel exceeds the others
LUMINANCE = 0.5  # weight of Y beside Cb and Cr: light is uneven, hue is not
STEP = 4  # every so many pixels and frames are looked at for a fit
ROUNDS = 4
EMPTY = 0.02  # a clip's values span less than this: nothing stands in front


def classic_key(plate: npt.NDArray[np.uint8]) -> Array:
    """The key of a clip.

    Args:
        plate: [F,H,W,3], sRGB-encoded.

    Returns:
        [F,H,W] alpha in [0,1].
    """
    median = np.median(_linear(plate[::STEP])[:, _border(plate.shape[1:3])].reshape(-1, 3), axis=0)
    channel = 1 + int(median[2] > median[1])
    others = [index for index in range(3) if index != channel]
    if median[channel] > DOMINANT * median[others].max():
        raw = _colour_difference(plate, channel, others)
    else:
        raw = _colour_distance(plate)
    return levelled(raw)


def _colour_difference(plate: npt.NDArray[np.uint8], channel: int, others: list[int]) -> Array:
    """1 − how much of the screen's light is there: [F,H,W] in [0,1]."""
    linear = _linear(plate)
    excess = linear[..., channel] - linear[..., others].max(-1)  # [F,H,W]
    clean = _clean_plate(excess[..., None], degree=4)[..., 0]
    found: Array = (1 - np.clip(excess / np.maximum(clean, 0.25 * clean.max()), 0, 1)).astype(np.float32)
    return found


def _colour_distance(plate: npt.NDArray[np.uint8]) -> Array:
    """Distance from the clean plate: [F,H,W], 0 and up."""
    rgb = plate.astype(np.float32) / 255
    luma = rgb @ np.array((0.2126, 0.7152, 0.0722), np.float32)
    ycc = np.stack([LUMINANCE * luma, (rgb[..., 2] - luma) / 1.8556, (rgb[..., 0] - luma) / 1.5748], -1).astype(np.float32)
    distance: Array = np.sqrt(((ycc - _clean_plate(ycc, degree=2)) ** 2).sum(-1))
    return distance


def _clean_plate(values: Array, *, degree: int) -> Array:
    """What would be there if nothing stood in front, as far as it changes smoothly over the frame and not over time.

    Args:
        values: [F,H,W,C].
        degree: of the polynomial in x and y.

    Returns:
        [H,W,C].
    """
    height, width = values.shape[1:3]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width * 2 - 1, y / height * 2 - 1
    terms = np.stack([x**i * y**j for i in range(degree + 1) for j in range(degree + 1 - i)], -1)  # [H,W,T]
    few = (slice(None, None, STEP), slice(None, None, STEP))
    border = np.broadcast_to(_border((height, width))[few], values[::STEP, ::STEP, ::STEP, 0].shape)
    samples = values[::STEP, ::STEP, ::STEP]  # [f,h,w,C]
    rows = np.broadcast_to(terms[few], (*samples.shape[:3], terms.shape[-1]))
    middle = np.median(samples[border], axis=0)
    away = np.sqrt(((samples - middle) ** 2).sum(-1))
    # wide at first: light falls off; then twice as far as nine in ten pixels of the border lie from the fit
    keep = away <= max(2.5 * float(np.percentile(away[border], 90)), 0.02)
    fit = np.zeros((terms.shape[-1], values.shape[-1]), np.float32)
    for _ in range(ROUNDS):
        fit = np.linalg.lstsq(rows[keep].astype(np.float64), samples[keep].astype(np.float64), rcond=1e-6)[0]
        away = np.sqrt(((samples - rows @ fit) ** 2).sum(-1))
        keep = away <= max(2.0 * float(np.percentile(away[border], 90)), 0.01)
    found: Array = (terms @ fit).astype(np.float32)
    return found


def levelled(raw: Array) -> Array:
    """Black and white point, once for the clip: [F,H,W] of any range, 0 where nothing stands in front, to [0,1]."""
    top = float(np.percentile(raw, 99.5))
    if top < EMPTY:
        return np.zeros_like(raw)
    threshold = otsu(np.clip(raw[::2, ::2, ::2] / top, 0, 1)) * top
    behind, front = raw[raw < threshold], raw[raw >= threshold]
    # most of what is behind: a share of what is thin and soft is lost with its noise, which costs less than the noise does
    black = min(float(np.percentile(behind, 95)), 0.9 * threshold)
    white = max(float(np.percentile(front, 25)), black + 0.1 * top)
    found: Array = np.clip((raw - black) / (white - black), 0, 1).astype(np.float32)
    return found


def otsu(values: Any) -> float:
    """The threshold in [0,1] between two classes whose variance is as small as can be."""
    counts, edges = np.histogram(values, 256, (0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts).astype(np.float64)
    sums = np.cumsum(counts * centres)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1 + int(np.nan_to_num(between).argmax())])


def _linear(plate: npt.NDArray[np.uint8]) -> Array:
    found: Array = srgb_to_linear(np.arange(256, dtype=np.float32) / 255)[plate]
    return found


def _border(size: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """[H,W]: the frame's edge but for its bottom."""
    height, width = size
    wide = max(1, round(BORDER * height))
    mask = np.zeros((height, width), np.bool_)
    mask[:wide], mask[:, :wide], mask[:, -wide:] = True, True, True
    return mask
