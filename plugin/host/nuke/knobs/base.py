"""What every knob has: a name, flags, a state that can be undone, and its text in a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Tuple

from ...nk.user_knobs import KNOB_CLASSES, UserKnob
from ...nk.words import Word
from .. import constants, state

if TYPE_CHECKING:
    from ..node import Node

_IDS = {name: number for number, name in sorted(KNOB_CLASSES.items(), reverse=True) if number not in (8, 25)}


class Knob:
    """Base of all knobs; itself it holds text that it does not understand.

    `_state` is immutable and all that a value is; `_word` is how the script that was read has it, until it changes.
    """

    _default: Any = ""
    _startline = True  # whether a new one starts a line of the panel

    def __init__(self, name: str = "", label: Optional[str] = None) -> None:
        self._name = name
        self._label = label
        self._tooltip = ""
        self._flags = constants.STARTLINE if self._startline else 0
        self._node: Optional[Node] = None
        self._state: Any = self._default
        self._word: Optional[Word] = None
        self._definition: Optional[UserKnob] = None  # as the script that was read has it, until it changes
        self._id: Optional[int] = None  # of a user knob, as a script has it
        self._is_user = False

    def __repr__(self) -> str:
        return f"<{self.Class()} {self.fullyQualifiedName()}>"

    # -- who it is

    def Class(self) -> str:
        """Its class's name, such as "String_Knob"."""
        return type(self).__name__

    def name(self) -> str:
        """Its name."""
        return self._name

    def setName(self, name: str) -> None:
        """Renames it, also in its node."""
        if self._node is not None:
            self._node._rename_knob(self, name)
        self._name = name

    def label(self) -> str:
        """What the panel shows; the name where no label was given."""
        return self._name if self._label is None else self._label

    def tooltip(self) -> str:
        """Its help."""
        return self._tooltip

    def setTooltip(self, tooltip: str) -> None:
        """Sets its help."""
        self._tooltip, self._definition = tooltip, None

    def node(self) -> Optional[Node]:
        """The node it is on; None before addKnob."""
        return self._node

    def fullyQualifiedName(self, channel: int = -1) -> str:
        """`Group1.Node1.knob`."""
        return f"{self._node.fullName()}.{self._name}" if self._node is not None else self._name

    # -- flags

    def setFlag(self, flag: int) -> None:
        """Sets one or several flags."""
        if self._flags & flag != flag:
            self._flags, self._definition = self._flags | flag, None

    def clearFlag(self, flag: int) -> None:
        """Clears one or several flags."""
        if self._flags & flag:
            self._flags, self._definition = self._flags & ~flag, None

    def getFlag(self, flag: int) -> bool:
        """Whether any of these flags is set."""
        return bool(self._flags & flag)

    def setEnabled(self, enabled: bool) -> None:
        """Greys it out, or not; code may change it in either case."""
        if enabled:
            self.clearFlag(constants.DISABLED)
        else:
            self.setFlag(constants.DISABLED)

    # -- the value

    def value(self, *args: Any) -> Any:
        """The value as Python has it; text here."""
        return self._state

    def getValue(self, *args: Any) -> Any:
        """As `value`, where a class does not say otherwise."""
        return self.value(*args)

    def setValue(self, value: Any, *args: Any) -> bool:
        """Sets the value.

        Raises:
            TypeError: the knob's class cannot take it.
        """
        return self._change(value if isinstance(value, str) else str(value))

    def getText(self) -> str:
        """The value's text, nothing evaluated."""
        return self._written().text

    def notDefault(self) -> bool:
        """Whether it would be saved."""
        return bool(self._state != self._default)

    def isAnimated(self, channel: int = -1) -> bool:
        """Whether it has a curve; only knobs of numbers can."""
        return False

    # -- a script's text

    def toScript(self, quote: bool = False, context: Any = None) -> str:
        """The value as a script has it; with `quote` as one word of a script's line."""
        word = self._written()
        return word.source if quote or word.braced else word.text

    def fromScript(self, script: str) -> bool:
        """Sets the value from `toScript`'s text."""
        old = self._state
        word = Word.braces(script[1:-1]) if script[:1] == "{" and script[-1:] == "}" else Word.of(script)
        new = self._parsed(word)
        self._state = old
        return self._change(new)

    def _parsed(self, word: Word) -> Any:
        """The state that a script's word stands for."""
        return word.text

    def _word_of_state(self) -> Word:
        """The script's word for the state."""
        return Word.of(str(self._state))

    def _load(self, word: Word) -> None:
        """Takes a script's word over, without callbacks and undo; it is written back as it is until the value changes."""
        self._state = self._parsed(word)
        self._word = word

    def _written(self) -> Word:
        return self._word if self._word is not None else self._word_of_state()

    # -- change

    def _change(self, new: Any) -> bool:
        """Sets the state; records it for undo and calls knobChanged if it is another one.

        Raises:
            RuntimeError: off the main thread, for a knob that is on a node.
        """
        old = self._state, self._word
        if self._node is None:
            self._state, self._word = new, None
            return True
        session = state.current()
        self._node._check()
        if new == self._state:
            return True
        self._state, self._word = new, None
        session.root._modified = True
        if not self.getFlag(constants.NO_UNDO):
            session.undo.record(f"set {self.fullyQualifiedName()}", self, old, (new, None))
        session.callbacks.knob_changed(self._node, self)
        return True

    def _restore(self, state_and_word: Tuple[Any, Optional[Word]]) -> None:
        """Undo and redo come back here."""
        self._state, self._word = state_and_word
        if self._node is not None and not self._node._gone:
            state.current().callbacks.knob_changed(self._node, self)

    # -- user knobs

    def _user_id(self) -> int:
        if self._id is not None:
            return self._id
        for cls in type(self).__mro__:
            if cls.__name__ in _IDS:
                return _IDS[cls.__name__]
        return 1

    def _describe(self) -> UserKnob:
        """The `addUserKnob` line; a class adds its T, M, R and n."""
        if self._definition is not None:
            return self._definition
        names = []
        for name, flag in constants.FLAG_NAMES.items():
            usual = self._startline if name == "STARTLINE" else False
            if self.getFlag(flag) != usual:
                names.append(("-" if usual else "+") + name)
        label = self._label
        if label == self._name:
            label = None
        return UserKnob(self._user_id(), self._name, label, self._tooltip or None, flags=tuple(names), **self._attributes())

    def _attributes(self) -> Any:
        """Keywords of UserKnob that only some classes have."""
        return {}

    def _defined(self, definition: UserKnob) -> None:
        """Takes label, tooltip and flags from a script's line."""
        self._label, self._tooltip = definition.label, definition.tooltip or ""
        for text in definition.flags:
            flag = constants.FLAG_NAMES.get(text[1:], 0)
            self._flags = self._flags | flag if text[0] == "+" else self._flags & ~flag
        self._definition, self._id, self._is_user = definition, definition.id, True


class Obsolete_Knob(Knob):
    """A knob of a class or a name that the host does not know: its text is carried and written back."""

    def _parsed(self, word: Word) -> Any:
        return word

    def _word_of_state(self) -> Word:
        return self._state if isinstance(self._state, Word) else Word.of(str(self._state))

    def value(self, *args: Any) -> str:
        """The text, nothing evaluated."""
        return self._written().text
