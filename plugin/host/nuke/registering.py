"""`nuke.addOnCreate` and all its siblings: one pair of functions for each event."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

from . import state

Registrar = Callable[..., None]


def _pair(event: str, usual_class: str = "*") -> Tuple[Registrar, Registrar]:
    def add(
        call: Callable[..., Any], args: Any = (), kwargs: Optional[Dict[str, Any]] = None,
        nodeClass: str = usual_class, node: Any = None,
    ) -> None:  # fmt: skip
        """Registers a callback; the same call, args, kwargs and node move to the end."""
        state.current().callbacks.add(event, call, args, {} if kwargs is None else kwargs, nodeClass, node)

    def remove(
        call: Callable[..., Any], args: Any = (), kwargs: Optional[Dict[str, Any]] = None,
        nodeClass: str = usual_class, node: Any = None,
    ) -> None:  # fmt: skip
        """Takes a callback away."""
        state.current().callbacks.remove(event, call, args, {} if kwargs is None else kwargs, nodeClass, node)

    return add, remove


addOnUserCreate, removeOnUserCreate = _pair("onUserCreate")
addOnCreate, removeOnCreate = _pair("onCreate")
addOnDestroy, removeOnDestroy = _pair("onDestroy")
addKnobChanged, removeKnobChanged = _pair("knobChanged")
addUpdateUI, removeUpdateUI = _pair("updateUI")
addAutolabel, removeAutolabel = _pair("autolabel")
addOnScriptLoad, removeOnScriptLoad = _pair("onScriptLoad", "Root")
addOnScriptSave, removeOnScriptSave = _pair("onScriptSave", "Root")
addOnScriptClose, removeOnScriptClose = _pair("onScriptClose", "Root")
addBeforeRender, removeBeforeRender = _pair("beforeRender", "Write")
addBeforeFrameRender, removeBeforeFrameRender = _pair("beforeFrameRender", "Write")
addAfterFrameRender, removeAfterFrameRender = _pair("afterFrameRender", "Write")
addAfterRender, removeAfterRender = _pair("afterRender", "Write")
addRenderProgress, removeRenderProgress = _pair("renderProgress", "Write")
