"""The module's functions about nodes, the context, text, formats and channels."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Sequence

from ..errors import TclError
from ..language.tcl import call as _tcl_call
from ..language.tcl import run as _tcl_run
from ..nk import quote
from . import state
from .defaults import COMMON, SPECS
from .formats import Format
from .group import Group, Root
from .knob_paths import expression_value, node_context
from .knobs import Knob
from .node import Node

# -- nodes


def createNode(node: str, knobs: str = "", inpanel: bool = True) -> Node:
    """Makes a node as the user does: behind the selection, selected, its panel open in a GUI session.

    Raises:
        RuntimeError: the host knows no such class.
    """
    session = state.current()
    made = session.create(node, splice=True, knobs=knobs, user=True)
    if inpanel and session.gui:
        made.showControlPanel()
    return made


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


def exists(name: str) -> bool:
    """Whether there is a node, or a knob (`Node.knob`), of this name."""
    session = state.current()
    if session.find(name) is not None:
        return True
    path, _, knob = name.rpartition(".")
    node = session.find(path) if path else session.group
    return node is not None and knob in node._knobs


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


def selectAll() -> None:
    """Selects every node of the current group."""
    session = state.current()
    for node in session.group._children:
        session.select(node, True)


def nodesSelected() -> bool:
    """Whether a node is selected."""
    return bool(state.current().selected())


def show(node: Node, forceFloat: bool = False) -> None:
    """Opens a node's panel."""
    node.showControlPanel(forceFloat)


def knobDefault(classknob: str, value: Optional[str] = None) -> Optional[str]:
    """Sets or gives the default of a class's knob, `Class.knob`, for nodes made from now on."""
    defaults = state.current().knob_defaults
    node_class, _, name = classknob.partition(".")
    if value is None:
        return defaults.get(node_class, {}).get(name)
    defaults.setdefault(node_class, {})[name] = str(value)
    return None


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


def thisParent() -> Optional[Group]:
    """The group that thisNode() is in; None for the root."""
    return thisNode().parent()


def thisRoot() -> Root:
    """The script."""
    return root()


def thisClass() -> str:
    """thisNode()'s class."""
    return thisNode().Class()


def thisView() -> str:
    """The only view here."""
    return "main"


def views() -> List[str]:
    """The only view here."""
    state.current()
    return ["main"]


def endGroup() -> None:
    """Leaves the group that was begun last."""
    session = state.current()
    if session.groups:
        session.groups.pop()


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


def tcl(cmd: str, *args: Any) -> str:
    """Runs a TCL command that the host knows: `tcl("subst", path)`, `tcl("value root.name")`.

    Raises:
        RuntimeError: a command that is not known, or that fails (a TclError).
    """
    context = node_context(thisNode())
    return _tcl_call([cmd, *(str(arg) for arg in args)], context) if args else _tcl_run(cmd, context)


def expression(s: str) -> float:
    """The number of an expression, from thisNode()'s place.

    Raises:
        RuntimeError: it can't be evaluated (a TclError).
    """
    return expression_value(thisNode(), s, state.current().time)


expr = expression


def value(knob: str, default: Optional[str] = None) -> str:
    """The text of a knob by path.

    Raises:
        NameError: it is not there and no default was given.
    """
    try:
        return node_context(thisNode()).value(knob)
    except TclError as error:
        if default is not None:
            return default
        raise NameError(str(error)) from error


def numvalue(knob: str, default: Optional[float] = None) -> float:
    """The number of a knob by path.

    Raises:
        NameError: it is not there and no default was given.
    """
    try:
        return expression(knob)
    except TclError as error:
        if default is not None:
            return default
        raise NameError(str(error)) from error


REPLACE = 1  # for filename(): the path of the current frame


def filename(node: Node, i: int = 0) -> Optional[str]:
    """A Read's or Write's path, with `nuke.REPLACE` that of the current frame; None for a node without one."""
    knob: Any = node.knob("file")
    if knob is None:
        return None
    return str(knob.evaluate()) if i == REPLACE else str(knob.getText())


def stripFrameRange(clipname: str) -> str:
    """A path without the frame range behind it."""
    return re.sub(r"\s+-?\d+(--?\d+)?$", "", clipname)


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


def formats() -> List[Format]:
    """All formats that the session knows."""
    return list(state.current().formats)


def channels(node: Optional[Node] = None) -> List[str]:
    """A node's channels, or those that the script knows."""
    return node.channels() if node is not None else list(state.current().known_channels)


def layers(node: Optional[Node] = None) -> List[str]:
    """A node's layers, or those that the script knows."""
    return sorted({name.split(".")[0] for name in channels(node)})


class Layer:
    """Makes a layer known to the script."""

    def __init__(self, name: str, channels: Sequence[str] = ()) -> None:
        session = state.current()
        self._name, self._channels = name, [one if "." in one else f"{name}.{one}" for one in channels]
        session.known_channels += [one for one in self._channels if one not in session.known_channels]

    def name(self) -> str:
        """Its name."""
        return self._name

    def channels(self) -> List[str]:
        """Its channels."""
        return list(self._channels)
