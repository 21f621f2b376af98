"""What the embedded host raises on its own account; the tree of plugin/core/errors.py goes on here.

    UsageError
    ├── ScriptError       text that is no .nk script; carries `line` (also a RuntimeError, as Nuke raises)
    ├── TclError          a path or an expression that cannot be evaluated (also a RuntimeError, as Nuke raises)
    ├── NotInHostError    a part of Nuke that the host does not have (also an AttributeError)
    └── RenderError       a node that cannot be evaluated; carries `node` (also a RuntimeError, as Nuke raises)

Calls of the `nuke` module raise what Nuke raises there (NameError for a missing knob, ValueError, RuntimeError, TypeError),
so that code written against Nuke's errors works unchanged.
"""

from __future__ import annotations

from typing import Optional

from ..core.errors import UsageError


class ScriptError(UsageError, RuntimeError):
    """Text that is no .nk script; `line` counts from 1."""

    code = "usage.script"

    def __init__(self, message: str, *, line: int = 0, path: Optional[str] = None) -> None:
        super().__init__(message, path=path)
        self.line = line


class TclError(UsageError, RuntimeError):
    """A TCL command in a path, or a knob's expression, that cannot be evaluated."""

    code = "usage.tcl"


class NotInHostError(UsageError, AttributeError):
    """A part of Nuke's API that the embedded host does not have."""

    code = "usage.host"


class RenderError(UsageError, RuntimeError):
    """A node upstream of what was asked for cannot be evaluated; `node` is its full name."""

    code = "usage.render"

    def __init__(self, message: str, *, node: str = "", frame: Optional[int] = None, path: Optional[str] = None) -> None:
        super().__init__(message, frame=frame, path=path)
        self.node = node
