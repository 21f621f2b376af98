"""Parameters over a shot: a value, or keys of it by frame, as a compositor animates a knob.

    {"black_point": 0.1, "gamma": {"1001": 1.0, "1024": 1.3}, "roi": {"1001-1010": "0,0,960,540", "1048": "20,0,980,540"}}

Between keys numbers and boxes go in a straight line and choices hold the last key's; before the first and after the last
key a value stays. Which parameters can have keys their `ParamSpec` says: those that are applied to each frame by itself. A
key `A-B` is a key at A and one at B.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, Mapping, Tuple

from ..core.errors import FrameRangeError, ParamError
from ..core.frames import FrameRange
from .fields import BY_NAME, MatteParams
from .spec import ParamSpec


@dataclass(frozen=True)
class Keys:
    """An animated value: `frames` ascend, `values` belong to them."""

    spec: ParamSpec
    frames: Tuple[int, ...]
    values: Tuple[Any, ...]

    def at(self, frame: int) -> Any:
        """The value at a frame."""
        after = bisect_right(self.frames, frame)
        if after == 0 or after == len(self.frames):
            return self.values[max(after - 1, 0)]
        low, high = self.frames[after - 1], self.frames[after]
        share = (frame - low) / (high - low)
        one, other = self.values[after - 1], self.values[after]
        if self.spec.kind == "box":
            return ",".join(f"{_between(a, b, share):.10g}" for a, b in zip(box_numbers(one), box_numbers(other)))
        return one if self.spec.choices else _between(one, other, share)


def _between(one: float, other: float, share: float) -> float:
    return one + (other - one) * share


def box_numbers(text: str) -> Tuple[float, ...]:
    """The four numbers of a checked box."""
    return tuple(float(part) for part in text.split(","))


class ShotParams:
    """The parameters of a job, for any frame of it.

    Args:
        base: all of them; those with keys have their first key's value.
        keys: of those that change over the shot.

    Raises:
        ParamError: values that do not go together at some frame, a black point above the white point for instance.
    """

    def __init__(self, base: MatteParams, keys: Mapping[str, Keys]) -> None:
        self.base = base
        self.keys = dict(keys)
        self._at = lru_cache(maxsize=1024)(self._made)
        for frame in sorted({frame for item in self.keys.values() for frame in item.frames}):
            try:
                self._made(frame)  # what holds at all keys holds between them: everything goes in straight lines
            except ParamError as exc:
                raise ParamError(f"At frame {frame}: {exc.message}", name=exc.name) from exc

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ShotParams:
        """From names and values; a value that is an object of `{frame: value}` is keys.

        Raises:
            ParamError: as `MatteParams.of`; or keys for a parameter that has none, at something that is no frame.
        """
        plain: Dict[str, Any] = {}
        keys: Dict[str, Keys] = {}
        for name, value in values.items():
            if isinstance(value, Mapping) and name in BY_NAME:
                keys[name] = _keys(BY_NAME[name], value)
                value = keys[name].values[0]
            plain[name] = value
        return cls(MatteParams.of(plain), keys)

    def at(self, frame: int) -> MatteParams:
        """The parameters of one frame."""
        return self._at(frame) if self.keys else self.base

    def _made(self, frame: int) -> MatteParams:
        return self.base.replace(**{name: item.at(frame) for name, item in self.keys.items()})


def _keys(spec: ParamSpec, given: Mapping[Any, Any]) -> Keys:
    if not spec.keyable:
        able = ", ".join(name for name, other in BY_NAME.items() if other.keyable)
        raise ParamError(f"{spec.label} (`{spec.name}`) is one value for the shot; keys can have {able}.", name=spec.name)
    if not given:
        raise ParamError(f"{spec.label} (`{spec.name}`) has no keys; give it a value, or {{frame: value}}.", name=spec.name)
    found: Dict[int, Any] = {}
    for where, value in given.items():
        try:
            frames = FrameRange.parse(str(where))
            ends = {frames.first, frames.last}
        except FrameRangeError as exc:
            raise ParamError(
                f"{spec.label} (`{spec.name}`) has a key at {where!r}, which is no frame.", name=spec.name
            ) from exc
        for frame in ends:
            if found.setdefault(frame, value) != value:
                raise ParamError(f"{spec.label} (`{spec.name}`) has two values at frame {frame}.", name=spec.name)
    ordered = sorted(found)
    values = [spec.check(found[frame]) for frame in ordered]
    if spec.kind == "box" and "" in values:
        raise ParamError(f"{spec.label} (`{spec.name}`) needs a box at every key.", name=spec.name)
    return Keys(spec, tuple(ordered), tuple(values))
