"""The jobs that wait: first come first served, until a monitor moves one."""

from __future__ import annotations

import threading
from typing import Callable, Generic, List, Optional, TypeVar

T = TypeVar("T")


class JobQueue(Generic[T]):
    """A queue whose order can be changed; any thread.

    Args:
        changed: called after each change, without a lock held.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._items: List[T] = []
        self._closed = False
        self._ready = threading.Condition()
        self._changed = changed

    def put(self, item: T) -> None:
        """Puts something last."""
        with self._ready:
            self._items.append(item)
            self._ready.notify()
        self._changed()

    def get(self) -> Optional[T]:
        """The next one, waited for; None once the queue is closed and empty."""
        with self._ready:
            self._ready.wait_for(lambda: self._items or self._closed)
            if not self._items:
                return None
            item = self._items.pop(0)
        self._changed()
        return item

    def remove(self, item: T) -> bool:
        """Takes something out that waits; False where it does not wait any more."""
        with self._ready:
            if item not in self._items:
                return False
            self._items.remove(item)
        self._changed()
        return True

    def move(self, item: T, before: Optional[T]) -> bool:
        """Puts something that waits before another that waits, or last (None); False where one of them does not wait."""
        with self._ready:
            if item not in self._items or (before is not None and before not in self._items):
                return False
            if item is not before:
                self._items.remove(item)
                self._items.insert(len(self._items) if before is None else self._items.index(before), item)
        self._changed()
        return True

    def waiting(self) -> List[T]:
        """All that wait, the next one first."""
        with self._ready:
            return list(self._items)

    def close(self) -> None:
        """Lets `get` return None when nothing waits any more."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
