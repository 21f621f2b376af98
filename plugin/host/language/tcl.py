"""The TCL of paths and labels: `[value root.name]`, `[file dirname …]`, `[getenv X]`, `$env(X)`.

A small reader of its own: no interpreter runs, and a command that is not in the table is an error that names it.
`[python …]` runs only where the caller gives a function for it.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Optional

from ..errors import TclError
from ..nk.words import split_list

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "b": "\b", "a": "\a", "v": "\v"}


@dataclass(frozen=True)
class TclContext:
    """What commands ask of the script; each function raises TclError for what it does not know.

    Args:
        value: the text of a knob, by a path such as `root.name` or `parent.file`.
        expression: the number of an expression.
        frame: the current frame.
        python: runs a line of Python and gives its result as text; None: `[python …]` is an error.
    """

    value: Callable[[str], str]
    expression: Callable[[str], float]
    frame: float = 1.0
    python: Optional[Callable[[str], str]] = None


def substitute(text: str, context: TclContext) -> str:
    """Text with its `[commands]` and `$env(NAME)` replaced and its backslashes read, as `subst` does.

    Raises:
        TclError: a bracket that is never closed, a command that is not known, or one that fails.
    """
    if "[" not in text and "\\" not in text and "$" not in text:
        return text
    parts: List[str] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "\\" and at + 1 < len(text):
            parts.append(_ESCAPES.get(text[at + 1], text[at + 1]))
            at += 2
        elif letter == "[":
            end = _closing(text, at)
            parts.append(run(text[at + 1 : end - 1], context))
            at = end
        elif text.startswith("$env(", at) and ")" in text[at:]:
            end = text.index(")", at)
            parts.append(_environment(text[at + 5 : end]))
            at = end + 1
        else:
            parts.append(letter)
            at += 1
    return "".join(parts)


def run(command: str, context: TclContext) -> str:
    """The result of one command, without its brackets.

    Raises:
        TclError: the command is not known, its arguments do not fit, or it fails.
    """
    words = _words(command, context)
    return call(words, context) if words else ""


def call(words: List[str], context: TclContext) -> str:
    """The result of a command whose words are known already: `subst`, a path.

    Raises:
        TclError: as `run`.
    """
    command = " ".join(words)
    handler = _COMMANDS.get(words[0])
    if handler is None:
        raise TclError(f'The embedded host does not know the TCL command "{words[0]}" in [{command.strip()}].')
    try:
        return handler(words[1:], context)
    except (IndexError, ValueError) as error:
        raise TclError(f"[{command.strip()}] has arguments that do not fit.") from error


def _closing(text: str, start: int) -> int:
    """The place behind the bracket that closes the one at `start`."""
    depth, at = 0, start
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "[":
            depth += 1
        elif text[at] == "]":
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    raise TclError(f'missing close-bracket in "{text}".')


def _words(command: str, context: TclContext) -> List[str]:
    """The command's words: braced ones as they are, the others substituted."""
    words: List[str] = []
    at = 0
    while True:
        while at < len(command) and command[at].isspace():
            at += 1
        if at >= len(command):
            return words
        if command[at] == "{":
            end = _matching_brace(command, at)
            words.append(command[at + 1 : end - 1])
        else:
            quoted = command[at] == '"'
            end = _word_end(command, at + quoted, quoted)
            words.append(substitute(command[at + quoted : end - quoted], context))
        at = end


def _matching_brace(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if not depth:
            return at + 1
    raise TclError(f'missing close-brace in "{text}".')


def _word_end(text: str, at: int, quoted: bool) -> int:
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "[":
            at = _closing(text, at) - 1
        elif quoted and text[at] == '"':
            return at + 1
        elif not quoted and text[at].isspace():
            return at
        at += 1
    if quoted:
        raise TclError(f'missing " in "{text}".')
    return at


def _environment(name: str) -> str:
    if name not in os.environ:
        raise TclError(f'The environment has no variable "{name}".')
    return os.environ[name]


# -- the commands


def _file(words: List[str], context: TclContext) -> str:
    kind, paths = words[0], words[1:]
    if kind == "join":
        return posixpath.join(*paths)
    (path,) = paths
    if kind == "dirname":
        return posixpath.dirname(path.rstrip("/")) or ("/" if path.startswith("/") else ".")
    if kind == "tail":
        return posixpath.basename(path.rstrip("/"))
    if kind in ("rootname", "extension"):
        return posixpath.splitext(path)[kind == "extension"]
    if kind == "exists":
        return str(int(Path(path).exists()))
    if kind == "normalize":
        return posixpath.normpath(path)
    raise TclError(f'The embedded host does not know the TCL command "file {kind}".')


def _string(words: List[str], context: TclContext) -> str:
    kind, text = words[0], words[1]
    simple: Dict[str, Callable[[str], str]] = {
        "tolower": str.lower,
        "toupper": str.upper,
        "trim": str.strip,
        "length": lambda text: str(len(text)),
    }
    if kind in simple:
        return simple[kind](text)
    if kind == "equal":
        return str(int(text == words[2]))
    if kind == "range":
        first, last = _index(words[2], len(text)), _index(words[3], len(text))
        return text[max(0, first) : last + 1]
    if kind == "map":
        pairs = [word.text for word in split_list(text)]
        result = words[2]
        for old, new in zip(pairs[::2], pairs[1::2]):
            result = result.replace(old, new)
        return result
    raise TclError(f'The embedded host does not know the TCL command "string {kind}".')


def _index(text: str, length: int) -> int:
    return length - 1 + int(text[3:] or 0) if text.startswith("end") else int(text)


def _lindex(words: List[str], context: TclContext) -> str:
    items = [word.text for word in split_list(words[0])]
    index = _index(words[1], len(items))
    return items[index] if 0 <= index < len(items) else ""


def _split(words: List[str], context: TclContext) -> str:
    marks = words[1] if len(words) > 1 else " "
    text = words[0]
    for mark in marks:
        text = text.replace(mark, marks[0])
    return " ".join("{" + part + "}" if not part or " " in part else part for part in text.split(marks[0]))


def _join(words: List[str], context: TclContext) -> str:
    return (words[1] if len(words) > 1 else " ").join(word.text for word in split_list(words[0]))


def _value(words: List[str], context: TclContext) -> str:
    try:
        return context.value(words[0])
    except TclError:
        if len(words) > 1:
            return words[1]  # the default that the command was given
        raise


def _expression(words: List[str], context: TclContext) -> str:
    return number_text(context.expression(" ".join(words)))


def _format(words: List[str], context: TclContext) -> str:
    values: List[object] = []
    for text in words[1:]:
        number = float(text) if _is_number(text) else None
        values.append(text if number is None else int(number) if number.is_integer() else number)
    try:
        return words[0] % tuple(values)
    except TypeError as error:
        raise ValueError(words[0]) from error


def _python(words: List[str], context: TclContext) -> str:
    if context.python is None:
        raise TclError(f"[python {words[0]}]: a path may not run Python here.")
    return context.python(words[-1])


def _subst(words: List[str], context: TclContext) -> str:
    return substitute(words[-1], context)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def number_text(value: float) -> str:
    """A number as TCL shows it: whole ones without a point."""
    return str(int(value)) if float(value).is_integer() else f"{value:.10g}"


_COMMANDS: Dict[str, Callable[[List[str], TclContext], str]] = {
    "value": _value,
    "knob": _value,
    "file": _file,
    "string": _string,
    "lindex": _lindex,
    "split": _split,
    "join": _join,
    "expression": _expression,
    "expr": _expression,
    "format": _format,
    "python": _python,
    "subst": _subst,
    "getenv": lambda words, context: _environment(words[0]) if len(words) == 1 else os.environ.get(words[0], words[1]),
    "frame": lambda words, context: number_text(context.frame),
    "basename": lambda words, context: posixpath.basename(words[0]),
    "dirname": lambda words, context: posixpath.dirname(words[0]),
    "return": lambda words, context: words[0],
}
