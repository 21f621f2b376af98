"""What a person sees of a render: a ProgressTask in the GUI, lines in a terminal. Used on the main thread alone."""

from __future__ import annotations

import sys
import time
from typing import Optional

import nuke

from ..protocol.messages import STAGE_WORDS

LINE_SECONDS = 2.0


class RenderProgress:
    """Follows one render."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._task: Optional[nuke.ProgressTask] = nuke.ProgressTask(f"GVM Matte: {name}") if nuke.GUI else None
        self._said = ""
        self._line = 0.0

    def show(self, stage: str, done: int, total: int, seconds: float) -> str:
        """Shows how far it is and gives it as a sentence. `seconds`: since the first frame was asked for."""
        text = words(stage, done, total, seconds)
        if self._task is not None:
            self._task.setProgress(100 * done // total if total else 0)
            if text != self._said:
                self._task.setMessage(text)
        elif text != self._said and (time.monotonic() - self._line > LINE_SECONDS or done == total):
            self._line = time.monotonic()
            print(f"GVM Matte, {self._name}: {text}", file=sys.stderr, flush=True)  # stdout is the script's
        self._said = text
        return text

    @property
    def cancelled(self) -> bool:
        """Whether the person pressed Cancel."""
        return self._task is not None and bool(self._task.isCancelled())

    def end(self) -> None:
        """Takes the bar away."""
        self._task = None  # Nuke closes it with its object


def words(stage: str, done: int, total: int, seconds: float) -> str:
    """`12 of 48 frames, 1.5 frames/s, 24 s left`, or what is done before the first frame."""
    if not done or seconds <= 0:
        return f"{STAGE_WORDS.get(stage, stage).capitalize()}, {total} frames to render"
    speed = done / seconds
    left = (total - done) / speed
    minutes = f"{int(left) // 60} min {int(left) % 60:02d} s" if left >= 60 else f"{left:.0f} s"
    return f"{done} of {total} frames, {speed:.2g} frames/s, {minutes} left"
