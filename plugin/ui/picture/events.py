"""What PySide2 and PySide6 tell differently of mouse and wheel."""

from __future__ import annotations

from typing import Any, Tuple


def place_of(event: Any) -> Tuple[float, float]:
    """Where an event was, in the widget's units."""
    at = event.position() if hasattr(event, "position") else event.localPos()
    return float(at.x()), float(at.y())
