"""Callbacks: the registries behind `nuke.add…`, the code in hidden knobs, and the context in which both run.

Order (facts, section 3): the knob's code, then what was added for the class in the order added, then what was added for
`*`. Registration is by (call, args, kwargs, node): adding the same again moves it to the end.

An exception in a callback goes to stderr as a traceback and into `errors`, and the script goes on, as in Nuke; in
`beforeRender`, `beforeFrameRender`, `afterFrameRender` and `afterRender` it is raised, since there it aborts the render.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Tuple

from . import constants

if TYPE_CHECKING:
    from .knobs.base import Knob
    from .node import Node
    from .session import Session

Entry = Tuple[Callable[..., Any], Tuple[Any, ...], Dict[str, Any], Optional[Any]]
RAISING = frozenset({"beforeRender", "beforeFrameRender", "afterFrameRender", "afterRender"})
EVENTS = (
    "onCreate", "onDestroy", "knobChanged", "updateUI", "autolabel", "onScriptLoad", "onScriptSave",
    "onScriptClose", "beforeRender", "beforeFrameRender", "afterFrameRender", "afterRender", "renderProgress",
)  # fmt: skip
_DUMMIES = ("showPanel", "hidePanel", "inputChange")  # knobs that exist only for knobChanged


@dataclass(frozen=True)
class CallbackError:
    """A callback that raised: which event, on which node (full name), what."""

    event: str
    node: str
    error: BaseException


@dataclass(frozen=True)
class Context:
    """What thisNode(), thisKnob() and thisGroup() say while a callback or a button runs."""

    node: Node
    knob: Optional[Knob]
    group: Node


class Callbacks:
    """A session's registries, and how its events are fired."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.registries: Dict[str, Dict[str, List[Entry]]] = {event: {} for event in EVENTS}
        self.errors: List[CallbackError] = []
        self.contexts: List[Context] = []
        self._changing: List[Node] = []

    # -- registries

    def add(self, event: str, call: Any, args: Any, kwargs: Any, node_class: str, node: Any = None) -> None:
        """Registers a callback.

        Raises:
            ValueError: `call` can't be called, or kwargs are no dictionary.
        """
        entry = self._entry(call, args, kwargs, node)
        entries = self.registries[event].setdefault(node_class, [])
        if entry in entries:
            entries.remove(entry)
        entries.append(entry)

    def remove(self, event: str, call: Any, args: Any, kwargs: Any, node_class: str, node: Any = None) -> None:
        """Takes a callback away; one that is not there is no error."""
        entries = self.registries[event].get(node_class, [])
        entry = self._entry(call, args, kwargs, node)
        if entry in entries:
            entries.remove(entry)

    @staticmethod
    def _entry(call: Any, args: Any, kwargs: Any, node: Any) -> Entry:
        if not callable(call):
            raise ValueError("call must be a callable")
        if not isinstance(kwargs, dict):
            raise ValueError("kwargs must be a dictionary")
        return call, args if isinstance(args, tuple) else (args,), kwargs, node

    # -- firing

    @contextlib.contextmanager
    def context(self, node: Node, knob: Optional[Knob] = None) -> Iterator[None]:
        """thisNode() is this node meanwhile, and names resolve inside it if it is a group, else beside it."""
        parent = node.parent()
        group = node if node._is_group or parent is None else parent
        self.contexts.append(Context(node, knob, group))
        groups, self._session.groups = self._session.groups, []
        try:
            yield
        finally:
            self.contexts.pop()
            self._session.groups = groups

    def fire(self, event: str, node: Node, knob: Optional[Knob] = None) -> List[Any]:
        """Runs a node's code for an event, then the callbacks; gives what the callbacks returned.

        Raises:
            Exception: what a callback raised, in the events of a render only.
        """
        results: List[Any] = []
        with self.context(node, knob):
            code = node._knobs.get(event)
            if code is not None and code.getText():
                results.append(self._guarded(event, node, lambda: self.run_code(code.getText(), node, event)))
            for name in (node.Class(), "*"):
                for call, args, kwargs, only in list(self.registries[event].get(name, [])):
                    if only is None or only == node:
                        results.append(self._guarded(event, node, call, args, kwargs))
                    if node._gone and event != "onDestroy":
                        return results
        return results

    def _guarded(
        self,
        event: str,
        node: Node,
        call: Callable[..., Any],
        args: Tuple[Any, ...] = (),
        kwargs: Optional[Dict[str, Any]] = None,
    ) -> Any:
        try:
            return call(*args, **(kwargs or {}))
        except Exception as error:
            if event in RAISING:
                raise
            self.errors.append(CallbackError(event, node.fullName(), error))
            traceback.print_exc(file=sys.stderr)
            return None

    def run_code(self, code: str, node: Node, knob_name: str) -> None:
        """Runs Python of a knob in the session's `__main__`.

        Raises:
            Exception: whatever the code raises.
        """
        exec(compile(code, f"<{node.fullName()}.{knob_name}>", "exec"), self._session.namespace)

    def knob_changed(self, node: Node, knob: Knob) -> None:
        """Fires knobChanged, unless the session's rule or a running knobChanged of the same node forbids it."""
        from_code = self._session.knob_changed_when == "always"
        if not (from_code or node._shown or knob.getFlag(constants.KNOB_CHANGED_ALWAYS) or knob.name() in _DUMMIES):
            return
        if node in self._changing and not knob.getFlag(constants.KNOB_CHANGED_RECURSIVE):
            return
        if node._gone or node._building:
            return
        self._changing.append(node)
        try:
            self.fire("knobChanged", node, knob)
        finally:
            self._changing.remove(node)

    def dummy(self, node: Node, name: str) -> None:
        """knobChanged with a knob that is on no panel: showPanel, hidePanel, inputChange."""
        knob = self._session.dummy_knob(node, name)
        self.knob_changed(node, knob)

    def press(self, node: Node, knob: Knob) -> None:
        """Runs a button's code.

        Raises:
            Exception: whatever the code raises.
        """
        with self.context(node, knob):
            self.run_code(knob.getText(), node, knob.name())
