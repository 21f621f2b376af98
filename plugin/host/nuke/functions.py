"""The module's functions about nodes, the context, text, formats and channels."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

from ..nk import quote
from . import state
from .defaults import COMMON, SPECS
from .formats import Format
from .group import Group, Root
from .knobs import Knob
from .node import Node

# -- nodes


class NodeConstructor:
    """`nuke.nodes.Blur`: makes a node without the selection; keywords are knobs, `inputs` a list of nodes."""

    def __init__(self, node_class: str) -> None:
        self._class = node_class

    def __call__(self, inputs: Sequence[Optional[Node]] = (), **knobs: Any) -> Node:
        session = state.current()
        made = session.create(self._class, knobs=_knob_text(self._class, knobs))
        for index, above in enumerate(inputs):
            made.setInput(index, above)
        return made


def _knob_text(node_class: str, knobs: Dict[str, Any]) -> str:
    """Keywords as a script has them, so that they are set before onCreate.

    Raises:
        NameError: the class has no such knob.
    """
    known = {row[0] for row in (*SPECS[node_class].rows, *COMMON)} | {"disable"} if node_class in SPECS else set(knobs)
    parts: List[str] = []
    for name, value in knobs.items():
        if name not in known:
            raise NameError(f"knob {name} does not exist")
        if isinstance(value, (list, tuple)):
            parts.append(f"{name} {{{' '.join(str(one) for one in value)}}}")
        elif isinstance(value, bool):
            parts.append(f"{name} {str(value).lower()}")
        else:
            text = str(value)
            parts.append(f"{name} {text if text[:1] == '{' else quote(text)}")
    return "\n".join(parts)


class Nodes:
    """`nuke.nodes`."""

    def __getattr__(self, node_class: str) -> NodeConstructor:
        if node_class.startswith("__"):
            raise AttributeError(node_class)
        return NodeConstructor(node_class)


nodes = Nodes()


def delete(node: Optional[Node]) -> None:
    """Deletes a node.

    Raises:
        ValueError: it is gone already, or the root.
    """
    if node is not None:
        state.current().delete(node)


def toNode(name: str) -> Optional[Node]:
    """A node by name or path, from the current group, or from the root with `root.` before it; None if there is none."""
    return state.current().find(name)


def allNodes(filter: Optional[str] = None, group: Optional[Group] = None, recurseGroups: bool = False) -> List[Node]:
    """The nodes of the current group or another, the newest first; `filter` is a class."""
    session = state.current()
    top = group if group is not None else session.group
    found = top._walk()[1:] if recurseGroups else top._children
    return [node for node in reversed(found) if filter is None or node.Class() == filter]


def selectedNodes(filter: Optional[str] = None) -> List[Node]:
    """The selected nodes of the current group, the one selected last first."""
    return [node for node in reversed(state.current().selected()) if filter is None or node.Class() == filter]


def selectedNode() -> Node:
    """The node selected last.

    Raises:
        ValueError: none is.
    """
    found = selectedNodes()
    if not found:
        raise ValueError("no node selected")
    return found[0]


# -- the context


def root() -> Root:
    """The script."""
    return state.current().root


def thisNode() -> Node:
    """The node whose callback or button runs; else the current group."""
    session = state.current()
    if session.callbacks.contexts and not session.groups:
        return session.callbacks.contexts[-1].node
    return session.groups[-1] if session.groups else session.group


def thisKnob() -> Optional[Knob]:
    """The knob that changed, or the button that was pressed; None outside."""
    contexts = state.current().callbacks.contexts
    return contexts[-1].knob if contexts else None


def thisGroup() -> Group:
    """Where names resolve: in a group's callback the group itself, else the parent."""
    return state.current().group


def views() -> List[str]:
    """The only view here."""
    state.current()
    return ["main"]


def frame(f: Optional[int] = None) -> int:
    """The frame that renders, else the current one; with a number sets the current one."""
    session = state.current()
    if f is not None:
        session.set_frame(f)
    return int(session.time)


def undo() -> None:
    """Takes the last block back."""
    state.current().undo.undo()


def redo() -> None:
    """Does again what was taken back."""
    state.current().undo.redo()


# -- text and numbers


# -- formats and channels


def addFormat(s: str) -> Format:
    """Adds a format: `1920 1080 0 0 1920 1080 1 name`.

    Raises:
        ValueError: it is no format.
    """
    session = state.current()
    made = Format.parse(s)
    session.formats.append(made)
    return made
