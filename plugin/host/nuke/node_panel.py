"""A node's place in the graph's window, its selection and its panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from . import state

if TYPE_CHECKING:
    from .node import Node


class NodePanel:
    """The part of Node that a window would show."""

    _shown: bool

    def _node(self) -> Node:
        return cast("Node", self)

    def xpos(self) -> int:
        """Place in the graph."""
        return int(self._node()["xpos"].value())

    def ypos(self) -> int:
        """Place in the graph, downwards."""
        return int(self._node()["ypos"].value())

    def setXpos(self, x: int) -> None:
        """Moves it."""
        self._node()["xpos"].setValue(int(x))

    def setYpos(self, y: int) -> None:
        """Moves it."""
        self._node()["ypos"].setValue(int(y))

    def setXYpos(self, x: int, y: int) -> None:
        """Moves it."""
        self.setXpos(x)
        self.setYpos(y)

    def isSelected(self) -> bool:
        """Whether it is selected."""
        return bool(self._node()["selected"].value())

    def setSelected(self, selected: bool) -> None:
        """Selects it, or not; without knobChanged and undo."""
        state.current().select(self._node(), selected)

    def selectOnly(self) -> None:
        """Selects it and nothing else beside it."""
        session = state.current()
        for node in session.selected():
            session.select(node, False)
        session.select(self._node(), True)

    def showControlPanel(self, forceFloat: bool = False) -> None:
        """Opens its panel: knobChanged with the dummy knob showPanel."""
        session = state.current()
        self._node()._check()
        self._shown = True
        session.callbacks.dummy(self._node(), "showPanel")

    def hideControlPanel(self) -> None:
        """Closes its panel: knobChanged with the dummy knob hidePanel."""
        session = state.current()
        self._node()._check()
        if self._shown:
            session.callbacks.dummy(self._node(), "hidePanel")
            self._shown = False
