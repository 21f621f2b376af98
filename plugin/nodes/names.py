"""Names of the node's knobs and of the nodes inside it, and how a GVM Matte is told from any other Group."""

from __future__ import annotations

import contextlib
from typing import Dict, Iterator, List, Optional

import nuke

MARKER = "gvm_matte"  # its value is the node's layout; a later package reads it to bring older nodes up to date
LAYOUT = "2"  # 1: no "auto" of the overlap, see `knobs.bring_up_to_date`
ID = "gvm_id"
HAS_MATTE = "has_matte"
OFFSET = "plate_offset"
STATUS = "status"
PROBLEM = "problem"
RANGE, FIRST, LAST = "range", "range_first", "range_last"
PRESET = "preset"
OUTPUT = "output"
BEFORE_RENDER = "before_render"
ENGINE = "engine_status"

INPUTS = ("plate", "garbage", "core")
_found: Dict[str, nuke.Node] = {}  # who asks for a node often should not search the script each time
PLATE, GARBAGE, CORE = range(3)
READ, COPY, SWITCH, SHIFT = "Matte", "CopyMatte", "HasMatte", "MatteOffset"


def is_matte(node: nuke.Node) -> bool:
    """Whether this is a GVM Matte; False for one that is not attached any more or only half loaded."""
    try:
        return node.Class() == "Group" and node.knob(MARKER) is not None
    except ValueError:
        return False


def every_node() -> List[nuke.Node]:
    """All GVM Mattes of the script, those in groups too, the newest first."""
    return [node for node in _walk(nuke.root().nodes()) if is_matte(node)]


def _walk(nodes: List[nuke.Node]) -> Iterator[nuke.Node]:
    for node in nodes:
        yield node
        if isinstance(node, nuke.Group):
            yield from _walk(node.nodes())


def inner(node: nuke.Node, name: str) -> Optional[nuke.Node]:
    """A node inside, by name; None where the user removed it."""
    assert isinstance(node, nuke.Group)
    return next((one for one in node.nodes() if one.name() == name), None)


def node_id(node: nuke.Node) -> str:
    """What tells this node from its copies, also after it was renamed."""
    return str(node[ID].value())


def find(wanted: str) -> Optional[nuke.Node]:
    """The node with this id; None if it was deleted."""
    known = _found.get(wanted)
    if known is None or not is_matte(known) or node_id(known) != wanted:
        _found.clear()  # of scripts that are closed, too
        _found.update((node_id(node), node) for node in every_node())
        known = _found.get(wanted)
    return known


@contextlib.contextmanager
def untracked() -> Iterator[None]:
    """Changes of the node's own bookkeeping: neither in the undo history nor a reason to save the script."""
    modified, recorded = nuke.modified(), not nuke.Undo.disabled()
    if recorded:  # whether calls nest is not documented
        nuke.Undo.disable()
    try:
        yield
    finally:
        if recorded:
            nuke.Undo.enable()
        if not modified:
            nuke.modified(False)
