"""A .nk script as a list of statements, in the file's order and with the file's own text.

    #! /usr/local/Nuke15.0v4 -nx        Comment
    version 15.0 v4                     Command
    Root { … }                          NodeStatement
    Group { … }                         NodeStatement: what follows is inside, until
     Input { … }                        NodeStatement
    end_group                           EndGroup
    set N1a2b [stack 0]                 SetStatement: a name for the top of the stack
    push $N1a2b                         PushStatement
    clone $C1a2b { … }                  CloneStatement
    anything else                       Command: kept, never run

Every statement keeps its `source`, so a document that was read gives the file back byte for byte. `canonical` writes it
anew instead, as Nuke would. Statements are equal if they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Optional, Tuple, Union

from .words import Word, quote

GROUP_CLASSES = frozenset({"Group", "Gizmo", "LiveGroup"})  # their statement opens a level that `end_group` closes


@dataclass(frozen=True)
class KnobLine:
    """`name value` in a node's body; a name alone on its line has no value."""

    name: str
    value: Optional[Word]

    def canonical(self) -> str:
        """As Nuke writes it, without indent."""
        name = quote(self.name)
        return name if self.value is None else f"{name} {self.value.source}"


@dataclass(frozen=True)
class BodyComment:
    """A `#` line inside a node's body."""

    text: str

    def canonical(self) -> str:
        """Itself."""
        return self.text


BodyItem = Union[KnobLine, BodyComment]
Body = Tuple[BodyItem, ...]


@dataclass(frozen=True)
class Statement:
    """Base of all; `source` is its text with the white space before it and the line's end, `line` counts from 1."""

    source: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    def canonical(self, pad: str = "") -> str:
        """As Nuke writes it, each of its lines behind `pad`, without the line's end."""
        return pad + self.source.strip()


@dataclass(frozen=True)
class Comment(Statement):
    """A `#` line."""

    text: str = ""

    def canonical(self, pad: str = "") -> str:
        """Itself, never shifted."""
        return self.text


@dataclass(frozen=True)
class NodeStatement(Statement):
    """`Class { body }`."""

    node_class: str = ""
    body: Body = ()

    @property
    def opens_group(self) -> bool:
        """Whether the statements up to `end_group` are inside it."""
        return self.node_class in GROUP_CLASSES

    def canonical(self, pad: str = "") -> str:
        """One knob a line."""
        return _with_body(pad, self.node_class, self.body)


@dataclass(frozen=True)
class CloneStatement(Statement):
    """`clone $variable { body }`: one more node with the knobs of an earlier one."""

    variable: str = ""
    body: Body = ()

    def canonical(self, pad: str = "") -> str:
        """One knob a line."""
        return _with_body(pad, f"clone ${self.variable}", self.body)


@dataclass(frozen=True)
class SetStatement(Statement):
    """`set variable [stack depth]`."""

    variable: str = ""
    depth: int = 0

    def canonical(self, pad: str = "") -> str:
        """As Nuke writes it."""
        return f"{pad}set {self.variable} [stack {self.depth}]"


@dataclass(frozen=True)
class PushStatement(Statement):
    """`push $variable`; without a variable `push 0`, an input that is not connected."""

    variable: Optional[str] = None

    def canonical(self, pad: str = "") -> str:
        """As Nuke writes it."""
        return pad + ("push 0" if self.variable is None else f"push ${self.variable}")


@dataclass(frozen=True)
class EndGroup(Statement):
    """`end_group`."""

    def canonical(self, pad: str = "") -> str:
        """As Nuke writes it."""
        return pad + "end_group"


@dataclass(frozen=True)
class Command(Statement):
    """Any other command, `version` and `add_layer` among them: kept as it is."""

    words: Tuple[Word, ...] = ()

    def canonical(self, pad: str = "") -> str:
        """Its words as they are, never shifted."""
        return " ".join(word.source for word in self.words)

    @property
    def name(self) -> str:
        """Its first word."""
        return self.words[0].text if self.words else ""


@dataclass(frozen=True)
class Document:
    """A script; equal to another that says the same, whatever its white space."""

    statements: Tuple[Statement, ...]
    tail: str = field(default="", compare=False)  # the white space behind the last statement

    @property
    def text(self) -> str:
        """The file, byte for byte as it was read."""
        return "".join(statement.source for statement in self.statements) + self.tail

    @property
    def canonical(self, pad: str = "") -> str:
        """The file as Nuke would write it: one knob a line, what is inside a group indented by one space."""
        lines: List[str] = []
        depth = 0
        for statement in self.statements:
            if isinstance(statement, EndGroup):
                depth = max(0, depth - 1)
            lines.append(statement.canonical(" " * depth))
            if isinstance(statement, NodeStatement) and statement.opens_group:
                depth += 1
        return "".join(line + "\n" for line in lines)

    @property
    def version(self) -> str:
        """What the `version` line says, such as "15.0 v4"; empty if there is none."""
        for statement in self.statements:
            if isinstance(statement, Command) and statement.name == "version":
                return " ".join(word.text for word in statement.words[1:])
        return ""


def _with_body(pad: str, head: str, body: Body) -> str:
    return "\n".join([f"{pad}{head} {{", *(f"{pad} {item.canonical()}" for item in body), f"{pad}}}"])
