"""What the judge says: tables, bounds, and a contact sheet of the worst frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt
from gvm_matte.core.files import whole_file
from gvm_matte.images.drawing import canvas_of, label, resized
from gvm_matte.metrics.sheet import INK, PAPER

from training.unseen_backgrounds import SCREENS, TEXTURED

from .quality_run import Outcome

MAD_ON_SCREENS, MAD_ELSEWHERE = 0.02, 0.05
COLUMNS = ("family", "MAD", "MSE", "gradient", "dtSSD", "per frame: MAD", "dtSSD", "key: MAD", "dtSSD")
SHOWN = (
    ("ours", "mad"), ("ours", "mse"), ("ours", "gradient"), ("ours", "dtssd"),
    ("per_frame", "mad"), ("per_frame", "dtssd"), ("key", "mad"), ("key", "dtssd"),
)  # fmt: skip
SHEET_COLUMNS, THUMBNAIL, LABEL, GAP = ("plate", "truth", "model", "key"), 256, 22, 4

Measures = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Bound:
    """A promise and what came of it.

    Attributes:
        found: what was measured, in words.
        holds: None where nothing was measured that it is about.
    """

    promise: str
    found: str
    holds: bool | None


def mean_of(outcomes: Sequence[Outcome]) -> Measures:
    """Means over clips, by "ours", "per_frame", "key" and then by measure."""
    first = outcomes[0].measures
    return {
        name: {measure: float(np.mean([each.measures[name][measure] for each in outcomes])) for measure in values}
        for name, values in first.items()
    }


def by_background(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """In the order in which they came."""
    groups: dict[str, list[Outcome]] = {}
    for each in outcomes:
        groups.setdefault(each.task.family.background, []).append(each)
    return groups


def worst_first(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """By the model's MAD."""
    return sorted(outcomes, key=lambda each: -each.measures["ours"]["mad"])


def bounds(outcomes: Sequence[Outcome]) -> list[Bound]:
    """What the built-in model promises; means over clips, then what holds for every single one."""
    screens = [each for each in outcomes if each.task.family.background in SCREENS]
    walls = [each for each in outcomes if each.task.family.background in ("plain", *TEXTURED)]
    others = [each for each in outcomes if each.task.family.background not in SCREENS]
    return [
        _below("green and blue screens", screens, MAD_ON_SCREENS),
        *(_below(name, group, MAD_ON_SCREENS) for name, group in by_background(screens).items()),
        _below("plain and textured", walls, MAD_ELSEWHERE),
        *(_below(name, group, MAD_ELSEWHERE) for name, group in by_background(walls).items()),
        _better("dtSSD below the per-frame run's", outcomes, "dtssd", "per_frame"),
        _better("MAD below the key's on what is no green or blue screen", others, "mad", "key"),
    ]


def _below(what: str, outcomes: Sequence[Outcome], limit: float) -> Bound:
    promise = f"MAD on {what} at most {limit:g}"
    if not outcomes:
        return Bound(promise, "not measured", None)
    values = [each.measures["ours"]["mad"] for each in outcomes]
    worst = worst_first(outcomes)[0]
    within = sum(value <= limit for value in values)
    mean = float(np.mean(values))
    found = f"mean {mean:.4f}; {within} of {len(values)} clips; worst {_named(worst)} {max(values):.4f}"
    return Bound(promise, found, mean <= limit)


def _better(promise: str, outcomes: Sequence[Outcome], measure: str, rival: str) -> Bound:
    if not outcomes:
        return Bound(promise, "not measured", None)
    means = mean_of(outcomes)
    ours, theirs = means["ours"][measure], means[rival][measure]
    won = sum(each.measures["ours"][measure] < each.measures[rival][measure] for each in outcomes)
    return Bound(promise, f"mean {ours:.4f} to {theirs:.4f}; lower in {won} of {len(outcomes)} clips", ours < theirs)


def tables(outcomes: Sequence[Outcome], stream: TextIO, *, title: str, caption: str) -> None:
    """Families, the worst first; backgrounds; all; then the promises."""
    rows = [_row(_named(each), each.measures) for each in worst_first(outcomes)]
    _print(stream, title, caption, COLUMNS, rows)
    groups = sorted(by_background(outcomes).items(), key=lambda item: -mean_of(item[1])["ours"]["mad"])
    rows = [_row(f"{name} ({len(group)})", mean_of(group)) for name, group in groups]
    subjects: dict[str, list[Outcome]] = {}
    for each in outcomes:
        subjects.setdefault(each.task.family.subject, []).append(each)
    ranked = sorted(subjects.items(), key=lambda item: -mean_of(item[1])["ours"]["mad"])
    rows += [_row(f"… {name} ({len(group)})", mean_of(group)) for name, group in ranked]
    rows.append(_row(f"all ({len(outcomes)})", mean_of(outcomes)))
    _print(stream, "means over backgrounds, over subjects, over all", "", ("kind", *COLUMNS[1:]), rows)
    verdicts = {True: "holds", False: "FAILS", None: "-"}
    rows = [[bound.promise, bound.found, verdicts[bound.holds]] for bound in bounds(outcomes)]
    _print(stream, "bounds", "", ("promise", "found", ""), rows)


def series(name: str, outcomes: Sequence[Outcome], stream: TextIO) -> None:
    """A table over windows or sizes."""
    rows = []
    for each in outcomes:
        task, ours = each.task, each.measures["ours"]
        which = str(task.params.get("num_frames_per_batch")) if name == "windows" else f"{task.width}x{task.height}"
        rows.append(
            [
                which,
                _named(each),
                str(task.frames),
                *(_number(key, ours[key]) for key in ("mad", "mse", "gradient", "dtssd")),
                f"{each.seconds:.2f}",
            ]
        )
    columns = (name[:-1], "family", "frames", "MAD", "MSE", "gradient", "dtSSD", "s/frame")
    _print(stream, f"over {name}", "", columns, rows)


def _named(outcome: Outcome) -> str:
    task = outcome.task
    return task.family.name + (f" #{task.take}" if task.take else "")


def _row(name: str, measures: Measures) -> list[str]:
    return [name, *(_number(measure, measures[who][measure]) if who in measures else "" for who, measure in SHOWN)]


def _number(measure: str, value: float) -> str:
    return f"{value:.3f}" if measure == "gradient" else f"{value:.4f}"


def _print(stream: TextIO, title: str, caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 or column in ("found", "family") else "right")
    for row in rows:
        table.add_row(*row)
    Console(file=stream, width=None if stream.isatty() else 132).print(table)


def write_sheet(path: Path, outcomes: Sequence[Outcome], rows: int) -> None:
    """Draws the frames that are farthest from the truth, one a clip, the worst clip first, and writes a PNG.

    Raises:
        MatteWriteError: it cannot be written.
    """
    chosen = [(each, each.worst) for each in worst_first(outcomes)[:rows] if each.worst is not None]
    height, width = chosen[0][1].plate.shape[:2]
    tall = round(THUMBNAIL * height / width)
    size = LABEL + len(chosen) * (tall + LABEL + GAP), len(SHEET_COLUMNS) * (THUMBNAIL + GAP)
    sheet = np.full((*size, 3), PAPER, np.float32)
    labels = [(x * (THUMBNAIL + GAP) + 4, LABEL // 2, name) for x, name in enumerate(SHEET_COLUMNS)]
    for y, (outcome, worst) in enumerate(chosen):
        top = LABEL + y * (tall + LABEL + GAP)
        ours, key = (outcome.measures[name]["mad"] for name in ("ours", "key"))
        labels.append(
            (4, top + LABEL // 2, f"{_named(outcome)}, frame {outcome.frame}; clip's MAD {ours:.4f}, key's {key:.4f}")
        )
        for x, picture in enumerate((worst.plate, worst.truth, worst.ours, worst.key)):
            left = x * (THUMBNAIL + GAP)
            sheet[top + LABEL : top + LABEL + tall, left : left + THUMBNAIL] = _thumbnail(picture, tall)
    canvas = canvas_of(sheet)
    for x, middle, text in labels:
        label(canvas, (x, middle), text, size=14, ink=INK)
    with whole_file(str(path)) as part:
        if not canvas.write(part, "uint8"):
            raise OSError(canvas.geterror())


def _thumbnail(picture: npt.NDArray[np.uint8], tall: int) -> npt.NDArray[np.float32]:
    grey = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)
    kind = "box" if picture.shape[1] > THUMBNAIL else "triangle"
    return resized(grey.astype(np.float32) / 255, THUMBNAIL, tall, kind)
