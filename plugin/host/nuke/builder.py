"""From a script's document to nodes: load, paste, createNode's knob text.

Order of a load (facts, section 3): inner nodes are complete before their group; every node's onCreate runs when its knobs
are set, the root's onScriptLoad at the end. knobChanged is not fired for values that a script sets, inputChange is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Optional, Set

from ..nk import Document, Entry, build, parse_body, parse_user_knob
from ..nk.document import Body, BodyComment, Command, KnobLine, Statement
from ..nk.words import Word
from . import knobs
from .defaults import OLD_NAMES
from .group import Group
from .knobs.base import Obsolete_Knob
from .node import Node, OrderItem

if TYPE_CHECKING:
    from .session import Session

_GROUPS = ("Group", "LiveGroup", "Gizmo")


class Builder:
    """Makes a session's nodes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._taken: Dict[int, Set[str]] = {}  # names by group, while a script is read

    def make(self, node_class: str, parent: Group, name: Optional[str] = None) -> Node:
        """A node of a class with its defaults, named, inside a group; nothing is fired."""
        node = (Group if node_class in _GROUPS else Node)(node_class, parent)
        node._knobs["name"]._state = self._name(node_class, parent, name)
        parent._items.append(node)
        return node

    def _name(self, node_class: str, parent: Group, wanted: Optional[str]) -> str:
        """The name that a script gives, if it is free, else the next free one."""
        taken = self._taken.get(id(parent)) if self._session.loading else None
        if taken is None:
            taken = {child._knobs["name"].getText() for child in parent._children}
            if self._session.loading:
                self._taken[id(parent)] = taken
        base = wanted or ("Merge" if node_class == "Merge2" else node_class.split(".")[-1])
        name, number = wanted or "", 0
        while not name or name in taken:
            number += 1
            name = f"{base.rstrip('0123456789') or base}{number}"
        taken.add(name)
        return name

    def renamed(self, node: Node) -> None:
        """A callback renamed a node while a script is read."""
        if node._parent is not None and id(node._parent) in self._taken:
            self._taken[id(node._parent)].add(node._knobs["name"].getText())

    # -- knobs

    def read_knobs(self, node: Node, text: str) -> None:
        """Sets knobs of a node that is there from a script's text; they fire knobChanged."""
        for item in parse_body(text):
            if isinstance(item, KnobLine) and item.value is not None:
                if item.name == "addUserKnob":
                    self._define(node, item)
                elif item.name == "name":
                    node.setName(item.value.text)
                elif item.name in node._knobs:
                    knob = node._knobs[item.name]
                    knob._change(knob._parsed(item.value))
                else:
                    self._value(node, item.name, item.value)

    def load_body(self, node: Node, body: Body, *, keep_name: bool = False) -> None:
        """Takes a script's lines over as they are; what the class does not know is carried."""
        order: List[OrderItem] = []
        for item in body:
            if isinstance(item, BodyComment) or item.value is None:
                order.append(item)
            elif item.name == "inputs":
                continue
            elif item.name == "addUserKnob":
                name = self._define(node, item)
                order.append(item if name is None else (name,))
            else:
                name = OLD_NAMES.get((node.Class(), item.name), item.name)
                if not (name == "name" and keep_name):
                    self._value(node, name, item.value)
                order.append(name)
        node._order = order

    def _define(self, node: Node, item: KnobLine) -> Optional[str]:
        definition = parse_user_knob(item.value) if item.value else None
        if definition is None:
            return None
        knob = knobs.from_definition(definition)
        if definition.name in node._knobs and definition.name and not node._knobs[definition.name]._is_user:
            knob._state = node._knobs[definition.name]._state
        node._attach(knob)
        return next(name for name, other in node._knobs.items() if other is knob)

    @staticmethod
    def _value(node: Node, name: str, word: Word) -> None:
        knob = node._knobs.get(name)
        if knob is None:
            knob = Obsolete_Knob(name)
            knob._node = node
            node._knobs[name] = knob
            node._unknown.append(name)
        if name == "name" and node._parent is not None and knob._state != word.text:
            return  # that name was taken
        knob._load(word)

    # -- scripts

    def load(self, document: Document, into: Group, *, pasted_behind: Optional[Node] = None) -> List[Node]:
        """Makes a document's nodes inside a group and fires onCreate for each; gives those of its top level."""
        self._session.loading += 1
        try:
            return self._load(document, into, pasted_behind)
        finally:
            self._session.loading -= 1
            if not self._session.loading:
                self._taken.clear()

    def _load(self, document: Document, into: Group, pasted_behind: Optional[Node]) -> List[Node]:
        graph = build(document)
        made: Dict[int, Node] = {}
        if pasted_behind is not None:
            made[id(graph.pasted)] = pasted_behind
        top: List[Node] = []
        for item in graph.items:
            if isinstance(item, Entry):
                node = self._entry(item, into, made)
                if node is not self._session.root:
                    top.append(node)
            else:
                self._carry(item, into)
        return top

    def _carry(self, statement: Statement, into: Group) -> None:
        """Keeps a comment or command; what is added to an open script leaves its own header behind."""
        header = isinstance(statement, Command) and statement.name in ("version", "define_window_layout_xml")
        if self._session.opening or not header:
            into._items.append(statement)

    def _entry(self, entry: Entry, into: Group, made: Dict[int, Node]) -> Node:
        root = self._session.root
        if entry.node_class == "Root" and into is root:
            self.load_body(root, entry.body, keep_name=self._session.opening)
            made[id(entry)] = root
            return root
        original = made.get(id(entry.original)) if entry.original is not None else None
        node = (
            self._clone(original, into) if original is not None else self.make(entry.node_class, into, entry.knob("name"))
        )
        made[id(entry)] = node
        self.load_body(node, entry.body)
        node._masks = entry.masks
        node._connect(self._inputs(node, entry, made))
        if isinstance(node, Group):
            for item in entry.children:
                if isinstance(item, Entry):
                    self._entry(item, node, made)
                else:
                    self._carry(item, node)
        node._building = False
        self._session.callbacks.fire("onCreate", node)
        return node

    def _inputs(self, node: Node, entry: Entry, made: Dict[int, Node]) -> List[Optional[Node]]:
        """The entry's inputs at their places: masks go to the class's own, which regular ones leave free."""
        found = [made.get(id(above)) if above is not None else None for above in entry.inputs]
        found = [above if above is not None and above is not self._session.root else None for above in found]
        regular, masks = found[: len(found) - entry.masks], found[len(found) - entry.masks :]
        mask = node._spec.mask
        if mask >= 0 and (masks or len(regular) > mask):
            regular += [None] * (mask - len(regular))
            regular[mask:mask] = masks[:1] or [None]
            return regular + masks[1:]
        if not node._is_group and node._spec.max_inputs == 0 and not masks:
            return []
        return regular + masks

    def _clone(self, original: Node, into: Group) -> Node:
        node = self.make(original.Class(), into)
        node._original = original._original or original
        own = {name: node._knobs[name] for name in ("selected", "xpos", "ypos")}
        node._knobs = {name: own.get(name, knob) for name, knob in original._knobs.items()}
        node._unknown = original._unknown
        return node
