"""What kinds of file Write knows, and what their knobs mean to OpenImageIO."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Tuple

from ...core.errors import ParamError

FILE_TYPES: Mapping[str, Tuple[str, ...]] = {
    "exr": ("exr",),
    "png": ("png",),
    "jpeg": ("jpg", "jpeg"),
    "tiff": ("tif", "tiff"),
    "dpx": ("dpx",),
    "targa": ("tga",),
}
"""Nuke's `file_type`, and the endings that stand for it."""

DATATYPES: Mapping[str, Mapping[str, Tuple[str, int]]] = {
    "exr": {"16 bit half": ("half", 0), "32 bit float": ("float", 0)},
    "png": {"8 bit": ("uint8", 0), "16 bit": ("uint16", 0)},
    "jpeg": {"8 bit": ("uint8", 0)},
    "tiff": {"8 bit": ("uint8", 0), "16 bit": ("uint16", 0), "32 bit float": ("float", 0)},
    "dpx": {"10 bit": ("uint16", 10), "8 bit": ("uint8", 0), "12 bit": ("uint16", 12), "16 bit": ("uint16", 0)},
    "targa": {"8 bit": ("uint8", 0)},
}
"""By file type: Nuke's `datatype`, the default first → OpenImageIO's type, and bits where that type has more."""

COMPRESSIONS: Mapping[str, Mapping[str, str]] = {
    "exr": {
        "Zip (1 scanline)": "zips", "none": "none", "Zip (16 scanlines)": "zip", "Zip (16 scanline)": "zip",
        "PIZ Wavelet (32 scanlines)": "piz", "RLE": "rle", "PXR24 (lossy)": "pxr24", "B44": "b44", "B44A": "b44a",
        "DWAA": "dwaa", "DWAB": "dwab",
    },
    "tiff": {"Deflate": "zip", "LZW": "lzw", "PackBits": "packbits", "none": "none"},
    "targa": {"RLE": "rle", "none": "none"},
}  # fmt: skip
"""By file type: Nuke's `compression`, the default first → OpenImageIO's. Other file types have no such knob."""


def kind_of(path: str, file_type: str) -> str:
    """One of `FILE_TYPES`, by the knob, else by the path's ending.

    Raises:
        ParamError: neither names one.
    """
    wanted = file_type.strip() or Path(path).suffix.lstrip(".")
    for kind, endings in FILE_TYPES.items():
        if wanted.lower() in (kind, *endings):
            return kind
    raise ParamError(
        f'{path}: files of type "{wanted}" are not written here; choose {", ".join(FILE_TYPES)}.',
        name="file_type",
        path=path,
    )


def choice(table: Mapping[str, Mapping[str, Any]], kind: str, value: str, knob: str) -> Any:
    """What a table holds for a knob's value; its default where that is empty.

    Raises:
        ParamError: the file type has no such value.
    """
    choices = table[kind]
    if not value:
        return next(iter(choices.values()))
    if value not in choices:
        raise ParamError(f'{kind} has no {knob} "{value}"; choose {", ".join(choices)}.', name=knob)
    return choices[value]


def default_colorspace(kind: str, type_name: str, bits: int) -> str:
    """The curve that files of a kind and type are written with, where Write says `default`."""
    if type_name in ("half", "float"):
        return "linear"
    return "Cineon" if kind == "dpx" and bits else "sRGB"
