"""What the pictures of the node are drawn on: boxes, lines and words in pixels, and the colours of Nuke's dark panels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Polygon
from PIL import Image as Pillow

WIDTH, DPI, COLOURS = 1300, 100, 128  # COLOURS of a PNG's palette
PAPER, LINE, INK, FAINT, LIT, NODE = "#1e1e1e", "#555555", "#c8c8c8", "#8a8a8a", "#f0a030", "#b07820"
TEXT, SMALL, MARGIN = 8.3, 6.2, 12.0  # points, points, pixels


class Sheet:
    """A picture in pixels, y downwards, and what is drawn on it."""

    def __init__(self, height: float) -> None:
        self.figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
        canvas: Any = FigureCanvasAgg(self.figure)
        self.renderer = canvas.get_renderer()
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        self.axes.set_axis_off()

    def wide(self, text: str, size: float = TEXT) -> float:
        """A text's width in pixels."""
        width, _, _ = self.renderer.get_text_width_height_descent(text, FontProperties(size=size), False)
        return float(width)

    def cut(self, text: str, room: float) -> str:
        """The text, or as much of it as there is room for."""
        if self.wide(text) <= room:
            return text
        while text and self.wide(text + "…") > room:
            text = text[:-1]
        return text + "…"

    def text(self, x: float, y: float, text: str, *, colour: str = INK, size: float = TEXT, at: str = "left") -> None:
        """One line, its middle at y."""
        self.axes.text(x, y, text, color=colour, size=size, ha=at, va="center_baseline", parse_math=False)

    def box(self, x: float, y: float, width: float, height: float, *, fill: str, edge: str = "none", z: float = 1) -> None:
        """A rounded box."""
        style = "round,pad=0,rounding_size=3"
        self.axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=fill, edgecolor=edge, zorder=z))

    def line(self, points: Sequence[tuple[float, float]], *, colour: str = LINE, width: float = 1.0) -> None:
        """A line through points."""
        self.axes.plot(*zip(*points), color=colour, linewidth=width, solid_joinstyle="round")

    def triangle(self, x: float, y: float, colour: str = INK, size: float = 4.0) -> None:
        """A triangle that points down, its middle at (x, y)."""
        corners = [(x - size, y - size / 2), (x + size, y - size / 2), (x, y + size / 2)]
        self.axes.add_patch(Polygon(corners, closed=True, facecolor=colour, zorder=4))

    def save(self, path: Path) -> None:
        """Writes it with a palette: less than half of the bytes."""
        with io.BytesIO() as whole:
            self.figure.savefig(whole, format="png")
            picture = Pillow.open(whole).convert("RGB")
        palette = picture.quantize(COLOURS, method=Pillow.Quantize.MEDIANCUT, kmeans=2)
        picture.quantize(palette=palette, dither=Pillow.Dither.NONE).save(path, optimize=True)
        print(path, picture.size, path.stat().st_size)
