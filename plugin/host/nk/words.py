"""The words of a .nk script: bare, "quoted" or {braced}, and how text becomes one.

A script is TCL: a command is a line of words, a quoted or braced word may run over lines, `\\` escapes the next character.
The escapes that Nuke writes are few; all of TCL's are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import List, Tuple

from ..errors import ScriptError

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_WRITTEN = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "[": "\\[", "{": "\\{", "}": "\\}", "$": "\\$"}
_BARE = re.compile(r'[^\s"\[\]{}\\$;]+')
_BRACES = re.compile(r"[{}]|\\.?", re.S)  # a backslash takes the letter behind it along
_QUOTES = re.compile(r'"|\\.?', re.S)
_GOES_ON = re.compile(r"\\(?:\r?\n|\r?\Z)")  # a backslash at a line's end
_SPACE = re.compile(r"(?:\s|\\(?:\r?\n|\r?\Z))*")
_HEX = re.compile(r"u[0-9a-fA-F]{1,4}|x[0-9a-fA-F]{1,2}")


class Form(Enum):
    """How a word is written."""

    BARE = "bare"
    QUOTED = "quoted"
    BRACED = "braced"


@dataclass(frozen=True)
class Word:
    """One word: `text` is what it stands for, `source` how the file has it (quotes or braces included).

    Two words are equal if they stand for the same: `4` and `"4"` are, `{4}` is not, since braces make an array.
    """

    text: str
    form: Form = field(default=Form.BARE, compare=False)
    source: str = field(default="", compare=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Word) and (self.text, self.braced) == (other.text, other.braced)

    def __hash__(self) -> int:
        return hash((self.text, self.braced))

    @property
    def braced(self) -> bool:
        """Whether it is an array, an expression or a list."""
        return self.form is Form.BRACED

    @classmethod
    def of(cls, text: str) -> Word:
        """The word that stands for a string, as Nuke would write it."""
        source = quote(text)
        return cls(text, Form.QUOTED if source.startswith('"') else Form.BARE, source)

    @classmethod
    def braces(cls, text: str) -> Word:
        """The braced word with this inside."""
        return cls(text, Form.BRACED, "{" + text + "}")


def quote(text: str) -> str:
    """Text as one word: bare where that is possible, else in quotes with Nuke's escapes (`]` is never escaped)."""
    if _BARE.fullmatch(text):
        return text
    return '"' + "".join(_WRITTEN.get(letter, letter) for letter in text) + '"'


def unescape(text: str) -> str:
    """The text behind TCL's backslashes; a backslash before a line's end is white space."""
    parts: List[str] = []
    at = 0
    while True:
        found = text.find("\\", at)
        if found < 0 or found + 1 >= len(text):
            return "".join([*parts, text[at:]])
        parts.append(text[at:found])
        letter = text[found + 1]
        code = _HEX.match(text, found + 1)
        if code:
            parts.append(chr(int(code.group()[1:], 16)))
            at = code.end()
        else:
            parts.append(" " if letter == "\n" else _ESCAPES.get(letter, letter))
            at = found + 2


def skip_space(text: str, at: int) -> int:
    """The place behind white space; a backslash at a line's end is some."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing at all, too


def line_of(text: str, at: int) -> int:
    """The number of the line, from 1, that holds a position."""
    return text.count("\n", 0, at) + 1


def read_word(text: str, at: int) -> Tuple[Word, int]:
    """The word that starts at a position that is no white space, and where it ends.

    Raises:
        ScriptError: its quote or brace is never closed; names the line where it was opened.
    """
    if text[at] == "{":
        end = _braced_end(text, at)
        return Word(text[at + 1 : end - 1], Form.BRACED, text[at:end]), end
    if text[at] == '"':
        end = _quoted_end(text, at)
        return Word(unescape(text[at + 1 : end - 1]), Form.QUOTED, text[at:end]), end
    end = _bare_end(text, at)
    return Word(unescape(text[at:end]), Form.BARE, text[at:end]), end


def split_list(text: str) -> List[Word]:
    """The words of a TCL list, such as the inside of an array, an `addUserKnob` or a menu's items."""
    words: List[Word] = []
    at = 0
    while True:
        at = skip_space(text, at)
        if at >= len(text):
            return words
        word, at = read_word(text, at)
        words.append(word)


def _braced_end(text: str, start: int) -> int:
    depth = 0
    for match in _BRACES.finditer(text, start):
        if match.group() == "{":
            depth += 1
        elif match.group() == "}":
            depth -= 1
            if not depth:
                return match.end()
    raise ScriptError(f"The brace opened in line {line_of(text, start)} is never closed.", line=line_of(text, start))


def _quoted_end(text: str, start: int) -> int:
    for match in _QUOTES.finditer(text, start + 1):
        if match.group() == '"':
            return match.end()
    raise ScriptError(f"The quote opened in line {line_of(text, start)} is never closed.", line=line_of(text, start))


def _bare_end(text: str, start: int) -> int:
    """White space ends it, but not inside [brackets]; a closing brace of the level above does, too."""
    plain = _BARE.match(text, start)
    depth, braces, at = 0, 0, plain.end() if plain else start
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            if not depth and not braces and _GOES_ON.match(text, at):
                return at  # a line that goes on ends a word
            at += 1
        elif letter == "[":
            depth += 1
        elif letter == "]" and depth:
            depth -= 1
        elif letter == "{":
            braces += 1
        elif letter == "}":
            if not braces:
                return max(at, start + 1)  # alone it is a word of its own: a list always comes to its end
            braces -= 1
        elif letter.isspace() and not depth and not braces:
            return at
        at += 1
    if depth or braces:
        raise ScriptError(f"The bracket opened in line {line_of(text, start)} is never closed.", line=line_of(text, start))
    return at
