"""A contact sheet of frames: one row each; the mattes, the truth, and where each matte has too much or too little.

Drawn by OpenImageIO and numpy. An alpha is shown as the grey of its value; differences are orange where the matte has
more than what it is compared with, blue where it has less, and four times as strong as they are.
"""

from __future__ import annotations

from typing import List, Sequence

import numpy as np
import numpy.typing as npt

from ..core.files import whole_file
from ..images.drawing import canvas_of, label, resized
from .clips import MatteClip, shared_box
from .comparison import ClipComparison

ENDINGS = (".png",)
THUMBNAIL = 240  # pixels wide
GAP = 6
HEADER = 30  # pixels above the first row, for the columns' names
MARGIN = 76  # pixels left of the first column, for frame numbers
GAIN = 4.0
PAPER, INK = 0.11, 0.78
MORE, LESS = np.array((1.0, 0.55, 0.1), np.float32), np.array((0.2, 0.55, 1.0), np.float32)
FONT_PIXELS = 15

_Picture = npt.NDArray[np.float32]  # [h,w,3] in [0,1], as displayed


def write_sheet(path: str, comparison: ClipComparison, frames: Sequence[int]) -> None:
    """Reads the frames again, draws them in the order given and writes an 8-bit PNG, whole or not at all.

    Args:
        path: of the PNG.
        comparison: what was compared.
        frames: of it, at least one; one row each.

    Raises:
        PlateError: a file is not there any more, or not as it was.
        MatteWriteError: the file cannot be written.
    """
    names, rows = _columns(comparison), [_row(comparison, frame) for frame in frames]
    tall = max(row[0].shape[0] for row in rows)
    sheet = np.full((HEADER + len(rows) * (tall + GAP), MARGIN + len(names) * (THUMBNAIL + GAP), 3), PAPER, np.float32)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            top, left = HEADER + y * (tall + GAP), MARGIN + x * (THUMBNAIL + GAP)
            sheet[top : top + picture.shape[0], left : left + THUMBNAIL] = picture
    canvas = canvas_of(sheet)
    for x, name in enumerate(names):
        at = MARGIN + x * (THUMBNAIL + GAP) + THUMBNAIL // 2, HEADER // 2
        label(canvas, at, name, size=FONT_PIXELS, ink=INK, align="center")
    for y, frame in enumerate(frames):
        at = MARGIN - 10, HEADER + y * (tall + GAP) + tall // 2
        label(canvas, at, str(frame), size=FONT_PIXELS, ink=INK, align="right")
    with whole_file(path, "contact sheet") as part:
        if not canvas.write(part, "uint8"):
            raise OSError(" ".join(canvas.geterror().split()).rstrip("."))


def _columns(comparison: ClipComparison) -> List[str]:
    mattes = list(dict.fromkeys(name for pair in comparison.pairs for name in (pair.matte, pair.against)))
    mattes.sort(key=lambda name: name == "truth")  # the truth stands behind what it judges
    return [*mattes, *(f"{pair.matte} - {pair.against}, {GAIN:.0f}x" for pair in comparison.pairs)]


def _row(comparison: ClipComparison, frame: int) -> List[_Picture]:
    names = _columns(comparison)[: -len(comparison.pairs)]
    mattes = {name: MatteClip(comparison.paths[name]).read(frame) for name in names}
    box = shared_box(mattes)
    alphas = {name: matte.over(box) for name, matte in mattes.items()}
    pictures = [np.repeat(np.clip(_scaled(alphas[name]), 0, 1)[..., None], 3, axis=2) for name in names]
    return [*pictures, *(_signed(alphas[pair.matte] - alphas[pair.against]) for pair in comparison.pairs)]


def _signed(difference: npt.NDArray[np.float64]) -> _Picture:
    """[H,W] to a picture: black where equal. Too much and too little are scaled apart, or thin edges would cancel out."""
    parts = (_scaled(np.maximum(part, 0))[..., None] for part in (difference, -difference))  # [h,w,1] each
    more, less = (np.clip(GAIN * part, 0, 1) for part in parts)
    picture: _Picture = np.clip(more * MORE + less * LESS, 0, 1)
    return picture


def _scaled(alpha: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """[H,W] to the thumbnail's width; each pixel is the mean of those that it stands for, so nothing rings."""
    height, width = alpha.shape
    tall = max(1, round(THUMBNAIL * height / width))
    return resized(alpha[..., None], THUMBNAIL, tall, "box" if width > THUMBNAIL else "triangle")[..., 0]
