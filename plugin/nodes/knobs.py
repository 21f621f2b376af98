"""The node's panel. Every parameter's knob is made from its `ParamSpec`; what else the panel has is declared here.

    Matte    state, preset, range, buttons, the matte's parameters
    Model    weights, windows, noise, precision
    Output   path, channels, compression, what to do before a render downstream
    Farm     Submit
    About    engine, versions, the weights' licence

Knobs carry KNOB_CHANGED_ALWAYS: the node looks at a changed value even where no panel is open.
"""

from __future__ import annotations

import sys
import uuid
from typing import Any, Iterator, List

import nuke

from .. import __version__
from ..params.fields import BY_NAME, OVERLAP, SPECS
from ..params.spec import KNOB, ParamSpec
from . import names
from .code import button_code
from .presets import menu_items

KNOB_CHANGED_ALWAYS = 65536  # missing in some versions' nuke module
FROM_INPUTS = frozenset({"garbage", "garbage_channel", "core", "core_channel"})  # the node's inputs say them
KNOB_SPECS = tuple(spec for spec in SPECS if KNOB in spec.faces and spec.name not in FROM_INPUTS)
DEFAULT_OUTPUT = "[file dirname [value root.name]]/mattes/[value name]/[value name].####.exr"
RANGES = ("input", "shot", "custom")
WHEN = ("never", "if missing", "always")
LICENCE = (
    "The released weights (geyongtao/gvm on Hugging Face) are not part of GVM Matte. Sources name BSD-2 for academic use "
    "in one place and CC BY-NC-SA 4.0 in another: check them before you deliver work made with them."
)


def make(spec: ParamSpec) -> Any:
    """The knob of a parameter, at its default, with its label, help and range."""
    knob: Any = _bare(spec)
    if spec.type is float and spec.minimum is not None and spec.maximum is not None:
        knob.setRange(*(spec.usual or (spec.minimum, spec.maximum)))
    if spec.default != "" and not spec.choices:
        knob.setValue(spec.blank if spec.default is None else spec.default)
    if not spec.keyable:
        knob.setFlag(nuke.NO_ANIMATION)
    knob.setTooltip(tooltip(spec))
    knob.setFlag(KNOB_CHANGED_ALWAYS)
    return _on_a_line(knob)


def tooltip(spec: ParamSpec) -> str:
    """A parameter's help, and how its knob says what a number alone does not."""
    notes = [spec.help]
    if spec.optional:
        notes.append(f"{spec.blank}: {spec.unset}.")
    if spec.kind == "box":
        notes.append("All zero: everything.")
    if spec.unit:
        notes.append(f"Unit: {spec.unit}.")
    if not spec.keyable:
        notes.append("One value for the shot.")
    return " ".join(notes)


def _bare(spec: ParamSpec) -> Any:
    if spec.kind == "box":
        return nuke.BBox_Knob(spec.name, spec.label)
    if spec.kind == "path":
        return nuke.File_Knob(spec.name, spec.label)
    if spec.kind == "channels":  # layer:NAME is possible, too
        return nuke.EditableEnumeration_Knob(spec.name, spec.label, list(spec.choices))
    if spec.choices:
        return nuke.Enumeration_Knob(spec.name, spec.label, items(spec))
    if spec.type is bool:
        return nuke.Boolean_Knob(spec.name, spec.label)
    if spec.type is int:
        return nuke.Int_Knob(spec.name, spec.label)
    if spec.type is float:
        return nuke.Double_Knob(spec.name, spec.label)
    return nuke.String_Knob(spec.name, spec.label)


def items(spec: ParamSpec) -> List[str]:
    """A parameter's choices in the order of its knob: the default first, which is what a new menu shows."""
    return [spec.default, *(choice for choice in spec.choices if choice != spec.default)]


def add_all(node: nuke.Node) -> None:
    """Gives a new Group the whole panel."""
    for knob in _panel():
        node.addKnob(knob)


def _panel() -> Iterator[nuke.Knob]:
    yield nuke.Tab_Knob("matte_tab", "Matte")
    yield from _state()
    yield from _range()
    yield from _buttons()
    yield from _group("Matte")
    yield nuke.Tab_Knob("model_tab", "Model")
    yield from _group("Model")
    yield nuke.Tab_Knob("output_tab", "Output")
    yield from _output()
    yield nuke.Tab_Knob("farm_tab", "Farm")
    chunk_tip = "How many blocks one farm task renders. With fewer, more windows are computed twice."
    yield _number("farm_chunk", "Blocks per task", 8, chunk_tip)
    yield _button("submit", "Submit", "Sends the range to the farm.", line=True)
    yield nuke.Tab_Knob("about_tab", "About")
    yield from _about()
    yield from _hidden()


def _state() -> Iterator[nuke.Knob]:
    yield _words(
        names.STATUS, "State", "What the mattes on disk are: fresh, stale (and why), partial, rendering or failed."
    )
    yield _words(names.PROBLEM, "Problem", "What keeps the knobs from being rendered as they are.")
    yield _divider("matte_divider_1")
    preset = nuke.Enumeration_Knob(names.PRESET, "Preset", menu_items())
    preset.setTooltip(
        "Sets the knobs that a preset names. Presets are JSON files in $GVM_PRESET_PATH, the show's folder "
        "gvm_presets beside the script, and yours."
    )
    preset.setFlag(KNOB_CHANGED_ALWAYS)
    yield _on_a_line(preset)
    yield _button("load_preset", "Load…", "Sets the knobs that a preset file names.")
    yield _button("save_preset", "Save…", "Writes the knobs that are not at their defaults to a preset file.")


def _range() -> Iterator[nuke.Knob]:
    chosen = nuke.Enumeration_Knob(names.RANGE, "Range", list(RANGES))
    chosen.setTooltip(
        "The shot whose mattes are made: the plate's frames, the script's, or those given here. Frames come "
        "out the same whatever part of the shot is rendered, so leave this alone within a shot."
    )
    chosen.setFlag(KNOB_CHANGED_ALWAYS)
    yield _on_a_line(chosen)
    for name, label in ((names.FIRST, "First"), (names.LAST, "Last")):
        knob = _number(name, label, 1, "Used where Range is custom.")
        knob.clearFlag(nuke.STARTLINE)
        yield knob


def _buttons() -> Iterator[nuke.Knob]:
    yield _button("render", "Render Matte", "Renders what is missing or stale in the range.", line=True)
    yield _button("render_block", "Render Current Block", "Renders the block that holds the current frame.")
    yield _button("cancel", "Cancel", "Stops this node's render; frames that are finished stay.")
    yield _button("reload", "Reload", "Looks at the files on disk again.")
    yield _button("monitor", "Open Monitor", "Shows what the engine is doing.")
    yield _divider("matte_divider_2")


def _group(group: str) -> Iterator[nuke.Knob]:
    return (make(spec) for spec in KNOB_SPECS if spec.group == group)


def _output() -> Iterator[nuke.Knob]:
    # No File knob: a farm's submitter takes each File knob of a node that is no Write for a file it must have.
    path = nuke.String_Knob(names.OUTPUT, "Path", DEFAULT_OUTPUT)
    path.setTooltip("Where the mattes go, with #### for the frame. TCL is evaluated. By default beside the script.")
    path.setFlag(KNOB_CHANGED_ALWAYS)
    yield _on_a_line(path)
    yield _button("choose_output", "Choose…", "Asks for the path.")
    yield from _group("Output")
    when = nuke.Enumeration_Knob(names.BEFORE_RENDER, "Before a render", list(WHEN))
    when.setTooltip(
        "What a Write downstream does before it renders: nothing; asks for mattes that are not there; or for "
        "all that are missing or stale."
    )
    yield _on_a_line(when)
    shown = nuke.Link_Knob("matte_on_error", "Missing mattes")
    shown.makeLink(names.READ, "on_error")
    shown.setTooltip("What this node shows where a frame of the matte is missing.")
    yield _on_a_line(shown)
    yield _button("metadata", "Show Metadata", "What the current frame's matte says of its making.", line=True)


def _about() -> Iterator[nuke.Knob]:
    yield _words(names.ENGINE, "Engine", "Press Check.")
    yield _button("check_engine", "Check", "Asks the engine how it is, and starts it where none runs.")
    about = nuke.Text_Knob("versions", "Versions")
    about.setValue(f"GVM Matte {__version__}, Python {sys.version_info[0]}.{sys.version_info[1]}")
    yield _on_a_line(about)
    licence = nuke.Text_Knob("licence", "Weights")
    licence.setValue(LICENCE)
    yield _on_a_line(licence)


def _hidden() -> Iterator[nuke.Knob]:
    hidden: List[Any] = [
        nuke.String_Knob(names.MARKER, "", names.LAYOUT),
        nuke.String_Knob(names.ID, "", new_id()),
        nuke.Int_Knob(names.HAS_MATTE, ""),
        nuke.Int_Knob(names.OFFSET, ""),
    ]
    for knob in hidden:
        knob.setFlag(nuke.INVISIBLE | nuke.NO_UNDO | nuke.NO_ANIMATION)
        yield knob


def restore_flags(node: nuke.Node) -> None:
    """Sets again what a script does not keep: which knobs always tell of a change, have no undo, or no animation."""
    flags = {spec.name: KNOB_CHANGED_ALWAYS | (0 if spec.keyable else nuke.NO_ANIMATION) for spec in KNOB_SPECS}
    flags.update(dict.fromkeys((names.PRESET, names.RANGE, names.FIRST, names.LAST, names.OUTPUT), KNOB_CHANGED_ALWAYS))
    flags.update(dict.fromkeys((names.STATUS, names.PROBLEM, names.ENGINE), nuke.NO_UNDO | nuke.DO_NOT_WRITE))
    flags.update(dict.fromkeys((names.MARKER, names.ID, names.HAS_MATTE, names.OFFSET), nuke.NO_UNDO | nuke.INVISIBLE))
    for name, flag in flags.items():
        knob = node.knob(name)
        if knob is not None:
            knob.setFlag(flag)


def bring_up_to_date(node: nuke.Node) -> None:
    """Takes a node of an earlier layout, as old scripts hold it, to today's.

    Up to layout 1 an overlap of 6, the default, counted as one that the user had not set: it was rendered as 6 or half the
    window. So a 6 in such a node is "auto" from here on, and its mattes stay fresh; any other number is the user's.
    """
    if node[names.MARKER].value() == "1":
        knob, spec = node[OVERLAP], BY_NAME[OVERLAP]
        if knob.value() == 6:
            knob.setValue(spec.blank)
        knob.setTooltip(tooltip(spec))
        node[names.MARKER].setValue(names.LAYOUT)


def new_id() -> str:
    """A fresh id for a node."""
    return uuid.uuid4().hex


def _on_a_line(knob: Any) -> Any:
    knob.setFlag(nuke.STARTLINE)
    return knob


def _number(name: str, label: str, value: int, tooltip: str) -> Any:
    knob = nuke.Int_Knob(name, label)
    knob.setValue(value)
    knob.setTooltip(tooltip)
    knob.setFlag(KNOB_CHANGED_ALWAYS | nuke.NO_ANIMATION)
    return knob


def _words(name: str, label: str, tooltip: str) -> Any:
    """A line that the node writes; it is looked up again after a script was opened, so it is not saved."""
    knob = nuke.Text_Knob(name, label)
    knob.setValue(" ")  # without any text it would be a divider
    knob.setTooltip(tooltip)
    knob.setFlag(nuke.NO_UNDO | nuke.DO_NOT_WRITE)
    return _on_a_line(knob)


def _divider(name: str) -> Any:
    return nuke.Text_Knob(name, "")


def _button(name: str, label: str, tooltip: str, *, line: bool = False) -> Any:
    knob = nuke.PyScript_Knob(name, label, button_code(name))
    knob.setTooltip(tooltip)
    return _on_a_line(knob) if line else knob
