"""What a knob's TCL and expressions ask of the script: other knobs by path, the frame, the environment.

A path starts at the knob's own node: `knob`, `this.knob`, `parent.knob`, `root.knob`, `input.knob`, `Node.knob` (a node
beside it, then one inside it), and may end in a channel: `translate.x`, `color.r`, `box.3`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, List, Optional, Tuple

from ..errors import TclError
from ..language.expression import ExpressionContext
from ..language.expression import evaluate as evaluate_expression
from ..language.tcl import TclContext, number_text, substitute
from . import state

if TYPE_CHECKING:
    from .knobs.base import Knob
    from .node import Node

_FIELD = re.compile(r"#+|%0?(\d*)d|%V|%v")
_SIZES = ("width", "height", "pixel_aspect", "first_frame", "last_frame")


def expand_frame(path: str, frame: float, view: str = "main") -> str:
    """The path of one frame: `####` and `%04d` become the frame, `%V` the view's name, `%v` its first letter."""

    def put(match: re.Match[str]) -> str:
        text = match.group()
        if text in ("%V", "%v"):
            return view if text == "%V" else view[:1]
        width = len(text) if text[0] == "#" else int(match.group(1) or 1)
        return f"{int(frame):0{width}d}"

    return _FIELD.sub(put, path)


def tcl_context(knob: Knob, frame: Optional[float] = None) -> TclContext:
    """What commands in a knob's text ask for; of a knob that is on no node, the root answers."""
    return node_context(knob.node() or state.current().root, frame, knob)


def node_context(node: Node, frame: Optional[float] = None, knob: Optional[Knob] = None) -> TclContext:
    """What `nuke.tcl` and `nuke.expression` ask for, from a node's place."""
    session = state.current()
    at = session.time if frame is None else frame
    return TclContext(
        value=lambda path: _guarded_text(node, path, at),
        expression=lambda text: expression_value(node, text, at),
        frame=at,
        python=session.python_text(node, knob),
    )


def expression_value(node: Node, text: str, frame: float) -> float:
    """The number of an expression of a node's knob; its `[commands]` are replaced first.

    Raises:
        TclError: it cannot be evaluated.
    """
    session = state.current()
    with session.evaluating(text):
        plain = substitute(text, node_context(node, frame)) if "[" in text else text
        return evaluate_expression(plain, ExpressionContext(frame, lambda path, at: number_at(node, path, at)))


def number_at(node: Node, path: str, frame: float) -> float:
    """The number of a knob (or of its channel) by path.

    Raises:
        TclError: there is no such knob, or it is no number.
    """
    owner, knob, channel = find_knob(node, path)
    if knob is None:
        return float(_size(owner, channel, path))
    number = getattr(knob, "_number_at", None)
    if number is None:
        raise TclError(f'"{path}" on {node.fullName()} is no number.')
    return float(number(_channel_index(knob, channel, path), frame))


def text_at(node: Node, path: str, frame: float) -> str:
    """The text of a knob by path, evaluated, as `[value …]` gives it.

    Raises:
        TclError: there is no such knob.
    """
    owner, knob, channel = find_knob(node, path)
    if knob is None:
        return number_text(_size(owner, channel, path))
    if channel:
        return number_text(number_at(node, path, frame))
    evaluated = getattr(knob, "_text_at", None)
    if evaluated is not None:
        return str(evaluated(frame))
    # A file's path keeps its frame field: who asks for it, expands it.
    evaluate = getattr(knob, "_evaluated", None) or getattr(knob, "evaluate", None)
    return str(evaluate(frame) if evaluate is not None else knob.value())


def _guarded_text(node: Node, path: str, frame: float) -> str:
    with state.current().evaluating(f"[value {path}]"):
        return text_at(node, path, frame)


def find_knob(node: Node, path: str) -> Tuple[Node, Optional[Knob], str]:
    """The node, the knob and the channel's name of a path; the knob is None for a size such as `root.width`.

    Raises:
        TclError: a part of the path is not there.
    """
    owner, names = _walk(node, path.split("."))
    if names and names[0] in owner._knobs and len(names) <= 2:
        return owner, _followed(owner._knobs[names[0]]), names[1] if len(names) == 2 else ""
    if len(names) == 1 and names[0] in _SIZES:
        return owner, None, names[0]
    raise TclError(f'{node.fullName()}: there is no knob "{path}".')


def _walk(node: Node, names: List[str]) -> Tuple[Node, List[str]]:
    """Follows the path's nodes; what is left names the knob and its channel."""
    owner, first = node, True
    while len(names) > 1 or (names and names[0] not in owner._knobs and names[0] not in _SIZES):
        found = _step(owner, names[0], first)
        if found is None:
            break
        owner, names, first = found, names[1:], False
    return owner, names


def _step(node: Node, name: str, first: bool) -> Optional[Node]:
    session = state.current()
    if name == "this":
        return node
    if name == "root":
        return session.root
    if name == "parent":
        return node.parent()
    if re.fullmatch(r"input\d*", name):
        return node.input(int(name[5:] or 0))
    if first and name in node._knobs:
        return None  # `translate.x`: a knob's channel
    parent = node.parent()
    beside = parent._child(name) if first and parent is not None else None
    return beside or node._child(name)


def _followed(knob: Knob) -> Knob:
    linked: Any = getattr(knob, "getLinkedKnob", None)
    target = linked() if linked is not None else None
    return target if target is not None else knob


def _channel_index(knob: Knob, channel: str, path: str) -> int:
    if not channel:
        return 0
    names: str = getattr(knob, "_names", "")
    if channel.isdigit():
        return int(channel)
    if channel in names:
        return names.index(channel)
    raise TclError(f'"{path}": the knob has no channel "{channel}".')


def _size(node: Node, name: str, path: str) -> float:
    values = {
        "width": node.width,
        "height": node.height,
        "pixel_aspect": node.pixelAspect,
        "first_frame": node.firstFrame,
        "last_frame": node.lastFrame,
    }
    return float(values[name]())


__all__ = [
    "expand_frame", "expression_value", "find_knob", "node_context", "number_at", "substitute", "tcl_context", "text_at",
]  # fmt: skip
