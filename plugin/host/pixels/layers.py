"""Names of channels: Nuke's own, what files call them, and what the knob `channels` of a node picks.

A channel is `layer.channel`. Nuke calls the four of the main layer rgba.red, .green, .blue and .alpha, and files call
them R, G, B, A; in other layers too, a file's R, G, B, A are red, green, blue, alpha.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Sequence, Set, Tuple, Union

Channels = Union[str, Sequence[str]]
"""What a node works on: Nuke's text (`rgb`, `all`, `depth`, `{rgba.red -rgba.green}`), or channels by name."""

RGB = ("rgba.red", "rgba.green", "rgba.blue")
ALPHA = "rgba.alpha"
RGBA = (*RGB, ALPHA)
_GROUPS = {"rgb": RGB, "rgba": RGBA, "alpha": (ALPHA,)}
_NOTHING = ("none", "false", "0", "")
_COLOURS = ("red", "green", "blue", "alpha")
_FILE_NAMES = {"r": "red", "g": "green", "b": "blue", "a": "alpha", **{name: name for name in _COLOURS}}
_MAIN_LAYERS = ("", "rgba", "rgb")
_GREY = ("y", "l", "gray", "grey", "luminance", "i")
_POSITIONS = {"red": 0, "green": 1, "blue": 2, "alpha": 3, "x": 0, "y": 1, "z": 2, "u": 0, "v": 1}


def position(channel: str) -> int:
    """Which of a colour knob's four values is the channel's: red 0 to alpha 3; x, y, z and u, v as their order is."""
    return _POSITIONS.get(channel.rpartition(".")[2].lower(), 0)


def select(channels: Channels, available: Iterable[str]) -> Tuple[str, ...]:
    """The channels of a picture that a node works on, in the picture's order.

    What is picked and not there is left out: Nuke passes such a picture through as well.

    Args:
        channels: text holds words of `all`, `none`, a layer, `rgb`, `alpha`, `layer.channel`, braces allowed; a word
            with a minus is switched off in the panel and picks nothing.
        available: the picture's channels.
    """
    names = list(available)
    words: List[str] = channels.strip("{} ").split() if isinstance(channels, str) else list(channels)
    picked: Set[str] = set()
    for word in words:
        if word == "all":
            picked.update(names)
        elif word in _GROUPS:
            picked.update(_GROUPS[word])
        elif word not in _NOTHING:
            picked.update(name for name in names if name == word or name.startswith(f"{word}."))
    return tuple(name for name in names if name in picked)


def is_colour(channel: str) -> bool:
    """Whether curves and colour spaces apply to it: red, green and blue of any layer, not alpha, depth or motion."""
    return channel.rpartition(".")[2] in _COLOURS[:3]


def colour_layers(names: Iterable[str]) -> List[Tuple[str, str, str]]:
    """(red, green, blue) of each layer that has one of them; a name may be missing from `names`."""
    layers = dict.fromkeys(name.rpartition(".")[0] for name in names if is_colour(name))
    return [(f"{layer}.red", f"{layer}.green", f"{layer}.blue") for layer in layers]


def from_file(names: Sequence[str], *, layer: str = "") -> Dict[int, Tuple[str, ...]]:
    """What the channels of a file, or of one part of it, are called in Nuke.

    R, G, B, A are rgba's, Z is depth.Z, `diffuse.R` is diffuse.red, `uv.u` stays, and a name without a layer gets the
    layer `other`. A single grey channel (Y, or whatever its name where it is the only one) is red, green and blue.

    Args:
        names: in the file's order.
        layer: the part's, for channels that name none: empty for the first part of a file.

    Returns:
        By index in `names`; of two channels with one name the first is kept.
    """
    found: Dict[int, Tuple[str, ...]] = {}
    taken: Set[str] = set()
    for index, name in enumerate(names):
        own_layer, _, plain = name.rpartition(".")
        own_layer = own_layer.replace(".", "_") or layer
        if own_layer.lower() in _MAIN_LAYERS and _is_grey(plain, names):
            called: Tuple[str, ...] = RGB
        else:
            called = (_channel(own_layer, plain),)
        called = tuple(one for one in called if one not in taken)
        taken.update(called)
        if called:
            found[index] = called
    return found


def _is_grey(plain: str, names: Sequence[str]) -> bool:
    if len(names) == 1:
        return plain.lower() not in ("z", *_FILE_NAMES)
    others = {name.lower() for name in names}
    return plain.lower() in _GREY and not others & {"r", "ry", "by", "red"}


def _channel(layer: str, plain: str) -> str:
    colour = _FILE_NAMES.get(plain.lower())
    if layer.lower() in _MAIN_LAYERS:
        if colour is not None:
            return f"rgba.{colour}"
        return "depth.Z" if plain.lower() == "z" else f"other.{plain}"
    return f"{layer}.{colour or plain}"


def to_file(channel: str) -> str:
    """What a channel is called in an EXR file: R, G, B, A of the main layer; others by their full name."""
    layer, _, plain = channel.rpartition(".")
    return {"red": "R", "green": "G", "blue": "B", "alpha": "A"}[plain] if layer == "rgba" else channel
