"""What an EXR file's header says, in plain Python: of a matte's making, and its window. Nuke has no OpenImageIO for us."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import BinaryIO, Dict, Iterator, Tuple

_MAGIC = b"\x76\x2f\x31\x01"
_MAX_NAME = 256
_MAX_VALUE = 1 << 24
_BOX = struct.Struct("<4i")


def read_strings(path: str) -> Dict[str, str]:
    """Attributes of type `string` by name; none for a file that is not there, or is no EXR."""
    return {name: value.decode("utf-8", "replace") for name, kind, value in _attributes(path) if kind == "string"}


def read_window(path: str) -> Tuple[int, ...]:
    """The data window (x0, y0, x1, y1; half open, y down); empty for a file that is not there, or is no EXR."""
    for name, _, value in _attributes(path):
        if name == "dataWindow" and len(value) == _BOX.size:
            x0, y0, x1, y1 = _BOX.unpack(value)
            return x0, y0, x1 + 1, y1 + 1
    return ()


def _attributes(path: str) -> Iterator[Tuple[str, str, bytes]]:
    """Name, type and value of each attribute.

    Source of the layout: "OpenEXR File Layout", openexr.com: magic, version, then name, type, size and value of each
    attribute, ended by an empty name.
    """
    with contextlib.suppress(OSError, struct.error), Path(path).open("rb") as file:
        if file.read(4) != _MAGIC:
            return
        file.read(4)
        while name := _word(file):
            kind = _word(file)
            (size,) = struct.unpack("<i", file.read(4))
            if not 0 <= size <= _MAX_VALUE:
                return
            yield name, kind, file.read(size)


def _word(file: BinaryIO) -> str:
    """Text up to the next zero; empty at the file's end."""
    raw = bytearray()
    while len(raw) < _MAX_NAME:
        byte = file.read(1)
        if byte in (b"", b"\0"):
            break
        raw += byte
    return raw.decode("utf-8", "replace")
