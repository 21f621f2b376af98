"""`nuke.execute` and its kin: frames through Writes, with the callbacks of a render around them."""

from __future__ import annotations

import sys
from typing import Any, List, Optional, Sequence, Union

from ..errors import RenderError
from . import state
from .formats import FrameRanges
from .node import Node


def execute(
    nameOrNode: Union[Node, str],
    start: Any = None,
    end: Optional[int] = None,
    incr: int = 1,
    views: Optional[Sequence[str]] = None,
    continueOnError: bool = False,
) -> None:
    """Renders a Write over frames first…last, both included, or over FrameRanges.

    beforeRender, then for each frame beforeFrameRender, the frame, afterFrameRender, then afterRender. Frames outside a
    Write's own range are left out where `use_limit` is on.

    Raises:
        RuntimeError: no such node, no Write, it is disabled, a node upstream can't be evaluated (a RenderError that names
            it), a file can't be written, a callback raised, or the text begins with "Cancelled".
    """
    session = state.current()
    node = _node(nameOrNode)
    frames = _frames(start, end, incr)
    if node.Class() != "Write":
        raise RuntimeError(f"{node.fullName()} is of class {node.Class()}; only a Write can be executed.")
    if node["disable"].value():
        raise RuntimeError(f"{node.fullName()} is disabled.")
    if session.executing:
        raise RuntimeError("I'm already executing something else")
    session.executing, session.cancelled = True, False
    try:
        session.callbacks.fire("beforeRender", node)
        for frame in frames:
            _render_frame(node, frame, continueOnError)
        session.callbacks.fire("afterRender", node)
    finally:
        session.executing = False
        session.evaluator.forget()


def _render_frame(node: Node, frame: int, go_on: bool) -> None:
    session = state.current()
    if session.cancelled:
        raise RuntimeError("Cancelled")
    if node["use_limit"].value() and not node["first"].value() <= frame <= node["last"].value():
        return
    with session.at_frame(frame):
        session.callbacks.fire("beforeFrameRender", node)
        try:
            session.evaluator.write(node, frame)
        except RenderError as error:
            if not go_on:
                raise
            print(error, file=sys.stderr)
            return
        session.callbacks.fire("renderProgress", node)
        session.callbacks.fire("afterFrameRender", node)


def _node(name_or_node: Union[Node, str]) -> Node:
    found = state.current().find(name_or_node) if isinstance(name_or_node, str) else name_or_node
    if found is None:
        raise RuntimeError(f'There is no node "{name_or_node}".')
    found._check()
    return found


def _frames(start: Any, end: Optional[int], incr: int) -> List[int]:
    if isinstance(start, FrameRanges):
        return start.toFrameList()
    root = state.current().root
    first = root.firstFrame() if start is None else int(start)
    last = (root.lastFrame() if start is None else first) if end is None else int(end)
    if incr == 0:
        raise RuntimeError("execute steps by 0; the increment is at least 1.")
    return list(range(first, last + (1 if incr > 0 else -1), int(incr)))


def active_writes() -> List[Node]:
    """Every Write that `-x` would render: not disabled, in no disabled group, the lowest render_order first."""

    def active(node: Node) -> bool:
        one: Optional[Node] = node
        while one is not None:
            disable = one._knobs.get("disable")
            if disable is not None and disable.value():
                return False
            one = one.parent()
        return True

    writes = [node for node in state.current().root._walk() if node.Class() == "Write" and active(node)]
    return sorted(writes, key=lambda node: float(node["render_order"].value()))
