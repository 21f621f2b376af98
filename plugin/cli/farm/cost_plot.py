"""The cost of a farm job as a picture, by matplotlib, which is imported when a plot is drawn (see `metrics.plot`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import UsageError
from ...core.files import whole_file

if TYPE_CHECKING:
    from .cost import Question

ENDINGS = (".png", ".svg")
_INCHES, _DOTS_PER_INCH = (11.0, 4.6), 110
_POINTS = 200  # of a curve
_COLOURS = ("#1f5fa8", "#d0661b", "#3f8f4f", "#8a4fa3", "#a3323c", "#5b6b73")


def check_ending(path: str) -> None:
    """Whether the name ends as a picture's does.

    Raises:
        UsageError: it does not.
    """
    if Path(path).suffix.lower() not in ENDINGS:
        raise UsageError(f"--plot {path}: the name ends in {' or '.join(ENDINGS)}.", path=path)


def write_plot(path: str, question: Question) -> None:
    """Draws time to finish and waste over blocks per task, and writes the picture whole or not at all.

    Raises:
        MatteWriteError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    times, wastes = figure.subplots(1, 2)
    count = len(question.firsts)
    sizes = (
        range(1, count + 1) if count <= _POINTS else sorted({round(count ** (at / _POINTS)) for at in range(_POINTS + 1)})
    )
    unit, name = (60.0, "minutes") if question.cost(1, 1).finish > 300 else (1.0, "seconds")
    for workers, colour in zip(question.workers, _COLOURS * len(question.workers)):
        costs, best = [question.cost(size, workers) for size in sizes], question.best(workers)
        label = f"{workers} worker{'s' * (workers != 1)}: {best.blocks}"
        times.plot(sizes, [cost.finish / unit for cost in costs], color=colour, linewidth=0.9, linestyle=":")
        kept = [cost.finish / unit if cost.waste <= question.most_waste else float("nan") for cost in costs]
        times.plot(sizes, kept, color=colour, linewidth=1.6, label=label)
        times.plot([best.blocks], [best.finish / unit], color=colour, marker="o", markersize=6)
    wastes.plot(sizes, [100 * cost.waste for cost in costs], color="#333333", linewidth=1.4, label="of the work")
    wastes.plot(sizes, [100 * cost.repeated for cost in costs], color="#999999", linewidth=1.4, label="of the windows")
    wastes.axhline(100 * question.most_waste, color="#a3323c", linewidth=1.0, linestyle="--", label="limit of the work")
    times.set(title=f"time to finish ({name}); dotted where too much is wasted", yscale="log")
    wastes.set(title="computed more than once (%)", ylim=(0, None))
    for place in (times, wastes):
        place.set_xscale("log", base=2)
        place.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        place.set_xlabel("blocks per task")
        place.grid(alpha=0.3)
        place.legend(fontsize=9, title="best blocks per task" if place is times else None)
    times.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    times.yaxis.set_minor_formatter(lambda value, _: f"{value:g}")
    times.tick_params(axis="y", which="minor", labelsize=7)
    plan = question.plan
    figure.suptitle(
        f"frames {plan.first}-{plan.last}, {len(question.firsts)} blocks; windows of {plan.window}, {plan.overlap} shared; "
        f"{question.source}",
        fontsize=10,
    )
    with whole_file(path, "plot") as part:
        metadata = {"Date": None} if path.lower().endswith(".svg") else {}
        figure.savefig(part, format=Path(path).suffix[1:].lower(), metadata=metadata)
