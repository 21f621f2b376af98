"""The GVM Matte node: a Group of stock nodes whose buttons and callbacks ask an engine for mattes.

    create(plate)            makes one
    render(node, frames)     what the buttons do; `wait=True` comes back when it is done
    look(node)               what it holds: fresh, stale and why, partial …, by the files' headers
    settings, apply_settings a node's values for another script

The same code runs in Nuke and in the embedded host; it needs the standard library and the module `nuke`. A test pins the
names below: scripts hold calls of `press` and `callback`, so those two stay for ever.
"""

from __future__ import annotations

from .buttons import press, reload
from .callbacks import callback, register
from .creating import create
from .matte_state import NodeState, look
from .matte_state import of as state_of
from .names import every_node, is_matte
from .output import pattern as output_pattern
from .preset_menu import apply_settings, settings
from .preset_menu import load as load_preset
from .preset_menu import save as save_preset
from .renders import cancel, is_rendering, render, render_block

__all__ = [
    "NodeState", "apply_settings", "callback", "cancel", "create", "every_node", "is_matte", "is_rendering",
    "load_preset", "look", "output_pattern", "press", "register", "reload", "render", "render_block", "save_preset",
    "settings", "state_of",
]  # fmt: skip
