"""The strings in an EXR file's header, in plain Python: what a matte says of its making. Nuke has no OpenImageIO for us."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Dict

_MAGIC = b"\x76\x2f\x31\x01"
_MAX_NAME = 256
_MAX_VALUE = 1 << 24


def read_strings(path: str) -> Dict[str, str]:
    """Attributes of type `string` by name; none for a file that is not there, or is no EXR.

    Source of the layout: "OpenEXR File Layout", openexr.com: magic, version, then name, type, size and value of each
    attribute, ended by an empty name.
    """
    found: Dict[str, str] = {}
    try:
        with Path(path).open("rb") as file:
            if file.read(4) != _MAGIC:
                return {}
            file.read(4)
            while True:
                name = _word(file)
                if not name:
                    return found
                kind = _word(file)
                (size,) = struct.unpack("<i", file.read(4))
                if not 0 <= size <= _MAX_VALUE:
                    return found
                value = file.read(size)
                if kind == "string":
                    found[name] = value.decode("utf-8", "replace")
    except (OSError, struct.error):
        return found


def _word(file: BinaryIO) -> str:
    """Text up to the next zero; empty at the file's end."""
    raw = bytearray()
    while len(raw) < _MAX_NAME:
        byte = file.read(1)
        if byte in (b"", b"\0"):
            break
        raw += byte
    return raw.decode("utf-8", "replace")
