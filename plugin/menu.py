"""What Nuke runs in GUI sessions: Nodes > GVM > GVM Matte, which Tab finds too, and the monitor among the panes.

It reports, and raises nothing.
"""

from __future__ import annotations

import importlib
import sys
import traceback

import nuke


def create() -> None:
    """The menu's command: a new node, or a message that says why there is none."""
    try:
        importlib.import_module("gvm_matte.nodes").create()
    except Exception as exc:
        traceback.print_exc()
        nuke.message(f"GVM Matte could not make its node: {exc}")


try:
    nuke.menu("Nodes").addMenu("GVM").addCommand("GVM Matte", create)
except Exception:
    print("GVM Matte: the menu could not be made.", file=sys.stderr)
    traceback.print_exc()

try:
    importlib.import_module("gvm_matte.ui.monitor.nuke_panel").register()
except Exception:
    print("GVM Matte: the monitor could not be added to the panes.", file=sys.stderr)
    traceback.print_exc()
