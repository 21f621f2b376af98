"""Which channels of an image are the plate."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

_COLOURS = (("r", "red"), ("g", "green"), ("b", "blue"))
_GREY = ("y", "luminance", "gray", "grey", "l", "i")
# Layers whose R, G, B are the picture itself: the nameless one, and what hosts call it.
_MAIN_LAYERS = ("", "rgba", "rgb", "beauty")


def pick_channels(names: Sequence[str]) -> Optional[Tuple[int, ...]]:
    """Indices of R, G, B, else of the one grey channel, else None.

    Case does not count. Plain names come first, then those of the layer `rgba` and its like, then the first layer that
    has all three: a render with R, G, B and `diffuse.R` … gives its R, G, B. Chroma-subsampled Y, RY, BY are no grey.

    Args:
        names: all channels of the file, in its order; layers are `layer.channel`.
    """
    layers: dict[str, dict[str, int]] = {}
    for index, name in enumerate(names):
        layer, _, channel = name.lower().rpartition(".")
        layers.setdefault(layer, {}).setdefault(channel, index)
    ordered = [name for name in _MAIN_LAYERS if name in layers] + [name for name in layers if name not in _MAIN_LAYERS]
    for layer in ordered:
        channels = layers[layer]
        picked = [next((channels[spelling] for spelling in colour if spelling in channels), None) for colour in _COLOURS]
        if None not in picked:
            return tuple(index for index in picked if index is not None)
    if len(names) == 1 and names[0].lower().rpartition(".")[2] not in ("a", "alpha", "z"):
        return (0,)
    for layer in ordered[:1]:
        channels = layers[layer]
        for spelling in _GREY:
            if spelling in channels and not {"ry", "by"} & set(channels):
                return (channels[spelling],)
    return None
