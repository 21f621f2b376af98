"""Knobs that hold numbers: each channel is a number, an expression or a curve."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

from ...errors import TclError
from ...language.curve import Curve
from ...nk.user_knobs import UserKnob
from ...nk.words import Word, split_list
from .. import state
from ..knob_paths import expression_value
from .base import Knob
from .channels import Channel, Expression, channel_of, channel_text


class Array_Knob(Knob):
    """Numbers; `_names` are the channels' letters, as many as there are."""

    _names = "0"
    _whole = False
    _range: Optional[Tuple[float, float]] = None

    def __init__(self, name: str = "", label: Optional[str] = None, value: Any = None) -> None:
        super().__init__(name, label)
        self._default = tuple(0.0 for _ in self._names)
        self._state = self._default
        if value is not None:
            self._state = self._from_python(value)

    # -- reading

    def _number_at(self, index: int, frame: float) -> float:
        if not 0 <= index < len(self._state):
            raise TclError(f'The knob "{self.fullyQualifiedName()}" has no channel {index}.')
        channel: Channel = self._state[index]
        if isinstance(channel, Curve):
            return channel.at(frame)
        if isinstance(channel, Expression):
            node = self._node if self._node is not None else state.current().root
            return expression_value(node, channel.text, frame)
        return channel

    def _time(self) -> float:
        """The frame to evaluate at; plain numbers need no session."""
        return state.current().time if self.isAnimated() else 0.0

    def _from_number(self, number: float) -> Any:
        return int(number) if self._whole else number

    def value(self, index: int = -1, *args: Any) -> Any:
        """The number; a list of them for several channels unless one is named.

        Raises:
            TclError: an expression that cannot be evaluated (a RuntimeError).
        """
        if self._node is not None:
            self._node._check()
        return self._values_at(self._time(), index)

    def _values_at(self, frame: float, index: int) -> Any:
        if index >= 0:
            return self._from_number(self._number_at(index, frame))
        values = [self._from_number(self._number_at(at, frame)) for at in range(len(self._state))]
        return values[0] if len(values) == 1 else values

    def getValue(self, index: int = -1, *args: Any) -> Any:
        """The number as a float, or a list of them."""
        values = Array_Knob.value(self, index)
        return [float(value) for value in values] if isinstance(values, (list, tuple)) else float(values)

    def getValueAt(self, frame: float, index: int = -1, *args: Any) -> Any:
        """As `getValue`, at a frame."""
        return self._values_at(frame, index)

    def array(self) -> List[float]:
        """All channels."""
        return [float(self._number_at(at, self._time())) for at in range(len(self._state))]

    def _text_at(self, frame: float) -> str:
        values = self._values_at(frame, -1)
        return " ".join(f"{value:.10g}" for value in (values if isinstance(values, (list, tuple)) else [values]))

    # -- writing

    def _from_python(self, value: Any) -> Tuple[Channel, ...]:
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value] * len(self._state)
        try:
            numbers = tuple(float(number) for number in values)
        except (TypeError, ValueError) as error:
            raise TypeError(f'The knob "{self._name}" takes numbers, not {value!r}.') from error
        if len(numbers) != len(self._state):
            raise ValueError(f'The knob "{self._name}" has {len(self._state)} channels, {len(numbers)} values were given.')
        return tuple(float(int(number)) for number in numbers) if self._whole else numbers

    def setValue(self, value: Any, channel: int = -1, *args: Any) -> bool:
        """Sets all channels, or one; a channel with a curve gets a key at the current frame.

        Raises:
            TypeError: the value is no number.
            ValueError: a list of another length, or a channel that is not there.
        """
        if channel >= len(self._state):
            raise ValueError(f'The knob "{self._name}" has no channel {channel}.')
        numbers = self._from_python(value) if channel < 0 else self._from_python([value] * len(self._state))
        frame = self._time()
        new = list(self._state)
        for index in range(len(new)) if channel < 0 else [channel]:
            old, number = new[index], numbers[index]
            if isinstance(old, Curve) and isinstance(number, float):
                new[index] = old.with_key(frame, number)
            else:
                new[index] = number
        return self._change(tuple(new))

    def setValueAt(self, value: Any, time: float, index: int = -1, *args: Any) -> bool:
        """Sets a key at a frame; only after `setAnimated`, as in Nuke, else the value itself.

        Raises:
            TypeError: the value is no number.
        """
        numbers = self._from_python(value) if index < 0 else self._from_python([value] * len(self._state))
        new = list(self._state)
        for at in range(len(new)) if index < 0 else [index]:
            old, number = new[at], numbers[at]
            new[at] = old.with_key(time, number) if isinstance(old, Curve) and isinstance(number, float) else number
        return self._change(tuple(new))

    # -- range

    def setRange(self, minimum: float, maximum: float) -> None:
        """Sets the slider's range; values outside stay possible."""
        self._range, self._definition = (float(minimum), float(maximum)), None

    # -- curves and expressions

    def _channels(self, channel: int) -> List[int]:
        return list(range(len(self._state))) if channel < 0 else [channel]

    def isAnimated(self, channel: int = -1) -> bool:
        """Whether a channel has a curve or an expression."""
        return any(not isinstance(self._state[at], float) for at in self._channels(channel))

    def setAnimated(self, channel: int = -1) -> bool:
        """Gives channels a curve, with their value as a key at the current frame."""
        frame = state.current().time
        new = list(self._state)
        for at in self._channels(channel):
            if not isinstance(new[at], Curve):
                new[at] = Curve().with_key(frame, self._number_at(at, frame))
        return self._change(tuple(new))

    def clearAnimated(self, channel: int = -1) -> bool:
        """Takes curves and expressions away; their value at the current frame stays."""
        frame = self._time()
        new = list(self._state)
        for at in self._channels(channel):
            new[at] = float(self._number_at(at, frame))
        return self._change(tuple(new))

    def setExpression(self, expression: str, channel: int = -1, *args: Any) -> bool:
        """Gives channels an expression; it is evaluated when its value is asked for."""
        new = list(self._state)
        for at in self._channels(channel):
            new[at] = Expression(expression)
        return self._change(tuple(new))

    # -- a script's text

    def _parsed(self, word: Word) -> Any:
        words = split_list(word.text) or [word]
        channels = [channel_of(item.text, item.braced) for item in words]
        if len(channels) == 1 and len(self._state) > 1:
            channels *= len(self._state)  # one value for all of them
        kept = list(self._state[len(channels) :])
        return tuple([*channels, *kept][: max(len(self._state), 1)])

    def _word_of_state(self) -> Word:
        texts = [channel_text(channel) for channel in self._state]
        if len(set(texts)) == 1 and not self.isAnimated():
            return Word.of(texts[0])
        return Word.braces(" ".join(texts))

    def _attributes(self) -> Dict[str, Any]:
        return {"range": self._range} if self._range is not None else {}

    def _defined(self, definition: UserKnob) -> None:
        super()._defined(definition)
        self._range = definition.range


class Double_Knob(Array_Knob):
    """One number."""


class Unsigned_Knob(Array_Knob):
    """One whole number."""

    _whole = True


class Int_Knob(Array_Knob):
    """One whole number."""

    _whole = True

    def _attributes(self) -> Dict[str, Any]:
        return {}  # a script has no R for it


class Boolean_Knob(Array_Knob):
    """A switch."""

    _startline = False

    def value(self, *args: Any) -> bool:
        """Whether it is on."""
        return bool(super().value(0))

    def getValueAt(self, frame: float, index: int = -1, *args: Any) -> float:
        """1.0 or 0.0 at a frame."""
        return float(bool(self._number_at(0, frame)))

    def _text_at(self, frame: float) -> str:
        return "true" if self._number_at(0, frame) else "false"

    def _word_of_state(self) -> Word:
        (channel,) = self._state
        return Word.of("true" if channel else "false") if isinstance(channel, float) else super()._word_of_state()

    def _attributes(self) -> Dict[str, Any]:
        return {}


class Disable_Knob(Boolean_Knob):
    """A node's `disable`."""
