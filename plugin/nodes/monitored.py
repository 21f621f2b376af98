"""A node for the monitor: what it would render, and how values found there come back to its knobs."""

from __future__ import annotations

from typing import Any, Dict

import nuke

from ..client import MatteJob
from ..core.errors import UsageError
from . import graph, matte_state, names, order, values
from .knobs import KNOB_SPECS


class MonitoredMatte:
    """One GVM Matte, also after it was renamed; `ui.monitored` says what the monitor makes of it."""

    def __init__(self, node: nuke.Node) -> None:
        self._id = names.node_id(node)
        self._derived: Dict[str, Any] = {}  # what is no knob's value but the script's: the colours of the plate

    @property
    def name(self) -> str:
        """Its name now."""
        node = names.find(self._id)
        return str(node.name()) if node is not None else "the node"

    def job(self) -> MatteJob:
        """What Render Matte would ask for.

        Raises:
            UsageError: it cannot be rendered as it is, or its plate is a branch, which only Nuke can render.
        """
        node = self._node()
        taken = order.take(node)
        if taken.branches:
            raise UsageError(
                "its plate is a branch, which only Nuke can render: use its own buttons, and watch its job here."
            )
        knobs = values.read(node, taken.span, offset=taken.offset)
        self._derived = {name: value for name, value in taken.params.items() if name not in knobs}
        return taken.job(taken.frames, {})

    def copy(self, params: Dict[str, Any]) -> None:
        """Sets all knobs that are parameters, as one step of undo; what is not named goes to its default.

        Raises:
            ParamError: values that cannot be; no knob is changed.
            UsageError: the node was deleted.
        """
        node = self._node()
        wanted = {spec.name: spec.default for spec in KNOB_SPECS}
        for name, value in params.items():
            if name in wanted and self._derived.get(name) != value:
                wanted[name] = value
        with nuke.Undo("GVM Matte from the monitor"):
            values.write(node, wanted)
        matte_state.show_problems(node)
        matte_state.look_soon(node)

    def rendered(self) -> None:
        """Its mattes on disk may be others now."""
        node = names.find(self._id)
        if node is not None:
            graph.reload(node)
            matte_state.quick(node)
            matte_state.look_soon(node)

    def _node(self) -> nuke.Node:
        node = names.find(self._id)
        if node is None:
            raise UsageError("The node was deleted.")
        return node
