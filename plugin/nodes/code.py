"""The Python that a node carries in the script. It must work, by doing nothing, where the package is not installed."""

from __future__ import annotations

_QUIET = """try:
    import gvm_matte.nodes as gvm
except ImportError:
    pass
else:
    gvm.{call}"""
_BUTTON = """try:
    import gvm_matte.nodes as gvm
except ImportError:
    nuke.message("GVM Matte is not installed here; the mattes on disk are used as they are.")
else:
    gvm.press("{name}")"""


def button_code(name: str) -> str:
    """What a button does."""
    return _BUTTON.format(name=name)


def callback_code(event: str) -> str:
    """What a hidden knob such as `knobChanged` does."""
    return _QUIET.format(call=f"callback({event!r})")
