"""The module's functions that talk to the user or to Python's path."""

from __future__ import annotations

import sys
from typing import Any, List, Optional, Sequence, Union

from . import state


def message(prompt: str) -> None:
    """A message box: printed here, and kept in `Host.messages`."""
    state.current().say("message", str(prompt))


def alert(prompt: str) -> None:
    """As `message`."""
    state.current().say("alert", str(prompt))


def warning(message: str) -> None:
    """The error console: printed, and kept in `Host.messages`."""
    state.current().say("warning", str(message))


def error(message: str) -> None:
    """The error console: printed, and kept in `Host.messages`."""
    state.current().say("error", str(message))


def debug(message: str) -> None:
    """The error console: printed, and kept in `Host.messages`."""
    state.current().say("debug", str(message))


def critical(message: str) -> None:
    """The error console: printed, and kept in `Host.messages`."""
    state.current().say("critical", str(message))


def tprint(*args: Any, **kwargs: Any) -> None:
    """Prints to the terminal."""
    print(*args, **{"file": sys.stdout, **kwargs})


def _answer(kind: str, prompt: str) -> Any:
    session = state.current()
    session.messages.append((kind, str(prompt)))
    if kind not in session.answers:
        raise RuntimeError(f'Nobody answers nuke.{kind} here ("{prompt}"); give Host(answers={{"{kind}": …}}).')
    found = session.answers[kind]
    return found(prompt) if callable(found) else found


def ask(prompt: str) -> bool:
    """A question: `Host(answers={"ask": True})` or a function of the prompt answers it.

    Raises:
        RuntimeError: nobody does.
    """
    return bool(_answer("ask", prompt))


def askWithCancel(prompt: str) -> bool:
    """As `ask`, under its own name."""
    return bool(_answer("askWithCancel", prompt))


def getInput(prompt: str, default: str = "") -> Optional[str]:
    """Text from the user; `Host(answers={"getInput": …})`."""
    found: Optional[str] = _answer("getInput", prompt)
    return found


def getFilename(message: str, *args: Any, **kwargs: Any) -> Optional[str]:
    """A file from the user; `Host(answers={"getFilename": …})`."""
    found: Optional[str] = _answer("getFilename", message)
    return found


def getClipname(prompt: str, *args: Any, **kwargs: Any) -> Optional[str]:
    """A sequence from the user; `Host(answers={"getClipname": …})`."""
    found: Optional[str] = _answer("getClipname", prompt)
    return found


def choice(title: str, prompt: str, options: Sequence[str], default: int = 0) -> Optional[int]:
    """An index from the user; `Host(answers={"choice": …})`."""
    found: Optional[int] = _answer("choice", prompt)
    return found


# -- plug-ins


def pluginAddPath(args: Union[str, Sequence[str]], addToSysPath: bool = True) -> None:
    """Puts folders before the plug-in path, and before sys.path."""
    for path in [args] if isinstance(args, str) else args:
        paths = state.current().plugin_paths
        if path not in paths:
            paths.insert(0, path)
        if addToSysPath and path not in sys.path:
            sys.path.insert(0, path)


def pluginAppendPath(args: Union[str, Sequence[str]], addToSysPath: bool = True) -> None:
    """Puts folders behind the plug-in path, and behind sys.path."""
    for path in [args] if isinstance(args, str) else args:
        paths = state.current().plugin_paths
        if path not in paths:
            paths.append(path)
        if addToSysPath and path not in sys.path:
            sys.path.append(path)


def pluginPath() -> List[str]:
    """The plug-in folders."""
    return list(state.current().plugin_paths)
