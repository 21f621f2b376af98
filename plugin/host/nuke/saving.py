"""From nodes to a script's text: knobs that are not default, and the stack commands that make the connections.

Lines stand in the order in which they were read, what was added since follows; a value that was not changed is written as
it was read. A node is named with `set` only if it is pushed later on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Iterable, List, Optional, Set, Tuple

from ..nk.document import Command, Comment, Statement
from ..nk.graph import PASTE_INPUT
from ..nk.words import quote
from .constants import ALWAYS_SAVE, DO_NOT_WRITE
from .defaults import NODE_OWN
from .group import Group, Root
from .knobs import IN_DEFINITION, Knob
from .node import Node

if TYPE_CHECKING:
    from .session import Session

PASTE_HEAD = f"set {PASTE_INPUT} [stack 0]"


class Writer:
    """Writes a session's nodes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # -- knobs

    def knob_lines(self, node: Node, *, own: bool = False) -> List[str]:
        """A node's lines without indent; with `own` only what a clone has for itself."""
        knobs = {name: knob for name, knob in node._knobs.items() if not own or name in NODE_OWN}
        lines: List[str] = []
        written: Set[str] = set()
        for item in node._order:
            if isinstance(item, str):
                if item in knobs and item not in written:
                    lines.append(self._value_line(item, knobs[item]))
                    written.add(item)
            elif isinstance(item, tuple):
                if item[0] in knobs:
                    lines.append(self._definition_line(knobs[item[0]]))
                    written.add("addUserKnob " + item[0])
            elif not own:
                lines.append(item.canonical())
        fresh = [(name, knob) for name, knob in knobs.items() if not knob._is_user]
        first_user = next((at for at, line in enumerate(lines) if line.startswith("addUserKnob ")), len(lines))
        missing = [self._value_line(name, knob) for name, knob in fresh if name not in written and self._is_saved(knob)]
        lines[first_user:first_user] = missing
        for name, knob in knobs.items():
            if knob._is_user:
                lines += [self._definition_line(knob)] if "addUserKnob " + name not in written else []
                if name not in written and knob.Class() not in IN_DEFINITION and self._is_saved(knob):
                    lines.append(self._value_line(name, knob))
        return lines

    @staticmethod
    def _is_saved(knob: Knob) -> bool:
        return not knob.getFlag(DO_NOT_WRITE) and (knob.notDefault() or knob.getFlag(ALWAYS_SAVE))

    @staticmethod
    def _value_line(name: str, knob: Knob) -> str:
        return f"{quote(name)} {knob._written().source}"

    @staticmethod
    def _definition_line(knob: Knob) -> str:
        return "addUserKnob " + knob._describe().written().source

    # -- scripts

    def script(self, root: Root) -> str:
        """The whole script."""
        lines: List[str] = []
        if not any(isinstance(item, Command) and item.name == "version" for item in root._items):
            lines.append(f"version {self._session.version_text}")
        head = [item for item in root._items if isinstance(item, Statement)]
        before = head[: self._before_root(root)]
        lines += [item.canonical() for item in before]
        lines += self._block("", "Root", ["inputs 0", *self.knob_lines(root)])
        body = [item for item in root._items if not any(item is other for other in before)]
        _Level(self, "").write(body, lines)
        return "\n".join(lines) + "\n"

    @staticmethod
    def _before_root(root: Root) -> int:
        """How many statements stand before the first node: the header's."""
        count = 0
        for item in root._items:
            if not isinstance(item, Statement):
                break
            if isinstance(item, Comment) or (
                isinstance(item, Command) and item.name in ("version", "define_window_layout_xml")
            ):
                count += 1
            else:
                break
        return count

    def pasteable(self, nodes: Iterable[Node]) -> str:
        """Nodes as nodeCopy has them; an input that is not among them is what the text is pasted behind."""
        chosen = list(nodes)
        lines = [PASTE_HEAD, f"version {self._session.version_text}"]
        level = _Level(self, "", inside=chosen)
        level.write(list(chosen), lines)
        return "\n".join(lines) + "\n"

    @staticmethod
    def _block(pad: str, head: str, lines: List[str]) -> List[str]:
        return [f"{pad}{head} {{", *(f"{pad} {line}" for line in lines), f"{pad}}}"]


class _Level:
    """One level's nodes, and the stack as it will be when they are read."""

    def __init__(self, writer: Writer, pad: str, inside: Optional[List[Node]] = None) -> None:
        self.writer, self.pad, self.inside = writer, pad, inside
        self.stack: List[Optional[Node]] = []
        self.pushed: Set[int] = set()
        self.pasted = Node("NoOp", None)  # stands for the node that a copy is pasted behind
        self.names: Dict[int, str] = {id(self.pasted): PASTE_INPUT}

    def write(self, items: Iterable[object], lines: List[str]) -> None:
        ordered = self._ordered(list(items))
        self._run(ordered, [])  # which nodes are pushed by name
        self.stack = []
        self._run(ordered, lines)

    def _ordered(self, items: List[object]) -> List[object]:
        """As they are, but no node before what it is connected to."""
        members = {id(item) for item in items}
        done: Set[int] = set()
        found: List[object] = []

        def visit(item: object) -> None:
            if id(item) in done:
                return
            done.add(id(item))
            if isinstance(item, Node):
                above = [item._original] if item._original is not None else []
                for other in [*above, *item._inputs]:
                    if other is not None and id(other) in members:
                        visit(other)
            found.append(item)

        for item in items:
            visit(item)
        return found

    def _run(self, ordered: List[object], lines: List[str]) -> None:
        for item in ordered:
            if isinstance(item, Node):
                self._node(item, lines)
            elif isinstance(item, Statement):
                lines.append(item.canonical())

    def _node(self, node: Node, lines: List[str]) -> None:
        wanted, inputs_line = self._wanted(node)
        self._arrange(wanted, lines)
        body = ([inputs_line] if inputs_line else []) + self.writer.knob_lines(node, own=node._original is not None)
        if node._original is not None:
            self.pushed.add(id(node._original))
            lines += Writer._block(self.pad, f"clone ${self._name(node._original)}", body)
        else:
            lines += Writer._block(self.pad, node.Class(), body)
        if isinstance(node, Group):
            _Level(self.writer, self.pad + " ").write(node._items, lines)
            lines.append(f"{self.pad}end_group")
        self.stack.append(node)
        if id(node) in self.pushed:
            lines.append(f"{self.pad}set {self._name(node)} [stack 0]")

    def _wanted(self, node: Node) -> Tuple[List[Optional[Node]], str]:
        """What is popped, in the order of popping (masks last), and the `inputs` line if it needs one."""
        inputs = [self._seen(node, index) for index in range(max(len(node._inputs), 1))]
        mask = node._spec.mask
        if mask < 0 and 0 < node._masks <= len(inputs):  # of a class that is carried
            return list(inputs), f"inputs {len(inputs) - node._masks}+{node._masks}"
        while inputs and inputs[-1] is None:
            inputs.pop()
        masks: List[Optional[Node]] = []
        if 0 <= mask < len(inputs):
            masks = [inputs.pop(mask)]
            if masks == [None]:
                masks = []
        if masks:
            return [*inputs, *masks], f"inputs {len(inputs)}+1"
        if node._spec.max_inputs >= 2 and len(inputs) < node._spec.min_inputs and inputs:
            inputs += [None] * (node._spec.min_inputs - len(inputs))
        return list(inputs), "" if len(inputs) == 1 else f"inputs {len(inputs)}"

    def _seen(self, node: Node, index: int) -> Optional[Node]:
        """An input as the text has it: of a copy, what its first input hangs on is what it will be pasted behind."""
        above = node._inputs[index] if index < len(node._inputs) else None
        if self.inside is None or any(above is one for one in self.inside):
            return above
        if index or not (node._spec.min_inputs or (node._is_group and node.maxInputs())):
            return None
        return self.pasted

    def _arrange(self, wanted: List[Optional[Node]], lines: List[str]) -> None:
        """Leaves the inputs on top of the stack, pushing them where they are not there already."""
        top = list(reversed(self.stack[len(self.stack) - len(wanted) :])) if wanted else []
        ready = len(top) == len(wanted) and all(a is b and a is not None for a, b in zip(top, wanted))
        if not ready:
            for above in reversed(wanted):
                if above is not None:
                    self.pushed.add(id(above))
                lines.append(self.pad + ("push 0" if above is None else f"push ${self._name(above)}"))
                self.stack.append(above)
        del self.stack[len(self.stack) - len(wanted) :]

    def _name(self, node: Node) -> str:
        """A variable's name for a node, the same in both passes."""
        return self.names.setdefault(id(node), f"N{len(self.names):x}{len(node.name()):02x}00")
