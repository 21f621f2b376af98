"""Every class of knob, by the names that Nuke gives them."""

from __future__ import annotations

from typing import Dict, Type

from ...nk.user_knobs import KNOB_CLASSES, UserKnob
from .base import Knob, Obsolete_Knob
from .choice import ColorSpace_Knob, EditableEnumeration_Knob, Enumeration_Knob
from .numbers import Array_Knob, Boolean_Knob, Disable_Knob, Double_Knob, Int_Knob, Unsigned_Knob
from .special import IN_DEFINITION, Channel_Knob, ChannelMask_Knob, Format_Knob, Link_Knob
from .text import (
    EvalString_Knob,
    File_Knob,
    Multiline_Eval_String_Knob,
    PyScript_Knob,
    PythonKnob,
    Script_Knob,
    String_Knob,
    Tab_Knob,
    Text_Knob,
)
from .vectors import AColor_Knob, BBox_Knob, Color_Knob, Scale_Knob, WH_Knob, XY_Knob, XYZ_Knob

ALL: Dict[str, Type[Knob]] = {
    cls.__name__: cls
    for cls in (
        AColor_Knob, Array_Knob, BBox_Knob, Boolean_Knob, Channel_Knob, ChannelMask_Knob, Color_Knob, ColorSpace_Knob,
        Disable_Knob, Double_Knob, EditableEnumeration_Knob, Enumeration_Knob, EvalString_Knob, File_Knob, Format_Knob,
        Int_Knob, Knob, Link_Knob, Multiline_Eval_String_Knob, Obsolete_Knob, PyScript_Knob, PythonKnob, Scale_Knob,
        Script_Knob, String_Knob, Tab_Knob, Text_Knob, Unsigned_Knob, WH_Knob, XYZ_Knob, XY_Knob,
    )
}  # fmt: skip


def from_definition(definition: UserKnob) -> Knob:
    """The knob that an `addUserKnob` line makes; of an id that the host has no class for one that carries its text."""
    cls = ALL.get(KNOB_CLASSES.get(definition.id, ""), Obsolete_Knob)
    knob = cls(definition.name)
    knob._defined(definition)
    return knob


__all__ = [
    "ALL", "IN_DEFINITION", "AColor_Knob", "Array_Knob", "BBox_Knob", "Boolean_Knob", "Channel_Knob", "Double_Knob",
    "EditableEnumeration_Knob", "Enumeration_Knob", "EvalString_Knob", "File_Knob", "Int_Knob", "Knob", "Link_Knob",
    "Multiline_Eval_String_Knob", "Obsolete_Knob", "PyScript_Knob", "Script_Knob", "String_Knob", "Tab_Knob", "Text_Knob",
    "WH_Knob", "XY_Knob", "from_definition",
]  # fmt: skip
