"""Mattes: what goes out. EXR and PNG files, each written whole or not at all, with the digest by which a later run trusts
them; movies made of them; and the lock that keeps two runs from writing the same frames.
"""

from __future__ import annotations

from .digest import DIGEST, read_digest, read_header_strings
from .lock import FrameLock, drop_locks
from .movie import check_movie, write_movie
from .specs import MatteFile
from .write import check_output, write_matte

__all__ = [
    "DIGEST",
    "FrameLock",
    "MatteFile",
    "check_movie",
    "check_output",
    "drop_locks",
    "read_digest",
    "read_header_strings",
    "write_matte",
    "write_movie",
]
