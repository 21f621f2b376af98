"""The cost of a farm job as a picture, by matplotlib, which is imported when a plot is drawn (see `metrics.plot`)."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from ...core.errors import UsageError
from ...core.files import whole_file
from ...farm.cost import JobCost

ENDINGS = (".png", ".svg")
_INCHES, _DOTS_PER_INCH = (11.0, 4.6), 110


def check_ending(path: str) -> None:
    """Whether the name ends as a picture's does.

    Raises:
        UsageError: it does not.
    """
    if Path(path).suffix.lower() not in ENDINGS:
        raise UsageError(f"--plot {path}: the name ends in {' or '.join(ENDINGS)}.", path=path)


def write_plot(path: str, title: str, curves: Sequence[Sequence[JobCost]]) -> None:
    """Draws wall time and machine time over blocks per task, a curve for each number of workers; whole or not at all.

    Raises:
        MatteWriteError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    places = dict(zip(("finish", "busy"), figure.subplots(1, 2)))
    for name, heading in (("finish", "wall time (minutes)"), ("busy", "machine time, starts and loads included (minutes)")):
        place = places[name]
        for curve in curves:
            minutes = [getattr(cost, name) / 60 for cost in curve]
            place.plot([cost.blocks for cost in curve], minutes, label=f"{curve[0].workers}", marker=".", linewidth=1.4)
        place.set(title=heading, xlabel="blocks per task", ylim=(0, None))
        place.set_xscale("log", base=2)
        place.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        place.grid(alpha=0.3)
        place.legend(fontsize=9, title="workers")
    figure.suptitle(title, fontsize=10)
    with whole_file(path, "plot") as part:
        metadata = {"Date": None} if path.lower().endswith(".svg") else {}
        figure.savefig(part, format=Path(path).suffix[1:].lower(), metadata=metadata)
