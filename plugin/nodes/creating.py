"""Making a node: in the graph behind the selection, or from a script of one's own."""

from __future__ import annotations

from typing import Optional

import nuke

from . import callbacks, graph, matte_state

NAME = "GVMMatte"


def create(plate: Optional[nuke.Node] = None) -> nuke.Node:
    """Makes a GVM Matte in the current group, as one step of undo.

    Args:
        plate: what to connect; None: the selected node, which it is put behind as Nuke's own nodes are.

    Returns:
        The node, selected; in a GUI its panel is open.
    """
    callbacks.register()
    above, below = _place(plate)
    nuke.Undo.begin("Create GVM Matte")
    try:
        node = nuke.nodes.Group()
        node.setName(f"{NAME}1")
        assert isinstance(node, nuke.Group)
        graph.build(node)
        if above is not None:
            node.setInput(0, above)
            node.setXYpos(above.xpos(), above.ypos() + 60)
        for other, index in below:
            other.setInput(index, node)
        for other in nuke.selectedNodes():
            other.setSelected(False)
        node.setSelected(True)
    finally:
        nuke.Undo.end()
    matte_state.fit(node)
    matte_state.show_problems(node)
    matte_state.look_soon(node)
    if nuke.GUI:
        node.showControlPanel()
    return node


def _place(plate: Optional[nuke.Node]) -> tuple[Optional[nuke.Node], list[tuple[nuke.Node, int]]]:
    """What goes above, and what hung below the selection and now hangs below the new node."""
    if plate is not None:
        return plate, []
    chosen = nuke.selectedNodes()
    if not chosen or chosen[0].maxOutputs() == 0:
        return None, []
    above = chosen[0]
    return above, [
        (other, index)
        for other in above.dependent(nuke.INPUTS)
        if other.Class() != "Viewer"
        for index in range(other.inputs())
        if other.input(index) == above
    ]
