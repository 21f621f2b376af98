"""Scripts in `gvm-matte comp`: opened in the embedded host, their GVM Mattes found, knobs set, saved again.

The module `nuke`, and with it the node's package, is there only while a host is: both are imported inside functions.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence

from ...core.errors import UsageError
from ...protocol.messages import Notice
from ..progress import Follower, Item


@contextlib.contextmanager
def hosted() -> Iterator[Any]:
    """A terminal session of the embedded host with the node's callbacks, as a Nuke with the plug-in has them."""
    from ...host import Host

    with Host() as host:
        from ... import nodes

        nodes.register()
        yield host


@contextlib.contextmanager
def opened(path: str) -> Iterator[Any]:
    """A session with a script. Its name is the whole path, so that paths beside it mean the same in every folder.

    Raises:
        ScriptError: there is no such file, or it is no script.
    """
    with hosted() as host:
        host.open(os.path.abspath(path))  # noqa: PTH100 - links stay as they are
        yield host


def every() -> List[Any]:
    """All GVM Mattes, in the order in which they render: the farthest upstream first."""
    from ...nodes import before_render, every_node

    found: List[Any] = []
    for node in reversed(every_node()):
        found += [one for one in before_render.mattes_above(node) if one not in found]
    return found


def choose(names: Sequence[str], *, needed: bool = True, follower: Optional[Follower] = None) -> List[Any]:
    """The nodes with these names (full names, or plain ones where that is clear), or all that are not disabled.

    Raises:
        UsageError: no such node, several of that name, or none in the script though one is `needed`.
    """
    nodes = every()
    if not nodes and (needed or names):
        raise UsageError("This script has no GVM Matte node; add one in Nuke, or make a script with gvm-matte comp --new.")
    if names:
        chosen = [_named(name, nodes) for name in names]
        return [node for node in nodes if node in chosen]
    active = [node for node in nodes if not is_disabled(node)]
    for node in nodes:
        if node not in active and follower is not None:
            text = "disabled, left out; name it with --node to render its mattes all the same."
            follower.hear(Notice(0, "info", text), Item("node", node.fullName()))
    if nodes and not active and needed:
        raise UsageError("All GVM Matte nodes of this script are disabled; enable one, or name it with --node.")
    return active


def _named(name: str, nodes: Sequence[Any]) -> Any:
    known = ", ".join(node.fullName() for node in nodes)
    found = [node for node in nodes if node.fullName() == name] or [node for node in nodes if node.name() == name]
    if not found:
        raise UsageError(f"This script has no GVM Matte called {name}; it has {known}.")
    if len(found) > 1:
        several = ", ".join(node.fullName() for node in found)
        raise UsageError(f"Several nodes are called {name}; give the full name of one: {several}.")
    return found[0]


def is_disabled(node: Any) -> bool:
    """Whether it, or a group that holds it, is disabled."""
    while node is not None:
        knob = node.knob("disable")
        if knob is not None and knob.value():
            return True
        node = node.parent()
    return False


def set_params(nodes: Sequence[Any], params: Dict[str, Any]) -> None:
    """Sets knobs from the command line's parameters.

    Raises:
        UsageError: a parameter that the node has as an input instead.
        ParamError: a value that cannot be.
    """
    from ...nodes import knobs, values

    for name in params:
        if name not in {spec.name for spec in knobs.KNOB_SPECS}:
            raise UsageError(f"{name} is no knob of the node; connect it to the node's input of that name in the script.")
    for node in nodes if params else ():
        values.write(node, params)


def any_mattes(nodes: Sequence[Any]) -> bool:
    """Whether any of the nodes has a matte on disk, so that an engine must be asked what it is."""
    from ...nodes import output

    return any(output.has_files(output.node_path(node)) for node in nodes)


def save_all(scripts: Sequence[str], target: str, names: Sequence[str], params: Dict[str, Any]) -> None:
    """Reads scripts and writes them to a file, or into a folder under their own names.

    Raises:
        UsageError: several scripts and no folder, or two of one name.
        ScriptError: one cannot be read or written.
    """
    into = Path(target).is_dir() or target.endswith(("/", os.sep))
    if len(scripts) > 1 and not into:
        raise UsageError(f"Several scripts go into a folder: write --save {target}/")
    paths = [Path(target, Path(script).name) if into else Path(target) for script in scripts]
    if len(set(paths)) < len(paths):
        raise UsageError("Two of the scripts have the same name; save them into different folders.")
    if into:
        Path(target).mkdir(parents=True, exist_ok=True)
    for script, path in zip(scripts, paths):
        with opened(script) as host:
            if names or params:
                set_params(choose(names), params)
            host.save(os.path.abspath(path))  # noqa: PTH100
