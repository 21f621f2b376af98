"""What is done to a plate's values: decided once for a kind of plate, applied to each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from .curves import by_curve
from .processor import Conversion

ACCEPTED = ("scene_linear", "srgb", "raw")
"""What `input_colorspace` can be with any config, besides empty and the config's own names."""


@dataclass(frozen=True)
class InputTransform:
    """What is done to a plate's values. Safe to use from several threads.

    Attributes:
        name: of the colour space that the plate is taken to be in: a word of `ACCEPTED`, or the config's own name for it.
        view: "srgb", "DISPLAY/VIEW", or "" where the plate is display-referred already.
        key: equal keys give equal results for equal pixels and exposures.
        note: a sentence that a person should read, or "".
        curve: "none", "srgb" or "display" where the transform is that one of `curves.by_curve`, channel by channel, so that
            it can be computed on the device; "" where it takes OpenColorIO: only `apply` knows it.
    """

    name: str
    view: str
    key: str
    note: str
    curve: str
    conversion: Optional[Conversion] = field(default=None, repr=False, compare=False)

    def apply(self, pixels: npt.NDArray[Any], exposure: float = 0.0) -> npt.NDArray[np.float32]:
        """A plate's values as the model wants them.

        Args:
            pixels: [..., c] as read: uint8, uint16, float16 or float32. Integers span [0, 1]; NaN becomes 0, ±infinity
                ±65504. It stays as it is.
            exposure: in stops, applied to linear light; without effect on raw and data.

        Returns:
            Display-referred, in [0, 1]: the same shape where `curve` says which; else [..., 3], of a grey plate or of its
            first three channels.

        Raises:
            ParamError: an exposure where the config does not say what linear light is.
        """
        if self.conversion is None:
            return by_curve(pixels, self.curve, exposure)
        return self.conversion.apply(pixels, exposure)
