"""`gvm-matte comp --list`: what a script has of GVM Mattes and Writes, and what is on disk."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Sequence, TextIO

from rich.console import Console
from rich.table import Table

from ...core.errors import GvmMatteError
from .script import is_disabled


def describe(nodes: Sequence[Any]) -> Dict[str, Any]:
    """The script in plain types: it can be written as JSON. Nodes that have mattes are looked up with an engine."""
    import nuke

    root: Any = nuke.root()
    return {
        "script": str(root["name"].value()),
        "first": int(root.firstFrame()),
        "last": int(root.lastFrame()),
        "fps": float(root["fps"].value()),
        "nodes": [_node(node) for node in nodes],
        "writes": [_write(node) for node in _writes()],
    }


def _node(node: Any) -> Dict[str, Any]:
    from ... import nodes as gvm
    from ...nodes import order, output

    try:
        first, last = order.span(node)
    except GvmMatteError:  # the state says it
        first, last = None, None
    state = gvm.look(node)
    return {
        "name": node.fullName(), "plate": _plate(node), "first": first, "last": last, "state": state.kind,
        "text": state.text, "output": output.node_path(node), "disabled": is_disabled(node),
    }  # fmt: skip


def _plate(node: Any) -> str:
    """The plate's path, or the branch's last node."""
    from ...nodes import plates

    above, found = node.input(0), plates.connected(node, 0)
    if found is None:
        return ""
    return found.path if isinstance(found, plates.FilePlate) else f"branch {above.fullName()}"


def _writes() -> List[Any]:
    import nuke

    return list(reversed(nuke.allNodes("Write", recurseGroups=True)))


def _write(node: Any) -> Dict[str, Any]:
    try:
        path = str(node["file"].getEvaluatedValue() or "")
    except RuntimeError:  # TCL that cannot be evaluated
        path = str(node["file"].getText())
    return {"name": node.fullName(), "file": path, "disabled": is_disabled(node)}


def show(found: Dict[str, Any], out: TextIO) -> None:
    """Prints it as tables."""
    console = Console(file=out, highlight=False, width=None if out.isatty() else 200)
    folder = os.path.dirname(found["script"])
    console.print(f"{found['script']}: frames {found['first']}-{found['last']}, {found['fps']:g} fps", soft_wrap=True)
    if found["nodes"]:
        table = Table("GVM Matte", "range", "state", "plate", "mattes")
        for one in found["nodes"]:
            span = f"{one['first']}-{one['last']}" if one["first"] is not None else "–"
            text = f"{one['text']} (disabled)" if one["disabled"] else one["text"]
            table.add_row(one["name"], span, text, _short(one["plate"], folder) or "nothing", _short(one["output"], folder))
        console.print(table)
    else:
        console.print("No GVM Matte node.")
    if found["writes"]:
        table = Table("Write", "file")
        for one in found["writes"]:
            table.add_row(one["name"] + (" (disabled)" if one["disabled"] else ""), _short(one["file"], folder))
        console.print(table)


def _short(path: str, folder: str) -> str:
    """Relative to the script where it lies beside or below it."""
    return path[len(folder) + 1 :] if folder and path.startswith(folder + "/") else path
