"""What the plate itself adds to an alpha of the model's size: edges at the plate's size, colours without the background.

guided.py      the alpha at the plate's size, its edges where the plate's edges are
foreground.py  the subject's own colours, for a matte that carries them
tiles.py       both work tile by tile; the result does not show it
"""

from __future__ import annotations

from .foreground import estimate_foreground
from .guided import guided_upsample

__all__ = ["estimate_foreground", "guided_upsample"]
