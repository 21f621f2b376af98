"""What one parameter is: how it is shown, which values it takes, and in which words it refuses others.

A `MatteParams` field made by `param()` carries all this in its metadata; the knob, the option, the farm job's parameter
and the page in docs/ are made from it. A value is checked alone here, against other parameters in `params`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, FrozenSet, Optional, Tuple

from ..core.errors import ParamError
from .channels import Channels

CLI, KNOB, FARM = "cli", "knob", "farm"
ALL_FACES = frozenset({CLI, KNOB, FARM})
PIXELS, FILE, WORK = "pixels", "file", "work"


@dataclass(frozen=True)
class ParamSpec:
    """How one parameter is shown and checked. Ranges are inclusive."""

    name: str
    type: type
    default: Any
    group: str
    label: str
    help: str
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    choices: Tuple[str, ...] = ()
    unset: str = ""  # the word for None, where that is a value; it is taken for one wherever values are given
    unit: str = ""
    affects: str = PIXELS
    faces: FrozenSet[str] = ALL_FACES
    keyable: bool = False  # may change over the shot: see `keys`
    usual: Optional[Tuple[float, float]] = None  # a slider's ends, where the whole range would be too much for one
    kind: str = ""  # what a text is: "path" (one that an engine opens), "box" or "channels"

    @property
    def flag(self) -> str:
        """The long option of the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def optional(self) -> bool:
        """Whether None is a value."""
        return bool(self.unset)

    @property
    def blank(self) -> int:
        """The number that stands for None where a knob or a field holds numbers alone: one below the least."""
        return int(self.minimum or 0) - 1

    def check(self, value: Any) -> Any:
        """The value in this parameter's type.

        Raises:
            ParamError: wrong type, out of range, or not one of the choices; the message says what is possible.
        """
        if self.optional and (value is None or value == self.unset):
            return None
        if self.kind == "box":
            return self._box(value)
        if self.type is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, self.type) or (self.type is int and isinstance(value, bool)):
            raise self._error(value, f"takes {_TYPE_WORDS[self.type]}")
        if self.kind == "channels":
            Channels.parse(str(value))
        elif self.choices and value not in self.choices:
            raise self._error(value, f"takes one of {', '.join(self.choices)}")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            low, high = self.minimum, self.maximum
            if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
                raise self._error(value, f"takes {_range_words(low, high)}{' ' + self.unit if self.unit else ''}")
        return value

    def _box(self, value: Any) -> str:
        """A box as text: `x,y,r,t`, from that, or from four numbers; empty is no box."""
        if value == "":
            return ""
        parts = value.split(",") if isinstance(value, str) else value
        try:
            x, y, r, t = (float(part) for part in parts)
        except (TypeError, ValueError):
            raise self._error(value, "takes four numbers x,y,r,t (left, bottom, right, top)") from None
        if not all(map(math.isfinite, (x, y, r, t))) or r <= x or t <= y:
            raise self._error(value, "takes x,y,r,t with r greater than x and t greater than y")
        return ",".join(f"{number:.10g}" for number in (x, y, r, t))

    def _error(self, value: object, what: str) -> ParamError:
        return ParamError(f"{self.label} ({self.flag}) {what}, not {value!r}.", name=self.name)


_FLAG = re.compile(r" \(--[a-z-]+\)")
_TYPE_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def _range_words(low: Optional[float], high: Optional[float]) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"{low:g} or more" if low is not None else f"{high:g} or less"


def without_flags(sentence: str) -> str:
    """A parameter's sentence without the command line's options: a panel has its field beside it."""
    return _FLAG.sub("", sentence)


def param(default: Any, label: str, *, group: str, help: str, span: Tuple[Any, Any] = (None, None), **more: Any) -> Any:
    """A field of `MatteParams` with what its `ParamSpec` needs; `span` is its least and its greatest value."""
    low, high = span
    return field(
        default=default, metadata={"group": group, "label": label, "help": help, "minimum": low, "maximum": high, **more}
    )
