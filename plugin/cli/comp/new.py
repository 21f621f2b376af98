"""`gvm-matte comp --new`: a script with a Read of a plate, a GVM Matte and a Write, as a person would lay them out."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, Dict, TextIO

from ...core.errors import UsageError
from ...core.paths import frame_field
from ..progress import print_event
from .script import hosted, set_params

FILE_TYPES = {"exr": "exr", "dpx": "dpx", "png": "png", "jpg": "jpeg", "jpeg": "jpeg", "tif": "tiff", "tiff": "tiff"}
BESIDE = "[file dirname [value root.name]]"  # the script's folder, as Nuke's file browser writes it


def make(args: argparse.Namespace, params: Dict[str, Any], out: TextIO) -> None:
    """Makes the script that the command line asks for, and says so.

    Raises:
        UsageError: it is there already; the plate is none, or several; a pattern has no place for the frame.
        PlateError: the plate cannot be read.
    """
    script = Path(os.path.abspath(args.new))  # noqa: PTH100 - links stay as they are
    overwrite = params.pop("existing", "") == "overwrite"
    if script.exists() and not overwrite:
        raise UsageError(
            f"{script} is there already; choose another name, or replace it with --overwrite.", path=str(script)
        )
    for flag, pattern in (("--output", args.output), ("--comp-output", args.comp_output)):
        if pattern and frame_field(pattern) is None:
            raise UsageError(f"{flag} {pattern} has no place for the frame's number; write it as ####.")
    for path in (str(script), os.path.abspath(args.plate)):  # noqa: PTH100
        if any(letter in path for letter in "[]$"):
            raise UsageError(
                f"{path}: Nuke takes brackets and dollars in a path for TCL; rename the folder or file.", path=path
            )
    plate = _plate(args.plate)
    script.parent.mkdir(parents=True, exist_ok=True)
    with hosted() as host:
        _lay_out(script, plate, args, params)
        host.save(str(script))
    frames = f"{plate['first']}-{plate['last']}"
    if args.json:
        print_event("made", out=out, script=str(script), plate=plate["path"], frames=frames)
    elif not args.quiet:
        print(f"{script}: Read1, GVMMatte1, Write1, frames {frames}", file=out, flush=True)


def _plate(path: str) -> Dict[str, Any]:
    """What is known of the plate; of a folder, of the one that is in it."""
    from ...engine.plates import describe

    found = describe(path)
    if found["kind"] != "folder":
        return found
    inside = [one["path"] for one in found["sequences"]]
    if len(inside) != 1:
        what = f"has several plates: {', '.join(inside)}; name one of them" if inside else "has no plate"
        raise UsageError(f"The folder {path} {what}.", path=path)
    return describe(inside[0])


def _lay_out(script: Path, plate: Dict[str, Any], args: argparse.Namespace, params: Dict[str, Any]) -> None:
    import nuke

    from ... import nodes as gvm
    from ...nodes import names

    root: Any = nuke.root()
    root["name"].setValue(script.as_posix())
    width, height = plate["width"], plate["height"]
    format = f"{width} {height} 0 0 {width} {height} {plate['pixel_aspect']:g} plate_{width}x{height}"
    first, last = int(plate["first"]), int(plate["last"])
    root["format"].fromScript(format)
    for knob, value in {"first_frame": first, "last_frame": last, "frame": first}.items():
        root[knob].setValue(value)
    if plate["fps"]:
        root["fps"].setValue(plate["fps"][0] / plate["fps"][1])
    read: Any = nuke.nodes.Read(name="Read1", xpos=0, ypos=0)
    read["file"].setValue(_kept(plate["path"], script))
    read["format"].fromScript(format)
    for knob, value in {"first": first, "last": last, "origfirst": first, "origlast": last, "origset": True}.items():
        read[knob].setValue(value)
    node = gvm.create(read)
    node.setXYpos(0, 120)
    node.setSelected(False)
    if args.output:
        node[names.OUTPUT].setValue(_kept(args.output, script))
    set_params([node], params)
    target = _kept(args.comp_output, script) if args.comp_output else f"{BESIDE}/comp/{script.stem}.####.exr"
    write: Any = nuke.nodes.Write(name="Write1", inputs=[node], xpos=0, ypos=240)
    settings: Dict[str, Any] = {"file": target, "file_type": _file_type(target), "channels": "rgba"}
    for knob, value in {**settings, "create_directories": True}.items():
        write[knob].setValue(value)


def _kept(path: str, script: Path) -> str:
    """A path for a knob: one that begins with TCL as it is; a relative one, which is from here, from the script."""
    if path.startswith("["):
        return path
    field = frame_field(path) or ""
    if "@" in field:  # which Nuke does not know
        path = path[: path.rindex(field)] + "#" * len(field) + path[path.rindex(field) + len(field) :]
    if Path(path).is_absolute():
        return Path(path).as_posix()
    try:
        return f"{BESIDE}/{Path(os.path.relpath(path, script.parent)).as_posix()}"
    except ValueError:  # on another drive
        return Path(os.path.abspath(path)).as_posix()  # noqa: PTH100


def _file_type(path: str) -> str:
    """Nuke's name of the type that a file's ending says.

    Raises:
        UsageError: none that a Write here can write.
    """
    ending = Path(path).suffix.lower().lstrip(".")
    if ending not in FILE_TYPES:
        raise UsageError(f"--comp-output {path}: end it with one of {', '.join(sorted(FILE_TYPES))}.")
    return FILE_TYPES[ending]
