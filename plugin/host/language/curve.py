"""Animation curves as a script has them: `curve x1 0 x10 1`, `curve L x1 0 x10 1`, `curve K x1 0 x10 1`.

`x` sets the frame of the next key, a number without one follows at the step of the two keys before it (1 at first), and a
letter says how the curve runs on from there: `L` linear, `K` constant, none smooth.

Approximations, since Nuke does not document its own: a smooth key's slope is that of the line through its neighbours, 0
where the value turns, no steeper than three times the flatter side (so that nothing overshoots), and at the two ends that
of the adjoining line. `s`, `t`, `u` and `v` (slopes and weights set by hand) are read: s and t give the slopes in and out,
u and v are left aside. Outside its keys a curve is constant.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field, replace
from typing import List, Optional, Tuple

from ..errors import TclError

SMOOTH, LINEAR, CONSTANT = "smooth", "linear", "constant"
_MODES = {"L": LINEAR, "l": LINEAR, "K": CONSTANT, "k": CONSTANT, "C": SMOOTH, "c": SMOOTH, "M": SMOOTH, "S": SMOOTH}
_IGNORED = frozenset("iRHNDuvb")  # how Nuke shows or extends it; nothing that changes values between keys


@dataclass(frozen=True)
class Key:
    """One key: `mode` is how the curve runs from here to the next key; slopes set by hand, in value per frame."""

    frame: float
    value: float
    mode: str = SMOOTH
    slope_in: Optional[float] = None
    slope_out: Optional[float] = None


@dataclass(frozen=True)
class Curve:
    """Keys in ascending order of frame, at least none; equal if the keys are."""

    keys: Tuple[Key, ...] = ()
    source: str = field(default="", compare=False)  # what the script has; empty once a key was changed

    @classmethod
    def parse(cls, text: str) -> Curve:
        """Reads `curve …` (the word itself may be left out).

        Raises:
            TclError: a token that is no number, frame or letter of a curve.
        """
        words = text.split()
        words = words[1:] if words[:1] == ["curve"] else words
        keys: List[Key] = []
        frame: Optional[float] = None
        mode = SMOOTH
        for word in words:
            if word in _MODES:
                mode = _MODES[word]
            elif word[0] in "st" and len(word) > 1 and keys:
                slope = _number(word[1:], text)
                keys[-1] = replace(keys[-1], slope_out=slope) if word[0] == "t" else _both(keys[-1], slope)
            elif word[0] == "x" and len(word) > 1:
                frame = _number(word[1:], text)
            elif word[0] in _IGNORED:
                continue
            else:
                at = frame if frame is not None else _next_frame(keys)
                keys.append(Key(at, _number(word, text), mode))
                frame = None
        return cls(tuple(sorted(keys, key=lambda key: key.frame)), text)

    @property
    def text(self) -> str:
        """As a script has it, without the outer braces."""
        if self.source:
            return self.source
        parts, mode = ["curve"], SMOOTH
        for key in self.keys:
            if key.mode != mode:
                parts.append({SMOOTH: "C", LINEAR: "L", CONSTANT: "K"}[key.mode])
                mode = key.mode
            parts.append(f"x{key.frame:.10g} {key.value:.10g}")
            parts += [f"s{key.slope_in:.10g}"] if key.slope_in is not None else []
            parts += [f"t{key.slope_out:.10g}"] if key.slope_out not in (None, key.slope_in) else []
        return " ".join(parts)

    def with_key(self, frame: float, value: float) -> Curve:
        """With a key set or replaced; a new one runs as the key before it."""
        before = [key for key in self.keys if key.frame < frame]
        mode = before[-1].mode if before else self.keys[0].mode if self.keys else SMOOTH
        others = [key for key in self.keys if key.frame != frame]
        return Curve(tuple(sorted([*others, Key(frame, value, mode)], key=lambda key: key.frame)))

    def at(self, frame: float) -> float:
        """The value at a frame; 0 without keys."""
        if not self.keys:
            return 0.0
        index = bisect.bisect_right([key.frame for key in self.keys], frame) - 1
        if index < 0:
            return self.keys[0].value
        left = self.keys[index]
        if index + 1 == len(self.keys) or left.mode == CONSTANT or frame == left.frame:
            return left.value
        right = self.keys[index + 1]
        span = right.frame - left.frame
        r = (frame - left.frame) / span
        if left.mode == LINEAR:
            return left.value + (right.value - left.value) * r
        slope0, slope1 = self._slope(index, out=True) * span, self._slope(index + 1, out=False) * span
        # The cubic Hermite polynomial through both values with both slopes.
        return (
            (2 * r**3 - 3 * r**2 + 1) * left.value
            + (r**3 - 2 * r**2 + r) * slope0
            + (3 * r**2 - 2 * r**3) * right.value
            + (r**3 - r**2) * slope1
        )

    def _slope(self, index: int, *, out: bool) -> float:
        key = self.keys[index]
        by_hand = key.slope_out if out else key.slope_in
        if by_hand is not None:
            return by_hand
        before = self._line(index - 1) if index else None
        after = self._line(index) if index + 1 < len(self.keys) else None
        if before is None or after is None:
            return after if before is None and after is not None else before or 0.0
        if before * after <= 0:
            return 0.0
        ends = self.keys[index - 1], self.keys[index + 1]
        through = (ends[1].value - ends[0].value) / (ends[1].frame - ends[0].frame)
        limit = 3 * min(abs(before), abs(after))
        return max(-limit, min(limit, through))

    def _line(self, index: int) -> float:
        left, right = self.keys[index], self.keys[index + 1]
        return (right.value - left.value) / (right.frame - left.frame)


def _both(key: Key, slope: float) -> Key:
    return replace(key, slope_in=slope, slope_out=slope)


def _next_frame(keys: List[Key]) -> float:
    if not keys:
        return 1.0
    step = keys[-1].frame - keys[-2].frame if len(keys) > 1 else 1.0
    return keys[-1].frame + step


def _number(text: str, curve: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise TclError(f'"{curve}" is no curve: "{text}" is no number.') from error
