"""What there is to know about plates before rendering them: for `gvm-matte info`, and for people whose job failed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from ...core.errors import PlateError, PlateUnreadableError
from ...core.frames import FrameRange
from ...core.image import Box
from ...core.paths import frame_field
from ..colour import resolve_input
from .finding import is_folder, plate_endings
from .opening import open_plates
from .plate import PlateInfo, PlateSource
from .scan import sequences_in
from .sequence import ImageSequence, SingleImage
from .video import VideoFile

MAX_HEADERS = 500
"""Headers that are read of one sequence; of a longer one as many, spread evenly."""

MAX_NAMES = 20
"""Sidecars that are named."""


def describe(path: str, *, view: str = "", layer: str = "", max_headers: int = MAX_HEADERS) -> Dict[str, Any]:
    """Describes a sequence, an image, a video, or what a folder holds. Only plain types: it can be written as JSON.

    Args:
        path: as for `open_plates`; of a folder everything in it is listed.
        view, layer: as for `open_plates`.
        max_headers: how many headers of a sequence to read.

    Returns:
        For a folder: `kind` "folder", `path`, `sequences`: for each `path`, `frames` (a range as text, "" for a file
        without number) and `count`.

        Else: `kind` "sequence" | "image" | "video"; `path`; `frames` and `gaps` as text, `first`, `last`, `count`;
        `width`, `height` (of the display window); `display`, `data` as [x0, y0, x1, y1] (half open, y down);
        `data_varies`, `display_varies`, `data_union` over the headers read, `headers_read`; `pixel_aspect`; `channels`, and
        `picked`: those that make the plate, none in a matte; `dtype`, `compression`; `fps` as [numerator, denominator] or
        None; `view`; `colorspace_hint` and `colorspace_auto`: what the file says, and what an empty `input_colorspace`
        makes of it; `bytes` on disk; `problems`: [frame, sentence] of frames that cannot be read; `sidecars`: files beside
        it that are no frames.

    Raises:
        PlateMissingError: nothing is there.
        PlateUnreadableError: none of the headers can be read.
    """
    if is_folder(path):
        return _folder(path)
    with open_plates(path, view=view, layer=layer) as source:
        infos, problems = _headers(source, max_headers)
        info = infos[0]
        data = _union([other.data for other in infos])
        return {
            "kind": _kind(source),
            "path": path,
            "frames": str(FrameRange.of(source.frames)),
            "first": source.first,
            "last": source.last,
            "count": len(source.frames),
            "gaps": _gaps(source),
            "width": info.display.width,
            "height": info.display.height,
            "display": list(info.display.as_tuple),
            "data": list(info.data.as_tuple),
            "display_varies": any(other.display != info.display for other in infos),
            "data_varies": any(other.data != info.data for other in infos),
            "data_union": list(data.as_tuple),
            "headers_read": len(infos) + len(problems),
            "pixel_aspect": info.pixel_aspect,
            "channels": list(info.channels),
            "picked": list(info.picked),
            "dtype": info.dtype,
            "compression": info.compression,
            "fps": list(info.fps) if info.fps else None,
            "view": info.view,
            "colorspace_hint": info.colorspace,
            "colorspace_auto": resolve_input("", hint=info.colorspace, dtype=info.dtype).name if info.picked else "",
            "bytes": _bytes(source),
            "problems": [[problem.frame, problem.message] for problem in problems],
            "sidecars": _sidecars(source),
        }


def _folder(path: str) -> Dict[str, Any]:
    try:
        found = sequences_in(path, endings=plate_endings())
    except OSError as exc:
        raise PlateUnreadableError(f"The folder {path} cannot be listed ({exc.strerror or exc}).", path=path) from exc
    sequences = [
        {
            "path": sequence.path,
            "frames": str(FrameRange.of(sequence.frames)),
            "count": len(sequence.frames) or 1,
        }
        for sequence in found
    ]
    return {"kind": "folder", "path": path, "sequences": sequences}


def _headers(source: PlateSource, limit: int) -> Tuple[List[PlateInfo], List[PlateError]]:
    """The headers of all frames, or of `limit` spread over them, first and last among them."""
    frames: Sequence[int] = source.frames
    if isinstance(source, VideoFile):
        frames = frames[:1]  # they are all alike
    elif len(frames) > limit:
        frames = sorted({frames[round(place * (len(frames) - 1) / max(limit - 1, 1))] for place in range(limit)})
    infos: List[PlateInfo] = []
    problems: List[PlateError] = []
    for frame in frames:
        try:
            if isinstance(source, ImageSequence):
                infos.append(source.probe_any(frame))
            else:
                infos.append(source.probe(frame))
        except PlateError as exc:
            problems.append(exc)
    if not infos:
        raise problems[0]
    return infos, problems


def _gaps(source: PlateSource) -> str:
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in source.gap_ranges)


def _kind(source: PlateSource) -> str:
    if isinstance(source, VideoFile):
        return "video"
    return "image" if isinstance(source, SingleImage) else "sequence"


def _union(boxes: Sequence[Box]) -> Box:
    union = boxes[0]
    for box in boxes[1:]:
        union = union.union(box)
    return union


def _files(source: PlateSource) -> List[str]:
    return [source.file_of(frame) for frame in source.frames] if isinstance(source, ImageSequence) else [source.path]


def _bytes(source: PlateSource) -> int:
    total = 0
    for path in _files(source):
        try:
            total += Path(path).stat().st_size
        except OSError:  # gone meanwhile
            continue
    return total


def _sidecars(source: PlateSource, *, limit: int = MAX_NAMES) -> List[str]:
    """Names of files that begin as the plates do and are none of them."""
    folder, name = os.path.split(source.path)
    field = None if Path(source.path).is_file() else frame_field(source.path)
    stem = (name.split(field)[0] if field else Path(name).stem).rstrip("._")
    plates = {os.path.basename(path) for path in _files(source)}
    try:
        with os.scandir(folder or ".") as entries:
            names = sorted(entry.name for entry in entries if entry.is_file())
    except OSError:
        return []
    return [other for other in names if stem and other.startswith(stem) and other not in plates][:limit]
