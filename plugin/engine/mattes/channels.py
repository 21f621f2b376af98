"""Which channels a matte's file holds: the one place that reads the parameter `channels`.

alpha           A               Nuke reads it as rgba.alpha
rgba-premult    R, G, B, A      RGB multiplied by the alpha, as EXR has it by convention
rgba-unpremult  R, G, B, A      RGB as the plate has it; the header says so
layer:NAME      NAME.A          Nuke reads it as NAME.alpha
"""

from __future__ import annotations

import re
from typing import Tuple

from ...core.errors import ParamError

ALPHA, PREMULT, UNPREMULT, LAYER = "alpha", "rgba-premult", "rgba-unpremult", "layer:"
_LAYER = re.compile(rf"{LAYER}(?P<name>[A-Za-z0-9_]+)")


def channel_names(channels: str) -> Tuple[str, ...]:
    """Names of an EXR file's channels, in the order of the pixels that `write_matte` takes.

    Raises:
        ParamError: no such choice, or a layer's name with other characters than letters, digits and _.
    """
    if channels == ALPHA:
        return ("A",)
    if channels in (PREMULT, UNPREMULT):
        return ("R", "G", "B", "A")
    layer = _LAYER.fullmatch(channels)
    if layer is not None:
        return (f"{layer['name']}.A",)
    if channels.startswith(LAYER):
        raise ParamError(
            f'channels cannot be "{channels}"; the name of a layer is made of letters, digits and _, as in layer:hair.',
            name="channels",
        )
    raise ParamError(
        f'channels cannot be "{channels}"; choose {ALPHA}, {PREMULT}, {UNPREMULT} or {LAYER}NAME.', name="channels"
    )


def channel_count(channels: str) -> int:
    """How many channels the pixels have: 1 or 4.

    Raises:
        ParamError: as `channel_names`.
    """
    return len(channel_names(channels))
