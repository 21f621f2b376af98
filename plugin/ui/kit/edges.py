"""The edge treatment on the host's side: what the engine does to a raw alpha, for a picture on the screen.

The engine's is `engine/pipeline/prepare.py: edged`, on float32 tensors. There are no numpy and no torch here, so each step
is rounded to 32 bits as it goes: sums, differences and quotients then have the engine's very bits (53 bits are enough that
rounding twice changes nothing), and powers agree within the last one. A picture of 8 bits needs 256 of them.

    clamp     alpha at the black point or below is 0, at the white point or above 1, and untouched between
    rescale   (alpha − black) / (white − black), limited to [0,1]
    then      alpha^(1/gamma)
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Mapping, Optional

from ...params.fields import MatteParams
from ...params.keys import ShotParams

EDGE_PARAMS = ("edge", "black_point", "white_point", "gamma")
LEVELS = 256


@dataclass(frozen=True)
class Edges:
    """An edge treatment.

    Attributes:
        mode: `none`, `clamp` or `rescale`.
        black_point, white_point: alpha in [0,1], the former below the latter.
        gamma: greater than 0.
    """

    mode: str = "rescale"
    black_point: float = 25 / 255
    white_point: float = 240 / 255
    gamma: float = 1.0

    @classmethod
    def of(cls, params: Mapping[str, Any], frame: Optional[int] = None) -> Edges:
        """Those of a job's parameters.

        Args:
            params: as `ShotParams.of` takes them: what is not named has its default.
            frame: whose value counts where there are keys; None: the first key's.

        Raises:
            ParamError: values that cannot be.
        """
        shot = ShotParams.of({name: params[name] for name in EDGE_PARAMS if name in params})
        return cls.of_frame(shot.base if frame is None else shot.at(frame))

    @classmethod
    def of_frame(cls, params: MatteParams) -> Edges:
        """Those of one frame's parameters."""
        return cls(params.edge, params.black_point, params.white_point, params.gamma)

    def value(self, alpha: float) -> float:
        """What becomes of a raw alpha, as float32 has it."""
        x, black, white = _single(alpha), _single(self.black_point), _single(self.white_point)
        if self.mode == "clamp":
            x = 1.0 if x >= white else 0.0 if x <= black else x
        elif self.mode == "rescale":
            x = _single(_single(x - black) / _single(self.white_point - self.black_point))
            x = min(max(x, 0.0), 1.0)
        if self.gamma == 1.0:
            return x
        return _single(min(max(x, 0.0), 1.0) ** _single(1.0 / self.gamma))

    def table(self) -> bytes:
        """The 8 bit alpha for each 8 bit raw alpha: 256 bytes, rounded to the nearest."""
        top = LEVELS - 1
        return bytes(int(self.value(level / top) * top + 0.5) for level in range(LEVELS))


def _single(number: float) -> float:
    """Rounded to 32 bits."""
    return float(struct.unpack("f", struct.pack("f", number))[0])
