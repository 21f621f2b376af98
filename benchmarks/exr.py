"""EXR files as a plain program reads and writes them: OpenImageIO, one after the other, no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from .plates import plate


def write_plates(folder: Path, *, width: int, height: int, frames: int) -> str:
    """Writes plates 1001, 1002, … as half EXR with ZIPS; returns their pattern."""
    folder.mkdir(parents=True)
    for frame in range(1001, 1001 + frames):
        write(folder / f"plate.{frame}.exr", plate(frame, width=width, height=height), ("R", "G", "B"))
    return str(folder / "plate.####.exr")


def write(path: Path, pixels: npt.NDArray[Any], channels: tuple[str, ...]) -> None:
    """[h,w,c] of half as EXR with ZIPS.

    Raises:
        OSError: it cannot be written.
    """
    height, width = pixels.shape[:2]
    spec = oiio.ImageSpec(width, height, len(channels), "half")
    spec.channelnames = channels
    spec.attribute("compression", "zips")
    output = oiio.ImageOutput.create(str(path))
    if not (output and output.open(str(path), spec) and output.write_image(pixels) and output.close()):
        raise OSError(f"{path} cannot be written: {output.geterror() if output else oiio.geterror()}")


def read(path: Path) -> npt.NDArray[Any]:
    """[h,w,c] of half.

    Raises:
        OSError: it cannot be read.
    """
    image = oiio.ImageInput.open(str(path))
    if image is None:
        raise OSError(f"{path} cannot be read: {oiio.geterror()}")
    pixels = image.read_image("half")
    if pixels is None:
        raise OSError(f"{path} cannot be read: {image.geterror()}")
    image.close()
    found: npt.NDArray[Any] = np.asarray(pixels)
    return found
