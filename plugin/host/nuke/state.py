"""Which session the `nuke` module speaks for, and the rule that only its main thread may ask.

Inside Nuke there is one session to a process. Here a `Host` makes one and takes the module over; the one before it comes
back when the host is closed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from .session import Session

_sessions: List[Session] = []


def enter(session: Session) -> None:
    """Makes a session the one that the module speaks for."""
    _sessions.append(session)


def leave(session: Session) -> None:
    """Takes a session away again."""
    if session in _sessions:
        _sessions.remove(session)


def any_thread() -> Session:
    """The session, for the few calls that any thread may make.

    Raises:
        RuntimeError: there is none.
    """
    if not _sessions:
        raise RuntimeError("There is no embedded host; make one with gvm_matte.host.Host() first.")
    return _sessions[-1]


def current() -> Session:
    """The session.

    Raises:
        RuntimeError: there is none, or this is not its main thread: Nuke's API may be called there only.
    """
    session = any_thread()
    if session.strict_threads and threading.get_ident() != session.main_thread:
        raise RuntimeError(
            f'The thread "{threading.current_thread().name}" called the nuke module; only the main thread may, the others '
            "go through nuke.executeInMainThread."
        )
    return session
