"""Sheets of pictures: pixels to OpenImageIO's image and back, and text on it."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from ..core.errors import GvmMatteError

FONT = "DroidSans"  # comes with OpenImageIO


def canvas_of(pixels: npt.NDArray[Any]) -> oiio.ImageBuf:
    """[h,w,c] as an image of floats."""
    return oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32))


def pixels_of(canvas: oiio.ImageBuf) -> npt.NDArray[np.float32]:
    """An image's pixels, [h,w,c].

    Raises:
        GvmMatteError: what made the image failed.
    """
    pixels = canvas.get_pixels(oiio.FLOAT)
    if pixels is None:
        raise GvmMatteError(f"OpenImageIO cannot draw or scale a picture: {canvas.geterror()}.")
    found: npt.NDArray[np.float32] = pixels
    return found


def resized(pixels: npt.NDArray[Any], width: int, height: int, filter_name: str = "") -> npt.NDArray[np.float32]:
    """[h,w,c] at another size, by a filter of OpenImageIO; empty: its own choice."""
    roi = oiio.ROI(0, width, 0, height, 0, 1, 0, pixels.shape[2])
    return pixels_of(oiio.ImageBufAlgo.resize(canvas_of(pixels), filter_name, 0.0, roi))


def label(canvas: oiio.ImageBuf, at: Tuple[int, int], text: str, *, size: int, ink: float, align: str = "left") -> None:
    """Draws text whose middle line is at (x, y); a build of OpenImageIO without fonts leaves the image without it.

    Args:
        size: of the letters in pixels.
        ink: their grey.
        align: what of the text is at x: `left`, `center` or `right`.
    """
    if not oiio.ImageBufAlgo.render_text(canvas, *at, text, size, FONT, (ink, ink, ink), align, "center"):
        canvas.geterror()  # fetched, or it is printed at exit
