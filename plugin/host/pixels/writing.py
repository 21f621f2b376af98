"""Write: a picture as one image file.

EXR keeps the bbox as its data window, larger or smaller than the format; the other kinds of file cover the format, black
where the picture has nothing. A file is written under a part name, synchronised and renamed: no reader sees half of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from ...core.errors import MatteWriteError, ParamError
from ...core.files import whole_file
from ...images.whole_file import write_image
from .boxes import EMPTY, BBox, is_empty, shape
from .colour import convert
from .file_types import COMPRESSIONS, DATATYPES, FILE_TYPES, choice, default_colorspace, kind_of
from .headers import METADATA_MODES, describe
from .layers import ALPHA, RGB, RGBA, is_colour, select, to_file
from .picture import Picture


def write(
    picture: Picture,
    path: str,
    *,
    file_type: str = "",
    channels: str = "rgb",
    datatype: str = "",
    compression: str = "",
    raw: bool = False,
    colorspace: str = "default",
    premultiplied: bool = False,
    autocrop: bool = False,
    create_directories: bool = False,
    metadata: str = "default metadata",
    attributes: Optional[Mapping[str, Any]] = None,
    jpeg_quality: float = 0.75,
    config: str = "",
) -> None:
    """Writes one file; one of that name is replaced.

    Args:
        picture: what it shows is in the working space.
        path: of the file; frame fields are resolved by the caller.
        file_type: one of `FILE_TYPES`; empty goes by the ending.
        channels: `rgb`, `rgba`, `alpha`, `all`, layers or channels. Of rgb and rgba those that the picture lacks are black.
        datatype, compression: Nuke's names; empty is the file type's default.
        raw: values as they are.
        colorspace: what the colours are written in: a curve, a space of the OCIO configuration, or `default`: linear for
            floats, Cineon for DPX of 10 and 12 bits, sRGB for other integers.
        premultiplied: the colours are divided by the alpha while they are converted.
        autocrop: an EXR's data window shrinks to the pixels that are not black.
        create_directories: makes the folder; else it must be there.
        metadata: one of `METADATA_MODES`; the default is frame rate and time code.
        attributes: further header entries of an EXR by name: texts and numbers.
        jpeg_quality: 0 to 1.
        config: path of the OCIO configuration; empty is $OCIO, or OpenImageIO's built-in one.

    Raises:
        ParamError: file type, datatype, compression, colour space, metadata, or channels that the picture does not have.
        MatteWriteError: the folder is missing or may not be written to, or the disk is full.
    """
    kind = kind_of(path, file_type)
    type_name, bits = choice(DATATYPES, kind, datatype, "datatype")
    packing = choice(COMPRESSIONS, kind, compression, "compression") if kind in COMPRESSIONS else ""
    if metadata not in METADATA_MODES:
        raise ParamError(f'The metadata cannot be "{metadata}"; choose {", ".join(METADATA_MODES)}.', name="metadata")
    names = _names(picture, channels, kind, path)
    if not raw:
        target = default_colorspace(kind, type_name, bits) if colorspace in ("default", "") else colorspace
        planes = {name: values for name, values in picture.channels.items() if name in names and is_colour(name)}
        alpha = picture.channels.get(ALPHA) if premultiplied else None
        picture = picture.with_channels(convert(planes, "linear", target, config=config, alpha=alpha))
    box = _data_window(picture, names, kind, autocrop)
    spec = _spec(picture, names, kind, type_name, box)
    if bits:
        spec.attribute("oiio:BitsPerSample", bits)
    if packing:
        spec.attribute("compression", packing)
    if kind == "jpeg":
        spec.attribute("Compression", f"jpeg:{max(1, round(jpeg_quality * 100))}")
    describe(spec, picture.metadata, metadata, attributes or {})
    pixels = np.stack([picture.channel(name, box) for name in names], axis=-1)
    if type_name.startswith("u"):
        np.nan_to_num(pixels, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
    _store(path, pixels, spec, kind=kind, create_directories=create_directories)


def _names(picture: Picture, channels: str, kind: str, path: str) -> Tuple[str, ...]:
    """The channels to write, in the file's order.

    Raises:
        ParamError: there are none.
    """
    main = {"rgb": RGB, "rgba": RGBA, "alpha": (ALPHA,)}.get(channels.strip("{} "))
    names = main or select(channels, picture.channels)
    if main is None:  # the main layer's come first, in its order
        names = tuple(name for name in RGBA if name in names) + tuple(name for name in names if name not in RGBA)
    if kind != "exr":
        colours = tuple(name for name in names if name.rpartition(".")[0] == names[0].rpartition(".")[0])
        names = colours[: 3 if kind in ("jpeg", "dpx") and len(colours) > 1 else 4]
    if not names or not (main or any(name in picture.channels for name in names)):
        have = ", ".join(picture.channels) or "none at all"
        raise ParamError(f'{path}: there is no channel "{channels}" to write; the picture has {have}.', name="channels")
    return names


def _data_window(picture: Picture, names: Sequence[str], kind: str, autocrop: bool) -> BBox:
    """The bbox, or for other files than EXR the format. EXR has no empty window: then one black pixel, bottom left."""
    if kind != "exr":
        return picture.format.box
    box = _filled(picture, names) if autocrop else picture.bbox
    return (0, 0, 1, 1) if is_empty(box) else box


def _filled(picture: Picture, names: Sequence[str]) -> BBox:
    """The smallest box that holds every pixel of these channels that is not 0."""
    lit = np.zeros(shape(picture.bbox), np.bool_)
    for name in names:
        lit |= picture.channel(name) != 0
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if not len(rows):
        return EMPTY
    x, top = picture.bbox[0], picture.bbox[3]
    return x + int(columns[0]), top - int(rows[-1]) - 1, x + int(columns[-1]) + 1, top - int(rows[0])


def _spec(picture: Picture, names: Sequence[str], kind: str, type_name: str, box: BBox) -> oiio.ImageSpec:
    height, width = shape(box)
    spec = oiio.ImageSpec(width, height, len(names), type_name)
    called = [to_file(name) for name in names]
    if kind == "exr":
        spec.channelnames = tuple(called)
        spec.x, spec.y = box[0], picture.format.height - box[3]
        spec.full_x, spec.full_y = 0, 0
        spec.full_width, spec.full_height = picture.format.width, picture.format.height
    else:
        spec.attribute("oiio:UnassociatedAlpha", 1)  # values as they are: OpenImageIO does not divide by the alpha
    spec.alpha_channel = names.index(ALPHA) if ALPHA in names and len(names) > 1 else -1
    spec.attribute("PixelAspectRatio", float(picture.format.pixel_aspect))
    return spec


def _store(
    path: str, pixels: npt.NDArray[np.float32], spec: oiio.ImageSpec, *, kind: str, create_directories: bool
) -> None:
    folder = Path(path).parent
    try:
        if create_directories:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _failure(path, f"its folder {folder} cannot be made ({exc.strerror or exc})") from exc
    if not folder.is_dir():
        raise _failure(path, f"there is no folder {folder}. Make it, or switch on create_directories")
    if Path(path).is_dir():
        raise _failure(path, "there is a folder of that name. Choose another name")
    with whole_file(path, make_folder=False) as part:
        write_image(part, pixels, spec, FILE_TYPES[kind][0])  # by the knob, whatever the ending


def _failure(path: str, reason: str) -> MatteWriteError:
    line = reason.strip().split("\n")[0].rstrip(". ") or "OpenImageIO gives no reason; check the folder and the free space"
    return MatteWriteError(f"{path} cannot be written: {line}.", path=path)
