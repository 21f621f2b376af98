"""What is connected: a sequence on disk that the engine can read by itself, or a branch that Nuke must render first.

A plate is read directly where nothing between Read and node changes it: Dot, NoOp, disabled nodes, FrameRange and
TimeOffset are looked through; the offsets add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple, Union

import nuke

from ..core.errors import UsageError
from . import branch_keys

_PASS = frozenset({"Dot", "NoOp", "FrameRange"})
_SPACES = {"linear": "scene_linear", "sRGB": "srgb"}  # Nuke's own names for what every config of ours knows


@dataclass(frozen=True)
class FilePlate:
    """A sequence, image or video as a Read has it.

    `offset` is the script's frame less the file's; `colorspace` is empty where the file or the config decides.
    """

    path: str
    offset: int
    colorspace: str


@dataclass(frozen=True)
class BranchPlate:
    """A branch of the script. `key` changes when a knob upstream or the ends of a sequence that it reads do."""

    key: str


Plate = Union[FilePlate, BranchPlate]


def connected(node: nuke.Node, index: int) -> Optional[Plate]:
    """What is at an input; None where nothing is."""
    above = node.input(index)
    if above is None:
        return None
    return _file(above, 0) or branch(node, index)


def branch(node: nuke.Node, index: int) -> BranchPlate:
    """An input as a branch, whatever is connected."""
    return BranchPlate(branch_keys.of_branch(node.input(index)))


def require_plate(node: nuke.Node) -> Plate:
    """What is at the plate input.

    Raises:
        UsageError: nothing is.
    """
    found = connected(node, 0)
    if found is None:
        raise UsageError(f"Nothing is connected to the plate input of {node.name()}; connect a Read, or any image.")
    return found


# -- plain Reads


def _file(node: nuke.Node, offset: int) -> Optional[FilePlate]:
    """The file at the end of a chain that changes nothing but the time; None where there is more to it."""
    seen = 0
    one: Optional[nuke.Node] = node
    while one is not None and seen < 10_000:
        seen += 1
        kind = one.Class()
        if kind == "Read":
            return None if _disabled(one) else _read(one, offset)
        if kind == "TimeOffset" and not _disabled(one):
            if one["reverse_input"].value() or one["time_offset"].isAnimated():
                return None
            offset += int(one["time_offset"].value())
        elif kind not in _PASS and not _disabled(one):
            return None
        one = one.input(0)
    return None


def _disabled(node: nuke.Node) -> bool:
    knob = node.knob("disable")
    return knob is not None and bool(knob.value())


def _read(node: nuke.Node, offset: int) -> Optional[FilePlate]:
    file: Any = node["file"]
    path = str(file.getEvaluatedValue() or "")
    shift = branch_keys.shift_of(node)
    if not path or "%V" in path or "%v" in path or shift is None:
        return None
    return FilePlate(path, offset + shift, _colorspace(node))


def _colorspace(node: nuke.Node) -> str:
    """The Read's colour space as the engine knows it; empty for the default."""
    if node["raw"].value():
        return "raw"
    name = str(node["colorspace"].value())
    return "" if name.startswith("default") else _SPACES.get(name, name)


def span_of(node: nuke.Node) -> Tuple[int, int]:
    """First and last frame of what is at the plate input; the script's range where nothing is."""
    above = node.input(0)
    one = nuke.root() if above is None else above
    return int(one.firstFrame()), int(one.lastFrame())
