"""Writing a matte as EXR.

The file is written under a part name beside its final one, closed, checked and renamed: a reader sees the old file, or
the new one, never half of one.

Why it is checked: OpenImageIO ignores what closing the file says, and on a full disk the last block is written just then,
so all its calls can succeed and the file still lacks its end. So it is synchronised, which brings up what the system
could not store (also over a network), and its last scanline is read. And since OpenImageIO says *that* writing failed
rather than why, the cause is asked of the system afterwards, by writing as many plain bytes to the same place.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Mapping, Optional, Tuple

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from ...errors import MatteWriteError, ParamError
from ...image import Box
from ...paths import part_path
from .digest import is_whole

CHANNELS = ("alpha",)
DATATYPES = {"half": np.float16, "float": np.float32}
COMPRESSIONS = ("none", "rle", "zips", "zip", "piz", "dwaa", "dwab")


def write_matte(
    path: str,
    alpha: npt.NDArray[np.floating[Any]],
    *,
    data: Box,
    display: Box,
    pixel_aspect: float = 1.0,
    datatype: str = "half",
    compression: str = "zips",
    channels: str = "alpha",
    metadata: Optional[Mapping[str, str]] = None,
    fps: Optional[Tuple[int, int]] = None,
    timecode: Optional[Tuple[int, int]] = None,
    view: str = "",
    frame: Optional[int] = None,
) -> None:
    """Writes one matte; the folder is made where it is missing, a file of that name is replaced.

    Safe to call from several threads for different paths.

    Args:
        path: of the EXR file.
        alpha: [H, W] or [H, W, 1] over the data window, in [0, 1]; converted to `datatype` with rounding to nearest even.
        data: the data window: the processed area.
        display: the plate's display window.
        pixel_aspect: the plate's.
        datatype: `half` or `float`.
        compression: one of `COMPRESSIONS`.
        channels: `alpha` writes the channel A and nothing else, which Nuke reads as rgba.alpha.
        metadata: header strings, by name: `gvm:version`, `gvm:weights`, `gvm:params`, `gvm:digest`.
        fps: the plate's frame rate (numerator, denominator).
        timecode: the plate's, two 32-bit words.
        view: the plate's.
        frame: the frame number, for messages.

    Raises:
        ParamError: datatype, compression, channels, or a name that is not `.exr`.
        ValueError: the size of `alpha` is not the data window's, or it holds NaN or infinity.
        MatteWriteError: the folder cannot be made, is not writable or is full, or `path` is a folder.
    """
    _check_choices(path, datatype=datatype, compression=compression, channels=channels)
    pixels = _as_written(alpha, data, datatype)
    spec = oiio.ImageSpec(data.width, data.height, 1, datatype)
    spec.channelnames = ("A",)
    spec.alpha_channel = 0
    spec.x, spec.y = data.x0, data.y0
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = display.x0, display.y0, display.width, display.height
    spec.attribute("compression", compression)
    spec.attribute("PixelAspectRatio", float(pixel_aspect))
    if fps is not None:
        spec.attribute("framesPerSecond", oiio.TypeDesc("rational"), fps)
    if timecode is not None:
        spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), timecode)
    if view:
        spec.attribute("view", view)
    for name, text in (metadata or {}).items():
        spec.attribute(name, text)
    _make_folder(path, frame)
    part = part_path(path)
    try:
        _write_part(part, pixels, spec, path=path, frame=frame)
        try:
            Path(part).replace(path)
        except OSError as exc:
            raise _failure(path, exc, frame) from exc
    except BaseException:  # cancelled or failed: nothing half-done stays
        with suppress(OSError):
            Path(part).unlink()
        raise


def _check_choices(path: str, *, datatype: str, compression: str, channels: str) -> None:
    for name, value, accepted in (
        ("channels", channels, CHANNELS),
        ("datatype", datatype, tuple(DATATYPES)),
        ("compression", compression, COMPRESSIONS),
    ):
        if value not in accepted:
            raise ParamError(f'{name} cannot be "{value}"; choose {", ".join(accepted)}.', name=name)
    try:
        os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        raise ParamError(f"{path!r}: the output's name is not UTF-8; rename it.", name="output", path=path) from None
    if "\0" in path or not path.lower().endswith(".exr"):
        raise ParamError(f"{path}: mattes are EXR files; let the output's name end in .exr.", name="output", path=path)


def _as_written(alpha: npt.NDArray[np.floating[Any]], data: Box, datatype: str) -> npt.NDArray[np.floating[Any]]:
    """[H, W, 1] of the file's own type."""
    if alpha.shape not in ((data.height, data.width), (data.height, data.width, 1)):
        raise ValueError(f"an alpha of shape {alpha.shape} does not fill the data window {data}")
    pixels = np.ascontiguousarray(alpha.reshape(data.height, data.width, 1), dtype=DATATYPES[datatype])
    if not np.isfinite(pixels).all():
        raise ValueError("the alpha holds NaN or infinity")
    return pixels


def _make_folder(path: str, frame: Optional[int]) -> None:
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _failure(path, exc, frame, prefix=f"its folder {folder} cannot be made: ") from exc
    if Path(path).is_dir():
        raise _failure(path, IsADirectoryError(errno.EISDIR, "there is a folder of that name"), frame)


def _write_part(
    part: str, pixels: npt.NDArray[np.floating[Any]], spec: oiio.ImageSpec, *, path: str, frame: Optional[int]
) -> None:
    output = oiio.ImageOutput.create("exr")
    if output is None:
        raise _failure(path, OSError(oiio.geterror()), frame)
    # All three are called whatever the one before says: an open file is closed in any case.
    opened = output.open(part, spec)
    written = opened and output.write_image(pixels)
    error = output.geterror()
    closed = output.close()
    error = error or output.geterror()
    try:
        if opened and written and closed and not error and _stored(part):
            return
    except OSError as exc:
        raise _failure(path, exc, frame) from exc
    raise _failure(path, _cause(part, pixels.nbytes) or OSError(error or "the file lacks its end"), frame)


def _stored(part: str) -> bool:
    """Whether the file has reached the disk, to its end.

    Raises:
        OSError: what the system could not store.
    """
    with Path(part).open("r+b") as file:  # Windows synchronises only what may be written
        os.fsync(file.fileno())
    return is_whole(part)


def _cause(part: str, size: int) -> Optional[OSError]:
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


def _failure(path: str, cause: OSError, frame: Optional[int], *, prefix: str = "") -> MatteWriteError:
    reason = (cause.strerror or str(cause)).strip().split("\n")[0].rstrip(". ") or "no reason given"
    advice = _ADVICE.get(cause.errno or 0, "Check the output's folder and name.")
    return MatteWriteError(f"The matte {path} cannot be written: {prefix}{reason}. {advice}", frame=frame, path=path)
