"""The monitor: a window on what the engine does. It runs alone (`gvm-matte monitor`) and as a panel inside Nuke.

    open_monitor(node=…)     shows the window in a program that has a QApplication: Nuke
    run_monitor()            the program of `gvm-matte monitor`
    nuke_panel.register()    makes it one of Nuke's panels

Qt is imported with the first call, so that a caller can ask what is missing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Optional

from ..core.errors import UsageError

if TYPE_CHECKING:
    from .monitor.monitored import MonitoredNode

MISSING_QT = (
    "The monitor needs PySide6, which this Python does not have. Run `{python} -m pip install PySide6-Essentials==6.11.3`."
)


def open_monitor(parent: Optional[Any] = None, node: Optional[MonitoredNode] = None) -> Any:
    """Shows the monitor, the one that is open already where there is one; comes back at once.

    Args:
        parent: the window that it belongs to; None: the program's active one.
        node: the node that it was opened from.

    Returns:
        The `MonitorWindow`.

    Raises:
        UsageError: there is no Qt, or no graphical session.
    """
    return _opening().open_monitor(parent, node)


def run_monitor(*, theme: str = "dark") -> int:
    """Runs the monitor as a program of its own, until its window is closed and its renders are done.

    Args:
        theme: dark, light, or system for the desktop's own colours.

    Returns:
        The program's exit code: 0, or 3 if a signal ended it.

    Raises:
        UsageError: there is no Qt, or no screen.
    """
    return int(_opening().run_monitor(theme))


def _opening() -> Any:
    try:
        from .monitor import opening
    except ImportError as exc:
        if "PySide" in str(exc) or "shiboken" in str(exc):
            raise UsageError(MISSING_QT.format(python=sys.executable)) from exc
        raise UsageError(f"The monitor cannot be opened, a library is missing: {exc}.") from exc
    return opening


__all__ = ["open_monitor", "run_monitor"]
