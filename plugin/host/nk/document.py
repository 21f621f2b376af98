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

Every statement keeps its `source`, so a document that was read gives the file back byte for byte. Statements are equal if
they say the same. `nuke.saving` writes what was changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Tuple, Union

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

    def canonical(self) -> str:
        """As a saved script has it, without the line's end."""
        return self.source.strip()


@dataclass(frozen=True)
class Comment(Statement):
    """A `#` line."""

    text: str = ""

    def canonical(self) -> str:
        """Itself."""
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


@dataclass(frozen=True)
class CloneStatement(Statement):
    """`clone $variable { body }`: one more node with the knobs of an earlier one."""

    variable: str = ""
    body: Body = ()


@dataclass(frozen=True)
class SetStatement(Statement):
    """`set variable [stack depth]`."""

    variable: str = ""
    depth: int = 0


@dataclass(frozen=True)
class PushStatement(Statement):
    """`push $variable`; without a variable `push 0`, an input that is not connected."""

    variable: Optional[str] = None


@dataclass(frozen=True)
class EndGroup(Statement):
    """`end_group`."""


@dataclass(frozen=True)
class Command(Statement):
    """Any other command, `version` and `add_layer` among them: kept as it is."""

    words: Tuple[Word, ...] = ()

    def canonical(self) -> str:
        """Its words as they are."""
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
    def version(self) -> str:
        """What the `version` line says, such as "15.0 v4"; empty if there is none."""
        for statement in self.statements:
            if isinstance(statement, Command) and statement.name == "version":
                return " ".join(word.text for word in statement.words[1:])
        return ""
