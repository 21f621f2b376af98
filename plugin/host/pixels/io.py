"""Files: what Read and Write do for one frame. Which file that is, is for the caller to say."""

from __future__ import annotations

from .file_types import COMPRESSIONS, DATATYPES, FILE_TYPES
from .headers import METADATA_MODES
from .reading import ON_ERROR, read
from .writing import write

__all__ = ["COMPRESSIONS", "DATATYPES", "FILE_TYPES", "METADATA_MODES", "ON_ERROR", "read", "write"]
