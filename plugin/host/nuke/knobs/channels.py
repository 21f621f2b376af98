"""What one channel of a knob of numbers can be: a number, an expression or a curve; and its text in a script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from ...language.curve import Curve
from ...nk.words import Word, split_list

if TYPE_CHECKING:
    pass

_CACHED = re.compile(r"(?:\s+(?:i|x-?[\d.]+(?:\s+-?[\d.]+(?:e-?\d+)?)?))+$")  # values that Nuke keeps behind an expression


@dataclass(frozen=True)
class Expression:
    """A channel's expression."""

    text: str


Channel = Union[float, Expression, Curve]


def channel_of(text: str, braced: bool) -> Channel:
    """A channel of a script: `1.5`, `{curve x1 0}` or `{parent.x}`."""
    if not braced:
        try:
            return float(text)
        except ValueError:
            pass
        if text in ("true", "false"):
            return float(text == "true")
    stripped = text.strip()
    if re.match(r"curve\b", stripped):
        return Curve.parse(stripped)
    words = split_list(stripped) if stripped.startswith(('"', "{")) else []
    if words and words[0].braced:  # braces around braces are one channel, too
        return channel_of(words[0].text, True)
    return Expression(words[0].text if words else _CACHED.sub("", stripped))


def channel_text(channel: Channel) -> str:
    if isinstance(channel, Curve):
        return "{" + channel.text + "}"
    if isinstance(channel, Expression):
        plain = re.fullmatch(r"[^\s\"{}\\]+", channel.text)
        return "{" + (channel.text if plain else Word.of(channel.text).source) + "}"
    return f"{channel:.10g}"
