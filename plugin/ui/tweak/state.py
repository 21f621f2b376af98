"""A job's parameters as a person changes them: what is set, what is wrong, what it costs to see it. No Qt.

Only what differs from the defaults is kept, as a job names it; keys over the shot are kept as they came. A value that
cannot be is kept, too, so that its sentence can be shown beside it: nothing is corrected behind a person's back.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from ...core.errors import GvmMatteError, ParamError
from ...core.frames import BlockPlan, FrameRange
from ...params.fields import BY_NAME, SPECS
from ...params.keys import ShotParams
from ...params.spec import KNOB, ParamSpec, without_flags
from ..kit.edges import EDGE_PARAMS

PANEL_SPECS = tuple(spec for spec in SPECS if KNOB in spec.faces)


class TweakState:
    """The values behind a panel: `values` are those that are set, `rendered` those of the frames on the screen."""

    def __init__(self) -> None:
        self.values: Dict[str, Any] = {}
        self.rendered: Dict[str, Any] = {}

    def load(self, values: Mapping[str, Any]) -> None:
        """Takes a job's parameters: what is set now, and what was rendered."""
        taken = {name: _copied(value) for name, value in values.items()}
        self.values = {
            name: value for name, value in taken.items() if checked(BY_NAME[name], value)[0] != BY_NAME[name].default
        }
        self.rendered = dict(self.values)

    def value(self, name: str) -> Any:
        """A parameter's value, or its keys."""
        return self.values.get(name, BY_NAME[name].default)

    def shown(self, name: str, frame: Optional[int]) -> Any:
        """A parameter's value at a frame; None: at its first key."""
        value = self.value(name)
        if not isinstance(value, Mapping):
            return value
        try:
            keys = ShotParams.of({name: value}).keys[name]
        except ParamError:  # `problems` says it
            return next(iter(value.values()), BY_NAME[name].default)
        return keys.values[0] if frame is None else keys.at(frame)

    def keys(self, name: str) -> int:
        """How many keys a parameter has; 0: one value for the shot."""
        value = self.value(name)
        return len(value) if isinstance(value, Mapping) else 0

    def put(self, name: str, value: Any) -> None:
        """Sets a value; one that is the default is set no more."""
        if value == BY_NAME[name].default:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    def reset(self, name: str) -> None:
        """Back to the default."""
        self.values.pop(name, None)

    def changed(self, name: str) -> bool:
        """Whether a parameter is not at its default."""
        return name in self.values

    def problems(self) -> Dict[str, str]:
        """What is wrong, by parameter, in its own sentence; each by itself, then all together."""
        found: Dict[str, str] = {}
        for name, value in self.values.items():
            spec = BY_NAME[name]
            for one in value.values() if isinstance(value, Mapping) else [value]:
                try:
                    spec.check(one)
                except ParamError as exc:
                    found.setdefault(name, without_flags(exc.message))
        if not found:
            try:
                ShotParams.of(self.values)
            except ParamError as exc:
                found[exc.name] = without_flags(exc.message)
        return found

    def to_render(self) -> Tuple[str, ...]:
        """Parameters that differ from what was rendered and are seen after a render alone, in the panel's order."""
        return tuple(name for name in self._differing() if name not in EDGE_PARAMS)

    def seen_at_once(self) -> Tuple[str, ...]:
        """Parameters that differ from what was rendered and need no model: the edges."""
        return tuple(name for name in self._differing() if name in EDGE_PARAMS)

    def block(self, shot: Tuple[int, int], frame: int) -> FrameRange:
        """The block that holds a frame, with the window and the overlap as they are set.

        Raises:
            FrameRangeError: the frame is outside the shot.
            ParamError: values that cannot be.
        """
        plan = BlockPlan.of(ShotParams.of(self.values).base, shot)
        return FrameRange(tuple(plan.block_of(frame).frames))

    def _differing(self) -> Tuple[str, ...]:
        names = (spec.name for spec in SPECS if spec.affects != "work")
        return tuple(name for name in names if self.values.get(name) != self.rendered.get(name))


def checked(spec: ParamSpec, value: Any) -> Tuple[Any, str]:
    """A value in its parameter's type, and what is wrong with it, if anything."""
    try:
        return spec.check(value), ""
    except GvmMatteError as exc:
        return value, without_flags(exc.message)


def _copied(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
