"""Knobs that the host does not evaluate: an error that names them, never a picture that is wrong without a word."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ..errors import RenderError
from ..nuke.defaults import CARRIED, COMMON

if TYPE_CHECKING:
    from ..nuke.node import Node


def check_knobs(node: Node) -> None:
    """Raises where a node of a class that the host evaluates says what the host can't follow.

    Raises:
        RenderError: a knob that changes pixels and is not evaluated is set, or the class has no knob of that name.
    """
    spec = node._spec
    for name in spec.without():
        if node._knobs[name].notDefault():
            raise RenderError(
                f'{node.fullName()}: the embedded host evaluates {node.Class()} without "{name}"; reset that knob.',
                node=node.fullName(),
            )
    carried = f"{CARRIED} {spec.carried}".split()
    unknown = [name for name in node._unknown if name not in carried and not name.endswith("_panelDropped")]
    if unknown and node.Class() != "Viewer":  # a Viewer's knobs change what it shows, not what passes through
        raise RenderError(_sentence(node, unknown[0]), node=node.fullName())


def _sentence(node: Node, name: str) -> str:
    own = [row[0] for row in node._spec.rows]
    near = difflib.get_close_matches(name, [*own, *(row[0] for row in COMMON)], 1, 0.7)
    hint = f'; did you mean "{near[0]}"?' if near else "."
    return (
        f'{node.fullName()}: the embedded host knows no knob "{name}" of {node.Class()}{hint} It has '
        f"{', '.join(own) or 'none of its own'}. Remove it, or render this part of the script in Nuke."
    )
