"""A job, understood and checked before any computation: what is read, what is rendered, what is kept, what it costs.

Everything that can be known to be wrong from names, headers and sizes is an error here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from ... import __version__
from ...errors import FrameRangeError, ParamError, PlateError, ProtocolError, UsageError
from ...frames import BlockPlan, FrameRange
from ...image import Box
from ...params import MatteParams
from ...paths import frame_field, frame_path
from ...protocol import Render
from ..model.weights import WeightFiles
from ..plates import Plate, PlateInfo, PlateSource, open_plates
from ..plates.sequence import ImageSequence
from .digest import Digester
from .sink import MatteHeader


@dataclass(frozen=True)
class Request:
    """A job as the engine will do it.

    Attributes:
        frames: everything asked for, after `max_frames`.
        source: None where the host pushes the plates.
        area: what is processed: the matte's data window.
    """

    params: MatteParams
    frames: FrameRange
    plan: BlockPlan
    source: Optional[PlateSource]
    display: Box
    area: Box
    pixel_aspect: float

    def close(self) -> None:
        """Gives back the source's files."""
        if self.source is not None:
            self.source.close()


def understand(render: Render, check: Callable[[], None]) -> Request:
    """Reads a request.

    Raises:
        UsageError and its kin: parameters, ranges, patterns or paths that cannot be meant.
        PlateError and its kin: no such plates.
    """
    params = MatteParams.of(render.params)
    check_sink(render)
    if render.source.type == "files":
        return _from_files(render, params, check)
    if render.source.type == "buffers":
        return _from_buffers(render, params)
    raise ProtocolError(f"A source is files or buffers, not {render.source.type!r}.")


def _from_files(render: Render, params: MatteParams, check: Callable[[], None]) -> Request:
    source = open_plates(render.source.path)
    try:
        frames, plan = _ranges(render, params, shot=(source.first, source.last), of=render.source.path)
        info = _first_header(source, plan, frames)
        area = info.display
        if params.area == "data":
            area = _data_window(source, plan, check)
        if render.sink.path:
            _check_not_source(source, render.sink.path, frames)
        return Request(params, frames, plan, source, info.display, area, info.pixel_aspect)
    except BaseException:
        source.close()
        raise


def _from_buffers(render: Render, params: MatteParams) -> Request:
    display = _box(render.source.display, "display")
    area = _box(render.source.data, "data") if params.area == "data" and render.source.data else display
    if not render.frames and len(render.shot) != 2:
        raise FrameRangeError("A job whose plates come from the host names its frames or its shot range.")
    if not 0.0 < render.source.pixel_aspect < 100.0:
        raise ProtocolError(f"A pixel aspect of {render.source.pixel_aspect} is not possible.")
    asked = FrameRange.parse(render.frames) if render.frames else None
    shot = (asked.first, asked.last) if asked is not None else (0, 0)
    frames, plan = _ranges(render, params, shot=shot, of="the host's plates")
    return Request(params, frames, plan, None, display, area, render.source.pixel_aspect)


def _ranges(render: Render, params: MatteParams, *, shot: tuple[int, int], of: str) -> tuple[FrameRange, BlockPlan]:
    if len(render.shot) not in (0, 2):
        raise ProtocolError(f"A shot range has two numbers, not {len(render.shot)}.")
    first, last = render.shot or shot
    plan = BlockPlan(
        first, last, window=params.num_frames_per_batch, overlap=params.num_overlap_frames, group=params.decode_chunk_size
    )
    frames = FrameRange.parse(render.frames) if render.frames else FrameRange(tuple(range(first, last + 1)))
    if frames.first < first or frames.last > last:
        outside = FrameRange.of(frame for frame in frames if not first <= frame <= last)
        raise FrameRangeError(f"{of} has the shot range {first}-{last}; frames {outside} are outside it.")
    if params.max_frames is not None:
        frames = FrameRange(frames.frames[: params.max_frames])
    return frames, plan


def _first_header(source: PlateSource, plan: BlockPlan, frames: FrameRange) -> PlateInfo:
    """The header that windows and pixel aspect are taken from: of the first plate that has one, whatever is asked for."""
    failure: Optional[PlateError] = None
    for frame in (f for f in source.frames if plan.first <= f <= plan.last):
        try:
            return source.probe(frame)
        except PlateError as exc:
            failure = failure or exc
    if failure is not None:
        raise failure
    raise FrameRangeError(
        f"{source.path} has frames {FrameRange.of(source.frames)}; none is in the shot range {plan.first}-{plan.last}."
    )


def _data_window(source: PlateSource, plan: BlockPlan, check: Callable[[], None]) -> Box:
    """The union of the data windows over the shot; plates that cannot be read are somebody else's business."""
    area: Optional[Box] = None
    for frame in (f for f in source.frames if plan.first <= f <= plan.last):
        check()
        try:
            data = source.probe(frame).data
        except PlateError:
            continue
        area = data if area is None else area.union(data)
    assert area is not None, "a header was read before"
    return area


def _box(numbers: tuple[int, ...], name: str) -> Box:
    if len(numbers) != 4:
        raise ProtocolError(f"Source.{name} has four numbers (x0, y0, x1, y1), not {len(numbers)}.")
    return Box(*numbers)


def check_sink(render: Render) -> None:
    """What can be said of a sink by its pattern alone.

    Raises:
        UsageError: no sink, no EXR, or one file for many frames.
    """
    path = render.sink.path
    if not path and not render.sink.buffers:
        raise UsageError("Nothing is to be delivered: name an output pattern, for instance mattes/shot.####.exr.")
    if path and not path.lower().endswith(".exr"):
        raise ParamError(f"Mattes are written as EXR; {path} has another ending.", name="output", path=path)


def _check_not_source(source: PlateSource, pattern: str, frames: FrameRange) -> None:
    if frame_field(pattern) is None and len(frames) > 1:
        raise UsageError(
            f"{pattern} is one file, but {len(frames)} frames are asked for; put #### where the frame number goes.",
            path=pattern,
        )
    for frame in frames:
        path = Path(frame_path(pattern, frame)).absolute()
        plate = Path(source.file_of(frame) if isinstance(source, ImageSequence) else source.path).absolute()
        if path == plate:
            raise UsageError(f"The mattes would overwrite the plates ({path}); choose another output.", path=str(path))


def digester(request: Request, files: WeightFiles, precision: str, identity: Callable[[int], str]) -> Digester:
    """What makes the digests of this request's frames."""
    return Digester(
        plan=request.plan,
        params=request.params,
        fingerprint=files.fingerprint,
        precision=precision,
        area=request.area,
        display=request.display,
        identity=identity,
    )


def header_of(
    request: Request, plate: Optional[Plate], *, files: WeightFiles, params_json: str, digest: str
) -> MatteHeader:
    """The header of one matte; `plate` is what it was made of, None for black and for what the host pushed."""
    metadata = {
        "gvm:version": __version__,
        "gvm:weights": f"{files.name} {files.kind} {files.fingerprint}",
        "gvm:params": params_json,
        "gvm:digest": digest,
    }
    return MatteHeader(
        data=request.area,
        display=request.display,
        pixel_aspect=request.pixel_aspect,
        fps=plate.fps if plate else None,
        timecode=plate.timecode if plate else None,
        view=plate.view if plate else "",
        metadata=metadata,
    )
