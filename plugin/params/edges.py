"""The edge treatments: what becomes of a raw alpha. Their one declaration: a new one is an entry of `EDGES`.

A formula is written in what tensors can do, so that the engine runs it on them; the monitor, which has no numpy and no
torch, runs it on `Single`, and has the engine's very bits.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Callable, Dict, TypeVar

from ..core.errors import ParamError

Alpha = TypeVar("Alpha")  # a torch.Tensor of any shape, or a `Single`


@dataclass(frozen=True)
class Edge:
    """A treatment.

    Attributes:
        help: what it does, as it goes on behind its name.
        formula: of the alpha, the black point and the white point.
    """

    help: str
    formula: Callable[[Any, float, float], Any]


EDGES: Dict[str, Edge] = {
    "none": Edge("leaves the model's alpha as it is", lambda x, black, white: x),
    "clamp": Edge(  # GVM's own: hard at both ends, untouched between
        "sets what is below the black point to 0 and above the white point to 1",
        lambda x, black, white: x.masked_fill(x <= black, 0.0).masked_fill(x >= white, 1.0),
    ),
    "rescale": Edge(
        "stretches the range between them to 0–1, which keeps hair and motion blur soft",
        lambda x, black, white: ((x - black) / (white - black)).clamp(0.0, 1.0),
    ),
}


def edged(x: Alpha, edge: str, *, black: float, white: float, gamma: float) -> Alpha:
    """The treatment named `edge`, then alpha^(1/gamma).

    Raises:
        ParamError: there is no such treatment.
    """
    if edge not in EDGES:
        raise ParamError(f"There is no edge treatment {edge!r}; there are {', '.join(EDGES)}.", name="edge")
    treated: Any = EDGES[edge].formula(x, black, white)
    result: Alpha = treated if gamma == 1.0 else treated.clamp(0.0, 1.0).pow(1.0 / gamma)
    return result


class Single:
    """A number of 32 bits that does what a float32 tensor of one element does.

    Each step is rounded as it goes: sums, differences and quotients then have a tensor's very bits (53 bits are enough
    that rounding twice changes nothing), and powers agree within the last one.
    """

    def __init__(self, value: float) -> None:
        self.value = rounded(value)

    def __sub__(self, other: float) -> Single:
        return Single(self.value - rounded(other))

    def __truediv__(self, other: float) -> Single:
        return Single(self.value / rounded(other))

    def __le__(self, other: float) -> bool:
        return self.value <= rounded(other)

    def __ge__(self, other: float) -> bool:
        return self.value >= rounded(other)

    def masked_fill(self, where: bool, value: float) -> Single:
        """`value` where the condition holds."""
        return Single(value) if where else self

    def clamp(self, low: float, high: float) -> Single:
        """Limited to [low, high]."""
        return Single(min(max(self.value, low), high))

    def pow(self, exponent: float) -> Single:
        """To a power."""
        return Single(self.value ** rounded(exponent))


def rounded(number: float) -> float:
    """To 32 bits."""
    return float(struct.unpack("f", struct.pack("f", number))[0])
