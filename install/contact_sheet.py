"""A contact sheet: frames as columns; plate, matte, truth, their difference, and the matte at work in a comp as rows.

Everything is scaled and laid over each other in scene-linear light and encoded for the display at the very end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
from gvm_matte.core.files import whole_file
from gvm_matte.images.curves import linear_to_srgb, srgb_to_linear
from gvm_matte.images.drawing import canvas_of, label, pixels_of, resized
from gvm_matte.images.whole_file import write_image

Image = npt.NDArray[np.float32]
THUMBNAIL = 300  # pixels wide
GAP = 6
HEADER = 34  # pixels above the first row, for frame numbers
MARGIN = 118  # pixels left of the first column, for the rows' names
PAPER, INK = 0.012, 0.55  # scene-linear greys
ROWS = ("plate", "matte", "truth", "difference", "comp")
FONT_PIXELS = 17


@dataclass(frozen=True)
class Column:
    """One frame: plate and comp [h,w,3] scene-linear, matte and truth [h,w] in [0,1]."""

    frame: int
    plate: Image
    matte: Image
    truth: Image
    comp: Image


def write_contact_sheet(path: Path, columns: Sequence[Column], *, thumbnail: int = THUMBNAIL) -> None:
    """Draws the sheet and writes it as an 8-bit PNG in sRGB.

    Args:
        path: of the PNG.
        columns: at least one; all of one size.
        thumbnail: width of each picture in pixels.

    Raises:
        MatteWriteError: the file cannot be written.
    """
    height, width = columns[0].matte.shape
    tall = max(1, round(thumbnail * height / width))
    shape = (HEADER + len(ROWS) * (tall + GAP), MARGIN + len(columns) * (thumbnail + GAP), 3)
    sheet = np.full(shape, PAPER, np.float32)
    for x, column in enumerate(columns):
        for y, picture in enumerate(_pictures(column, thumbnail, tall)):
            top, left = HEADER + y * (tall + GAP), MARGIN + x * (thumbnail + GAP)
            sheet[top : top + tall, left : left + thumbnail] = picture
    canvas = canvas_of(sheet)
    for x, column in enumerate(columns):
        at = MARGIN + x * (thumbnail + GAP) + thumbnail // 2, HEADER // 2
        label(canvas, at, str(column.frame), size=FONT_PIXELS, ink=INK, align="center")
    for y, name in enumerate(ROWS):
        at = MARGIN - 10, HEADER + y * (tall + GAP) + tall // 2
        label(canvas, at, name, size=FONT_PIXELS, ink=INK, align="right")
    _write_png(path, linear_to_srgb(pixels_of(canvas)))


def _pictures(column: Column, width: int, height: int) -> list[Image]:
    """The rows' pictures at their size, each [h,w,3] scene-linear."""
    alphas = (column.matte, column.truth, np.abs(column.matte - column.truth))
    # an alpha is shown as the grey whose code value it is, as viewers do
    greys = [np.repeat(srgb_to_linear(_scaled(alpha[..., None], width, height)), 3, axis=2) for alpha in alphas]
    return [_scaled(column.plate, width, height), *greys, _scaled(column.comp, width, height)]


def _scaled(picture: Image, width: int, height: int) -> Image:
    """[h,w,c] at another size, clipped to [0,1]."""
    return np.clip(resized(np.clip(picture, 0.0, 1.0), width, height), 0.0, 1.0)


def _write_png(path: Path, pixels: Image) -> None:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 3, "uint8")
    spec.attribute("oiio:ColorSpace", "sRGB")
    with whole_file(str(path), "contact sheet") as part:
        write_image(part, pixels, spec, "png")
