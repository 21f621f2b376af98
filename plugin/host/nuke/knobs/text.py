"""Knobs that hold text: plain, evaluated, files and code."""

from __future__ import annotations

import os
import re
from typing import Any, Dict, Optional

from ...nk.user_knobs import UserKnob
from .. import state
from ..knob_paths import expand_frame, tcl_context
from ..knob_paths import substitute as _substitute
from .base import Knob

_RANGE = re.compile(r"^(?P<path>.*\S)\s+(?P<range>-?\d+(?:--?\d+)?)$")


class String_Knob(Knob):
    """Text; `value()` evaluates its TCL brackets, `getText()` does not."""

    def __init__(self, name: str = "", label: Optional[str] = None, value: str = "") -> None:
        super().__init__(name, label)
        self._state = value

    def value(self, *args: Any) -> str:
        """The text with `[commands]` evaluated.

        Raises:
            TclError: a command that fails or that the host does not know (a RuntimeError).
        """
        if self._node is not None:
            self._node._check()
        return _substitute(str(self._state), tcl_context(self))

    def setText(self, value: str) -> bool:
        """Sets the text."""
        return self._change(value)

    def getText(self, oc: Any = None) -> str:
        """The text as it is."""
        return str(self._state)

    def setValue(self, value: Any, *args: Any) -> bool:
        """Sets the text.

        Raises:
            TypeError: the value is no text.
        """
        if not isinstance(value, str):
            raise TypeError(f'The knob "{self._name}" takes text, not {type(value).__name__}.')
        return self._change(value)


class EvalString_Knob(String_Knob):
    """Text whose brackets are evaluated; `value()` gives the text as it is, `evaluate()` the result."""

    def value(self, *args: Any) -> str:
        """The text as it is."""
        return str(self._state)

    def evaluate(self, frame: Optional[float] = None, *args: Any) -> str:
        """The text with its brackets evaluated, at a frame or the current one.

        Raises:
            TclError: a command that fails or that the host does not know (a RuntimeError).
        """
        return _substitute(str(self._state), tcl_context(self, frame))


class Multiline_Eval_String_Knob(EvalString_Knob):
    """Text of several lines."""


class File_Knob(EvalString_Knob):
    """A path, with TCL brackets and a frame field."""

    def evaluate(self, frame: Optional[float] = None, *args: Any) -> str:
        """The path of one frame: brackets evaluated, `####`, `%04d`, `%V` and `%v` replaced; "" where there is none.

        Raises:
            TclError: a command that fails or that the host does not know (a RuntimeError).
        """
        at = state.current().time if frame is None else frame
        return expand_frame(self._evaluated(at), at)

    def _evaluated(self, frame: Optional[float] = None) -> str:
        text = str(self._state).replace("\\", "/") if os.name == "nt" else str(self._state)
        return _substitute(text, tcl_context(self, frame))

    def getEvaluatedValue(self, *args: Any) -> str:
        """The path with its brackets evaluated and its frame field as `%04d`."""
        return re.sub(r"#+", lambda run: f"%0{len(run.group())}d", self._evaluated())

    def getValue(self, *args: Any) -> str:
        """As `getEvaluatedValue`."""
        return self.getEvaluatedValue()


class Script_Knob(String_Knob):
    """A button that runs TCL; the host keeps it and does not run it."""

    _startline = False

    def value(self, *args: Any) -> str:
        """The code."""
        return str(self._state)

    def execute(self) -> None:
        """Presses the button.

        Raises:
            RuntimeError: the host runs no TCL buttons.
        """
        raise RuntimeError(f'The embedded host runs no TCL buttons ("{self.fullyQualifiedName()}").')

    def _attributes(self) -> Dict[str, Any]:
        return {"text": str(self._state)} if self._state else {}

    def _defined(self, definition: UserKnob) -> None:
        super()._defined(definition)
        self._state = definition.text or ""

    def _change(self, new: Any) -> bool:
        self._definition = None
        return super()._change(new)


class PyScript_Knob(Script_Knob):
    """A button that runs Python, inside the context of its group."""

    def execute(self) -> None:
        """Presses the button: the code runs with thisNode() and thisKnob() set, inside its group if the node is one.

        Raises:
            Exception: whatever the code raises.
        """
        session = state.current()
        if self._node is None:
            raise ValueError("A PythonObject is not attached to a node")
        self._node._check()
        session.callbacks.press(self._node, self)


class PythonKnob(String_Knob):
    """Python code on a node: onCreate, knobChanged and their kin; `value()` is the code as it is."""

    def value(self, *args: Any) -> str:
        """The code."""
        return str(self._state)


class Text_Knob(Knob):
    """A line of text, or without any a divider."""

    _startline = False

    def __init__(self, name: str = "", label: Optional[str] = None, value: str = "") -> None:
        super().__init__(name, label)
        self._state = value

    def _attributes(self) -> Dict[str, Any]:
        return {"text": str(self._state)} if self._state else {}

    def _defined(self, definition: UserKnob) -> None:
        super()._defined(definition)
        self._state = definition.text or ""

    def _change(self, new: Any) -> bool:
        self._definition = None  # its T is its value
        return super()._change(new)


class Tab_Knob(Knob):
    """A tab of the panel; with `n` a group's begin or end inside a tab."""

    def __init__(self, name: str = "", label: Optional[str] = None, n: int = 0) -> None:
        super().__init__(name, label)
        self._n = n

    def value(self, *args: Any) -> bool:
        """Whether a group is open; True for a tab."""
        return self._n != 2

    def setValue(self, value: Any, *args: Any) -> bool:
        """Opens or closes a group."""
        if self._n > 0:
            self._n, self._definition = (1 if value else 2), None
        return True

    def _user_id(self) -> int:
        return 20

    def _attributes(self) -> Dict[str, Any]:
        return {"n": self._n} if self._n else {}

    def _defined(self, definition: UserKnob) -> None:
        super()._defined(definition)
        self._n = definition.n or 0
