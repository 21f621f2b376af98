"""Which frames a node has, and which file a Read shows at a frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

from ..nuke import state
from ..nuke.knob_paths import expand_frame, expression_value

if TYPE_CHECKING:
    from ..nuke.node import Node

Range = Tuple[int, int]


def frame_range(node: Node, known: Optional[Dict[int, Range]] = None) -> Range:
    """First and last frame: a Read's, what a FrameRange says, else all that the inputs have; without any the script's."""
    known = {} if known is None else known
    if id(node) not in known:
        known[id(node)] = _frame_range(node, known)
    return known[id(node)]


def _frame_range(node: Node, known: Dict[int, Range]) -> Range:
    kind = node.Class()
    disabled = "disable" in node._knobs and node["disable"].value()
    if not disabled:
        if kind == "Read":
            return _read_range(node)
        if kind == "FrameRange":
            return int(node["first_frame"].value()), int(node["last_frame"].value())
        if kind == "FrameHold" and not node["increment"].value():
            return int(node["firstFrame"].value()), int(node["firstFrame"].value())
    inputs = [above for above in _above(node) if above is not None]
    ranges = [frame_range(above, known) for above in inputs]
    if not ranges:
        root = state.current().root
        return root.firstFrame(), root.lastFrame()
    first, last = min(one[0] for one in ranges), max(one[1] for one in ranges)
    if kind == "TimeOffset" and not disabled:
        offset = int(node["time_offset"].value())
        return first + offset, last + offset
    return first, last


def _above(node: Any) -> Any:
    if node.Class() == "Input" and node.parent() is not None:
        return [group_input(node)]
    if node._is_group and node.output() is not None and not node["disable"].value():
        return [node.output()]
    return node._inputs


def group_input(node: Any) -> Any:
    """What is connected to the group's input that an Input node stands for; None without."""
    group = node.parent()
    places = [id(one) for one in group._input_nodes()]
    return group.input(places.index(id(node)))


def _read_range(node: Node) -> Range:
    first, last = int(node["first"].value()), int(node["last"].value())
    shift = _shift(node, first)
    return (first, last) if shift is None else (first + shift, last + shift)


def _shift(node: Node, first: int) -> Optional[int]:
    """The script's frame less the file's; None where an expression says it."""
    mode, text = node["frame_mode"].value(), node["frame"].getText().strip()
    if not text:
        return 0
    if mode == "expression":
        return None
    number = round(expression_value(node, text, state.current().time))
    return number - first if mode == "start at" else -number


def file_frame(node: Node, frame: float) -> Optional[int]:
    """The frame of a Read's file at a frame of the script; None where it is black.

    Raises:
        TclError: the expression in its `frame` can't be evaluated.
    """
    first, last = int(node["first"].value()), int(node["last"].value())
    shift = _shift(node, first)
    at = round(expression_value(node, node["frame"].getText(), frame)) if shift is None else int(frame) - shift
    if first <= at <= last:
        return at
    count = last - first + 1
    how = node["before" if at < first else "after"].value()
    if how == "loop":
        return first + (at - first) % count
    if how == "bounce":
        place = (at - first) % (2 * count)  # each end is shown twice
        return first + (place if place < count else 2 * count - 1 - place)
    return None if how == "black" else first if at < first else last


def nearest_file(path: str, wanted: int, first: int, last: int) -> Optional[str]:
    """The file that exists at the frame nearest to the one wanted, the earlier of two; None if there is none."""
    for distance in range(max(abs(wanted - first), abs(last - wanted)) + 1):
        for frame in (wanted - distance, wanted + distance):
            if first <= frame <= last and Path(expand_frame(path, frame)).is_file():
                return expand_frame(path, frame)
    return None
