"""What a matte's header says: the digest by which a later run can tell whether it is still good, and what made it."""

from __future__ import annotations

from typing import Dict, Optional, Sequence

from ...images.opening import opened_or_none
from ...images.whole_file import reaches_its_end

DIGEST = "gvm:digest"
"""Name of the header string."""


def read_digest(path: str) -> Optional[str]:
    """The digest of a matte on disk; None where there is no file, none of ours, or one that is not whole."""
    image = opened_or_none(path)
    if image is None:
        return None
    try:
        digest = image.spec().getattribute(DIGEST)
        return digest if isinstance(digest, str) and digest and reaches_its_end(image, path) else None
    finally:
        image.close()


def read_header_strings(path: str, names: Sequence[str]) -> Dict[str, str]:
    """Those of the named header strings that the file has; none where it cannot be read. No pixel is looked at."""
    image = opened_or_none(path)
    if image is None:
        return {}
    try:
        spec = image.spec()
        found = {name: spec.getattribute(name) for name in names}
        return {name: value for name, value in found.items() if isinstance(value, str)}
    finally:
        image.close()
