"""`nuke.addOnCreate` and its siblings, made alike for each event."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

from . import state

Registrar = Callable[..., None]


def _pair(event: str, usual_class: str = "*") -> Tuple[Registrar, Registrar]:
    def add(
        call: Callable[..., Any],
        args: Any = (),
        kwargs: Optional[Dict[str, Any]] = None,
        nodeClass: str = usual_class,
        node: Any = None,
    ) -> None:
        """Registers a callback; the same call, args, kwargs and node move to the end."""
        state.current().callbacks.add(event, call, args, {} if kwargs is None else kwargs, nodeClass, node)

    def remove(
        call: Callable[..., Any],
        args: Any = (),
        kwargs: Optional[Dict[str, Any]] = None,
        nodeClass: str = usual_class,
        node: Any = None,
    ) -> None:
        """Takes a callback away."""
        state.current().callbacks.remove(event, call, args, {} if kwargs is None else kwargs, nodeClass, node)

    return add, remove


addOnCreate, _ = _pair("onCreate")
addOnDestroy, _ = _pair("onDestroy")
addKnobChanged, _ = _pair("knobChanged")
addAutolabel, _ = _pair("autolabel")
addOnScriptLoad, _ = _pair("onScriptLoad", "Root")
addOnScriptSave, _ = _pair("onScriptSave", "Root")
addOnScriptClose, _ = _pair("onScriptClose", "Root")
addBeforeRender, _ = _pair("beforeRender", "Write")
addBeforeFrameRender, removeBeforeFrameRender = _pair("beforeFrameRender", "Write")
addAfterFrameRender, removeAfterFrameRender = _pair("afterFrameRender", "Write")
addAfterRender, _ = _pair("afterRender", "Write")
