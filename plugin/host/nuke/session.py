"""A session: the script that is open and all that the `nuke` module keeps beside it."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Protocol, Tuple

from ..errors import TclError
from . import callbacks as callbacks_module
from .builder import Builder
from .formats import KNOWN, Format
from .group import Group, Root
from .knobs import Knob
from .node import Node
from .saving import Writer
from .undo import Step, UndoStack

if TYPE_CHECKING:
    from .menus import Menu
    from .threads import MainThreadQueue, ProgressTask

MAX_DEPTH = 60


class Evaluator(Protocol):
    """What a session asks for images; `Host` hands it in, so that the object model knows no pixels."""

    def picture(self, node: Node, frame: float) -> Any:
        """A node's image."""

    def sample(self, node: Node, frame: float, channel: str, x: float, y: float) -> float:
        """A pixel of a node's image; 0 outside its data window and for a channel that it lacks."""

    def write(self, node: Node, frame: int) -> None:
        """Renders one frame of a Write."""

    def forget(self) -> None:
        """Lets go of all pictures."""


class Session:
    """One open script and its surroundings; see `Host` for what the arguments mean."""

    def __init__(
        self,
        *,
        gui: bool,
        version: str,
        knob_changed_when: str,
        strict_threads: bool,
        run_script_code: bool,
        answers: Dict[str, Any],
        namespace: Dict[str, Any],
        evaluator: Callable[[Session], Evaluator],
        frame_range: Callable[[Node], Tuple[int, int]],
    ) -> None:
        from .threads import MainThreadQueue  # they import this module's neighbours, which import this one

        self.gui: bool = gui
        self.version_text: str = version
        self.knob_changed_when: str = knob_changed_when
        self.strict_threads: bool = strict_threads
        self.run_script_code: bool = run_script_code
        self.main_thread = threading.get_ident()
        self.answers = answers
        self.messages: List[Tuple[str, str]] = []  # (kind, text)
        self._selection: List[Node] = []
        self.namespace = namespace
        self.undo = UndoStack()
        self.callbacks = callbacks_module.Callbacks(self)
        self.builder, self.writer = Builder(self), Writer(self)
        self.queue: MainThreadQueue = MainThreadQueue()
        self.progress: List[ProgressTask] = []
        self.on_progress: Optional[Callable[[ProgressTask], None]] = None
        self.groups: List[Group] = []
        self.formats = [Format.parse(text) for text in KNOWN]
        self.menus: Dict[str, Menu] = {}
        self.panels: List[Dict[str, Any]] = []
        self.clipboard = ""
        self.cancelled = False
        self.executing = False
        self.opening = False  # the script that is read becomes the open one
        self.loading = 0  # scripts that are being read right now
        self._dummies: Dict[str, Knob] = {}
        self._depth = 0
        self._frame: Optional[float] = None
        self._make_evaluator = evaluator
        self.frame_range = frame_range
        self._evaluator: Optional[Evaluator] = None
        self.new_script()

    # -- the script

    def new_script(self) -> None:
        """An empty script."""
        self.root = Root()
        self.root._building = False
        self.groups, self.undo = [], UndoStack()
        self._evaluator = None

    @property
    def group(self) -> Group:
        """Where names resolve and nodes are made: `begin`'s group, else the callback's, else the root."""
        if self.groups:
            return self.groups[-1]
        if self.callbacks.contexts:
            found = self.callbacks.contexts[-1].group
            if isinstance(found, Group) and not found._gone:
                return found
        return self.root

    @property
    def time(self) -> float:
        """The frame at which knobs are evaluated: the one that renders, else the script's current."""
        return self._frame if self._frame is not None else float(self.root._knobs["frame"]._state[0])

    @contextlib.contextmanager
    def at_frame(self, frame: float) -> Iterator[None]:
        """Evaluates at another frame meanwhile."""
        before, self._frame = self._frame, frame
        try:
            yield
        finally:
            self._frame = before

    def set_frame(self, frame: float) -> None:
        """Sets the script's current frame."""
        self.root["frame"].setValue(int(frame))

    def find(self, path: str) -> Optional[Node]:
        """A node by path: from the current group, or from the root with `root.` before it."""
        node: Optional[Node] = self.group
        for name in path.split(".") if path else [""]:
            if node is None:
                return None
            if name == "root":
                node = self.root
            elif name == "parent":
                node = node.parent()
            elif name != "this":
                node = node._child(name)
        return node

    # -- creation and deletion

    def create(self, node_class: str, *, knobs: str = "") -> Node:
        """Makes a node in the current group and fires its callbacks.

        Raises:
            RuntimeError: the host knows no such class.
        """
        from .defaults import SPECS

        if node_class not in SPECS or node_class == "Root":
            raise RuntimeError(f"{node_class}: Unknown command")
        parent = self.group
        node = self.builder.make(node_class, parent)
        index = len(parent._items) - 1
        self.undo.add(Step(f"create {node.name()}", lambda: self._remove(node), lambda: self._put_back(node, index)))
        if knobs:
            self.builder.read_knobs(node, knobs)
        node._building = False
        self.callbacks.fire("onCreate", node)
        return node

    def delete(self, node: Node) -> None:
        """Deletes a node: onDestroy (the group before its children), then what it fed gets its first input."""
        node._check()
        parent = node.parent()
        if parent is None:
            raise ValueError("The root can't be deleted.")
        node.hideControlPanel()
        for inner in node._walk():
            self.callbacks.fire("onDestroy", inner)
        index = next(at for at, item in enumerate(parent._items) if item is node)
        old = [(other, list(other._inputs)) for other in node.dependent()]
        above = node._inputs[0] if node._inputs else None
        for other, inputs in old:
            other._connect([above if one is node else one for one in inputs])
        self._remove(node)

        def undo() -> None:
            self._put_back(node, index)
            for other, inputs in old:
                other._connect(inputs)

        def redo() -> None:
            for other, inputs in old:
                other._connect([above if one is node else one for one in inputs])
            self._remove(node)

        self.undo.add(Step(f"delete {node._knobs['name'].getText()}", undo, redo))

    def _remove(self, node: Node) -> None:
        parent = node._parent
        if parent is not None:
            parent._items = [item for item in parent._items if item is not node]
        for inner in node._walk():
            inner._gone = True

    def _put_back(self, node: Node, index: int) -> None:
        parent = node._parent
        if parent is not None:
            parent._items.insert(index, node)
        for inner in node._walk():
            inner._gone = False
        for inner in reversed(node._walk()):
            self.callbacks.fire("onCreate", inner)

    def select(self, node: Node, selected: bool) -> None:
        """Selects a node; no knobChanged, no undo."""
        node._check()
        knob = node._knobs["selected"]
        knob._state, knob._word = (float(bool(selected)),), None
        if selected and node._parent is not None:  # the node selected last is the last of the selection
            self._selection = [*(other for other in self._selection if other is not node), node]

    def selected(self) -> List[Node]:
        """The selected nodes of the current group, in the order in which they were selected."""
        order = self._selection
        chosen = self.group.selectedNodes()
        return sorted(chosen, key=lambda node: next((at for at, other in enumerate(order) if other is node), -1))

    def dummy_knob(self, node: Node, name: str) -> Knob:
        """A knob that is on no panel, for knobChanged."""
        knob = self._dummies.setdefault(name, Knob(name))
        knob._node = node
        return knob

    # -- evaluation of text

    @contextlib.contextmanager
    def evaluating(self, text: str) -> Iterator[None]:
        """Counts expressions inside expressions, so that a ring of them ends.

        Raises:
            TclError: too deep.
        """
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                raise TclError(f'The expression "{text}" refers to itself.')
            yield
        finally:
            self._depth -= 1

    def python_text(self, node: Node, knob: Optional[Knob]) -> Optional[Callable[[str], str]]:
        """What runs `[python …]` in a path; None if scripts may run no code."""
        if not self.run_script_code:
            return None

        def run(code: str) -> str:
            with self.evaluating(code), self.callbacks.context(node, knob):
                try:
                    value = eval(compile(code.strip(), "<path>", "eval"), self.namespace)
                except Exception as error:
                    raise TclError(f"[python {code.strip()}] failed: {error}.") from error
            return "" if value is None else str(value)

        return run

    def format_of(self, text: str) -> Format:
        """The format that a script's text means: numbers, a known name, or "" for the root's.

        Raises:
            ValueError: a name that is not known.
        """
        if not text:
            return self.root.format()
        for known in self.formats:
            if known.name() == text:
                return known
        return Format.parse(text)

    @property
    def evaluator(self) -> Evaluator:
        """What evaluates images, made when the first is asked for: it loads numpy and OpenImageIO."""
        if self._evaluator is None:
            self._evaluator = self._make_evaluator(self)
        return self._evaluator

    def hash_of(self, node: Node) -> int:
        """A number for a node's knobs and all upstream; files count by path, not by their bytes."""
        digest = hashlib.sha256()
        waiting, seen = [node], set()
        while waiting:
            one = waiting.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            lines = [
                line for line in self.writer.knob_lines(one) if line.split(" ", 1)[0] not in ("xpos", "ypos", "selected")
            ]
            digest.update("\n".join([one.Class(), *lines, "|"]).encode("utf-8", "surrogateescape"))
            waiting += [above for above in one._inputs if above is not None]
            waiting += one._walk()[1:]
        return int.from_bytes(digest.digest()[:8], "big")

    def say(self, kind: str, text: str) -> None:
        """Records what a message box would have shown, and prints it."""
        self.messages.append((kind, text))
        print(text, flush=True)
