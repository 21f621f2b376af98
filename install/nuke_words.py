"""What the system says, as one sentence for the person who deploys."""

from __future__ import annotations

import errno
from pathlib import Path

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def sentence(exc: OSError, folder: Path) -> str:
    """What happened to the folder, and what to do."""
    where, why = exc.filename or folder, exc.strerror or exc
    if exc.errno in _FULL:
        return f"The disk of {folder} is full: torch with CUDA needs about 8 GB, without about 1.5 GB. Name another folder."
    if exc.errno in _FORBIDDEN:
        return f"{where} may not be written to ({why}). Name a folder of yours; on Windows, close what has it open."
    return f"{where} cannot be written ({why}). Check the disk, or name another folder."


def size(count: int) -> str:
    """Bytes as people say them."""
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
