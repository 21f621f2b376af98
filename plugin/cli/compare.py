"""`gvm-matte compare`: how far mattes are from each other, or from the truth, in the literature's measures."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ..core.errors import UsageError
from ..core.frames import FrameRange
from .progress import FramesPerSecond
from .signals import cancelled_by_signals

if TYPE_CHECKING:
    from ..metrics import ClipComparison, MatteClip, PairMeasures

B_IS_TRUTH = ""  # what --truth is without a path
SHEET_ROWS = 5
_Limit = Tuple[str, float]


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "compare",
        help="measure mattes against each other or the truth",
        description="MAD, MSE, SAD, gradient, connectivity and dtSSD of mattes, per frame and for the clip. "
        "docs/metrics.md defines them.",
    )
    parser.add_argument("a", metavar="A", help="mattes: mattes/shot.####.exr, or an image")
    parser.add_argument("b", metavar="B", nargs="?", help="other mattes of the same frames")
    parser.add_argument(
        "--truth", nargs="?", const=B_IS_TRUTH, metavar="T",
        help="compare A, and B where it is given, with these mattes; without a path B is the truth",
    )  # fmt: skip
    parser.add_argument("--frames", default="", metavar="RANGE", help="e.g. 1001-1048 (default: all that every clip has)")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--region", metavar="SEQ", help="count only pixels where these images are 0.5 or more")
    part.add_argument("--trimap", metavar="SEQ", help="count only pixels where these images are neither 0 nor 1")
    parser.add_argument("--per-frame", action="store_true", help="a table of every frame, too")
    parser.add_argument(
        "--worst", type=_count, metavar="N", help=f"list the N worst frames by MAD (--sheet: default {SHEET_ROWS})"
    )
    parser.add_argument("--plot", metavar="FILE", help="curves over the frames: .png or .svg")
    parser.add_argument("--sheet", metavar="FILE", help="a contact sheet of the worst frames: .png")
    parser.add_argument(
        "--fail-above", action="append", default=[], type=_limit, metavar="METRIC=VALUE",
        help="exit with 1 where the clip's mean is above, e.g. mad=0.02; may be given again",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The subcommand; 1 where a limit of `--fail-above` is exceeded."""
    from ..metrics import plot, sheet  # numpy, scipy and the image library take a moment

    _check_ending("--plot", args.plot, plot.ENDINGS)
    _check_ending("--sheet", args.sheet, sheet.ENDINGS)
    with cancelled_by_signals("came; the comparison is not finished."):
        comparison = _compare(args)
        exceeded = _exceeded(comparison, args.fail_above)
        if args.plot:
            plot.write_plot(args.plot, comparison)
        if args.sheet:
            sheet.write_sheet(args.sheet, comparison, _worst_frames(comparison, args.worst or SHEET_ROWS))
    if args.json:
        print(json.dumps(report(comparison, exceeded), ensure_ascii=False))
    elif not args.quiet:
        _show(comparison, args)
    for matte, name, value, limit in exceeded:
        print(f"gvm-matte: {name} of {matte} is {value:.6g}, above {limit:.6g}.", file=sys.stderr, flush=True)
    return 1 if exceeded else 0


def report(comparison: ClipComparison, exceeded: Sequence[Tuple[str, str, float, float]]) -> Dict[str, Any]:
    """What `--json` prints; docs/metrics.md describes it. Plain types only."""
    from ..metrics import MEASURES

    names = [measure.name for measure in MEASURES]
    return {
        "paths": dict(comparison.paths),
        "frames": str(comparison.frames),
        "count": len(comparison.frames),
        "left_out": {name: str(frames) for name, frames in comparison.left_out.items()},
        "width": comparison.size[0],
        "height": comparison.size[1],
        "units": {measure.name: measure.unit for measure in MEASURES},
        "comparisons": [
            {
                "matte": pair.matte,
                "against": pair.against,
                "mean": {name: pair.mean(name) for name in names},
                "worst": {name: _worst(pair, name) for name in names},
                "per_frame": [{"frame": frame.frame, **frame.values} for frame in pair.frames],
            }
            for pair in comparison.pairs
        ],
        "better": {name: comparison.better(name) for name in names} if len(comparison.pairs) == 2 else None,
        "exceeded": [
            {"matte": matte, "metric": name, "value": value, "limit": limit} for matte, name, value, limit in exceeded
        ],
    }


def _compare(args: argparse.Namespace) -> ClipComparison:
    """Reads and measures, with a bar on a terminal."""
    from ..metrics import MatteClip, compare_clips

    frames = FrameRange.parse(args.frames) if args.frames else None
    clips = _clips(args)
    region = args.trimap or args.region
    shown = sys.stderr.isatty() and not (args.json or args.quiet)
    bar = Progress(
        TextColumn("comparing"), BarColumn(), MofNCompleteColumn(), FramesPerSecond(), TextColumn("ETA"),
        TimeRemainingColumn(), console=Console(stderr=True), transient=True, disable=not shown,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=None)
        return compare_clips(
            clips,
            frames=frames,
            region=MatteClip(region) if region else None,
            trimap=bool(args.trimap),
            started=lambda chosen: bar.update(task, total=len(chosen)),
            advanced=lambda frame: bar.advance(task),
        )


def _clips(args: argparse.Namespace) -> Dict[str, MatteClip]:
    """The clips by role.

    Raises:
        UsageError: there is nothing to compare A with.
    """
    from ..metrics import MatteClip

    if args.b is None and not args.truth:
        raise UsageError("There is nothing to compare A with; give a second matte, or --truth and its path.")
    paths = {"A": args.a, "B": args.b, "truth": args.truth or None}
    if args.truth == B_IS_TRUTH:
        paths = {"A": args.a, "truth": args.b}
    return {name: MatteClip(path) for name, path in paths.items() if path is not None}


def _exceeded(comparison: ClipComparison, limits: Sequence[_Limit]) -> List[Tuple[str, str, float, float]]:
    """(matte, measure, clip mean, limit) of each limit that is exceeded.

    Raises:
        UsageError: a measure has no value here.
    """
    found = []
    for name, limit in limits:
        for pair in comparison.pairs:
            value = pair.mean(name)
            if value is None:
                raise UsageError(f"--fail-above {name}: it has no value here, dtssd needs two neighbouring frames.")
            if value > limit:
                found.append((pair.matte, name, value, limit))
    return found


def _show(comparison: ClipComparison, args: argparse.Namespace) -> None:
    console = Console(highlight=False)
    width = max(len(name) for name in comparison.paths)
    for name, path in comparison.paths.items():
        console.print(f"{name:<{width}}  {path}", markup=False, soft_wrap=True)
    for name, frames in comparison.left_out.items():
        console.print(f"Not compared: {frames} of {name}, which another one lacks.", markup=False, soft_wrap=True)
    console.print(_clip_table(comparison))
    for pair in comparison.pairs:
        if args.per_frame:
            console.print(_frame_table(pair, [frame.frame for frame in pair.frames], "every frame"))
        if args.worst:
            worst = [frame for frame, _ in pair.ranked("mad", args.worst)]
            console.print(_frame_table(pair, worst, "worst frames by MAD"))
    for written in (args.plot, args.sheet):
        if written:
            console.print(written, markup=False, soft_wrap=True)


def _clip_table(comparison: ClipComparison) -> Table:
    from ..metrics import MEASURES

    width, height = comparison.size
    count = len(comparison.frames)
    against = comparison.pairs[0].against
    table = Table(
        title=f"Against {against}, {count} frame{'s' if count > 1 else ''}, {width}x{height}",
        title_justify="left",
        caption="The lower the better. Means over frames; behind @ the worst frame.",
        caption_justify="left",
    )
    table.add_column("measure")
    for pair in comparison.pairs:
        table.add_column(pair.matte, justify="right")
        table.add_column("worst", justify="right")
    two = len(comparison.pairs) == 2
    table.add_column("better" if two else "unit")  # both at once are too wide for a terminal of 80 columns
    for measure in MEASURES:
        cells = [measure.title]
        for pair in comparison.pairs:
            worst = pair.worst(measure.name)
            cells += [_figure(pair.mean(measure.name)), "–" if worst is None else f"{_figure(worst[1])} @{worst[0]}"]
        table.add_row(*cells, (comparison.better(measure.name) or "–") if two else measure.unit)
    return table


def _frame_table(pair: PairMeasures, frames: Sequence[int], what: str) -> Table:
    from ..metrics import MEASURES

    table = Table(title=f"{pair.matte} against {pair.against}: {what}", title_justify="left")
    table.add_column("frame", justify="right")
    for measure in MEASURES:
        table.add_column(measure.title, justify="right")
    by_frame = {frame.frame: frame.values for frame in pair.frames}
    for frame in frames:
        table.add_row(str(frame), *(_figure(by_frame[frame][measure.name]) for measure in MEASURES))
    return table


def _worst(pair: PairMeasures, name: str) -> Optional[Dict[str, Any]]:
    worst = pair.worst(name)
    return None if worst is None else {"frame": worst[0], "value": worst[1]}


def _worst_frames(comparison: ClipComparison, count: int) -> List[int]:
    """The frames where any pair's MAD is highest, the worst first; a frame with an empty region comes last."""
    highest = {
        frame: max((pair.frames[index].values["mad"] or 0.0) for pair in comparison.pairs)
        for index, frame in enumerate(comparison.frames)
    }
    return sorted(highest, key=lambda frame: (-highest[frame], frame))[:count]


def _figure(value: Optional[float]) -> str:
    return "–" if value is None else f"{value:.4g}"


def _check_ending(option: str, path: Optional[str], endings: Sequence[str]) -> None:
    if path and Path(path).suffix.lower() not in endings:
        raise UsageError(f"{option} {path}: the name ends in {' or '.join(endings)}.", path=path)


def _count(text: str) -> int:
    """For argparse: a number of frames."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of frames; give 1 or more")
    return int(text)


def _limit(text: str) -> _Limit:
    """For argparse: `mad=0.02` as (name, limit)."""
    from ..metrics import MEASURES

    name, _, number = text.lower().partition("=")
    names = [measure.name for measure in MEASURES]
    if name not in names:
        raise argparse.ArgumentTypeError(f"{text}: the metric is one of {', '.join(names)}, as in mad=0.02")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text}: the limit is a number from 0 on, as in mad=0.02")
    return name, value
