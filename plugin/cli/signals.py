"""Signals as errors, for commands that have nothing to bring to an end first."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import Iterator

from ..core.errors import CancelledError


@contextmanager
def cancelled_by_signals(sentence: str) -> Iterator[None]:
    """SIGINT and SIGTERM become a CancelledError at once, so that what was started is ended on the way out.

    Args:
        sentence: what goes behind the signal's name, e.g. `came; the comparison is not finished.`
    """

    def handler(number: int, _frame: object) -> None:
        raise CancelledError(f"{signal.Signals(number).name} {sentence}")

    before = {name: signal.signal(name, handler) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, old in before.items():
            signal.signal(name, old)
