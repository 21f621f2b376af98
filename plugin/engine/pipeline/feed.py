"""Plates in the order in which the windows need them, read and prepared ahead by threads.

    order ──► threads: fetch(frame) = read + prepare ──► at most `ahead` plates wait ──► take()

Errors come out of `take`, at the plate that they are about, so that what was ready before is still delivered. Where plates
come from is `reading` (files) and `pushed` (the host's buffers).
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Callable, Deque, Generic, Sequence, TypeVar

WAIT_SECONDS = 0.05  # how soon a cancel is seen while nothing happens
T = TypeVar("T")


class Feed(Generic[T]):
    """Reads ahead.

    Args:
        order: frames, as `take` will ask for them.
        fetch: called in a thread for each.
        threads: that fetch at the same time; 1 for sources with an order of their own.
        ahead: plates that may wait; bounds the memory.
        check: raises when the job is cancelled.
    """

    def __init__(
        self, *, order: Sequence[int], fetch: Callable[[int], T], threads: int, ahead: int, check: Callable[[], None]
    ) -> None:
        self._left: Deque[int] = deque(order)
        self._fetch = fetch
        self._ahead = ahead
        self._check = check
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="plates")
        self._coming: Deque[tuple[int, Future[T]]] = deque()
        self._fill()

    def _fill(self) -> None:
        while self._left and len(self._coming) < self._ahead:
            frame = self._left.popleft()
            self._coming.append((frame, self._pool.submit(self._fetch, frame)))

    def take(self, frame: int) -> T:
        """What `fetch` made of the next frame; `frame` says which the caller believes it to be."""
        expected, future = self._coming.popleft()
        assert expected == frame, (expected, frame)
        while True:
            self._check()
            try:
                plate = future.result(WAIT_SECONDS)
            except NotYet:
                if future.done():  # a time-out of the fetch itself
                    raise
                continue
            self._fill()
            return plate

    def close(self) -> None:
        """Lets go of what was read in vain and ends the threads."""
        self._left.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)
