"""Curves of the measures over the frames, by matplotlib.

It is imported when a plot is drawn: it takes a second, and a comparison without a plot needs none of it. The figure is
made without pyplot, whose global state and choice of windows belong to the program that embeds this.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import List, Tuple

from ..core.files import whole_file
from .comparison import ClipComparison, PairMeasures
from .measures import MEASURES, Measure

ENDINGS = (".png", ".svg")
_INCHES = (11.0, 8.0)
_DOTS_PER_INCH = 110
_COLOURS = ("#1f5fa8", "#d0661b")
_MARKED = 60  # up to as many frames have a mark each, so that one frame alone is seen


def write_plot(path: str, comparison: ClipComparison) -> None:
    """Draws one curve a measure and matte and writes the picture whole or not at all.

    Args:
        path: ending in one of `ENDINGS`.
        comparison: what to draw.

    Raises:
        MatteWriteError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    plots = figure.subplots(3, 2, sharex=True)
    for place, measure in zip(plots.flat, MEASURES):
        for pair, colour in zip(comparison.pairs, _COLOURS):
            frames, values = _curve(pair, measure)
            mark = "." if len(frames) <= _MARKED else ""
            place.plot(frames, values, color=colour, marker=mark, linewidth=1.2, label=pair.matte)
        place.set_title(f"{measure.title} ({measure.unit})", fontsize=10)
        place.margins(y=0.1)
        place.set_ylim(bottom=0)
        place.xaxis.set_major_locator(MaxNLocator(integer=True))
        place.grid(alpha=0.3)
    for place in plots[-1]:
        place.set_xlabel("frame")
    figure.suptitle("; ".join(f"{name} {os.path.basename(path)}" for name, path in comparison.paths.items()), fontsize=10)
    if len(comparison.pairs) > 1:
        plots.flat[0].legend()
    with whole_file(path, "plot") as part:
        figure.savefig(part, format=Path(path).suffix[1:].lower(), metadata=_metadata(path))


def _curve(pair: PairMeasures, measure: Measure) -> Tuple[List[int], List[float]]:
    """Frames and values; nan interrupts the curve where frames are missing or have no value."""
    frames: List[int] = []
    values: List[float] = []
    for frame in pair.frames:
        if frames and frame.frame > frames[-1] + 1:
            frames.append(frames[-1] + 1)
            values.append(float("nan"))
        value = frame.values[measure.name]
        frames.append(frame.frame)
        values.append(float("nan") if value is None else value)
    return frames, values


def _metadata(path: str) -> dict[str, None]:
    """No date in an SVG: the same figures give the same file."""
    return {"Date": None} if path.lower().endswith(".svg") else {}
