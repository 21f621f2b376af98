"""Nodes: their knobs and their inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Union

from ..nk.document import BodyItem
from . import constants, state
from .defaults import COMMON, SPECS, UNKNOWN
from .knobs import ALL, Knob
from .knobs.choice import Enumeration_Knob
from .node_image import NodeImage
from .node_panel import NodePanel
from .undo import Step

if TYPE_CHECKING:
    from .group import Group

OrderItem = Union[str, Tuple[str], BodyItem]  # a knob's value; a knob's definition; a line that is carried


class Node(NodePanel, NodeImage):
    """A node of a script. It is made by createNode, nuke.nodes, a paste or a load, never by its class."""

    _is_group = False

    def __init__(self, node_class: str, parent: Optional[Group]) -> None:
        self._class = node_class
        self._spec = SPECS.get(node_class, UNKNOWN)
        self._parent = parent
        self._knobs: Dict[str, Knob] = {}
        self._inputs: List[Optional[Node]] = []
        self._masks = 0  # how many of the last inputs a script says are masks
        self._order: List[OrderItem] = []  # how the script that was read has its lines
        self._unknown: List[str] = []  # knobs of a script that the class has not here; their text is carried
        self._original: Optional[Node] = None  # of a clone
        self._shown = False
        self._gone = False
        self._building = True
        for row in (*self._spec.rows, *COMMON):
            self._install(*row)
        if self._spec.disable:
            self._install("disable", "Disable_Knob", False)

    def _install(self, name: str, cls: str, default: Any) -> None:
        if name in self._knobs:
            return
        knob = ALL[cls](name)
        if isinstance(knob, Enumeration_Knob):
            items, first = default
            knob._state, knob._first = (tuple(items), first), first
        elif hasattr(knob, "_from_python"):
            knob._state = knob._default = knob._from_python(default)
        else:
            knob._state = knob._default = default
        knob._node = self
        self._knobs[name] = knob

    def __repr__(self) -> str:
        return f"<{self.fullName()} of class {self._class}>"

    def _check(self) -> None:
        """Raises ValueError if the node was deleted."""
        if self._gone:
            raise ValueError("A PythonObject is not attached to a node")

    # -- who it is

    def Class(self) -> str:
        """Its class, "Group" for every group."""
        return self._class

    def name(self) -> str:
        """Its name, unique beside its siblings."""
        self._check()
        return self._knobs["name"].getText()

    def fullName(self) -> str:
        """`Group1.Read1`; the root's is "root"."""
        names, node = [], self
        while node._parent is not None:
            names.append(node._knobs["name"].getText())
            node = node._parent
        return ".".join(reversed(names)) or "root"

    def setName(self, name: str, uncollide: bool = True, updateExpressions: bool = False) -> None:
        """Renames it; with `uncollide` to the next free name.

        Raises:
            ValueError: the name is no identifier, or taken and `uncollide` is off.
        """
        self._check()
        if not name.isidentifier():
            raise ValueError(f'"{name}" is no name of a node; use letters, digits and _.')
        if self._parent is not None and self._parent._child(name) not in (None, self):
            if not uncollide:
                raise ValueError(f'There is a node "{name}" already.')
            name = self._parent._free_name(name.rstrip("0123456789") or name)
        self._knobs["name"].setValue(name)
        state.current().builder.renamed(self)

    def parent(self) -> Optional[Group]:
        """The group it is in; None for the root."""
        return self._parent

    def clones(self) -> int:
        """How many nodes share its knobs, itself left out."""
        original = self._original or self
        everything = state.current().root._walk()
        return sum(node is not self and (node._original or node) is original for node in everything)

    # -- knobs

    def knobs(self) -> Dict[str, Knob]:
        """All knobs by name."""
        self._check()
        return dict(self._knobs)

    def knob(self, name: str, follow_link: bool = False) -> Optional[Knob]:
        """A knob by name; None if there is none."""
        self._check()
        found = self._knobs.get(name)
        linked = getattr(found, "getLinkedKnob", None)
        return linked() if follow_link and linked is not None else found

    def __getitem__(self, name: str) -> Knob:
        found = self.knob(name)
        if found is None:
            raise NameError(f"knob {name} does not exist")
        return found

    def __len__(self) -> int:
        return len(self._knobs)

    def __bool__(self) -> bool:
        return True

    def addKnob(self, knob: Knob) -> None:
        """Adds a user knob; a first one that is no tab gets the tab `User`.

        Raises:
            ValueError: the knob is on a node already.
        """
        session = state.current()
        self._check()
        if knob._node is not None:
            raise ValueError(f'The knob "{knob.name()}" is on {knob._node.fullName()} already.')
        if not any(other._is_user for other in self._knobs.values()) and knob._user_id() != 20:
            self._attach(ALL["Tab_Knob"]("User"))
        self._attach(knob)
        session.undo.add(Step(f"add {knob.name()}", lambda: self._detach(knob), lambda: self._attach(knob)))

    def _attach(self, knob: Knob) -> None:
        name = knob.name()
        if name in self._knobs and name:
            self._detach(self._knobs[name])
        knob._node, knob._is_user = self, True
        self._knobs[self._slot(knob)] = knob

    def _slot(self, knob: Knob) -> str:
        """A divider has no name in a script; each needs one of its own in the table."""
        number, name = 0, knob.name()
        while (not knob.name() and name in self._knobs) or not name:
            number += 1
            name = f"_{number}"
        return name

    def _detach(self, knob: Knob) -> None:
        for name, other in list(self._knobs.items()):
            if other is knob:
                del self._knobs[name]
        knob._node = None

    def removeKnob(self, knob: Knob) -> None:
        """Takes a user knob away.

        Raises:
            ValueError: it is not on this node, or the class's own.
        """
        if knob._node is not self or not knob._is_user:
            raise ValueError(f'"{knob.name()}" is no user knob of {self.fullName()}.')
        self._detach(knob)
        state.current().undo.add(Step(f"remove {knob.name()}", lambda: self._attach(knob), lambda: self._detach(knob)))

    def _rename_knob(self, knob: Knob, name: str) -> None:
        self._knobs = {name if other is knob else key: other for key, other in self._knobs.items()}

    def readKnobs(self, text: str) -> None:
        """Sets knobs from a script's text: `size 10 name Blur1`."""
        state.current().builder.read_knobs(self, text)

    # -- inputs

    def inputs(self) -> int:
        """The number of inputs up to the last that is connected."""
        self._check()
        connected = [index for index, node in enumerate(self._inputs) if node is not None]
        return connected[-1] + 1 if connected else 0

    def input(self, index: int) -> Optional[Node]:
        """The node at an input; None if there is none."""
        self._check()
        return self._inputs[index] if 0 <= index < len(self._inputs) else None

    def maxInputs(self) -> int:
        """How many inputs it can have."""
        return self._spec.max_inputs + (self._spec.mask == self._spec.max_inputs)

    def maxOutputs(self) -> int:
        """1, or 0 for a class without output."""
        return int(self._spec.outputs)

    def canSetInput(self, index: int, node: Optional[Node]) -> bool:
        """Whether a connection is possible: the input is there, the node has an output, and it is not downstream."""
        if not 0 <= index < self.maxInputs():
            return False
        return node is None or (node._spec.outputs and node._parent is self._parent and not node._is_downstream_of(self))

    def setInput(self, index: int, node: Optional[Node]) -> bool:
        """Connects an input; False if that can't be."""
        session = state.current()
        self._check()
        if node is not None:
            node._check()
        if not self.canSetInput(index, node):
            return False
        old = list(self._inputs)
        new = old + [None] * (index + 1 - len(old))
        new[index] = node
        if new != old:
            self._connect(new)
            session.undo.add(Step(f"connect {self.name()}", lambda: self._connect(old), lambda: self._connect(new)))
        return True

    def _connect(self, inputs: List[Optional[Node]]) -> None:
        self._inputs = list(inputs)
        if not self._gone:
            state.current().callbacks.dummy(self, "inputChange")

    def _is_downstream_of(self, other: Node) -> bool:
        waiting, seen = [self], set()
        while waiting:
            node = waiting.pop()
            if node is other:
                return True
            if id(node) not in seen:
                seen.add(id(node))
                waiting += [above for above in node._inputs if above is not None]
        return False

    def dependencies(self, what: int = constants.INPUTS) -> List[Node]:
        """The nodes at its inputs (expressions are not followed)."""
        found: List[Node] = []
        for node in self._inputs:
            if node is not None and node not in found:
                found.append(node)
        return found

    def dependent(self, what: int = constants.INPUTS, forceEvaluate: bool = True) -> List[Node]:
        """The nodes that have it at an input."""
        siblings = self._parent._children if self._parent is not None else []
        return [node for node in siblings if self in node._inputs]

    # -- for the groups

    def _child(self, name: str) -> Optional[Node]:
        """A node inside it, by name."""
        return None

    def _find(self, path: str) -> Optional[Node]:
        """A node inside it, by a path of names."""
        node: Optional[Node] = self
        for name in path.split("."):
            node = node._child(name) if node is not None else None
        return node

    def _walk(self) -> List[Node]:
        """Itself, then all that is inside."""
        return [self]


__all__ = ["Node", "OrderItem"]
