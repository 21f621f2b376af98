"""What a branch's plates are known by: a hash of everything upstream, of the whole branch and frame by frame.

    whole branch     knobs as the script has them, of files the ends of each sequence: quick, for noticing a change
    frame by frame   animated knobs by their values at the frame, of files the frame's own: what mattes are known by

Frame by frame needs that a frame upstream depends on that frame alone. Of nodes that are not known for it (anything that
looks at other frames, groups, motion blur) the whole branch's hash stands for every frame, which is never wrong.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence

import nuke

from ..core.frames import FrameRange
from ..core.paths import frame_field, frame_path

_NOT_PIXELS = frozenset({
    "xpos", "ypos", "selected", "label", "note_font", "note_font_size", "note_font_color", "tile_color", "gl_color", "name",
    "postage_stamp", "help", "icon", "indicators", "bookmark", "hide_input", "cached", "dope_sheet", "status", "problem",
    "engine_status", "has_matte", "onCreate", "onDestroy", "knobChanged", "updateUI", "autolabel", "reload", "version",
})  # fmt: skip
_ONE_FRAME = frozenset({
    "Read", "Dot", "NoOp", "FrameRange", "Constant", "CheckerBoard2", "ColorBars", "Grade", "Add", "Multiply", "Gamma",
    "Clamp", "Invert", "Saturation", "ColorCorrect", "Colorspace", "OCIOColorSpace", "OCIOCDLTransform", "Log2Lin",
    "Merge2", "Keymix", "Dissolve", "Switch", "Copy", "Shuffle", "Shuffle2", "ShuffleCopy", "Remove", "Premult",
    "Unpremult", "Blur", "Sharpen", "Soften", "Median", "Dilate", "FilterErode", "Crop", "Reformat", "Transform", "Mirror2",
})  # fmt: skip
_SIZE = 8  # bytes: a job's message has room for the keys of some 30,000 frames
_DIGITS = 7  # of an animated knob's value: what survives in a script


def of_branch(above: Optional[nuke.Node]) -> str:
    """One key for a whole branch."""
    return _hash([_format(), *(_looks(one) for one in _upstream(above))])


def of_frames(above: Optional[nuke.Node], frames: range) -> Dict[str, str]:
    """Keys by frame ranges as text; frames that cannot differ share one."""
    nodes = _upstream(above)
    if not all(_of_one_frame(one) for one in nodes):
        return {str(FrameRange(tuple(frames))): of_branch(above)}
    steady, columns = [_format()], []
    for one in nodes:
        animated = [knob for knob in _knobs(one).values() if knob.isAnimated()]
        steady.append(_text(one, [knob.name() for knob in animated]))
        columns += [[_rounded(knob.getValueAt(frame)) for frame in frames] for knob in animated]
        if one.Class() == "Read":
            columns.append(_stamps(one, frames))
    shared = _hash(steady)
    by_key: Dict[str, List[int]] = {}
    for at, frame in enumerate(frames):
        by_key.setdefault(_hash([shared, *(column[at] for column in columns)]), []).append(frame)
    return {str(FrameRange(tuple(found))): key for key, found in by_key.items()}


def shift_of(read: nuke.Node) -> Optional[int]:
    """The script's frame less the file's, as a Read says it; None where an expression does."""
    text = str(read["frame"].value()).strip()
    mode = str(read["frame_mode"].value())
    if not text:
        return 0
    if mode == "start at" and text.lstrip("-").isdigit():
        return int(text) - int(read["first"].value())
    return None


def files_of(above: Optional[nuke.Node]) -> List[str]:
    """Patterns and paths of what the Reads of a branch read."""
    return [path for one in _upstream(above) if one.Class() == "Read" for path in [_file(one)] if path]


def _hash(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=_SIZE).hexdigest()


def _format() -> str:
    size = nuke.root()["format"].value()
    return f"{size.width()}x{size.height()}"


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


def _of_one_frame(node: nuke.Node) -> bool:
    """Whether a frame of a node's image depends on that frame alone, and its knobs can be asked about it."""
    if node.Class() not in _ONE_FRAME:
        return False
    blur = node.knob("motionblur")
    if blur is not None and (blur.isAnimated() or blur.value()):
        return False
    for knob in _knobs(node).values():
        numbers = isinstance(knob, (nuke.Array_Knob, nuke.Enumeration_Knob))
        if not numbers and (knob.isAnimated() or ("[" in knob.toScript() and knob.name() != "file")):
            return False
    return True


def _knobs(node: nuke.Node) -> Dict[str, Any]:
    """The knobs that can change the image, by name."""
    return {
        name: knob
        for name, knob in sorted(node.knobs().items())
        if name not in _NOT_PIXELS and not isinstance(knob, (nuke.Tab_Knob, nuke.Text_Knob, nuke.Script_Knob))
    }


def _text(node: nuke.Node, without: Sequence[str] = ()) -> str:
    """A node's class and knobs."""
    lines = [f"{name} {knob.toScript()}" for name, knob in _knobs(node).items() if name not in without]
    return "\n".join([node.Class(), *lines, ""])


def _looks(node: nuke.Node) -> str:
    """A node's class, knobs and files, as text."""
    return _text(node) + (_ends(_file(node)) if node.Class() == "Read" else "")


def _rounded(value: Any) -> str:
    values = value if isinstance(value, (list, tuple)) else [value]
    return " ".join(f"{float(one):.{_DIGITS}g}" for one in values)


# -- files


def _file(read: nuke.Node) -> str:
    file: Any = read["file"]
    return str(file.getEvaluatedValue() or "")


def _stamps(read: nuke.Node, frames: range) -> List[str]:
    """A Read's file at each frame; of one that shows other frames' files the ends of the sequence."""
    path, shift = _file(read), shift_of(read)
    first, last = int(read["first"].value()), int(read["last"].value())
    alone = str(read["on_error"].value()) == "error" and frame_field(path) is not None and shift is not None
    if not alone or shift is None or frames[0] - shift < first or frames[-1] - shift > last:
        return [_ends(path)] * len(frames)
    return [_stamp(frame_path(path, frame - shift)) for frame in frames]


def _ends(path: str) -> str:
    """Time and size of a file; of a sequence how many there are, and those of its first and last file by name."""
    if frame_field(path) is None:
        return _stamp(path)
    folder, name = os.path.split(path)
    stem = name.split(frame_field(path) or "\0")[0]
    try:
        files = sorted(entry.name for entry in os.scandir(folder or ".") if entry.name.startswith(stem))
    except OSError:
        return "no folder"
    ends = [_stamp(os.path.join(folder, one)) for one in (files[:1] + files[-1:])]
    return "|".join([str(len(files)), *ends])


def _stamp(path: str) -> str:
    try:
        info = Path(path).stat()
    except OSError:
        return "no file"
    return f"{info.st_mtime_ns} {info.st_size}"
