"""What a matte's file holds: the parameter `channels`, read in one place.

alpha           A               Nuke reads it as rgba.alpha
rgba-premult    R, G, B, A      RGB multiplied by the alpha, as EXR has it by convention
rgba-unpremult  R, G, B, A      RGB as the plate has it; the header says so
layer:NAME      NAME.A          Nuke reads it as NAME.alpha
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Tuple

from ..core.errors import ParamError

CHOICES = ("alpha", "rgba-premult", "rgba-unpremult")  # and layer:NAME
_LAYER = re.compile(r"layer:([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True)
class Channels:
    """The channels of a matte's file.

    Attributes:
        layer: of the alpha; empty: the file's plain one.
        colours: whether the foreground's colours are there; premult: multiplied by the alpha.
    """

    layer: str = ""
    colours: bool = False
    premult: bool = True

    @classmethod
    def parse(cls, text: str) -> Channels:
        """From the parameter's text.

        Raises:
            ParamError: no such choice, or a layer whose name Nuke would not take.
        """
        layer = _LAYER.fullmatch(text)
        if layer is not None:
            return cls(layer=layer.group(1))
        if text not in CHOICES:
            possible = f"{', '.join(CHOICES)} or layer:NAME (letters, digits, _)"
            raise ParamError(f"Channels (--channels) takes one of {possible}, not {text!r}.", name="channels")
        return cls(colours=text != "alpha", premult=text != "rgba-unpremult")

    @property
    def names(self) -> Tuple[str, ...]:
        """Of an EXR file's channels, in the order of the pixels; the alpha is the last."""
        return ("R", "G", "B", "A") if self.colours else (self.alpha,)

    @property
    def alpha(self) -> str:
        """The alpha's name in an EXR file."""
        return f"{self.layer}.A" if self.layer else "A"
