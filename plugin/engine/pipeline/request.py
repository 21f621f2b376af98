"""A job, understood and checked before any computation: what is read, what is rendered, what is kept, what it costs.

Everything that can be known to be wrong from names, headers and sizes is an error here.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Callable, Optional

from ... import __version__
from ...core.errors import FrameRangeError, PlateError, ProtocolError, UsageError
from ...core.frames import BlockPlan, FrameRange
from ...core.image import Box
from ...core.paths import frame_field, frame_path
from ...params.fields import MatteParams
from ...params.keys import ShotParams
from ...protocol.messages import Render
from ...protocol.parts import Sink, Source
from ..colour import InputColour, InputTransform
from ..mattes import MatteFile, check_movie, check_output
from ..model.weights import WeightFiles
from ..plates import GrowingSequence, Plate, PlateInfo, PlateSource, open_masks, open_plates
from ..plates.channels import MaskPick, Pick, PlatePick
from ..plates.sequence import ImageSequence
from .digest import Digester, params_digest
from .masks import MaskSource
from .region import Region


@dataclass(frozen=True)
class Request:
    """A job as the engine will do it.

    Attributes:
        shot_params: for any frame; `params` are those that hold for all of them.
        frames: everything asked for, after `max_frames`.
        source: None where the host pushes the plates.
        region: what is processed; its `area` is the matte's data window.
        fps, view: of the first plate: what a matte has whose plate is missing.
        garbage, core: None where there is none.
        precision: in which it is computed, as `--precision` names it; known when the device is.
    """

    shot_params: ShotParams
    frames: FrameRange
    plan: BlockPlan
    source: Optional[PlateSource]
    display: Box
    region: Region
    pixel_aspect: float
    fps: Optional[tuple[int, int]]
    view: str
    colour: InputColour
    garbage: Optional[MaskSource]
    core: Optional[MaskSource]
    precision: str = ""

    @property
    def params(self) -> MatteParams:
        """What holds for the whole job; of parameters with keys it has the first key's value."""
        return self.shot_params.base

    @property
    def masks(self) -> tuple[MaskSource, ...]:
        """Garbage and core, those that there are."""
        return tuple(mask for mask in (self.garbage, self.core) if mask is not None)

    def close(self) -> None:
        """Gives back the sources' files."""
        for source in (self.source, *self.masks):
            if source is not None:
                source.close()


@dataclass(frozen=True)
class _Shot:
    """What plates say of themselves, from files or from the host."""

    frames: FrameRange
    plan: BlockPlan
    display: Box
    processed: Box
    pixel_aspect: float
    fps: Optional[tuple[int, int]] = None
    view: str = ""


def understand(render: Render, check: Callable[[], None]) -> Request:
    """Reads a request.

    Raises:
        UsageError and its kin: parameters, ranges, patterns or paths that cannot be meant.
        PlateError and its kin: no such plates.
    """
    shot_params = ShotParams.of(render.params)
    params = shot_params.base
    check_sink(render, params)
    colour = InputColour(ocio=params.ocio, colorspace=params.input_colorspace, view=params.input_view)
    with ExitStack() as opened:
        source: Optional[PlateSource] = None
        if render.source.type == "files":
            source = _plates(render, params, check)
            opened.callback(source.close)
            shot = _from_files(render, params, source, check)
        elif render.source.type == "buffers":
            shot = _from_buffers(render, params)
        else:
            raise ProtocolError(f"A source is files or buffers, not {render.source.type!r}.")
        region = Region(shot_params, display=shot.display, processed=shot.processed)
        masks = [_mask(name, render, params, check) for name in ("garbage", "core")]
        for mask in masks:
            if mask is not None:
                opened.callback(mask.close)
                mask.check(shot.frames, display=shot.display)
        read = {"plates": source} | {mask.what: mask.source for mask in masks if mask is not None}
        _check_not_read(render.sink, shot.frames, {what: found for what, found in read.items() if found is not None})
        opened.pop_all()
        return Request(
            shot_params,
            shot.frames,
            shot.plan,
            source,
            shot.display,
            region,
            shot.pixel_aspect,
            shot.fps,
            shot.view,
            colour,
            garbage=masks[0],
            core=masks[1],
        )


def _plates(render: Render, params: MatteParams, check: Callable[[], None]) -> PlateSource:
    pick = PlatePick(view=params.view, layer=params.layer)
    growing = _growing("plates", render.source, render.source.path, pick, check)
    return growing or open_plates(render.source.path, view=params.view, layer=params.layer)


def _mask(name: str, render: Render, params: MatteParams, check: Callable[[], None]) -> Optional[MaskSource]:
    """The garbage or the core matte, where there is one."""
    path, channel = getattr(params, name), getattr(params, f"{name}_channel")
    if not path:
        return None
    growing = _growing(name, render.source, path, MaskPick(channel), check)
    return MaskSource(f"{name} matte", growing or open_masks(path, channel=channel))


def _growing(name: str, source: Source, path: str, pick: Pick, check: Callable[[], None]) -> Optional[GrowingSequence]:
    """An input that the host is still writing; None for one that is there."""
    if name not in source.growing:
        return None
    keys = source.growing[name]
    if not isinstance(keys, dict) or not keys or not all(isinstance(key, str) for key in keys.values()):
        raise ProtocolError(f"Source.growing.{name} is an object of frame ranges and what they are known by.")
    display = _box(source.display, "display")
    data = _box(source.data, "data") if source.data else display
    return GrowingSequence(
        path, keys=keys, data=data, display=display, pixel_aspect=source.pixel_aspect, check=check, pick=pick
    )


def _from_files(render: Render, params: MatteParams, source: PlateSource, check: Callable[[], None]) -> _Shot:
    frames, plan = _ranges(render, params, shot=(source.first, source.last), of=render.source.path)
    info = _first_header(source, plan, frames)
    area = info.display
    if params.area == "data":
        area = _data_window(source, plan, check)
    return _Shot(frames, plan, info.display, area, info.pixel_aspect, info.fps, info.view)


def _from_buffers(render: Render, params: MatteParams) -> _Shot:
    display = _box(render.source.display, "display")
    area = _box(render.source.data, "data") if params.area == "data" and render.source.data else display
    asked = FrameRange.parse(render.frames)
    if not asked and len(render.shot) != 2:
        raise FrameRangeError("A job whose plates come from the host names its frames or its shot range.")
    if not 0.0 < render.source.pixel_aspect < 100.0:
        raise ProtocolError(f"A pixel aspect of {render.source.pixel_aspect} is not possible.")
    shot = (asked.first, asked.last) if asked else (0, 0)
    frames, plan = _ranges(render, params, shot=shot, of="the host's plates")
    return _Shot(frames, plan, display, area, render.source.pixel_aspect)


def _ranges(render: Render, params: MatteParams, *, shot: tuple[int, int], of: str) -> tuple[FrameRange, BlockPlan]:
    if len(render.shot) not in (0, 2):
        raise ProtocolError(f"A shot range has two numbers, not {len(render.shot)}.")
    first, last = render.shot or shot
    plan = BlockPlan.of(params, (first, last))
    frames = FrameRange.parse(render.frames) or FrameRange.between(first, last)
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
    """The union of the data windows over the shot; plates that cannot be read are passed over: reading tells."""
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


def check_sink(render: Render, params: MatteParams) -> None:
    """What can be said of a sink by its names alone.

    Raises:
        UsageError: no sink, a kind of file that mattes are not written as, or movies without the files they are made of.
    """
    sink = render.sink
    if not sink.path and not sink.buffers:
        raise UsageError("Nothing is to be delivered: name an output pattern, for instance mattes/shot.####.exr.")
    if sink.path:
        check_output(sink.path, params.channels)
    if not sink.movies:
        return
    if not sink.path or render.source.type != "files" or render.source.growing:
        raise UsageError("Movies are made of mattes on disk and plates in files: name an output pattern beside them.")
    for kind, path in sink.movies.items():
        if not isinstance(path, str):
            raise ProtocolError(f"Sink.movies.{kind} is a path, not {path!r}.")
        check_movie(kind, path)


def _check_not_read(sink: Sink, frames: FrameRange, sources: dict[str, PlateSource]) -> None:
    """Raises UsageError where a file that is read would be written, or one file for many frames."""
    if sink.path and frame_field(sink.path) is None and len(frames) > 1:
        raise UsageError(
            f"{sink.path} is one file, but {len(frames)} frames are asked for; put #### where the frame number goes.",
            path=sink.path,
        )
    mattes = (frame_path(sink.path, frame) for frame in frames) if sink.path else ()
    real = _RealPaths()
    written = {real.of(path) for path in (*mattes, *sink.movies.values())}
    for what, source in sources.items():
        files = [source.file_of(frame) for frame in frames] if isinstance(source, ImageSequence) else [source.path]
        for path in files:
            if real.of(path) in written:
                raise UsageError(f"The mattes would overwrite the {what} ({path}); choose another output.", path=path)


class _RealPaths(dict[str, str]):
    """Paths with their folders' links followed, so that one file has one name; each folder is looked at once."""

    def __missing__(self, folder: str) -> str:
        self[folder] = os.path.realpath(folder)
        return self[folder]

    def of(self, path: str) -> str:
        """One file's."""
        folder, name = os.path.split(path)
        return os.path.join(self[folder], name)


def digester(request: Request, files: WeightFiles, precision: str, identity: Callable[[int], str]) -> Digester:
    """What makes the digests of this request's frames."""
    return Digester(
        plan=request.plan,
        params=request.shot_params,
        fingerprint=files.fingerprint,
        precision=precision,
        colour=request.colour.config_id,
        region=request.region,
        display=request.display,
        identity=identity,
        masks=[mask.identity for mask in request.masks],
    )


def weights_words(files: WeightFiles) -> str:
    """How a matte's header names its weights."""
    return f"{files.name} {files.kind} {files.fingerprint}"


@dataclass(frozen=True)
class Origin:
    """The plate that a matte was made of, without its pixels, and how its colours were understood."""

    plate: Plate
    transform: InputTransform


def matte_file(request: Request, frame: int, origin: Optional[Origin], *, files: WeightFiles, digest: str) -> MatteFile:
    """What one matte's file is and says; `origin` is None for black and for what the host pushed."""
    plate = origin.plate if origin else None
    metadata = {
        "gvm:version": __version__,
        "gvm:weights": weights_words(files),
        "gvm:params": json.dumps(params_digest(request.shot_params.at(frame)), sort_keys=True),
        "gvm:precision": request.precision,
        "gvm:digest": digest,
    }
    if origin:
        view = origin.transform.view
        metadata["gvm:colour"] = f"{origin.transform.name} through {view}" if view else f"{origin.transform.name}, as it is"
        metadata["gvm:ocio"] = request.colour.describe()["ocio"]
    params = request.params
    return MatteFile(
        data=request.region.area,
        display=request.display,
        pixel_aspect=request.pixel_aspect,
        datatype=params.datatype,
        compression=params.compression,
        channels=params.channels,
        fps=plate.fps if plate else request.fps,
        timecode=plate.timecode if plate else None,
        view=plate.view if plate else request.view,
        colorspace=origin.transform.name if origin else "",
        metadata=metadata,
    )
