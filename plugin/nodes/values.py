"""From knobs to parameters: values, and keys where a knob is animated.

An engine draws straight lines between keys; Nuke's curves bend. So an animated knob is looked at on every frame of the
shot, and frames that lie on a straight line (or, for choices, repeat the value) are left out again.
"""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

import nuke

from ..core.errors import ParamError
from ..params.keys import ShotParams
from ..params.spec import ParamSpec, without_flags
from .knobs import KNOB_SPECS, items

DIGITS = 8  # a script keeps fewer than a float has: a value must be the same after the script was opened again
TOLERANCE = 1e-6  # of the values' size: what counts as lying on the line


def read(node: nuke.Node, span: Tuple[int, int], *, offset: int = 0) -> Dict[str, Any]:
    """The node's parameters that are not at their defaults.

    Args:
        span: first and last frame of the shot, in the script's numbers.
        offset: script's frame less the plate's; keys come out in the plate's numbers.

    Raises:
        ParamError: an animated knob that is one value for the shot.
    """
    found: Dict[str, Any] = {}
    for spec in KNOB_SPECS:
        knob = node[spec.name]
        if knob.isAnimated():
            if not spec.keyable:
                raise ParamError(f"{spec.label} is one value for the shot; take its animation away.", name=spec.name)
            value: Any = _keys(spec, knob, span, offset)
        else:
            value = _plain(spec, knob.value())
        if value != spec.default:
            found[spec.name] = value
    return found


def problems(node: nuke.Node, span: Tuple[int, int]) -> List[str]:
    """What is wrong with the knobs' values, in sentences; none where they can be rendered."""
    try:
        values = read(node, span)
    except ParamError as exc:
        return [exc.message]
    found = []
    for spec in KNOB_SPECS:  # each by itself, so that two wrong values are two sentences
        value = values.get(spec.name)
        for one in value.values() if isinstance(value, dict) else [] if value is None else [value]:
            try:
                spec.check(one)
            except ParamError as exc:
                found.append(words(exc))
                break
    if not found:
        try:
            ShotParams.of(values)
        except ParamError as exc:
            found.append(words(exc))
    return found


def words(error: Exception) -> str:
    """An error's sentence without the command line's flags."""
    return without_flags(getattr(error, "message", str(error)))


def write(node: nuke.Node, values: Dict[str, Any]) -> None:
    """Sets knobs from parameters; keys become a curve of straight lines.

    Raises:
        ParamError: a value that the parameter cannot have; nothing is set then.
    """
    ShotParams.of(values)
    for spec in KNOB_SPECS:
        if spec.name not in values:
            continue
        knob, value = node[spec.name], values[spec.name]
        if knob.isAnimated():
            knob.clearAnimated()
        if isinstance(value, dict):
            curves = _curves(spec, {int(frame): one for frame, one in value.items()})
            node.readKnobs(f"{spec.name} {{{curves}}}")
        else:
            knob.setValue(_for_knob(spec, value))


def _plain(spec: ParamSpec, value: Any) -> Any:
    """A knob's value as its parameter's type."""
    if spec.kind == "box":
        numbers = [float(number) for number in value]
        return "" if not any(numbers) else ",".join(f"{number:.{DIGITS}g}" for number in numbers)
    if spec.type is float:
        return spec.default if _rounded(value) == _rounded(spec.default) else _rounded(value)
    if spec.optional:
        return None if int(value) == spec.blank else int(value)
    if spec.type is int:
        return int(value)
    if spec.type is str:
        return str(value or "")
    return value


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def _for_knob(spec: ParamSpec, value: Any) -> Any:
    if spec.kind == "box":
        return [float(part) for part in value.split(",")] if value else [0.0, 0.0, 0.0, 0.0]
    return spec.blank if spec.optional and spec.check(value) is None else value


def _keys(spec: ParamSpec, knob: Any, span: Tuple[int, int], offset: int) -> Any:
    """`{plate's frame: value}`, or a value that is the same all over the shot."""
    frames = range(span[0], span[1] + 1)
    if spec.choices:
        held: List[Any] = [knob.enumName(int(knob.getValueAt(frame))) for frame in frames]
        kept = [at for at, value in enumerate(held) if at == 0 or value != held[at - 1]]
        values = held
    else:
        rows = [_row(knob.getValueAt(frame)) for frame in frames]
        kept = _corners(rows)
        values = [_plain(spec, row if spec.kind == "box" else row[0]) for row in rows]
    if len({values[at] for at in kept}) == 1:
        return values[kept[0]]
    return {str(frames[at] - offset): values[at] for at in kept}


def _row(value: Any) -> Tuple[float, ...]:
    return tuple(float(one) for one in value) if isinstance(value, (list, tuple)) else (float(value),)


def _corners(rows: Sequence[Tuple[float, ...]]) -> List[int]:
    """Indices of the rows that a polyline through all of them needs, first and last included."""
    kept, start = [0], 0
    for end in range(2, len(rows)):
        if not _straight(rows, start, end):
            start = end - 1
            kept.append(start)
    return [*kept, len(rows) - 1] if len(rows) > 1 else kept


def _straight(rows: Sequence[Tuple[float, ...]], start: int, end: int) -> bool:
    """Whether the rows between two lie on the line between them. It looks at a few, since a bend shows early."""
    inside = range(start + 1, end) if end - start < 64 else [start + 1, (start + end) // 2, end - 1]
    for at in inside:
        share = (at - start) / (end - start)
        for low, high, value in zip(rows[start], rows[end], rows[at]):
            if abs(low + (high - low) * share - value) > TOLERANCE * max(1.0, abs(low), abs(high)):
                return False
    return True


def _curves(spec: ParamSpec, keys: Dict[int, Any]) -> str:
    """A knob's text with a curve: linear for numbers and boxes, constant for choices."""
    ordered = sorted(keys)
    if spec.choices:
        return _curve("K", [(frame, items(spec).index(keys[frame])) for frame in ordered])
    if spec.kind != "box":
        return _curve("L", [(frame, keys[frame]) for frame in ordered])
    corners = [[float(part) for part in keys[frame].split(",")] for frame in ordered]
    return " ".join(_curve("L", [(frame, row[at]) for frame, row in zip(ordered, corners)]) for at in range(4))


def _curve(kind: str, keys: List[Tuple[int, float]]) -> str:
    return "{curve " + " ".join(f"{kind} x{frame} {value:.10g}" for frame, value in keys) + "}"
