"""Ctrl-C in `gvm-matte comp`: whatever runs on the main thread ends at once, and threads hear of it by an event."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any, Iterator, List

from ...core.errors import CancelledError
from ..render import cancel_on_signals

WORDS = "The render was cancelled; frames that were finished stay."
_current: List[threading.Event] = []


@contextlib.contextmanager
def cancellable() -> Iterator[threading.Event]:
    """Within it SIGINT and SIGTERM end in a CancelledError, out of Python's midst; at the latest in time, see `render`.

    Raises:
        CancelledError: a signal came, whatever error that made on its way up.
    """
    with cancel_on_signals() as cancel:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _raising(signal.getsignal(number), cancel))
        _current.append(cancel)
        try:
            yield cancel
        except Exception as exc:
            if cancel.is_set() and not isinstance(exc, CancelledError):
                raise CancelledError(WORDS) from exc
            raise
        finally:
            _current.remove(cancel)


def cancelled() -> bool:
    """Whether a signal came."""
    return any(cancel.is_set() for cancel in _current)


def check() -> None:
    """Raises CancelledError if a signal came: where code in between may have swallowed it."""
    if cancelled():
        raise CancelledError(WORDS)


def _raising(flag: Any, cancel: threading.Event) -> Any:
    def handler(number: int, frame: object) -> None:
        first = not cancel.is_set()
        flag(number, frame)
        if first:
            raise CancelledError(WORDS)

    return handler
