"""Text to `Document`: where a command ends, and which statement it is.

Machine-written scripts have one knob a line and no line's end inside quotes. Hand-written ones have several knobs a line,
comments between them, strings over lines, tabs and Windows line ends: all are read, and none is an error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from ..errors import ScriptError
from .document import (
    Body,
    BodyComment,
    BodyItem,
    CloneStatement,
    Command,
    Comment,
    Document,
    EndGroup,
    KnobLine,
    NodeStatement,
    PushStatement,
    SetStatement,
    Statement,
)
from .words import Form, Word, line_of, read_word, skip_space

# Commands that look like a node, `word {…}`; every other such pair is one, since a gizmo may have any name.
_COMMANDS = frozenset(
    {"version", "add_layer", "add_format", "addformat", "add_view", "define_window_layout_xml", "python", "load", "catch"}
)
_CLASS = re.compile(r"[A-Za-z_][\w.:-]*")
_VARIABLE = re.compile(r"\$(\w+)")
_STACK = re.compile(r"\[\s*stack\s+(\d+)\s*\]")
_BLANK = re.compile(r"(?:[\s\ufeff]|\\(?:\r?\n|\r?\Z)|;)*")
_INLINE = re.compile(r"(?:[^\S\n]|\\(?:\r?\n|\r?\Z))*")


def parse(text: str, *, path: Optional[str] = None) -> Document:
    """Reads a script.

    Raises:
        ScriptError: a quote, brace or bracket is never closed; the message names the line, and the file where one is given.
    """
    try:
        return _document(text)
    except ScriptError as error:
        place = f"{path}: " if path else ""
        raise ScriptError(f"{place}{error.message}", line=error.line, path=path) from error


def read(path: str) -> Document:
    """Reads a script's file, UTF-8 with or without a mark; bytes that are none of it are carried through.

    Raises:
        ScriptError: there is no such file, it cannot be read, or it is no script.
    """
    try:
        with Path(path).open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            text = file.read()
    except OSError as error:
        raise ScriptError(f"The script {path} cannot be read: {error.strerror}.", path=path) from error
    return parse(text, path=path)


def parse_body(text: str) -> Body:
    """The inside of a node's braces, also a list such as `createNode` takes: `size 10 name Blur1`."""
    items: List[BodyItem] = []
    at = 0
    while True:
        at = skip_space(text, at)
        if at >= len(text):
            return tuple(items)
        if text[at] == "#":
            end = _line_end(text, at)
            items.append(BodyComment(text[at:end].rstrip()))
            at = end
            continue
        name, at = read_word(text, at)
        at = _INLINE.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing at all, too
        if at >= len(text) or text[at] == "\n":
            items.append(KnobLine(name.text, None))
            continue
        value, at = read_word(text, at)
        items.append(KnobLine(name.text, value))


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _document(text: str) -> Document:
    found: List[Statement] = []
    at = start = counted = 0
    line = 1
    while True:
        at = _BLANK.match(text, at).end()  # type: ignore[union-attr]
        if at >= len(text):
            return Document(tuple(found), text[start:])
        line += text.count("\n", counted, at)
        counted = at
        if text[at] == "#":
            end = _line_end(text, at)
            after = min(end + 1, len(text))
            found.append(Comment(text[start:after], line, text=text[at:end].rstrip()))
        else:
            words, after = _command(text, at)
            found.append(_statement(words, text[start:after], line))
        at = start = after


def _command(text: str, at: int) -> Tuple[List[Word], int]:
    """The words up to the line's end or a semicolon, and the place behind that."""
    words: List[Word] = []
    while True:
        at = _INLINE.match(text, at).end()  # type: ignore[union-attr]
        if at >= len(text):
            return words, at
        if text[at] in "\n;":
            return words, at + 1
        if text[at] == "}":
            raise ScriptError(f"Line {line_of(text, at)} closes a brace that was never opened.", line=line_of(text, at))
        head = len(words) == 1 and _may_be_class(words[0])
        if text[at] == "{" and (head or (len(words) == 2 and words[0].text == "clone")):
            word, at = _body_word(text, at)
        else:
            word, at = read_word(text, at)
        words.append(word)


def _body_word(text: str, start: int) -> Tuple[Word, int]:
    """A node's body: a quoted value may hold braces that are not escaped, so words are read instead of braces counted."""
    at = start + 1
    while True:
        at = skip_space(text, at)
        if at >= len(text):
            line = line_of(text, start)
            raise ScriptError(f"The brace opened in line {line} is never closed.", line=line)
        if text[at] == "}":
            return Word(text[start + 1 : at], Form.BRACED, text[start : at + 1]), at + 1
        at = _line_end(text, at) if text[at] == "#" and _first_of_line(text, at) else read_word(text, at)[1]


def _first_of_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _statement(words: List[Word], source: str, line: int) -> Statement:
    maker = _MAKERS.get(words[0].text)
    made = maker(words, source, line) if maker else None
    if made is not None:
        return made
    if len(words) == 2 and words[1].form is Form.BRACED and _may_be_class(words[0]):
        return NodeStatement(source, line, node_class=words[0].text, body=parse_body(words[1].text))
    return Command(source, line, words=tuple(words))


def _may_be_class(word: Word) -> bool:
    return word.form is Form.BARE and bool(_CLASS.fullmatch(word.source)) and word.text not in _COMMANDS


def _set(words: List[Word], source: str, line: int) -> Optional[Statement]:
    match = _STACK.fullmatch(words[2].text) if len(words) == 3 and _VARIABLE.fullmatch(f"${words[1].text}") else None
    return SetStatement(source, line, variable=words[1].text, depth=int(match.group(1))) if match else None


def _push(words: List[Word], source: str, line: int) -> Optional[Statement]:
    if len(words) != 2:
        return None
    match = _VARIABLE.fullmatch(words[1].text)
    if match:
        return PushStatement(source, line, variable=match.group(1))
    return PushStatement(source, line) if words[1].text == "0" else None


def _clone(words: List[Word], source: str, line: int) -> Optional[Statement]:
    match = _VARIABLE.fullmatch(words[1].text) if len(words) == 3 and words[2].braced else None
    return CloneStatement(source, line, variable=match.group(1), body=parse_body(words[2].text)) if match else None


def _end_group(words: List[Word], source: str, line: int) -> Optional[Statement]:
    return EndGroup(source, line) if len(words) == 1 else None


_MAKERS: Dict[str, Callable[[List[Word], str, int], Optional[Statement]]] = {
    "set": _set,
    "push": _push,
    "clone": _clone,
    "end_group": _end_group,
}
