"""Whether all plates of a shot have one size: headers only, before anything is computed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterable, Optional

from ...core.errors import PlateError, UsageError
from ...core.image import Box
from .plate import PlateSource
from .sequence import ImageSequence

_AT_ONCE = 64
"""Headers between two looks at whether the job is cancelled."""


def check_sizes(
    source: PlateSource, frames: Iterable[int], *, display: Box, check: Callable[[], None], threads: int = 4
) -> None:
    """Refuses proxies among full plates. A video is of one size and is not looked at.

    Args:
        frames: to look at; those that cannot be read are passed over: reading tells.
        display: the display window that all must have.
        check: raises when the job is cancelled.
        threads: that open files at the same time.

    Raises:
        UsageError: of the first frame whose display window is another.
    """
    if not isinstance(source, ImageSequence):
        return

    def seen(frame: int) -> Optional[Box]:
        try:
            return source.probe(frame).display
        except PlateError:
            return None

    ordered = sorted(set(frames))
    with ThreadPoolExecutor(threads, thread_name_prefix="headers") as pool:
        for start in range(0, len(ordered), _AT_ONCE):
            check()
            some = ordered[start : start + _AT_ONCE]
            for frame, window in zip(some, pool.map(seen, some)):
                if window is not None and window != display:
                    raise UsageError(
                        f"{source.path}: frame {frame} is {window}, the shot is {display}. All plates of a shot have one "
                        "size; are there proxies among them?",
                        frame=frame,
                        path=source.file_of(frame),
                    )
