"""Groups, the root among them: nodes with nodes inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Union

from ..nk.document import Statement
from . import state
from .formats import Format, FrameRange
from .node import Node

if TYPE_CHECKING:
    from ..nk.document import BodyItem

__all__ = ["Group", "Root"]


class Group(Node):
    """A node with nodes inside; `with group:` makes new nodes there."""

    _is_group = True

    def __init__(self, node_class: str, parent: Optional[Group]) -> None:
        self._items: List[Union[Node, Statement]] = []  # what is inside, with the statements that are carried
        super().__init__(node_class, parent)

    @property
    def _children(self) -> List[Node]:
        return [item for item in self._items if isinstance(item, Node)]

    def begin(self) -> Group:
        """Makes it the group in which names resolve and nodes are made, until `end`.

        Raises:
            RuntimeError: in a callback while a script is read; there it would corrupt Nuke's loader. Use `nodes()`.
        """
        session = state.current()
        self._check()
        if session.loading and session.callbacks.contexts:
            raise RuntimeError(f"{self.fullName()} is entered while a script is read: that corrupts Nuke; use nodes().")
        session.groups.append(self)
        return self

    def end(self) -> None:
        """Leaves it again."""
        groups = state.current().groups
        if groups:
            groups.pop()

    def __enter__(self) -> Group:
        return self.begin()

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> None:
        self.end()

    def nodes(self) -> List[Node]:
        """What is inside, the newest first."""
        state.current()
        self._check()
        return list(reversed(self._children))

    def node(self, name: str) -> Optional[Node]:
        """A node inside, by name or path."""
        return self._find(name)

    def output(self) -> Optional[Node]:
        """The Output node whose image is the group's."""
        return next((node for node in self._children if node.Class() == "Output"), None)

    def selectedNodes(self) -> List[Node]:
        """The nodes inside that are selected."""
        return [node for node in self._children if node.isSelected()]

    def _input_nodes(self) -> List[Node]:
        """Its Input nodes in the order of their numbers."""
        found = [node for node in self._children if node.Class() == "Input"]
        return sorted(found, key=lambda node: int(node["number"].value()))

    def maxInputs(self) -> int:
        """As many as there are Input nodes inside."""
        return len(self._input_nodes())

    def _child(self, name: str) -> Optional[Node]:
        for item in self._items:
            if isinstance(item, Node) and item._knobs["name"].getText() == name:
                return item
        return None

    def _free_name(self, base: str) -> str:
        """The base with the lowest number that is not taken."""
        taken = {node._knobs["name"].getText() for node in self._children}
        number = 1
        while f"{base}{number}" in taken:
            number += 1
        return f"{base}{number}"

    def _walk(self) -> List[Node]:
        found: List[Node] = [self]
        for node in self._children:
            found += node._walk()
        return found


class Root(Group):
    """The script."""

    def __init__(self) -> None:
        super().__init__("Root", None)
        self._knobs["name"]._state = ""
        self._modified = False
        self._body: List[BodyItem] = []

    def name(self) -> str:
        """The script's path; "Root" while it was never saved."""
        return self._knobs["name"].getText() or "Root"

    def setName(self, name: str, uncollide: bool = True, updateExpressions: bool = False) -> None:
        """Sets the script's path."""
        self._knobs["name"].setValue(name)

    def firstFrame(self) -> int:
        """The first frame of the script's range."""
        return int(self["first_frame"].value())

    def lastFrame(self) -> int:
        """The last frame of the script's range."""
        return int(self["last_frame"].value())

    def frameRange(self) -> FrameRange:
        """The script's range."""
        return FrameRange(self.firstFrame(), self.lastFrame(), 1)

    def format(self) -> Format:
        """The script's display window."""
        found: Format = self["format"].value()
        return found

    def modified(self) -> bool:
        """Whether something changed since the script was read or saved."""
        return self._modified

    def setModified(self, modified: bool) -> None:
        """Says that it did, or not."""
        self._modified = bool(modified)
