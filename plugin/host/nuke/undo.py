"""Undo: what was done, in blocks, and the class `nuke.Undo` that scripts use.

Changes outside a block are a block each. While recording is disabled nothing is recorded, and what was recorded stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, List, Optional

from . import state


@dataclass(frozen=True)
class Step:
    """One change and how to take it back."""

    name: str
    undo: Callable[[], None]
    redo: Callable[[], None]


@dataclass
class Block:
    """What one undo takes back."""

    name: str
    steps: List[Step] = field(default_factory=list)


class UndoStack:
    """A session's undo and redo."""

    def __init__(self) -> None:
        self.done: List[Block] = []
        self.undone: List[Block] = []
        self.open: List[Block] = []  # blocks inside blocks belong to the outermost
        self.disabled = 0
        self._running = False

    def record(self, name: str, target: Any, old: Any, new: Any) -> None:
        """Records a change of something that has `_restore`."""
        self.add(Step(name, lambda: target._restore(old), lambda: target._restore(new)))

    def add(self, step: Step) -> None:
        """Records a change; what was undone before can't be redone any more."""
        state.current().root._modified = True
        if self.disabled or self._running:
            return
        self.undone.clear()
        if self.open:
            self.open[0].steps.append(step)
        else:
            self.done.append(Block(step.name, [step]))

    def begin(self, name: str) -> None:
        """Opens a block."""
        self.open.append(Block(name))

    def end(self) -> None:
        """Closes the block that was opened last."""
        block = self.open.pop() if self.open else None
        if block is not None and not self.open and block.steps:
            self.done.append(block)

    def undo(self) -> None:
        """Takes the last block back."""
        self.end()
        if self.done:
            block = self.done.pop()
            self._run(block, back=True)
            self.undone.append(block)

    def redo(self) -> None:
        """Does again what was taken back last."""
        if self.undone:
            block = self.undone.pop()
            self._run(block, back=False)
            self.done.append(block)

    def clear(self) -> None:
        """Forgets everything."""
        self.done.clear()
        self.undone.clear()
        self.open.clear()

    def _run(self, block: Block, *, back: bool) -> None:
        self._running = True
        try:
            for step in reversed(block.steps) if back else block.steps:
                (step.undo if back else step.redo)()
        finally:
            self._running = False


class Undo:
    """`with nuke.Undo("name"):` groups changes; the class's methods work on the session's stack."""

    def __init__(self, name: Optional[str] = None) -> None:
        self._name = name

    def __enter__(self) -> Undo:
        Undo.begin(self._name or "")
        return self

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> None:
        Undo.end()

    @staticmethod
    def begin(name: str = "") -> None:
        """Opens a block."""
        state.current().undo.begin(name)

    @staticmethod
    def end() -> None:
        """Closes the block."""
        state.current().undo.end()

    @staticmethod
    def disable() -> None:
        """Records nothing until `enable`; calls nest."""
        state.current().undo.disabled += 1

    @staticmethod
    def enable() -> None:
        """Records again."""
        stack = state.current().undo
        stack.disabled = max(0, stack.disabled - 1)

    @staticmethod
    def disabled() -> bool:
        """Whether nothing is recorded."""
        return state.current().undo.disabled > 0

    @staticmethod
    def undo() -> None:
        """Takes the last block back."""
        state.current().undo.undo()

    @staticmethod
    def undoSize() -> int:
        """How many blocks can be taken back."""
        return len(state.current().undo.done)

    @staticmethod
    def undoDescribe(n: int = 0) -> str:
        """The name of a block, the last one being 0."""
        done = state.current().undo.done
        return done[-1 - n].name if n < len(done) else ""
