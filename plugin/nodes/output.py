"""Where a node's mattes lie; and a copy gets a place of its own."""

from __future__ import annotations

import os
from pathlib import Path

import nuke

from ..core.errors import UsageError
from ..core.paths import frame_field
from . import names
from .knobs import new_id


def pattern(node: nuke.Node) -> str:
    """The path of the mattes with its TCL evaluated and one frame field.

    Raises:
        UsageError: no path, none without a saved script, or one without a place for the frame.
    """
    knob = node[names.OUTPUT]
    text = raw(node)
    if not text.strip():
        raise UsageError(f"{node.name()} has no output path; set Path on the Output tab, e.g. mattes/shot.####.exr.")
    if "root.name" in text and not str(nuke.root()["name"].value()):
        raise UsageError(
            f"The output path of {node.name()} is a folder beside the script, which has no file yet. Save the script, or "
            "set Path on the Output tab."
        )
    try:
        path = str(knob.value()).replace("\\", "/")
    except RuntimeError as exc:  # what a TCL error is
        raise UsageError(f"The output path of {node.name()} cannot be evaluated: {exc}") from exc
    if frame_field(path) is None:
        raise UsageError(f"{path} has no place for the frame's number; write it as ####, for instance shot.####.exr.")
    return path


def raw(node: nuke.Node) -> str:
    """The path as it stands in the knob."""
    knob = node[names.OUTPUT]
    return str(knob.getText()) if isinstance(knob, nuke.String_Knob) else str(knob.toScript())


def own_place(node: nuke.Node) -> bool:
    """Gives a copy of another node an id, and a path if theirs would be the same; whether it was a copy."""
    if node.clones():
        return False  # it shares its knobs with the others, and their mattes
    here = node_path(node)
    others = [one for one in names.every_node() if one.fullName() != node.fullName()]
    if not any(names.node_id(one) == names.node_id(node) for one in others):
        return False
    with names.untracked():
        node[names.ID].setValue(new_id())
        node[names.HAS_MATTE].setValue(0)
        if here and any(node_path(one) == here for one in others):
            node[names.OUTPUT].setValue(beside(raw(node), node.name()))
    return True


def node_path(node: nuke.Node) -> str:
    """The evaluated path, or nothing where it cannot be evaluated."""
    try:
        return str(node[names.OUTPUT].value())
    except (RuntimeError, ValueError):
        return ""


def beside(path: str, name: str) -> str:
    """The path with the node's name put before the frame: `a/sh.####.exr` gives `a/sh_Name.####.exr`."""
    folder, slash, file = path.rpartition("/")
    field = frame_field(file)
    if field is None:
        stem, dot, end = file.rpartition(".")
        return f"{folder}{slash}{stem or file}_{name}{dot}{end if stem else ''}"
    head, tail = file.split(field, 1)
    mark = head[-1:] if head[-1:] in (".", "_", "-") else ""
    return f"{folder}{slash}{head[: len(head) - len(mark)]}_{name}{mark}{field}{tail}"


def has_files(path: str) -> bool:
    """Whether any frame of a pattern is on disk."""
    field = frame_field(path)
    folder, name = os.path.split(path)
    if field is None:
        return Path(path).is_file()
    head, tail = name.split(field, 1)
    try:
        with os.scandir(folder or ".") as entries:
            return any(
                entry.name.startswith(head)
                and entry.name.endswith(tail)
                and entry.name[len(head) : len(entry.name) - len(tail)].lstrip("-").isdigit()
                for entry in entries
            )
    except OSError:
        return False
