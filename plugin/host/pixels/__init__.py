"""The embedded host's pixels: pictures, Nuke's image operations over them, and their files.

Knows no nodes and no scripts: who evaluates a tree calls `ops` and `io` with the knobs' values.
"""

from __future__ import annotations

from . import io, ops
from .picture import Format, Picture

__all__ = ["Format", "Picture", "io", "ops"]
