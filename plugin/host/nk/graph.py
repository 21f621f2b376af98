"""The stack machine: which node is connected to which, as the statements' order says.

A node pops its inputs, the top of the stack being input 0 and masks coming last, and is pushed itself. A group pops its
inputs first; a fresh stack runs until its `end_group`. `set` names the top, `push` pushes what was named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Optional, Tuple, Union

from .document import (
    Body,
    CloneStatement,
    Document,
    EndGroup,
    KnobLine,
    NodeStatement,
    PushStatement,
    SetStatement,
    Statement,
)

_INPUTS = re.compile(r"(\d+)(?:\+(\d+))?")
PASTE_INPUT = "cut_paste_input"  # the variable at the start of pasted text: the node it is pasted behind


@dataclass(eq=False)
class Entry:
    """A node of the script: what it says, and the entries at its inputs (regular ones first, then `masks` masks)."""

    node_class: str
    body: Body
    line: int = 0
    inputs: List[Optional[Entry]] = field(default_factory=list)
    masks: int = 0
    children: List[Item] = field(default_factory=list)
    original: Optional[Entry] = None  # of a clone

    def knob(self, name: str) -> Optional[str]:
        """The text of a knob's value, of the last such line; None if the body does not have it."""
        texts = [item.value.text for item in self.body if isinstance(item, KnobLine) and item.value and item.name == name]
        return texts[-1] if texts else None

    def walk(self) -> Iterator[Entry]:
        """Itself, then all that is inside it."""
        yield self
        for child in self.children:
            if isinstance(child, Entry):
                yield from child.walk()


Item = Union[Entry, Statement]  # a node, or a comment or command between nodes


@dataclass
class Graph:
    """A script's nodes and the statements between them, in the file's order; `pasted` stands for `cut_paste_input`."""

    items: List[Item]
    pasted: Entry

    @property
    def entries(self) -> List[Entry]:
        """The nodes of the top level."""
        return [item for item in self.items if isinstance(item, Entry)]

    def walk(self) -> Iterator[Entry]:
        """Every node, a group before what is inside it."""
        for entry in self.entries:
            yield from entry.walk()


def input_counts(body: Body) -> Tuple[int, int]:
    """Regular and mask inputs that a node pops: (1, 0) without an `inputs` line."""
    for item in body:
        if isinstance(item, KnobLine) and item.name == "inputs" and item.value is not None:
            match = _INPUTS.fullmatch(item.value.text.strip())
            if match:
                return int(match.group(1)), int(match.group(2) or 0)
    return 1, 0


class _Machine:
    """Levels of (items, stack): the script's, then one for each group that is open."""

    def __init__(self) -> None:
        self.pasted = Entry(PASTE_INPUT, ())
        self.items: List[Item] = []
        self.levels: List[Tuple[List[Item], List[Optional[Entry]]]] = [(self.items, [])]
        self.names: Dict[str, Optional[Entry]] = {}

    @property
    def stack(self) -> List[Optional[Entry]]:
        return self.levels[-1][1]

    def run(self, statement: Statement) -> None:
        if isinstance(statement, NodeStatement):
            self._add(Entry(statement.node_class, statement.body, statement.line), opens=statement.opens_group)
        elif isinstance(statement, CloneStatement):
            original = self.names.get(statement.variable)
            name = original.node_class if original else statement.variable
            self._add(Entry(name, statement.body, statement.line, original=original), opens=False)
        elif isinstance(statement, SetStatement):
            self._name(statement)
        elif isinstance(statement, PushStatement):
            self.stack.append(self.names.get(statement.variable) if statement.variable else None)
        elif isinstance(statement, EndGroup):
            if len(self.levels) > 1:
                self.levels.pop()
        else:
            self.levels[-1][0].append(statement)

    def _name(self, statement: SetStatement) -> None:
        if statement.variable == PASTE_INPUT:
            self.names[PASTE_INPUT] = self.pasted
        elif statement.depth < len(self.stack):
            self.names[statement.variable] = self.stack[-1 - statement.depth]
        else:
            self.names[statement.variable] = None

    def _add(self, entry: Entry, *, opens: bool) -> None:
        regular, entry.masks = input_counts(entry.body)
        count = 0 if entry.node_class == "Root" else regular + entry.masks
        for _ in range(count):
            entry.inputs.append(self.stack.pop() if self.stack else None)
        self.levels[-1][0].append(entry)
        if entry.node_class != "Root":
            self.stack.append(entry)
        if opens:
            self.levels.append((entry.children, []))


def build(document: Document) -> Graph:
    """Connects a document's nodes; what is missing on the stack is an input that is not connected."""
    machine = _Machine()
    for statement in document.statements:
        machine.run(statement)
    return Graph(machine.items, machine.pasted)
