"""Knobs of formats, channels and links."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ...nk.user_knobs import UserKnob
from ...nk.words import Word
from .. import state
from ..formats import Format
from .base import Knob


class Format_Knob(Knob):
    """A display window; the state is its text in a script, or the name of a format that the session knows."""

    def value(self, *args: Any) -> Format:
        """The format; the root's where none is set.

        Raises:
            ValueError: a name that the session has no format for.
        """
        return state.current().format_of(str(self._state))

    def setValue(self, value: Any, *args: Any) -> bool:
        """Sets it from a Format, its text, or a name.

        Raises:
            ValueError: a name that the session has no format for.
        """
        text = value.text() if isinstance(value, Format) else str(value)
        state.current().format_of(text)
        return self._change(text)

    def _text_at(self, frame: float) -> str:
        return self.value().text()


class Channel_Knob(Knob):
    """A layer, or a list of channels: `rgba`, `rgba.alpha`, `{rgba.red -rgba.green none}`."""

    _default = "rgba"

    def __init__(self, name: str = "", label: Optional[str] = None, value: str = "rgba", depth: int = 4) -> None:
        super().__init__(name, label)
        self._state, self._depth = value, depth

    def value(self, *args: Any) -> str:
        """The layer's or channel's name, or the list as the script has it."""
        return str(self._state)

    def _word_of_state(self) -> Word:
        text = str(self._state)
        return Word.braces(text) if " " in text else Word.of(text)


class ChannelMask_Knob(Channel_Knob):
    """A set of channels."""


class Link_Knob(Knob):
    """Shows a knob of another node; value and change go through to it."""

    def getLink(self) -> str:
        """The path: `Inner.knob`."""
        return str(self._state)

    def setLink(self, path: str) -> None:
        """Sets the path."""
        self._definition = None
        self._change(path)

    def makeLink(self, node: str, knob: str) -> None:
        """Links to a knob of a node, by their names."""
        self.setLink(f"{node}.{knob}")

    def getLinkedKnob(self) -> Optional[Knob]:
        """The knob at the end of the path, inside the node or beside it; None if there is none."""
        path, seen = str(self._state), 0
        knob: Optional[Knob] = self
        while isinstance(knob, Link_Knob) and seen < 20:
            knob, seen = knob._target(), seen + 1
        return knob if path and not isinstance(knob, Link_Knob) else None

    def _target(self) -> Optional[Knob]:
        node_path, _, name = str(self._state).rpartition(".")
        if self._node is None or not name:
            return None
        parent = self._node.parent()
        places = [self._node, *([parent] if parent is not None else []), state.current().root]
        for place in places:
            node = place._find(node_path) if node_path else place
            knob = node._knobs.get(name) if node is not None else None
            if knob is not None and knob is not self:
                return knob
        return None

    def _linked(self) -> Knob:
        knob = self.getLinkedKnob()
        if knob is None:
            raise RuntimeError(f'The link "{self.fullyQualifiedName()}" leads to "{self._state}", which is not there.')
        return knob

    def value(self, *args: Any) -> Any:
        """The linked knob's value.

        Raises:
            RuntimeError: the path leads nowhere.
        """
        return self._linked().value(*args)

    def getValue(self, *args: Any) -> Any:
        """The linked knob's."""
        return self._linked().getValue(*args)

    def setValue(self, value: Any = None, *args: Any) -> bool:
        """Sets the linked knob's value."""
        return bool(self._linked().setValue(value, *args))

    def getText(self) -> str:
        """The linked knob's."""
        return self._linked().getText()

    def _load(self, word: Word) -> None:
        self._word = word  # a script's line of its own is what it links to had; the link itself is in the definition

    def _attributes(self) -> Dict[str, Any]:
        return {"text": str(self._state)} if self._state else {}

    def _defined(self, definition: UserKnob) -> None:
        super()._defined(definition)
        self._state = definition.text or ""


# Classes whose value is in their `addUserKnob` line, so that no line of its own follows.
IN_DEFINITION = ("Script_Knob", "PyScript_Knob", "Text_Knob", "Link_Knob", "Tab_Knob")
