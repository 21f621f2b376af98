"""Writes the tables of messages into docs/protocol.md, from the classes of the messages: `python docs/make_protocol.py`."""

from __future__ import annotations

import inspect
import json
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from gvm_matte.protocol import codec as codec  # knows all messages
from gvm_matte.protocol.message import ENGINE, HOST, Message, sent_by

PAGE = Path(__file__).resolve().parent / "protocol.md"
MARK = "<!-- made by python docs/make_protocol.py: {} -->\n"


def page(text: str) -> str:
    """The page with today's tables between its marks."""
    for sender in (HOST, ENGINE):
        mark = MARK.format(sender)
        before, _, rest = text.partition(mark)
        _, _, after = rest.partition(mark)
        rows = ["| kind | whose | fields | |", "|---|---|---|---|", *map(_row, sorted(sent_by(sender), key=_in_watching))]
        text = before + mark + "\n".join(rows) + "\n" + mark + after
    return text


def _in_watching(kind: type[Message]) -> bool:
    """What a monitor says and hears comes last."""
    return kind.__module__.endswith(".watching")


def _row(kind: type[Message]) -> str:
    words = " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())
    return f"| `{kind.__name__}` | {kind.scope} | {', '.join(map(_field, fields(kind)))} | {words} |"


def _field(item: Field[Any]) -> str:
    if item.default is MISSING and item.default_factory is MISSING:
        return f"`{item.name}`"
    value = item.default if item.default_factory is MISSING else item.default_factory()
    return f"`{item.name}` = {json.dumps(value)}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(PAGE)
