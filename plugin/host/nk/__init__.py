"""`.nk` scripts: read, connected, written. Nothing here evaluates anything, and what is not known is carried."""

from __future__ import annotations

from .document import Document
from .graph import Entry, Graph, build
from .reader import parse, parse_body, read
from .user_knobs import UserKnob, parse_user_knob
from .words import Form, Word, quote, split_list, unescape

__all__ = [
    "Document", "Entry", "Form", "Graph", "UserKnob", "Word", "build", "parse", "parse_body", "parse_user_knob", "quote",
    "read", "split_list", "unescape",
]  # fmt: skip
