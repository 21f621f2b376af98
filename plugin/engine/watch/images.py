"""Pictures for monitors: how large they are, and pixels as the rings hold them."""

from __future__ import annotations

import math
import sys
from typing import Any, Tuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Alpha = npt.NDArray[np.float32]


def picture_size(width: int, height: int, longest: int) -> Tuple[int, int]:
    """(width, height) whose longer edge is at most `longest` (0: no limit), never enlarged."""
    long = max(width, height)
    if longest <= 0 or long <= longest:
        return width, height
    return max(1, round(width * longest / long)), max(1, round(height * longest / long))


def within(width: int, height: int, pixels: int) -> Tuple[int, int]:
    """(width, height) reduced so that there are no more than `pixels` of them."""
    if width * height <= pixels:
        return width, height
    scale = math.sqrt(pixels / (width * height))
    height = max(1, min(int(height * scale), pixels))
    return max(1, min(int(width * scale), pixels // height)), height


def resized(pixels: npt.NDArray[Any], width: int, height: int) -> npt.NDArray[Any]:
    """[h,w] or [h,w,c], uint8 or float32, to another size: antialiased where it is reduced, bilinear where it grows."""
    if pixels.shape[:2] == (height, width):
        return pixels
    import OpenImageIO as oiio  # by now the worker has it; its libraries are not loaded for nothing

    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    image = oiio.ImageBuf(np.ascontiguousarray(planes))
    roi = oiio.ROI(0, width, 0, height, 0, 1, 0, planes.shape[2])
    found = oiio.ImageBufAlgo.resize(image, filtername="triangle", roi=roi)
    result = np.asarray(found.get_pixels(oiio.UINT8 if pixels.dtype == np.uint8 else oiio.FLOAT))
    return result[..., 0] if pixels.ndim == 2 else result


def put_plate(into: memoryview, plate: Bytes) -> None:
    """Writes [h,w,3] (or [h,w,1], grey) as RGBX rows."""
    height, width = plate.shape[:2]
    rows = np.frombuffer(into, np.uint8, height * width * 4).reshape(height, width, 4)
    if plate.shape[2] == 3 and plate.flags.c_contiguous and sys.byteorder == "little" and height * width > 1:
        # four bytes from each pixel's first, the fourth (the next pixel's red) made 255: a quarter of the time of copying
        # three of four bytes. The last pixel has no fourth byte.
        first = plate.reshape(-1)[:4].view(np.uint32)
        words = np.lib.stride_tricks.as_strided(first, (height * width - 1,), (3,), writeable=False)
        np.bitwise_or(words, np.uint32(0xFF000000), out=rows.view(np.uint32).reshape(-1)[:-1])
        rows[-1, -1, :3] = plate[-1, -1]
        rows[-1, -1, 3] = 255
        return
    rows[..., :3] = plate
    rows[..., 3] = 255


def put_alpha(into: memoryview, alpha: Alpha) -> None:
    """Writes [h,w] in [0,1] as uint16 rows over its whole range."""
    rows = np.frombuffer(into, np.uint16, alpha.size).reshape(alpha.shape)
    np.copyto(rows, np.clip(alpha, 0.0, 1.0) * np.float32(65535.0) + np.float32(0.5), casting="unsafe")
