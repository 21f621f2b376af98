"""What Nuke calls: a node's hidden knobs, the script's load and close, autolabel. None of it may raise.

While a script loads, nodes come half-attached and in any order. So what needs other nodes or the root waits until Nuke's
event loop runs again, and in a terminal session for `onScriptLoad`.
"""

from __future__ import annotations

import time
import traceback
from typing import Any, Callable, Dict, Optional

import nuke

from ..core.errors import GvmMatteError
from . import before_render, graph, matte_state, names, output, plates, preset_menu, renders
from .knobs import KNOB_SPECS, bring_up_to_date, restore_flags

_LOOKS = frozenset({spec.name for spec in KNOB_SPECS} | {names.RANGE, names.FIRST, names.LAST, names.OUTPUT})
SHARE = 20  # where looking upstream is not cheap, it may take one part in so many of the time in which Nuke draws
CHEAP_SECONDS = 0.005
_seen: Dict[str, str] = {}  # what was connected when a node was looked at last
_next: Dict[str, float] = {}  # when to look again


def callback(event: str) -> None:
    """What a node's hidden knob calls: onCreate, onDestroy, knobChanged or updateUI."""
    try:
        node, knob = nuke.thisNode(), nuke.thisKnob() if event == "knobChanged" else None
        if node is not None and names.is_matte(node):
            _EVENTS[event](node, knob)
    except ValueError:  # not attached, or only half
        pass
    except Exception:
        traceback.print_exc()


def register() -> None:
    """Tells Nuke what concerns the whole script; calling it again changes nothing."""
    nuke.addOnScriptLoad(_script_loaded)
    nuke.addOnScriptClose(_script_closed)
    nuke.addBeforeRender(_before_render)
    nuke.addAutolabel(_autolabel, nodeClass="Group")


def _created(node: nuke.Node, _knob: Optional[nuke.Knob]) -> None:
    """Made, loaded, pasted, or back by undo."""
    with names.untracked():
        bring_up_to_date(node)
    restore_flags(node)
    output.own_place(node)
    matte_state.look_soon(node)


def _destroyed(node: nuke.Node, _knob: Optional[nuke.Knob]) -> None:
    renders.cancel(node)


def _changed(node: nuke.Node, knob: Optional[nuke.Knob]) -> None:
    name = knob.name() if knob is not None else ""
    if name == names.PRESET:
        preset_menu.chosen(node)
    elif name in ("inputChange", "showPanel"):
        _show_range(node)
        if name == "showPanel":
            preset_menu.refresh(node)
        matte_state.fit(node)
        matte_state.look_soon(node)
    elif name in _LOOKS:
        if name == "channels":
            with names.untracked():
                graph.set_channels(node, str(node["channels"].value()))
        if name == names.RANGE:
            _show_range(node)
            matte_state.fit(node)
        matte_state.show_problems(node)
        matte_state.look_soon(node)


def _show_range(node: nuke.Node) -> None:
    """First and Last can be set where they count."""
    with names.untracked():
        for name in (names.FIRST, names.LAST):
            node[name].setEnabled(str(node[names.RANGE].value()) == "custom")


def _updated(node: nuke.Node, _knob: Optional[nuke.Knob]) -> None:
    """Nuke draws; something upstream may have changed, of which no knob of ours tells."""
    key, began = names.node_id(node), time.monotonic()
    if began < _next.get(key, 0.0):
        return
    now = repr([plates.connected(node, index) for index in range(len(names.INPUTS))])
    cost = time.monotonic() - began
    _next[key] = time.monotonic() + (SHARE * cost if cost > CHEAP_SECONDS else 0.0)
    before = _seen.get(key)
    _seen[key] = now
    if before is not None and before != now:
        matte_state.look_soon(node)


_EVENTS: Dict[str, Callable[[nuke.Node, Optional[nuke.Knob]], None]] = {
    "onCreate": _created, "onDestroy": _destroyed, "knobChanged": _changed, "updateUI": _updated,
}  # fmt: skip


def _script_loaded() -> None:
    try:
        for node in names.every_node():
            matte_state.quick(node)
            matte_state.look_soon(node)
    except Exception:
        traceback.print_exc()


def _script_closed() -> None:
    renders.cancel_all()


def _before_render() -> None:
    """Before a Write renders: mattes upstream that are asked for. What it raises stops the render, as it should."""
    write = nuke.thisNode()
    if write is not None and not names.is_matte(write.parent() if write.parent() is not None else write):
        try:
            before_render.upstream(write)
        except GvmMatteError as exc:
            raise RuntimeError(str(exc)) from exc


def _autolabel() -> Any:
    """The node's name with its state, where there is something to say; None leaves Nuke's own."""
    try:
        node = nuke.thisNode()
        if not names.is_matte(node):
            return None
        what = matte_state.of(node).kind
        label = str(node["label"].value())
        return "\n".join(part for part in (node.name(), label, "" if what == "unknown" else f"({what})") if part)
    except (ValueError, RuntimeError):
        return None


__all__ = ["callback", "register"]
