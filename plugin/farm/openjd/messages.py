"""Messages of a task to an Open Job Description session, on stdout, one line each.

    openjd_progress: 42.5        0 to 100
    openjd_status: denoising     what it is doing
    openjd_fail: plate.1004 …    why it failed; the exit code decides whether it did

A session reads them with `^openjd_(progress|status|fail|…): (.+)$`: no blank before, one behind the colon, never empty.
"""

from __future__ import annotations

import re
import sys
from typing import Optional, TextIO

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class OpenJdMessages:
    """Writes them; what would say the same again is not written.

    Args:
        stream: None: stdout.
    """

    def __init__(self, stream: Optional[TextIO] = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._percent = -1.0
        self._status = ""

    def progress(self, done: int, total: int) -> None:
        """How many of all are done; a share that is lower than before is not told."""
        percent = round(min(max(100.0 * done / total, 0.0), 100.0), 1) if total > 0 else 100.0
        if percent > self._percent:
            self._percent = percent
            self._write("progress", f"{percent:.1f}")

    def status(self, text: str) -> None:
        """What is going on."""
        if text != self._status:
            self._status = text
            self._write("status", text)

    def fail(self, text: str) -> None:
        """Why the task fails."""
        self._write("fail", text)

    def _write(self, kind: str, text: str) -> None:
        line = _BREAKS.sub(" ", text).strip() or "no words"
        self._stream.write(f"openjd_{kind}: {line}\n")
        self._stream.flush()
