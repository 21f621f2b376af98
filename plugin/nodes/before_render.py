"""A Write downstream asks for mattes before it renders, as the node's knob says.

Nuke renders nothing while it renders: a branch that must be rendered first cannot be, here. Those mattes are made with
Render Matte, or on the farm.
"""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional, Tuple

import nuke

from ..core.errors import UsageError
from ..core.paths import frame_path
from . import matte_state, names, renders
from .order import Order, take


def upstream(write: nuke.Node) -> None:
    """Renders what the nodes above a Write lack.

    Raises:
        GvmMatteError: mattes that are asked for cannot be made; the render must not go on without them.
    """
    for node in mattes_above(write):
        when = str(node[names.BEFORE_RENDER].value())
        if when == "never" or node["disable"].value():
            continue
        order = take(node)
        wanted = _wanted(order, when)
        if not wanted:
            continue
        if order.branches:
            raise UsageError(
                f"{node.name()} lacks mattes, and its plate is a branch, which Nuke cannot render within a render. "
                "Press Render Matte first, or set Before a render to never."
            )
        renders.render(node, wanted, wait=True)


def _wanted(order: Order, when: str) -> Tuple[int, ...]:
    """Frames to be asked for: those without a file, or all unless everything is fresh."""
    if when == "if missing":
        return tuple(f for f in order.frames if not Path(frame_path(order.path, f - order.offset)).is_file())
    return () if order.branches and matte_state.asked(order).kind == matte_state.FRESH else order.frames.frames


def mattes_above(node: nuke.Node) -> List[nuke.Node]:
    """The GVM Mattes that a node's image depends on, those in groups too, the farthest upstream first."""
    found: List[nuke.Node] = []
    seen = set()

    def visit(one: Optional[nuke.Node]) -> None:
        if one is None or one.fullName() in seen:
            return
        seen.add(one.fullName())
        for index in range(one.inputs()):
            visit(one.input(index))
        if isinstance(one, nuke.Group):
            for child in one.nodes():
                visit(child)
        if names.is_matte(one):
            found.append(one)

    visit(node)
    return found
