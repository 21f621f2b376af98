"""The edge treatment of the picture on the screen: `params.edges`, over the 256 levels that it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional

from ...params.edges import Single, edged
from ...params.fields import MatteParams
from ...params.keys import ShotParams

EDGE_PARAMS = ("edge", "black_point", "white_point", "gamma")
LEVELS = 256


@dataclass(frozen=True)
class Edges:
    """An edge treatment.

    Attributes:
        mode: a name of `params.edges.EDGES`.
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
        points = {"black": self.black_point, "white": self.white_point, "gamma": self.gamma}
        return edged(Single(alpha), self.mode, **points).value

    def table(self) -> bytes:
        """The 8 bit alpha for each 8 bit raw alpha: 256 bytes, rounded to the nearest."""
        top = LEVELS - 1
        return bytes(int(self.value(level / top) * top + 0.5) for level in range(LEVELS))
