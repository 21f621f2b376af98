"""The digest in a matte's header: what it was made from, by which a later run can tell whether it is still good."""

from __future__ import annotations

from typing import Optional

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
