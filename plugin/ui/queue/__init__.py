"""The queue page: every job of the engine, of all its clients."""

from __future__ import annotations

from .page import QueuePage

__all__ = ["QueuePage"]
