"""What is inside the node: stock nodes only, so that a script with it opens and renders where the package is missing.

    plate ───────────────┬──────────────────▶ Switch 0 ─▶ Output
                         └─▶ Copy B ─────────▶ Switch 1
    Read of the matte ─▶ TimeOffset ─▶ Copy A
    garbage, core: arrows that the render looks at

The Switch lets the plate pass while there is no matte. No Write is inside except while one renders plates.
"""

from __future__ import annotations

from typing import Tuple

import nuke

from ..core.errors import ParamError
from ..params.channels import Channels
from . import names
from .code import callback_code
from .knobs import add_all

FOREGROUND = ("rgba.red", "rgba.green", "rgba.blue")


def build(group: nuke.Group) -> None:
    """Fills a new Group: knobs, callbacks, inner nodes."""
    add_all(group)
    for event in ("onCreate", "onDestroy", "knobChanged", "updateUI"):
        group[event].setValue(callback_code(event))
    with group:
        inputs = [nuke.nodes.Input(name=name) for name in names.INPUTS]
        for number, one in enumerate(inputs):
            one["number"].setValue(number)
            one.setXYpos(number * 120, 0)
        read = nuke.nodes.Read(name=names.READ)
        read["file"].setValue(f"[value parent.{names.OUTPUT}]")
        for knob, value in (("raw", True), ("on_error", "error"), ("before", "black"), ("after", "black"),
                            ("localizationPolicy", "off")):  # fmt: skip
            read[knob].setValue(value)
        shift = nuke.nodes.TimeOffset(name=names.SHIFT)
        shift.setInput(0, read)
        shift["time_offset"].setExpression(f"parent.{names.OFFSET}")
        copy = nuke.nodes.Copy(name=names.COPY)
        copy.setInput(0, inputs[names.PLATE])
        copy.setInput(1, shift)
        switch = nuke.nodes.Switch(name=names.SWITCH)
        switch.setInput(0, inputs[names.PLATE])
        switch.setInput(1, copy)
        switch["which"].setExpression(f"parent.{names.HAS_MATTE}")
        output = nuke.nodes.Output(name="Output1")
        output.setInput(0, switch)
        for place, one in enumerate((read, shift, copy, switch, output)):
            one.setXYpos(-160 if one in (read, shift) else 0, 60 * (place + 1))
    set_channels(group, str(group["channels"].value()))


def set_channels(node: nuke.Node, channels: str) -> None:
    """Makes the Copy take what the mattes hold: the alpha, the foreground too, or a layer's alpha."""
    copy = names.inner(node, names.COPY)
    if copy is None:
        return
    try:
        held = Channels.parse(channels)
    except ParamError:  # the node says what is wrong with it
        return
    wanted = [(f"{held.layer or 'rgba'}.alpha", "rgba.alpha")]
    if held.colours:
        wanted += [(name, name) for name in FOREGROUND]
    wanted += [("none", "none")] * (4 - len(wanted))
    for index, (source, target) in enumerate(wanted):
        for knob, value in ((f"from{index}", source), (f"to{index}", target)):
            if copy[knob].value() != value:
                copy[knob].setValue(value)


def set_frames(node: nuke.Node, span: Tuple[int, int]) -> None:
    """Tells the Read which frames, by the files' numbers, the mattes have."""
    read = names.inner(node, names.READ)
    if read is None:
        return
    first, last = span
    values = {"first": first, "last": last, "origfirst": first, "origlast": last, "origset": True}
    for knob, value in values.items():
        if read[knob].value() != value:
            read[knob].setValue(value)


def reload(node: nuke.Node) -> None:
    """Makes the Read look at the files again."""
    read = names.inner(node, names.READ)
    button = read.knob("reload") if read is not None else None
    if isinstance(button, nuke.PyScript_Knob):
        button.execute()
