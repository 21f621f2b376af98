"""A person at a script: plates, a node, a warm engine with the tiny model, and waiting for what happens in the GUI."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, Dict, List

from gvm_matte.host import Host
from support import PARAMS

with Host():  # the module is there while a host is
    import gvm_matte.nodes as gvm
    import nuke

KNOBS: Dict[str, Any] = {name: value for name, value in PARAMS.items() if name != "input_colorspace"}

NODE_THREADS = {f"gvm-matte-{name}" for name in ("render", "plates", "progress", "look", "survey")}


def read_node(pattern: str, first: int = 1001, last: int = 1017) -> Any:
    """A Read of display-referred plates, as its file browser makes one."""
    read = nuke.nodes.Read(file=pattern, first=first, last=last, origfirst=first, origlast=last)
    read["raw"].setValue(True)
    return read


def matte_node(read: Any, **knobs: Any) -> Any:
    """A GVM Matte behind a node, with the tiny model's knobs."""
    node = gvm.create(read)
    for name, value in {**KNOBS, **knobs}.items():
        node[name].setValue(value)
    return node


def threads() -> List[threading.Thread]:
    """The node's threads that run."""
    return [thread for thread in threading.enumerate() if thread.name in NODE_THREADS]


def settle(host: Host, timeout: float = 60.0) -> None:
    """Lets everything happen that a person would wait for: renders, looks, and what they queue."""
    deadline = time.monotonic() + timeout
    while True:
        host.process_events(0.01)
        if not threads() and host.process_events(0.02) == 0 and not threads():
            return
        assert time.monotonic() < deadline, [thread.name for thread in threads()]


def mattes(node: Any) -> List[Path]:
    """The mattes on disk."""
    return sorted(Path(gvm.output_pattern(node)).parent.glob("*.exr"))


__all__ = ["KNOBS", "gvm", "matte_node", "mattes", "nuke", "read_node", "settle", "threads"]
