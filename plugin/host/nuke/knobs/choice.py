"""Knobs that choose one of several items."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

from ...language.curve import Curve
from ...nk.user_knobs import UserKnob
from ...nk.words import Word
from .. import state
from ..knob_paths import expression_value
from .base import Knob
from .channels import Channel, Expression, channel_of, channel_text


def _items_of(values: Sequence[Any]) -> Tuple[str, ...]:
    return tuple(str(value) for value in values)


class Enumeration_Knob(Knob):
    """One of several items.

    The state is (items, choice); the choice is an item's name, or an expression or curve that gives its index.
    """

    def __init__(self, name: str = "", label: Optional[str] = None, items: Sequence[str] = ()) -> None:
        super().__init__(name, label)
        self._state = (_items_of(items), _items_of(items)[0] if items else "")

    @property
    def _default_choice(self) -> str:
        items: Tuple[str, ...] = self._state[0]
        return self._first if self._first is not None else (self._plain(items[0]) if items else "")

    _first: Optional[str] = None  # a class's default that is not the first item

    @staticmethod
    def _plain(item: str) -> str:
        """An item's own name: `value\\tlabel` shows the label."""
        return item.partition("\t")[0]

    def values(self) -> List[str]:
        """All items."""
        return [self._plain(item) for item in self._state[0]]

    def numValues(self) -> int:
        """The number of items."""
        return len(self._state[0])

    def enumName(self, n: int) -> str:
        """An item by its index; "" outside."""
        return self.values()[n] if 0 <= n < self.numValues() else ""

    def setValues(self, items: Sequence[str]) -> None:
        """Replaces the items; the choice stays if it is among them, else it is the first."""
        new = _items_of(items)
        choice = self._state[1]
        kept = not isinstance(choice, str) or choice in [self._plain(item) for item in new]
        self._definition = None
        self._change((new, choice if kept else self._plain(new[0]) if new else ""))

    def _index_at(self, frame: float) -> int:
        choice = self._state[1]
        if isinstance(choice, str):
            return self.values().index(choice) if choice in self.values() else 0
        if isinstance(choice, Curve):
            return int(choice.at(frame))
        node = self._node if self._node is not None else state.current().root
        return int(expression_value(node, choice.text, frame))

    def _number_at(self, index: int, frame: float) -> float:
        return float(self._index_at(frame))

    def _text_at(self, frame: float) -> str:
        choice = self._state[1]
        return choice if isinstance(choice, str) else self.enumName(self._index_at(frame))

    def value(self, *args: Any) -> str:
        """The item's name."""
        if self._node is not None:
            self._node._check()
        choice = self._state[1]
        return choice if isinstance(choice, str) else self.enumName(self._index_at(state.current().time))

    def getValue(self, *args: Any) -> float:
        """The item's index."""
        return float(self._index_at(0.0 if isinstance(self._state[1], str) else state.current().time))

    def getValueAt(self, frame: float, index: int = -1, *args: Any) -> float:
        """The item's index at a frame."""
        return float(self._index_at(frame))

    def setValue(self, value: Any, *args: Any) -> bool:
        """Chooses an item: text matches a name first, then an index; a number is an index.

        Raises:
            TypeError: neither text nor a number, or text that is no item.
            ValueError: an index that is not there.
        """
        items, names = self._state[0], self.values()
        if isinstance(value, str):
            if value in names:
                return self._change((items, value))
            if not value.lstrip("-").isdigit():
                return self._change(self._unknown(value))
        elif not isinstance(value, (int, float)):
            raise TypeError(f'The knob "{self._name}" takes an item or its index, not {value!r}.')
        index = int(value)
        if not 0 <= index < len(names):
            raise ValueError(f'The knob "{self._name}" has {len(names)} items; {index} is none of them.')
        return self._change((items, names[index]))

    def _unknown(self, value: str) -> Any:
        raise TypeError(f'The knob "{self._name}" has no item "{value}"; it has {", ".join(self.values()) or "none"}.')

    def isAnimated(self, channel: int = -1) -> bool:
        """Whether it has a curve or an expression."""
        return not isinstance(self._state[1], str)

    def setExpression(self, expression: str, channel: int = -1, *args: Any) -> bool:
        """Gives it an expression for its index."""
        return self._change((self._state[0], Expression(expression)))

    def clearAnimated(self, channel: int = -1) -> bool:
        """Takes the expression away; its item at the current frame stays."""
        return self._change((self._state[0], self.value()))

    def notDefault(self) -> bool:
        """Whether it would be saved."""
        return bool(self._state[1] != self._default_choice)

    def _parsed(self, word: Word) -> Any:
        if word.braced and word.text.lstrip().startswith("{"):
            inner = word.text.strip()
            channel: Channel = channel_of(inner[1:-1], True)
            return self._state[0], channel
        # An item that the list lacks (made by code when the script was saved) is kept: it is what the script says.
        names = self.values()
        index = int(word.text) if word.text.isdigit() and word.text not in names else -1
        return self._state[0], names[index] if 0 <= index < len(names) else word.text

    def _word_of_state(self) -> Word:
        choice = self._state[1]
        return Word.of(choice) if isinstance(choice, str) else Word.braces(channel_text(choice))

    def _attributes(self) -> Dict[str, Any]:
        return {"items": self._state[0]}

    def _defined(self, definition: UserKnob) -> None:
        super()._defined(definition)
        items = definition.items or ()
        self._state = (items, self._plain(items[0]) if items else "")


class EditableEnumeration_Knob(Enumeration_Knob):
    """One of several items, or any other text."""

    def _unknown(self, value: str) -> Any:
        return self._state[0], value


class ColorSpace_Knob(EditableEnumeration_Knob):
    """A colour space; the configuration in use says which there are, so any text is taken."""
