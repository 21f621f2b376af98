"""Mattes: what goes out. EXR files, each written whole or not at all, and the digest by which a later run trusts them."""

from __future__ import annotations

from .digest import DIGEST, read_digest
from .write import write_matte

__all__ = ["DIGEST", "read_digest", "write_matte"]
