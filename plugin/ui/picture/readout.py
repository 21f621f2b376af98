"""What is told of the pixel under the cursor: read from the kept bytes, edges computed for this one value."""

from __future__ import annotations

from typing import Optional, Tuple

from ..kit.edges import Edges
from ..kit.words import tr
from .kept import KeptPicture


def pixel_words(picture: Optional[KeptPicture], edges: Optional[Edges], at: Optional[Tuple[int, int]]) -> str:
    """One line of fixed columns, alpha before and after its edge treatment; empty where there is no such pixel."""
    if picture is None or at is None or not picture.holds(*at):
        return ""
    across, down = picture.plate_pixel(*at)
    red, green, blue = picture.plate_at(*at)
    alpha = picture.alpha_at(*at)
    words = f"x {across:4d} y {down:4d} RGB {red:3d} {green:3d} {blue:3d} A {alpha:.5f}"
    if not picture.raw:
        return f"{words} {tr('as delivered')}"
    return words if edges is None else f"{words} → {edges.value(alpha):.5f}"


def edges_words(edges: Optional[Edges]) -> str:
    """An edge treatment in a few words."""
    if edges is None:
        return tr("raw alpha")
    words = edges.mode
    if edges.mode != "none":
        words = f"{edges.mode} {edges.black_point:.3g}–{edges.white_point:.3g}"
    return words if edges.gamma == 1.0 else f"{words}, γ {edges.gamma:.3g}"
