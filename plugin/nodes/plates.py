"""What is connected: a sequence on disk that the engine can read by itself, or a branch that Nuke must render first.

A plate is read directly where nothing between Read and node changes it: Dot, NoOp, disabled nodes, FrameRange and
TimeOffset are looked through; the offsets add up.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Optional, Tuple, Union

import nuke

from ..errors import UsageError
from ..paths import frame_field

_PASS = frozenset({"Dot", "NoOp", "FrameRange"})
_NOT_PIXELS = frozenset({
    "xpos", "ypos", "selected", "label", "note_font", "note_font_size", "note_font_color", "tile_color", "gl_color", "name",
    "postage_stamp", "help", "icon", "indicators", "bookmark", "hide_input", "cached", "dope_sheet", "status", "problem",
    "engine_status", "has_matte", "onCreate", "onDestroy", "knobChanged", "updateUI", "autolabel", "reload", "version",
})  # fmt: skip
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
    """A branch of the script. `key` changes when a knob upstream or a file that it reads does."""

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
    digest = hashlib.blake2b(digest_size=12)
    for one in _upstream(node.input(index)):
        digest.update(_looks(one).encode("utf-8", "surrogateescape"))
    root = nuke.root()
    digest.update(f"{root['format'].value().width()}x{root['format'].value().height()}".encode())
    return BranchPlate(digest.hexdigest())


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
    shift = _shift(node)
    if not path or "%V" in path or "%v" in path or shift is None:
        return None
    return FilePlate(path, offset + shift, _colorspace(node))


def _shift(node: nuke.Node) -> Optional[int]:
    """The script's frame less the file's, as the Read says it; None where an expression does."""
    text = str(node["frame"].value()).strip()
    mode = str(node["frame_mode"].value())
    if not text:
        return 0
    if mode == "start at" and text.lstrip("-").isdigit():
        return int(text) - int(node["first"].value())
    return None


def _colorspace(node: nuke.Node) -> str:
    """The Read's colour space as the engine knows it; empty for the default."""
    if node["raw"].value():
        return "raw"
    name = str(node["colorspace"].value())
    return "" if name.startswith("default") else _SPACES.get(name, name)


# -- branches


def _upstream(node: Optional[nuke.Node]) -> List[nuke.Node]:
    """Everything that a branch is made of, each once, in an order that depends on the connections alone."""
    found: List[nuke.Node] = []
    waiting, seen = [node], set()
    while waiting:
        one = waiting.pop()
        if one is None or one.Class() == "Root" or one.fullName() in seen:
            continue
        seen.add(one.fullName())
        found.append(one)
        waiting += [one.input(index) for index in range(one.inputs())]
        waiting += one.dependencies(nuke.EXPRESSIONS | nuke.LINKINPUTS)
        if isinstance(one, nuke.Group):
            waiting += list(one.nodes())
    return found


def _looks(node: nuke.Node) -> str:
    """A node's class, knobs and files, as text."""
    lines = []
    for name, knob in sorted(node.knobs().items()):
        if name not in _NOT_PIXELS and not isinstance(knob, (nuke.Tab_Knob, nuke.Text_Knob, nuke.Script_Knob)):
            lines.append(f"{name} {knob.toScript()}")
    if node.Class() == "Read":
        file: Any = node["file"]
        lines.append(stamp(str(file.getEvaluatedValue() or "")))
    return "\n".join([node.Class(), *lines, ""])


def stamp(path: str) -> str:
    """Time and size of a file; of a sequence its folder's time and those of its first and last file by name."""
    if frame_field(path) is None:
        return _one_stamp(path)
    folder, name = os.path.split(path)
    stem = name.split(frame_field(path) or "\0")[0]
    try:
        files = sorted(entry.name for entry in os.scandir(folder or ".") if entry.name.startswith(stem))
    except OSError:
        return "no folder"
    ends = [_one_stamp(os.path.join(folder, one)) for one in (files[:1] + files[-1:])]
    return "|".join([str(len(files)), *ends])


def _one_stamp(path: str) -> str:
    try:
        info = Path(path).stat()
    except OSError:
        return "no file"
    return f"{info.st_mtime_ns} {info.st_size}"


def span_of(node: nuke.Node) -> Tuple[int, int]:
    """First and last frame of what is at the plate input; the script's range where nothing is."""
    above = node.input(0)
    one = nuke.root() if above is None else above
    return int(one.firstFrame()), int(one.lastFrame())
