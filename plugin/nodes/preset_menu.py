"""Presets and settings of a node: what the Preset menu and its buttons do, and a shot's values for another script.

A preset holds parameters alone. Settings hold those and what belongs to the shot: the range, and the path as it stands in
the knob.
"""

from __future__ import annotations

from typing import Any, Dict

import nuke

from ..core.errors import ParamError
from ..params.presets import load_preset, read_params_file, save_json
from . import matte_state, names, order, output, values
from .knobs import KNOB_SPECS
from .presets import menu_items, show_folders

SETTINGS = "gvm_matte_settings"
_SHOT = (names.RANGE, names.FIRST, names.LAST, names.BEFORE_RENDER)


def chosen(node: nuke.Node) -> None:
    """The menu was used: sets the knobs that the preset names; one that is wrong is told in the node."""
    name = str(node[names.PRESET].value())
    if name == "custom":
        return
    try:
        apply(node, load_preset(name, show_folders()))
    except ParamError as exc:
        with names.untracked():
            node[names.PROBLEM].setValue(values.words(exc))


def apply(node: nuke.Node, params: Dict[str, Any]) -> None:
    """Sets the knobs that are named, as one step of undo.

    Raises:
        ParamError: values that cannot be; no knob is changed.
    """
    with nuke.Undo("GVM Matte preset"):
        values.write(node, params)
    matte_state.show_problems(node)
    matte_state.look_soon(node)


def save(node: nuke.Node, path: str) -> None:
    """Writes the knobs that are not at their defaults to a preset file.

    Raises:
        MatteWriteError: it cannot be written.
    """
    save_json(path, _params(node))
    refresh(node)


def refresh(node: nuke.Node) -> None:
    """Looks for presets again; a script keeps the menu of the day it was made."""
    menu, wanted = node[names.PRESET], menu_items()
    if isinstance(menu, nuke.Enumeration_Knob) and list(menu.values()) != wanted:
        with names.untracked():
            menu.setValues(wanted)


def load(node: nuke.Node, path: str) -> None:
    """Sets the knobs that a preset file names.

    Raises:
        ParamError: the file is no preset, or has values that cannot be.
    """
    apply(node, read_params_file(path))


def settings(node: nuke.Node) -> Dict[str, Any]:
    """All that a person set on the node, for `apply_settings` in another script. It is plain JSON."""
    shot = {name: node[name].value() for name in _SHOT}
    return {SETTINGS: 1, "params": _params(node), "shot": shot, "output": output.raw(node)}


def apply_settings(node: nuke.Node, content: Dict[str, Any]) -> None:
    """Sets a node as another one was; what is not named goes to its default.

    Raises:
        ParamError: these are no settings of this version, or values that cannot be.
    """
    if content.get(SETTINGS) != 1 or not isinstance(content.get("params"), dict):
        raise ParamError("These are no settings of a GVM Matte, or those of a later version.")
    defaults = {spec.name: spec.default for spec in KNOB_SPECS}
    with nuke.Undo("GVM Matte settings"):
        values.write(node, {**defaults, **content["params"]})
        for name, value in content.get("shot", {}).items():
            if name in _SHOT:
                node[name].setValue(value)
        node[names.OUTPUT].setValue(str(content.get("output") or output.raw(node)))
    matte_state.show_problems(node)
    matte_state.look_soon(node)


def _params(node: nuke.Node) -> Dict[str, Any]:
    return values.read(node, order.span(node))
