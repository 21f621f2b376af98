"""The engine page: what the engine runs on, what it takes, where its time goes, what it says."""

from __future__ import annotations

from .page import EnginePage

__all__ = ["EnginePage"]
