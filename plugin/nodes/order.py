"""What a node asks of an engine, taken down on the main thread: afterwards threads work with it and ask Nuke nothing.

Where the plate comes through a TimeOffset the engine works in the plate's own frame numbers: mattes lie on disk under
them, and the node inside shifts what it reads. `offset` is the script's frame less the plate's; with a branch it is 0.
"""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping, Optional, Tuple

import nuke

from ..client import MatteJob, RenderResult
from ..core.errors import FrameRangeError, UsageError
from ..core.frames import BlockPlan, FrameRange
from ..params.keys import ShotParams
from ..protocol.messages import Accepted, FrameKept, FrameWritten, Message
from ..protocol.parts import Sink, Source
from . import branch_keys, names, output, plates, values
from .plates import BranchPlate, FilePlate, Plate

Span = Tuple[int, int]
_MASKS = {names.GARBAGE: "garbage", names.CORE: "core"}
_GROWING = {names.PLATE: "plates", **_MASKS}  # as the protocol names the inputs


@dataclass(frozen=True)
class Order:
    """A node's range as a job.

    Attributes:
        span: the shot, in the script's frames.
        plate: what is at the plate input; masks: what is at the others.
        params: for `MatteJob`; keys are in the plate's frames.
        path: of the mattes.
        window, pixel_aspect: (width, height) and shape of the pixels of what is rendered, where there are branches.
        keys: what the frames of branches are known by, by input, then by frame ranges as text.
    """

    node_id: str
    name: str
    span: Span
    plate: Plate
    masks: Mapping[str, Plate]
    params: Mapping[str, Any]
    path: str
    offset: int
    window: Tuple[int, int]
    pixel_aspect: float
    keys: Mapping[int, Mapping[str, str]]

    @property
    def frames(self) -> FrameRange:
        """All frames of the shot, in the script's numbers."""
        return FrameRange.between(*self.span)

    @property
    def plan(self) -> BlockPlan:
        """The blocks, in the script's numbers."""
        return BlockPlan.of(ShotParams.of(self.params).base, self.span)

    @property
    def branches(self) -> Dict[int, BranchPlate]:
        """Inputs that must be rendered first, by their index."""
        masks = {index: self.masks[what] for index, what in _MASKS.items() if what in self.masks}
        every = {names.PLATE: self.plate, **masks}
        return {index: plate for index, plate in every.items() if isinstance(plate, BranchPlate)}

    @property
    def by_data(self) -> bool:
        """Whether the matte's area is the union of the data windows of a branch, which only rendered plates tell."""
        return isinstance(self.plate, BranchPlate) and ShotParams.of(self.params).base.area == "data"

    def job(
        self, frames: Iterable[int], rendered: Mapping[int, str], *, dry_run: bool = False, data: Tuple[int, ...] = ()
    ) -> MatteJob:
        """The job for some frames of the script.

        Args:
            rendered: patterns by input, where Nuke renders the branches to; for a dry run nothing need be there.
            data: where it is known, the union of a branch's data windows (x0, y0, x1, y1; half open).
        """
        params = dict(self.params)
        if dry_run:
            params.pop("max_frames", None)  # says how far to work, not what is there
        branches = self.branches
        paths = {index: rendered.get(index, _nowhere(index)) for index in branches}
        for index, what in _MASKS.items():
            if what in self.masks:
                plate = self.masks[what]
                params[what] = plate.path if isinstance(plate, FilePlate) else paths[index]
        source = Source("files", self.plate.path if isinstance(self.plate, FilePlate) else paths[names.PLATE])
        if branches:
            growing = {_GROWING[index]: dict(self.keys[index]) for index in branches}
            source = dataclasses.replace(
                source, display=(0, 0, *self.window), data=data, pixel_aspect=self.pixel_aspect, growing=growing
            )
        asked = FrameRange.of(frame - self.offset for frame in frames)
        shot = (self.span[0] - self.offset, self.span[1] - self.offset)
        return MatteJob(source, Sink(self.path), frames=asked, shot=shot, params=params, dry_run=dry_run)

    def in_script(self, message: Message) -> Message:
        """A message of the job's render in the script's frame numbers."""
        if not self.offset:
            return message
        if isinstance(message, (FrameWritten, FrameKept)):
            return dataclasses.replace(message, frame=message.frame + self.offset)
        if isinstance(message, Accepted):
            frames, kept, plates = (self._shifted(text) for text in (message.frames, message.kept, message.plates))
            shot = tuple(frame + self.offset for frame in message.shot)
            return dataclasses.replace(message, shot=shot, frames=frames, kept=kept, plates=plates)
        return message

    def result_in_script(self, result: RenderResult) -> RenderResult:
        """A result in the script's frame numbers."""
        written, kept = (tuple(frame + self.offset for frame in frames) for frames in (result.written, result.kept))
        return dataclasses.replace(result, written=written, kept=kept)

    def _shifted(self, text: str) -> str:
        return str(FrameRange.of(frame + self.offset for frame in FrameRange.parse(text)))


def span(node: nuke.Node) -> Span:
    """The shot as the Range knob says it.

    Raises:
        FrameRangeError: a custom range that runs backwards.
    """
    chosen = str(node[names.RANGE].value())
    if chosen == "input":
        return plates.span_of(node)
    if chosen == "shot":
        return int(nuke.root().firstFrame()), int(nuke.root().lastFrame())
    first, last = int(node[names.FIRST].value()), int(node[names.LAST].value())
    if last < first:
        raise FrameRangeError(f"The range {first}-{last} of {node.name()} runs backwards; set Last to {first} or more.")
    return first, last


def checked_span(node: nuke.Node) -> Span:
    """The shot, if the plate has it.

    Raises:
        UsageError: it runs backwards, or goes beyond the plate.
    """
    wanted, there = span(node), plates.span_of(node)
    if node.input(0) is not None and (wanted[0] < there[0] or wanted[1] > there[1]):
        raise UsageError(
            f"The range {wanted[0]}-{wanted[1]} of {node.name()} goes beyond the plate, which has {there[0]}-{there[1]}. "
            "Set Range to input, or give a range inside it."
        )
    return wanted


def take(node: nuke.Node) -> Order:
    """The node's order, checked as far as the host can.

    Raises:
        UsageError: no plate, no path, values that cannot be, or a range that goes beyond the plate.
    """
    plate = plates.require_plate(node)
    masks = {what: one for index, what in _MASKS.items() for one in [plates.connected(node, index)] if one is not None}
    if not _agree(plate, masks.values()):
        plate = plates.branch(node, names.PLATE)
        masks = {what: plates.branch(node, index) for index, what in _MASKS.items() if what in masks}
    offset = plate.offset if isinstance(plate, FilePlate) else 0
    wanted = checked_span(node)
    params = values.read(node, wanted, offset=offset)
    if "input_colorspace" not in params:
        space = plate.colorspace if isinstance(plate, FilePlate) else "scene_linear"  # Nuke renders its working space
        params.update({"input_colorspace": space} if space else {})
    if "ocio" not in params:
        params.update({"ocio": config} if (config := _config()) else {})
    ShotParams.of(params)
    every = {names.PLATE: plate, **{index: masks[what] for index, what in _MASKS.items() if what in masks}}
    rendered = [index for index, one in every.items() if isinstance(one, BranchPlate)]
    window, pixel_aspect = _shape(node.input(rendered[0])) if rendered else ((0, 0), 1.0)
    shot = range(wanted[0], wanted[1] + 1)
    keys = {index: branch_keys.of_frames(node.input(index), shot) for index in rendered}
    path = output.pattern(node)
    return Order(names.node_id(node), node.name(), wanted, plate, masks, params, path, offset, window, pixel_aspect, keys)


def _nowhere(index: int) -> str:
    """A path for plates that will not be rendered."""
    return str(Path(tempfile.gettempdir(), "gvm-plates-none", f"{names.INPUTS[index]}.%04d.exr"))


def _shape(node: Optional[nuke.Node]) -> Tuple[Tuple[int, int], float]:
    """A branch's size and pixel aspect; the script's where it cannot be evaluated, which its render will say better."""
    try:
        assert node is not None, "a branch is connected"
        return (int(node.width()), int(node.height())), float(node.pixelAspect())
    except RuntimeError:
        size = nuke.root()["format"].value()
        return (int(size.width()), int(size.height())), float(size.pixelAspect())


def _agree(plate: Plate, masks: Iterable[Plate]) -> bool:
    """Whether everything can be asked for under one frame number: branches come in the script's."""
    offsets = {one.offset if isinstance(one, FilePlate) else 0 for one in (plate, *masks)}
    return len(offsets) == 1


def _config() -> str:
    """The script's own OCIO config; empty for Nuke's."""
    root = nuke.root()
    if str(root["colorManagement"].value()) != "OCIO" or str(root["OCIO_config"].value()) != "custom":
        return ""
    return str(root["customOCIOConfigPath"].value() or "")


def current_block(order: Order, frame: int) -> Optional[FrameRange]:
    """The frames of the block that holds a frame; None outside the shot."""
    if not order.span[0] <= frame <= order.span[1]:
        return None
    return FrameRange(tuple(order.plan.block_of(frame).frames))
