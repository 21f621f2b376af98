"""The module's functions that talk to the user or to Python's path."""

from __future__ import annotations

from typing import Any, Optional

from . import state


def message(prompt: str) -> None:
    """A message box: printed here, and kept in `Host.messages`."""
    state.current().say("message", str(prompt))


def _answer(kind: str, prompt: str) -> Any:
    session = state.current()
    session.messages.append((kind, str(prompt)))
    if kind not in session.answers:
        raise RuntimeError(f'There is no answer to nuke.{kind} ("{prompt}"); give Host(answers={{"{kind}": …}}).')
    found = session.answers[kind]
    return found(prompt) if callable(found) else found


def getFilename(message: str, *args: Any, **kwargs: Any) -> Optional[str]:
    """A file from the user; `Host(answers={"getFilename": …})`."""
    found: Optional[str] = _answer("getFilename", message)
    return found


# -- plug-ins
