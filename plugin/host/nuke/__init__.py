"""The `nuke` module of the embedded host. `Host` puts it into sys.modules under that name; it speaks for the last Host.

It has what the GVM Matte node, `gvm-matte comp` and the tests call. A name that Nuke has and the host has not is an
AttributeError that says so (NotInHostError).
"""

from __future__ import annotations

from typing import Any, Callable, Dict

from ..errors import NotInHostError
from . import state as _state
from .constants import (
    ALWAYS_SAVE,
    DISABLED,
    DO_NOT_WRITE,
    EXPRESSIONS,
    HIDDEN,
    INPUTS,
    INVISIBLE,
    KNOB_CHANGED_ALWAYS,
    KNOB_CHANGED_RECURSIVE,
    LINKINPUTS,
    NO_ANIMATION,
    NO_UNDO,
    STARTLINE,
)
from .formats import Box, Format, FrameRange, FrameRanges
from .functions import (
    addFormat,
    allNodes,
    delete,
    frame,
    nodes,
    redo,
    root,
    selectedNode,
    selectedNodes,
    thisGroup,
    thisKnob,
    thisNode,
    toNode,
    undo,
    views,
)
from .group import Group, Root
from .knobs import (
    AColor_Knob,
    Array_Knob,
    BBox_Knob,
    Boolean_Knob,
    Channel_Knob,
    Double_Knob,
    EditableEnumeration_Knob,
    Enumeration_Knob,
    EvalString_Knob,
    File_Knob,
    Int_Knob,
    Knob,
    Link_Knob,
    Multiline_Eval_String_Knob,
    PyScript_Knob,
    Script_Knob,
    String_Knob,
    Tab_Knob,
    Text_Knob,
    WH_Knob,
    XY_Knob,
)
from .menus import Menu, MenuItem, menu
from .node import Node
from .registering import (
    addAfterFrameRender,
    addAfterRender,
    addAutolabel,
    addBeforeFrameRender,
    addBeforeRender,
    addKnobChanged,
    addOnCreate,
    addOnDestroy,
    addOnScriptClose,
    addOnScriptLoad,
    addOnScriptSave,
    removeAfterFrameRender,
    removeBeforeFrameRender,
)
from .rendering import execute
from .scripts import nodeCopy, nodePaste, scriptClear, scriptOpen, scriptReadText, scriptSave, scriptSaveAs
from .talking import getFilename, message
from .threads import ProgressTask, executeInMainThread
from .undo import Undo

__all__ = [
    "ALWAYS_SAVE", "DISABLED", "DO_NOT_WRITE", "EXPRESSIONS", "HIDDEN", "INPUTS", "INVISIBLE", "KNOB_CHANGED_ALWAYS",
    "KNOB_CHANGED_RECURSIVE", "LINKINPUTS", "NO_ANIMATION", "NO_UNDO", "STARTLINE",
    "AColor_Knob", "Array_Knob", "BBox_Knob", "Boolean_Knob", "Box", "Channel_Knob", "Double_Knob",
    "EditableEnumeration_Knob", "Enumeration_Knob", "EvalString_Knob", "File_Knob", "Format", "FrameRange", "FrameRanges",
    "Group", "Int_Knob", "Knob", "Link_Knob", "Menu", "MenuItem", "Multiline_Eval_String_Knob", "Node", "ProgressTask",
    "PyScript_Knob", "Root", "Script_Knob", "String_Knob", "Tab_Knob", "Text_Knob", "Undo", "WH_Knob", "XY_Knob",
    "addAfterFrameRender", "addAfterRender", "addAutolabel", "addBeforeFrameRender", "addBeforeRender", "addFormat",
    "addKnobChanged", "addOnCreate", "addOnDestroy", "addOnScriptClose", "addOnScriptLoad", "addOnScriptSave", "allNodes",
    "delete", "execute", "executeInMainThread", "frame", "getFilename", "menu", "message",
    "modified", "nodeCopy", "nodePaste", "nodes", "redo", "removeAfterFrameRender", "removeBeforeFrameRender", "root",
    "scriptClear", "scriptOpen", "scriptReadText", "scriptSave", "scriptSaveAs", "selectedNode", "selectedNodes",
    "thisGroup", "thisKnob", "thisNode", "toNode", "undo", "views",
]  # fmt: skip


def modified(state: Any = None) -> bool:
    """Whether the script changed since it was read or saved; with a value sets it."""
    script = _state.current().root
    if state is not None:
        script.setModified(bool(state))
    return script.modified()


def _version(place: int) -> int:
    return int(_state.any_thread().version_text.replace("v", ".").replace(" ", "").split(".")[place])


_LIVE: Dict[str, Callable[[], Any]] = {
    "GUI": lambda: _state.any_thread().gui,
    "NUKE_VERSION_STRING": lambda: _state.any_thread().version_text.replace(" ", ""),
    "NUKE_VERSION_MAJOR": lambda: _version(0),
    "NUKE_VERSION_MINOR": lambda: _version(1),
    "NUKE_VERSION_RELEASE": lambda: _version(2),
}


def __getattr__(name: str) -> Any:
    """What changes with the Host: GUI and the version; and the sentence for all that is not here."""
    if name in _LIVE:
        return _LIVE[name]()
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotInHostError(f"The embedded host has no nuke.{name}.")
