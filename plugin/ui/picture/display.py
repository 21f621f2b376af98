"""How a picture is displayed: the view, its colours, exposure and gamma. No pixels here, only what is done to them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache
from typing import Optional, Tuple

from ...core.srgb import decode, encode

Rgb = Tuple[int, int, int]
EXPOSURE = (-8.0, 8.0)  # stops
GAMMA = (0.2, 5.0)


class View(enum.Enum):
    """What is shown of a frame."""

    PLATE = "plate"
    ALPHA = "alpha"
    OVERLAY = "overlay"
    CHECKER = "checker"
    COLOUR = "colour"
    PICTURE = "picture"


@dataclass(frozen=True)
class Display:
    """Settings of the display.

    Attributes:
        overlay, opacity: the colour over the subject, and how much of it, 0 to 1.
        ground: what the subject stands before in `View.COLOUR`, as it is shown.
        exposure: stops; 1 is twice the light.
        gamma: of the screen's values, above 0; over 1 is brighter between black and white.
    """

    view: View = View.OVERLAY
    overlay: Rgb = (255, 40, 0)
    opacity: float = 0.5
    ground: Rgb = (0, 135, 62)
    exposure: float = 0.0
    gamma: float = 1.0


def light_table(exposure: float, gamma: float) -> Optional[bytes]:
    """For each value of a display-referred picture the one that is shown, 256 bytes; None changes nothing.

    Exposure is a factor on light, so values are decoded, multiplied and encoded again with the transfer of sRGB (IEC
    61966-2-1). A limit: 8 bits came, cut off at white. What was brighter than white stays white when it is darkened, and
    shadows show steps when they are lifted by many stops.
    """
    return _table(exposure, gamma, True)


def alpha_table(exposure: float, gamma: float) -> Optional[bytes]:
    """As `light_table`, for an alpha, which is a share and no light: it is multiplied as it is."""
    return _table(exposure, gamma, False)


@lru_cache(maxsize=64)
def _table(exposure: float, gamma: float, light: bool) -> Optional[bytes]:
    if exposure == 0.0 and gamma == 1.0:
        return None
    return bytes(_shown(level / 255, exposure, gamma, light) for level in range(256))


def _shown(value: float, exposure: float, gamma: float, light: bool) -> int:
    value = (decode(value) if light else value) * 2.0**exposure
    value = min(encode(value) if light else value, 1.0)
    return int(value ** (1.0 / gamma) * 255 + 0.5)
