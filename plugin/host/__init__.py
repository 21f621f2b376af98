"""The embedded host: the part of Nuke that the GVM Matte node uses, so that the node works without a Nuke licence.

It opens a `.nk`, runs the node's own code with Nuke's semantics, evaluates images with OpenImageIO and writes results.
`nk` reads and writes scripts, `nuke` is the module, `evaluate` walks the graph, `pixels` computes.
"""

from __future__ import annotations

from .errors import NotInHostError, RenderError, ScriptError, TclError
from .host import Host

__all__ = ["Host", "NotInHostError", "RenderError", "ScriptError", "TclError"]
