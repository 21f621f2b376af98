"""What the host's tests share: the hand-written scripts, and what a script says, in a form that can be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

from gvm_matte.host import nk
from gvm_matte.host.nk.document import KnobLine

DATA = Path(__file__).parent / "data"
SCRIPTS = sorted(DATA.glob("*.nk"))
Signature = Tuple[Any, ...]


def _inputs(entry: nk.Entry) -> Signature:
    """The regular inputs up to the last that is connected, and the masks."""
    names = [above.knob("name") if above is not None else None for above in entry.inputs]
    regular, masks = names[: len(names) - entry.masks], names[len(names) - entry.masks :]
    while regular and regular[-1] is None:
        regular.pop()
    return tuple(regular), tuple(masks)


def _knobs(entry: nk.Entry) -> Dict[str, List[str]]:
    found: Dict[str, List[str]] = {}
    for item in entry.body:
        if isinstance(item, KnobLine) and item.name != "inputs":
            found.setdefault(item.name, []).append(item.value.source if item.value else "")
    return found


def signature(graph: nk.Graph) -> List[Signature]:
    """Every node: its class, its knobs' text in order, and the names at its inputs. Two Roots count as one."""
    found: List[Signature] = []
    for entry in graph.walk():
        found.append((entry.node_class, _knobs(entry), _inputs(entry), entry.original is not None))
    return found


def between(document: nk.Document) -> List[str]:
    """The statements that are no nodes and no stack commands, in order."""
    texts = [
        statement.source.strip(" \t\r\n\ufeff")
        for statement in document.statements
        if type(statement).__name__ in ("Command", "Comment")
    ]
    return [text for text in texts if not text.startswith("version")]
