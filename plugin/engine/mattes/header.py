"""Strings of a matte's header, for those who want to know what it was made with."""

from __future__ import annotations

from typing import Dict, Sequence

import OpenImageIO as oiio


def read_header_strings(path: str, names: Sequence[str]) -> Dict[str, str]:
    """Those of the named header strings that the file has; none where it cannot be read. No pixel is looked at."""
    try:
        image = oiio.ImageInput.open(path)
    except TypeError:  # how the binding says that a name is not UTF-8
        return {}
    if image is None:
        oiio.geterror()  # fetched, or it is printed at exit
        return {}
    spec = image.spec()
    found = {name: spec.getattribute(name) for name in names}
    image.close()
    return {name: value for name, value in found.items() if isinstance(value, str)}
