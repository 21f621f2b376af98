# ruff: noqa: F403, F405 - the surface is __all__, which a test pins
"""The `nuke` module of the embedded host. `Host` puts it into sys.modules under that name; it speaks for the last Host.

A name that Nuke has and the host has not is an AttributeError that says so (NotInHostError).
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict

from ..errors import NotInHostError
from . import state as _state
from .constants import *
from .formats import Box, Format, FrameRange, FrameRanges
from .functions import (
    REPLACE,
    Layer,
    NodeConstructor,
    Nodes,
    addFormat,
    allNodes,
    channels,
    createNode,
    delete,
    endGroup,
    exists,
    expr,
    expression,
    filename,
    formats,
    frame,
    knobDefault,
    layers,
    nodes,
    nodesSelected,
    numvalue,
    redo,
    root,
    selectAll,
    selectedNode,
    selectedNodes,
    show,
    stripFrameRange,
    tcl,
    thisClass,
    thisGroup,
    thisKnob,
    thisNode,
    thisParent,
    thisRoot,
    thisView,
    toNode,
    undo,
    value,
    views,
)
from .group import BackdropNode, Gizmo, Group, Root, Viewer
from .knobs import *
from .menus import Menu, MenuBar, MenuItem, ToolBar, menu, toolbar
from .node import Node
from .registering import *
from .rendering import cancel, execute, executeMultiple, executing, render
from .scripts import (
    nodeCopy,
    nodePaste,
    scriptClear,
    scriptClose,
    scriptName,
    scriptNew,
    scriptOpen,
    scriptReadFile,
    scriptReadText,
    scriptSave,
    scriptSaveAs,
    scriptSaveToTemp,
    scriptSource,
)
from .talking import (
    alert,
    ask,
    askWithCancel,
    choice,
    critical,
    debug,
    error,
    getClipname,
    getFilename,
    getInput,
    message,
    pluginAddPath,
    pluginAppendPath,
    pluginPath,
    tprint,
    warning,
)
from .threads import ProgressTask, executeInMainThread, executeInMainThreadWithResult
from .undo import Undo

__all__ = [
    "ALWAYS_SAVE",
    "DISABLED",
    "DO_NOT_WRITE",
    "ENDLINE",
    "EXPRESSIONS",
    "HIDDEN",
    "HIDDEN_INPUTS",
    "INPUTS",
    "INVISIBLE",
    "KNOB_CHANGED_ALWAYS",
    "KNOB_CHANGED_RECURSIVE",
    "LINKINPUTS",
    "NO_ANIMATION",
    "NO_MULTIVIEW",
    "NO_UNDO",
    "READ_ONLY",
    "REPLACE",
    "STARTLINE",
    "TABBEGINCLOSEDGROUP",
    "TABBEGINGROUP",
    "TABENDGROUP",
    "TABKNOB",
    "TO_SCRIPT",
    "TO_VALUE",
    "WRITE_ALL",
    "WRITE_NON_DEFAULT_ONLY",
    "WRITE_USER_KNOB_DEFS",
    "AColor_Knob",
    "AnimationCurve",
    "Array_Knob",
    "BBox_Knob",
    "BackdropNode",
    "BeginTabGroup_Knob",
    "Bitmask_Knob",
    "Boolean_Knob",
    "Box",
    "CancelledError",
    "CascadingEnumeration_Knob",
    "ChannelMask_Knob",
    "Channel_Knob",
    "ColorSpace_Knob",
    "Color_Knob",
    "Disable_Knob",
    "Double_Knob",
    "EditableEnumeration_Knob",
    "EndTabGroup_Knob",
    "Enumeration_Knob",
    "EvalString_Knob",
    "File_Knob",
    "Format",
    "Format_Knob",
    "FrameRange",
    "FrameRanges",
    "Gizmo",
    "Group",
    "Int_Knob",
    "Knob",
    "Layer",
    "Link_Knob",
    "Menu",
    "MenuBar",
    "MenuItem",
    "Multiline_Eval_String_Knob",
    "Multiline_String_Knob",
    "Node",
    "NodeConstructor",
    "Nodes",
    "Obsolete_Knob",
    "Password_Knob",
    "ProgressTask",
    "Pulldown_Knob",
    "PyScript_Knob",
    "PythonKnob",
    "Radio_Knob",
    "Range_Knob",
    "Root",
    "Scale_Knob",
    "Script_Knob",
    "Spacer_Knob",
    "String_Knob",
    "Tab_Knob",
    "Text_Knob",
    "ToolBar",
    "UV_Knob",
    "Undo",
    "Unsigned_Knob",
    "Viewer",
    "WH_Knob",
    "XYZ_Knob",
    "XY_Knob",
    "addAfterFrameRender",
    "addAfterRender",
    "addAutolabel",
    "addBeforeFrameRender",
    "addBeforeRender",
    "addFormat",
    "addKnobChanged",
    "addOnCreate",
    "addOnDestroy",
    "addOnScriptClose",
    "addOnScriptLoad",
    "addOnScriptSave",
    "addOnUserCreate",
    "addRenderProgress",
    "addUpdateUI",
    "alert",
    "allNodes",
    "ask",
    "askWithCancel",
    "cancel",
    "channels",
    "choice",
    "createNode",
    "critical",
    "debug",
    "delete",
    "endGroup",
    "error",
    "execute",
    "executeInMainThread",
    "executeInMainThreadWithResult",
    "executeMultiple",
    "executing",
    "exists",
    "expr",
    "expression",
    "filename",
    "formats",
    "frame",
    "getClipname",
    "getFilename",
    "getInput",
    "knobDefault",
    "layers",
    "menu",
    "message",
    "modified",
    "nodeCopy",
    "nodePaste",
    "nodes",
    "nodesSelected",
    "numvalue",
    "pluginAddPath",
    "pluginAppendPath",
    "pluginPath",
    "redo",
    "removeAfterFrameRender",
    "removeAfterRender",
    "removeAutolabel",
    "removeBeforeFrameRender",
    "removeBeforeRender",
    "removeKnobChanged",
    "removeOnCreate",
    "removeOnDestroy",
    "removeOnScriptClose",
    "removeOnScriptLoad",
    "removeOnScriptSave",
    "removeOnUserCreate",
    "removeRenderProgress",
    "removeUpdateUI",
    "render",
    "root",
    "scriptClear",
    "scriptClose",
    "scriptName",
    "scriptNew",
    "scriptOpen",
    "scriptReadFile",
    "scriptReadText",
    "scriptSave",
    "scriptSaveAs",
    "scriptSaveToTemp",
    "scriptSource",
    "selectAll",
    "selectedNode",
    "selectedNodes",
    "show",
    "stripFrameRange",
    "tcl",
    "thisClass",
    "thisGroup",
    "thisKnob",
    "thisNode",
    "thisParent",
    "thisRoot",
    "thisView",
    "toNode",
    "toolbar",
    "tprint",
    "undo",
    "value",
    "views",
    "warning",
]  # fmt: skip


class CancelledError(Exception):
    """As Nuke's; `execute` raises RuntimeError("Cancelled") instead, as Nuke's does."""


def modified(state: Any = None) -> bool:
    """Whether the script changed since it was read or saved; with a value sets it."""
    script = root()
    if state is not None:
        script.setModified(bool(state))
    return script.modified()


def _version_numbers() -> Dict[str, int]:
    release = _state.any_thread().version_text.replace("v", ".").replace(" ", "")
    major, minor, patch = (int(part) for part in release.split("."))
    return {"NUKE_VERSION_MAJOR": major, "NUKE_VERSION_MINOR": minor, "NUKE_VERSION_RELEASE": patch}


def _environment() -> Dict[str, Any]:
    session, numbers = _state.any_thread(), _version_numbers()
    return {
        "gui": session.gui, "interactive": session.gui, "ExecutablePath": sys.executable, "numCPUs": os.cpu_count() or 1,
        "NukeVersionMajor": numbers["NUKE_VERSION_MAJOR"], "NukeVersionMinor": numbers["NUKE_VERSION_MINOR"],
        "NukeVersionRelease": numbers["NUKE_VERSION_RELEASE"], "NukeVersionString": session.version_text.replace(" ", ""),
        "LINUX": sys.platform.startswith("linux"), "WIN32": sys.platform == "win32", "MACOS": sys.platform == "darwin",
        "64bit": True, "PluginExt": "so", "nukex": False, "studio": False, "hiero": False, "nc": False, "assist": False,
        "indie": False, "gvm_host": True,
    }  # fmt: skip


def _callback_table(name: str) -> Any:
    """`nuke.onCreates` and its kin: the registries themselves."""
    return _state.any_thread().callbacks.registries[name]


_LIVE: Dict[str, Callable[[], Any]] = {
    "GUI": lambda: _state.any_thread().gui,
    "INTERACTIVE": lambda: _state.any_thread().gui,
    "env": _environment,
    "rawArgs": lambda: _state.any_thread().raw_args,
    "NUKE_VERSION_STRING": lambda: _state.any_thread().version_text.replace(" ", ""),
    "NUKE_VERSION_MAJOR": lambda: _version_numbers()["NUKE_VERSION_MAJOR"],
    "NUKE_VERSION_MINOR": lambda: _version_numbers()["NUKE_VERSION_MINOR"],
    "NUKE_VERSION_RELEASE": lambda: _version_numbers()["NUKE_VERSION_RELEASE"],
    "EXE_PATH": lambda: sys.executable,
    "THREADS": lambda: os.cpu_count() or 1,
}
_TABLES = {
    "onUserCreates": "onUserCreate", "onCreates": "onCreate", "onDestroys": "onDestroy", "knobChangeds": "knobChanged",
    "updateUIs": "updateUI", "autolabels": "autolabel", "onScriptLoads": "onScriptLoad", "onScriptSaves": "onScriptSave",
    "onScriptCloses": "onScriptClose", "beforeRenders": "beforeRender", "beforeFrameRenders": "beforeFrameRender",
    "afterFrameRenders": "afterFrameRender", "afterRenders": "afterRender", "renderProgresses": "renderProgress",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """What changes with the Host: GUI, env, the version; and the sentence for all that is not here."""
    if name in _LIVE:
        return _LIVE[name]()
    if name in _TABLES:
        return _callback_table(_TABLES[name])
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotInHostError(f"The embedded host has no nuke.{name}.")
