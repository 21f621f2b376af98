"""From a decoded frame to RGB: the matrix and range of the stream, its precision, its rotation.

Nothing else is done to the colours: a video's values stay display-referred as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

BT2020 = getattr(Colorspace, "BT2020", 9)  # PyAV 17 has no name for it, but takes the number
# AVColorSpace as frames carry it → the matrix that swscale knows. 2 means unspecified, 0 that the values are RGB.
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: BT2020,
    10: BT2020,
}
_HD_LINES = 720
# Rounded exactly, with chroma interpolated to full width: the same pixels on every processor.
# As numbers of libswscale (bilinear, accurate_rnd, full_chroma_int, full_chroma_inp, bitexact): PyAV 17, the last for
# Python 3.10, has no names for them.
_SCALER = 0x2 | 0x40000 | 0x2000 | 0x4000 | 0x80000


def to_rgb(frame: VideoFrame) -> npt.NDArray[Any]:
    """[h, w, 3] uint8 for 8-bit video, uint16 over its whole range for more bits; upright.

    Where the stream names no matrix, BT.709 is taken from 720 lines on and BT.601 below; where it names no range,
    limited (16–235), as players do.
    """
    bits = bit_depth(frame)
    matrix = _MATRICES.get(int(frame.colorspace), Colorspace.ITU709 if frame.height >= _HD_LINES else Colorspace.ITU601)
    source_range = int(frame.color_range)
    if source_range == ColorRange.UNSPECIFIED:
        source_range = ColorRange.JPEG if frame.format.is_rgb or frame.format.name.startswith("yuvj") else ColorRange.MPEG
    converted = frame.reformat(
        format="rgb48le" if bits > 8 else "rgb24",
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=source_range,
        dst_color_range=ColorRange.JPEG,
        interpolation=_SCALER,
    )
    pixels: npt.NDArray[Any] = converted.to_ndarray()  # [h,w,3]
    if bits > 8 and not frame.format.is_rgb:
        _spread(pixels, 8 if source_range == ColorRange.MPEG and len(frame.format.components) > 1 else bits)
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns(frame)))


def bit_depth(frame: VideoFrame) -> int:
    """Bits of the deepest component."""
    return max(component.bits for component in frame.format.components)


def _spread(pixels: npt.NDArray[np.uint16], shift: int) -> None:
    """Stretches uint16 to its whole range, in place, by repeating the high bits in the low ones.

    swscale only shifts on the way to 16 bits: 10-bit white comes out as 65472 (0xFFC0), and white of limited range as
    65280 (0xFF00) whatever the depth. `shift` is where the zeros begin: 10 and 8 in these two cases.
    """
    np.minimum(pixels, 0xFFFF - (0xFFFF >> shift), out=pixels)
    pixels += pixels >> shift


def quarter_turns(frame: VideoFrame) -> int:
    """How often the picture must be turned by 90° counterclockwise to stand upright; other angles are left alone."""
    return frame.rotation // 90 % 4 if frame.rotation % 90 == 0 else 0
