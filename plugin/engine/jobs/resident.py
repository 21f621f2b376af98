"""How much memory this process holds, and the machine, asked without any package."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Dict, Tuple


def resident_bytes() -> int:
    """Resident size in bytes; the peak where the system tells only that, 0 where it tells nothing."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def machine_memory() -> Tuple[int, int]:
    """(used, total) bytes of the machine's memory; what could be had at once is not used. (0, 0) where none is told."""
    found: Dict[str, int] = {}
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            name, _, size = line.partition(":")
            if name in ("MemTotal", "MemAvailable"):
                found[name] = int(size.split()[0]) * 1024
        return found["MemTotal"] - found["MemAvailable"], found["MemTotal"]
    except (OSError, ValueError, KeyError, IndexError):
        return 0, 0
