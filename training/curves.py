"""A run's log as curves: what is learned, at which rate, and the errors on held-out clips. Written at every check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gvm_matte.core.files import whole_file

INCHES, DOTS_PER_INCH = (9.0, 6.0), 100
PLOTS = (
    ("loss of training", ("loss",)),
    ("mean absolute error, held-out clips", ("mae", "mae_median")),
    ("error where alpha is soft", ("soft",)),
    ("error of differences: of neighbours, of frames", ("gradient", "temporal")),
)


def read_log(path: Path) -> list[dict[str, Any]]:
    """The records of a `log.jsonl`, in order."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def write_curves(log: Path, picture: Path) -> None:
    """Draws a log's records over the minutes of training as a PNG.

    Raises:
        MatteWriteError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    records = read_log(log)
    figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, names) in zip(figure.subplots(2, 2, sharex=True).flat, PLOTS, strict=True):
        for name in names:
            known = [(record["minutes"], record[name]) for record in records if name in record]
            place.plot(*zip(*known, strict=True) if known else ([], []), marker=".", linewidth=1.2, label=name)
        place.set_title(title, fontsize=10)
        place.set_ylim(bottom=0)
        place.grid(alpha=0.3)
        if len(names) > 1:
            place.legend(fontsize=8)
    figure.supxlabel(f"minutes of training; {records[-1]['step']} steps" if records else "minutes of training", fontsize=9)
    with whole_file(str(picture), "plot") as part:
        figure.savefig(part, format="png")
