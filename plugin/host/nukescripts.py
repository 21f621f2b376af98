"""The little of `nukescripts` that a plug-in registers itself with; what is registered is kept in `Host.panels`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from .errors import NotInHostError
from .nuke import state


def registerWidgetAsPanel(widget: str, name: str, id: str, create: bool = False) -> None:
    """Registers a widget's class, by its name in Python, as a panel; recorded, never shown."""
    state.current().panels.append({"widget": widget, "name": name, "id": id, "create": create})


def registerPanel(id: str, command: Any) -> None:
    """Registers a panel; recorded, never shown."""
    state.current().panels.append({"id": id, "command": command})


panels = SimpleNamespace(registerWidgetAsPanel=registerWidgetAsPanel, registerPanel=registerPanel)


def __getattr__(name: str) -> Any:
    """The sentence for all that is not here."""
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotInHostError(f"The embedded host has no nukescripts.{name}.")
