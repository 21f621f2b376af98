"""The digest in a matte's header: what it was made from, by which a later run can tell whether it is still good."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import OpenImageIO as oiio

DIGEST = "gvm:digest"
"""Name of the header string."""
PNG_END = b"\0\0\0\0IEND\xae\x42\x60\x82"
"""The last chunk of every PNG file: length, name, check sum. Source: PNG specification, 11.2.5."""


def read_digest(path: str) -> Optional[str]:
    """The digest of a matte on disk; None where there is no file, none of ours, or one that is not whole.

    A file that a copy or a full disk cut off has a header that looks right. EXR scanlines lie in the file in their order,
    so the last one can be read only where none is cut away: that one is decoded, and no other. A PNG ends with a chunk
    that says so, and that has been written only where all before it has.
    """
    image = _opened(path)
    if image is None:
        return None
    try:
        digest = image.spec().getattribute(DIGEST)
        return digest if isinstance(digest, str) and digest and _reaches_its_end(image, path) else None
    finally:
        image.close()


def is_whole(path: str) -> bool:
    """Whether a PNG file, or an EXR file of scanlines, is there to its last byte."""
    image = _opened(path)
    if image is None:
        return False
    try:
        return _reaches_its_end(image, path)
    finally:
        image.close()


def _opened(path: str) -> Optional[oiio.ImageInput]:
    try:
        if Path(path).stat().st_size == 0:
            return None
        image = oiio.ImageInput.open(path)
    except (OSError, TypeError, ValueError):
        return None
    if image is None:
        oiio.geterror()  # fetched, or it is printed at exit
    return image


def _reaches_its_end(image: oiio.ImageInput, path: str) -> bool:
    """For EXR, decodes the last scanline (with `zip` and its like the last block of them): a tenth of a ms to one."""
    if image.format_name() == "png":
        with Path(path).open("rb") as file:
            file.seek(-len(PNG_END), 2)
            return file.read() == PNG_END
    spec = image.spec()
    bottom = spec.y + spec.height
    last = image.read_scanlines(0, 0, bottom - 1, bottom, 0, 0, spec.nchannels, str(spec.format))
    return last is not None and not image.geterror()
