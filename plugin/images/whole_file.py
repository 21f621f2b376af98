"""Images that are there whole or not at all: written under a part name, checked, and renamed (`core.files`).

Libraries say *that* writing failed rather than why, and some not even that: the caller checks what it wrote, and `cause`
asks the system afterwards, by writing as many plain bytes to the same place.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Optional

import numpy.typing as npt
import OpenImageIO as oiio

from ..core.errors import MatteWriteError, ParamError
from ..core.files import renamed
from .opening import opened_or_none

PNG_END = b"\0\0\0\0IEND\xae\x42\x60\x82"
"""The last chunk of every PNG file: length, name, check sum. Source: PNG specification, 11.2.5."""


def check_name(path: str) -> None:
    """Refuses what is no file name, or none that other programs could read.

    Raises:
        ParamError: it is not UTF-8, or holds a zero byte.
    """
    try:
        os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        raise ParamError(f"{path!r}: the output's name is not UTF-8; rename it.", name="output", path=path) from None
    if "\0" in path:
        raise ParamError(f"{path!r}: the output's name holds a zero byte; rename it.", name="output", path=path)


@contextmanager
def whole_matte(path: str, *, frame: Optional[int] = None) -> Iterator[str]:
    """Gives the name to write under; what lies there when the block ends without an error becomes `path`.

    The folder is made where it is missing; a file of that name is replaced.

    Raises:
        MatteWriteError: the folder cannot be made, `path` is a folder, or an OSError came, here or from the block.
    """
    make_folder(path, frame)
    try:
        with renamed(path) as part:
            yield part
    except OSError as exc:
        raise write_failure(path, exc, frame) from exc


def write_image(part: str, pixels: npt.NDArray[Any], spec: oiio.ImageSpec, kind: str) -> None:
    """Writes an image to its last byte, which is then read again.

    Why it is checked before it gets its name: OpenImageIO ignores what closing says, and on a full disk the last block is
    written just then, so all its calls can succeed and the file still lacks its end.

    Args:
        part: where to write.
        pixels: [h,w,c], as the header has them.
        spec: the header.
        kind: of file, OpenImageIO's name; the ending does not count.

    Raises:
        OSError: why it cannot be written, as far as the system or OpenImageIO says.
    """
    output = oiio.ImageOutput.create(kind)
    if output is None:
        raise OSError(oiio.geterror())
    # All three are called whatever the one before says: an open file is closed in any case.
    opened = output.open(part, spec)
    written = opened and output.write_image(pixels)
    error = output.geterror()
    closed = output.close()
    error = error or output.geterror()
    complaint = error and kind != "tif"  # of a TIFF's Exif there may be one beside a file that is as it should be
    if opened and written and closed and not complaint:
        synchronise(part)
        if is_whole(part):
            return
    raise cause(part, pixels.nbytes) or OSError(error or "the file lacks its end")


def is_whole(path: str) -> bool:
    """Whether a PNG file, or one of scanlines, is there to its last byte."""
    image = opened_or_none(path)
    if image is None:
        return False
    try:
        return reaches_its_end(image, path)
    finally:
        image.close()


def reaches_its_end(image: oiio.ImageInput, path: str) -> bool:
    """Whether an open file is there to its last byte, without decoding all of it.

    A file that a copy or a full disk cut off has a header that looks right. EXR scanlines lie in the file in their order,
    so the last one can be read only where none is cut away: that one is decoded, and no other (with `zip` and its like the
    last block of them): a tenth of a ms to one. A PNG ends with a chunk that says so, written only where all before it was.
    """
    if image.format_name() == "png":
        with Path(path).open("rb") as file:
            file.seek(-len(PNG_END), 2)
            return file.read() == PNG_END
    spec = image.spec()
    bottom = spec.y + spec.height
    last = image.read_scanlines(0, 0, bottom - 1, bottom, 0, 0, spec.nchannels, str(spec.format))
    return last is not None and not image.geterror()


def synchronise(part: str) -> None:
    """Waits until the file has reached the disk, which brings up what could not be stored, also over a network.

    Raises:
        OSError: what the system could not store.
    """
    with Path(part).open("r+b") as file:  # Windows synchronises only what may be written
        os.fsync(file.fileno())


def cause(part: str, size: int) -> Optional[OSError]:
    """Why `size` bytes cannot be written there, as the operating system puts it; None where they can."""
    chunk = bytes(1 << 20)
    try:
        with Path(part).open("wb", buffering=0) as file:
            left = size + 4096
            while left > 0:
                left -= file.write(chunk[:left]) or 0
            os.fsync(file.fileno())
    except OSError as exc:
        return exc
    return None


_ADVICE = {
    errno.ENOSPC: "Free some space, then render again: finished frames are kept.",
    errno.EDQUOT: "Free some space of your quota, then render again: finished frames are kept.",
    errno.EFBIG: "The file system or a limit of this process forbids files of this size.",
    errno.EACCES: "Check the folder's permissions.",
    errno.EPERM: "Check the folder's permissions.",
    errno.EROFS: "The disk is mounted read-only; choose another output.",
    errno.EISDIR: "Remove it, or choose another name.",
}


def write_failure(path: str, reason: OSError, frame: Optional[int], *, prefix: str = "") -> MatteWriteError:
    """The error for a person: which file, why, and what to do."""
    text = (reason.strerror or str(reason)).strip().split("\n")[0].rstrip(". ") or "no reason given"
    advice = _ADVICE.get(reason.errno or 0, "Check the output's folder and name.")
    return MatteWriteError(f"The matte {path} cannot be written: {prefix}{text}. {advice}", frame=frame, path=path)


def make_folder(path: str, frame: Optional[int]) -> None:
    """Makes a matte's folder where it is missing.

    Raises:
        MatteWriteError: it cannot be made or written to, or there is a folder where the matte should be.
    """
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise write_failure(path, exc, frame, prefix=f"its folder {folder} cannot be made: ") from exc
    if Path(path).is_dir():
        raise write_failure(path, IsADirectoryError(errno.EISDIR, "there is a folder of that name"), frame)
    if not os.access(folder, os.W_OK):
        raise write_failure(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)), frame)
