"""A movie's pictures in the form that its encoder takes: BT.709 in limited range, rounded, not truncated."""

from __future__ import annotations

from typing import Any, List, Tuple

import numpy as np
import numpy.typing as npt
from av import VideoFrame
from av.video.plane import VideoPlane

Image = npt.NDArray[np.floating[Any]]
Plane = npt.NDArray[Any]
KR, KB = 0.2126, 0.0722  # weights of red and blue in luma. Source: ITU-R BT.709-6, 3.2
_BT709, _LIMITED = 1, 1  # numbers of the ISO standard that names colours in files (23091-2)


def over_green(rgb: Image, alpha: Image) -> Image:
    """[h,w,3] over full green, on the values as they are."""
    over = rgb * alpha[..., None]
    over[..., 1] += 1 - alpha
    return over


def grey_frame(alpha: Image) -> VideoFrame:
    """yuv420p: luma alone, without a detour by RGB."""
    luma = even(_levels(alpha, 219, 16, np.uint8))
    height, width = luma.shape
    grey = np.full((height // 2, width // 2), 128, np.uint8)
    return _frame([luma, grey, grey], "yuv420p")


def rgb_frame(rgb: Image) -> VideoFrame:
    """yuv420p of [h,w,3] in [0, 1]: rounded once, where a way by 8-bit RGB would round twice."""
    luma, cb, cr = _luma_and_chroma(even(rgb))
    chroma = [_levels(_halved(plane), 224, 128, np.uint8, low=-0.5) for plane in (cb, cr)]
    return _frame([_levels(luma, 219, 16, np.uint8), *chroma], "yuv420p")


def straight_frame(rgb: Image, alpha: Image) -> VideoFrame:
    """yuva444p10le: limited range for the colours, the full one for the alpha."""
    luma, cb, cr = _luma_and_chroma(rgb)
    chroma = [_levels(plane, 896, 512, np.uint16, low=-0.5) for plane in (cb, cr)]
    return _frame([_levels(luma, 876, 64, np.uint16), *chroma, _levels(alpha, 1023, 0, np.uint16)], "yuva444p10le")


def _luma_and_chroma(rgb: Image) -> Tuple[Plane, Plane, Plane]:
    """Y in [0, 1], Cb and Cr in [-0.5, 0.5], each [h,w]."""
    r, g, b = (np.clip(rgb[..., index], 0, 1, dtype=np.float32) for index in range(3))
    luma = np.float32(KR) * r + np.float32(1 - KR - KB) * g + np.float32(KB) * b
    return luma, (b - luma) / np.float32(2 * (1 - KB)), (r - luma) / np.float32(2 * (1 - KR))


def _halved(chroma: Plane) -> Plane:
    """[h/2,w/2]: sited as H.264 takes it where nothing is said, at the left pixel of two and between two rows."""
    rows = chroma[0::2] + chroma[1::2]
    here, right = rows[:, 0::2], rows[:, 1::2]
    left = np.concatenate([here[:, :1], right[:, :-1]], axis=1)
    return (2 * here + left + right) / np.float32(8)


def even(image: Plane) -> Plane:
    """[h,w,…] with the last row and column repeated where their number is odd."""
    height, width = image.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return image
    return np.pad(image, ((0, height % 2), (0, width % 2), *((0, 0),) * (image.ndim - 2)), mode="edge")


def _levels(values: Image, scale: int, offset: int, kind: type, *, low: float = 0.0) -> Plane:
    """Code values: [low, low + 1] times scale plus offset, to the nearest."""
    levels: Plane = np.clip(values, low, low + 1, dtype=np.float32)
    levels *= np.float32(scale)
    levels += np.float32(offset + 0.5)
    return levels.astype(kind)


def _frame(planes: List[Plane], layout: str) -> VideoFrame:
    height, width = planes[0].shape
    frame = VideoFrame(width, height, layout)
    for plane, values in zip(frame.planes, planes):
        _fill(plane, values)
    return _tagged(frame)


def _fill(plane: VideoPlane, values: Plane) -> None:
    """Rows of a plane lie `line_size` bytes apart, and it may have more of them than the picture."""
    rows = np.frombuffer(memoryview(plane), values.dtype).reshape(-1, plane.line_size // values.itemsize)
    rows[: values.shape[0], : values.shape[1]] = values


def _tagged(frame: VideoFrame) -> VideoFrame:
    frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
    frame.color_range = _LIMITED
    return frame
