"""Writing a matte as EXR or PNG, whole or not at all."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from ...core.errors import ParamError
from ...images.whole_file import check_name, whole_matte, write_image
from ...params.channels import Channels
from ...params.fields import BY_NAME
from .specs import MatteFile, checked, exr_file, png_file

ENDINGS = (".exr", ".png")


def write_matte(path: str, pixels: npt.NDArray[np.floating[Any]], file: MatteFile, *, frame: Optional[int] = None) -> None:
    """Writes one matte; the folder is made where it is missing, a file of that name is replaced.

    Safe to call from several threads for different paths.

    Args:
        path: `.exr`, or `.png`: 16 bit over the display window, outside the data window 0, `alpha` as grey (which Nuke
            must read as raw) or `rgba-unpremult`; a PNG keeps pixel aspect and metadata, and no rate, time code or view.
        pixels: over the data window. [H, W] or [H, W, 1] for one channel, [H, W, 4] for R, G, B, A: written as given, so
            for `rgba-premult` multiplied already. Alpha in [0, 1]. Converted to the data type with rounding to nearest
            even; colours beyond a half's ±65504 are clamped to it, in a PNG to [0, 1].
        frame: the frame number, for messages.

    Raises:
        ParamError: datatype, compression, channels, or a name that is neither `.exr` nor `.png`, or channels that a PNG
            cannot hold.
        ValueError: the size of `pixels` is not the data window's, a value is NaN or infinite, or an alpha outside [0, 1].
        MatteWriteError: the folder cannot be made, is not writable or is full, or `path` is a folder.
    """
    check_output(path, file.channels, datatype=file.datatype, compression=file.compression)
    kind = path[-3:].lower()
    stored, spec = (png_file if kind == "png" else exr_file)(checked(pixels, file), file)
    with whole_matte(path, frame=frame) as part:
        write_image(part, stored, spec, kind)


def check_output(path: str, channels: str = "alpha", *, datatype: str = "half", compression: str = "zips") -> None:
    """Whether a matte can be written like that, asked before anything is computed.

    Raises:
        ParamError: as `write_matte`.
    """
    wanted = Channels.parse(channels)
    for name, value in (("datatype", datatype), ("compression", compression)):
        BY_NAME[name].check(value)
    check_name(path)
    if not path.lower().endswith(ENDINGS):
        raise ParamError(
            f"{path}: mattes are EXR or PNG files; let the output's name end in .exr or .png.", name="output", path=path
        )
    if path.lower().endswith(".exr"):
        return
    if wanted.colours and wanted.premult:
        text = f"{path}: a PNG's colours are never premultiplied; choose rgba-unpremult, or a name that ends in .exr."
        raise ParamError(text, name="channels", path=path)
    if wanted.layer:
        text = f"{path}: a PNG has no layers; choose alpha, or a name that ends in .exr for {channels}."
        raise ParamError(text, name="channels", path=path)
