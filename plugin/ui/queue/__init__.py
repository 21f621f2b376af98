"""The queue page: every job of the engine, whoever asked for it."""

from __future__ import annotations

from .page import QueuePage

__all__ = ["QueuePage"]
