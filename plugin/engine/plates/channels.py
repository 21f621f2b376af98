"""Which part and which channels of an image are asked for, by their names alone: a plate's, or the one of a mask.

How files name their views and layers:

    parts          each part states its view (attribute `view`) and may be named after its layer: `diffuse`, `diffuse.left`
    `multiView`    one part for all views, the default one first: `R`, `right.R`, `diffuse.R`, `diffuse.right.R`
    layers         `diffuse.R`; a host may spell its channels out: `diffuse.red`

Case does not count. Parts are looked at in the file's order and no further than needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Protocol, Sequence, Tuple

_SHORT = {"red": "r", "green": "g", "blue": "b", "alpha": "a"}
_COLOURS = ("r", "g", "b")
_GREY = ("y", "luminance", "gray", "grey", "l", "i")
# Layers whose R, G, B are the picture itself: the nameless one, and what hosts call it.
_MAIN_LAYERS = ("", "rgba", "rgb", "beauty")


@dataclass(frozen=True)
class Part:
    """One part of a file, as far as names go.

    Attributes:
        number: its place in the file, from 0.
        name: of the part, "" where it has none.
        view: that the part states, "" where it states none.
        views: of the header `multiView`, the default one first; empty where each view has its part, or there is but one.
        channels: all of them, in the file's order; layers are `layer.channel`.
    """

    number: int
    name: str
    view: str
    views: Tuple[str, ...]
    channels: Tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """What is read: indices of channels in a part, three or one, and the view that they show."""

    part: int
    indices: Tuple[int, ...]
    view: str


class Pick(Protocol):
    """What is asked for of a file."""

    def choose(self, parts: Iterable[Part]) -> Choice:
        """Finds it.

        Raises:
            LookupError: it is not there; the text goes on after the file's name and tells what is there.
        """


@dataclass(frozen=True)
class _Channel:
    index: int
    full: str  # as the file has it
    view: str
    layer: str
    name: str  # the last component, in short: r, g, b, a, y, z …


@dataclass(frozen=True)
class PlatePick:
    """R, G, B, or one grey channel.

    Without a layer, plain names come first, then those of the layer `rgba` and its like, then the first layer that has all
    three: a render with R, G, B and `diffuse.R` … gives its R, G, B. Chroma-subsampled Y, RY, BY are no grey.

    Attributes:
        view: "" for the file's default view.
        layer: "" for the picture itself. A named layer of one channel is a grey picture, whatever that channel's name.
    """

    view: str = ""
    layer: str = ""

    def __str__(self) -> str:
        return f"view={self.view},layer={self.layer}"

    def choose(self, parts: Iterable[Part]) -> Choice:
        seen: List[Part] = []
        for part in parts:
            seen.append(part)
            channels = [channel for channel in _channels(part) if self._in_view(part, channel)]
            picked = _of_layer(channels, part, self.layer) if self.layer else _picture(channels)
            if picked:
                return Choice(part.number, tuple(channel.index for channel in picked), picked[0].view)
        raise LookupError(self._what_is_there(seen))

    def _in_view(self, part: Part, channel: _Channel) -> bool:
        if self.view:
            return channel.view.lower() == self.view.lower()
        return not part.views or channel.view == part.views[0]

    def _what_is_there(self, parts: Sequence[Part]) -> str:
        every = [(part, channel) for part in parts for channel in _channels(part)]
        views = list(dict.fromkeys(channel.view for _, channel in every if channel.view))
        if self.view and self.view.lower() not in [view.lower() for view in views]:
            return f'has no view "{self.view}"; ' + (f"it has {', '.join(views)}" if views else "it names no views")
        within = [(part, channel) for part, channel in every if self._in_view(part, channel)]
        names = _listed([channel.full for _, channel in within])
        if not self.layer:
            return f"holds no R, G, B and no grey channel, only {names}; write the plate as R, G and B"
        layers = list(dict.fromkeys(channel.layer or _part_layer(part) for part, channel in within))
        if self.layer.lower() in [layer.lower() for layer in layers]:
            return f'holds no R, G, B and no grey channel in its layer "{self.layer}", only {names}'
        named = [layer for layer in layers if layer]
        return f'has no layer "{self.layer}"; ' + (f"it has {_listed(named)}" if named else f"it has only {names}")


PICTURE = PlatePick()
"""What is picked where nothing in particular is asked for."""


@dataclass(frozen=True)
class MaskPick:
    """One channel: the named one, else A, else Y, else the first.

    Attributes:
        channel: `A`, `alpha`, `mask.a`, or a layer that has an A, a grey or but one channel.
    """

    channel: str = ""

    def __str__(self) -> str:
        return f"channel={self.channel}"

    def choose(self, parts: Iterable[Part]) -> Choice:
        every = [(part, channel) for part in parts for channel in _channels(part)]
        found = self._named(every) if self.channel else _usual_mask(every)
        if found is None:
            names = _listed([channel.full for _, channel in every])
            raise LookupError(f'has no channel "{self.channel}"; it has {names}' if self.channel else "has no channel")
        part, channel = found
        return Choice(part.number, (channel.index,), channel.view)

    def _named(self, every: Sequence[Tuple[Part, _Channel]]) -> Optional[Tuple[Part, _Channel]]:
        wanted = self.channel.lower()
        layer, _, name = wanted.rpartition(".")
        name = _SHORT.get(name, name)
        for part, channel in every:
            if channel.full.lower() == wanted:
                return part, channel
        for part, channel in every:
            if channel.name == name and layer in (channel.layer.lower(), _layer(part, channel).lower()):
                return part, channel
        within = [(part, channel) for part, channel in every if _layer(part, channel).lower() == wanted]
        usual = [(part, channel) for part, channel in within if channel.name == "a" or channel.name in _GREY]
        return _usual_mask(within) if usual or len(within) == 1 else None


def _listed(names: Sequence[str], *, limit: int = 12) -> str:
    """Names for a message."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _channels(part: Part) -> List[_Channel]:
    """Splits names into view, layer and channel. Source of the order `layer.view.channel`: OpenEXR's multi-view storage."""
    views = {view.lower(): view for view in part.views}
    default = part.views[0] if part.views else part.view
    channels = []
    for index, full in enumerate(part.channels):
        *prefix, name = full.split(".")
        view = views[prefix.pop().lower()] if prefix and prefix[-1].lower() in views else default
        channels.append(_Channel(index, full, view, ".".join(prefix), _SHORT.get(name.lower(), name.lower())))
    return channels


def _part_layer(part: Part) -> str:
    """The layer that a part is named after: its name without its view, which some put in front and some behind."""
    words = [word for word in part.name.split(".") if word.lower() != part.view.lower()]
    return ".".join(words)


def _layer(part: Part, channel: _Channel) -> str:
    return channel.layer or _part_layer(part)


def _colours(channels: Iterable[_Channel]) -> List[_Channel]:
    """R, G, B of the channels, or nothing."""
    by_name: Dict[str, _Channel] = {}
    for channel in channels:
        by_name.setdefault(channel.name, channel)
    return [by_name[name] for name in _COLOURS] if all(name in by_name for name in _COLOURS) else []


def _grey(channels: Sequence[_Channel]) -> List[_Channel]:
    """The grey one of the channels, or nothing."""
    names = [channel.name for channel in channels]
    if "ry" in names or "by" in names:
        return []
    return next(([channels[names.index(spelling)]] for spelling in _GREY if spelling in names), [])


def _of_layer(channels: Sequence[_Channel], part: Part, layer: str) -> List[_Channel]:
    within = [channel for channel in channels if _layer(part, channel).lower() == layer.lower()]
    if not within and layer.lower() in _MAIN_LAYERS:  # what hosts call the nameless one
        within = [channel for channel in channels if not _layer(part, channel)]
    return _colours(within) or _grey(within) or (within if len(within) == 1 else [])


def _picture(channels: Sequence[_Channel]) -> List[_Channel]:
    layers: Dict[str, List[_Channel]] = {}
    for channel in channels:
        layers.setdefault(channel.layer.lower(), []).append(channel)
    ordered = [name for name in _MAIN_LAYERS if name in layers] + [name for name in layers if name not in _MAIN_LAYERS]
    for name in ordered:
        if colours := _colours(layers[name]):
            return colours
    if len(channels) == 1 and channels[0].name not in ("a", "z"):
        return list(channels)
    return _grey(layers[ordered[0]]) if ordered else []


def _usual_mask(every: Sequence[Tuple[Part, _Channel]]) -> Optional[Tuple[Part, _Channel]]:
    """A of the picture, else of any layer, else its grey, else the first channel."""
    main_first = sorted(every, key=lambda one: one[1].layer.lower() not in _MAIN_LAYERS)
    for names in (("a",), _GREY):
        for part, channel in main_first:
            if channel.name in names:
                return part, channel
    return every[0] if every else None
