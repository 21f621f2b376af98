"""`gvm-matte farm cost`: how many blocks a task should have, and what a job takes, with the sums to check it by hand."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from ...core.errors import UsageError
from ...core.frames import BlockPlan
from ...farm import FarmJob, FarmSettings, read_bundle
from ...farm.cost import COUNTED, MOST_TWICE, JobCost, Rates, best_blocks, job_cost, rates_of_render
from ...farm.openjd.parameters import GRID
from ...params.fields import BY_NAME, MatteParams
from ..options import reader
from ..render import shot_range

WORKERS = (1, 4, 16)
_RATES = {
    "start": "of a session, until its engine answers",
    "load": "of the model",
    "task": "of a task beside its frames",
    "encode": "a plate, read and encoded",
    "denoise": "a frame of a window, all steps",
    "decode": "a frame, decoded and written",
}


def add_cost(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "cost",
        help="the best number of blocks per task, and how long a job takes",
        description="Chooses the blocks per task for so many workers, and adds up wall time and machine time.",
    )
    parser.add_argument("folder", nargs="?", default="", metavar="DIR", help="a job bundle; without it --shot-range")
    parser.add_argument("--shot-range", default="", metavar="A-B", help="a shot that has no bundle yet")
    for name in GRID:
        spec = BY_NAME[name]
        default = spec.unset or spec.default
        parser.add_argument(
            spec.flag, type=reader(spec), default=spec.default, metavar="N", help=f"of that shot (default {default})"
        )
    parser.add_argument("--workers", type=_workers, default=WORKERS, metavar="N,N,…", help="default 1,4,16")
    words = "lines of the table (default: 1, 2, 4 …, all, and the best ones)"
    parser.add_argument("--blocks-per-chunk", type=_workers, default=(), metavar="N,N,…", help=words)
    words = "of the windows that may be computed twice to be done sooner (default %(default)g)"
    parser.add_argument("--most-waste", type=float, default=100 * MOST_TWICE, metavar="PERCENT", help=words)
    add_rates(parser)
    parser.add_argument("--cold", action="store_true", help="each task starts an engine of its own, as on OpenCue")
    parser.add_argument("--plot", default="", metavar="FILE", help="the same as a picture, .png or .svg")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run_cost)


def add_rates(parser: argparse.ArgumentParser) -> None:
    """Adds what says how fast a worker is."""
    rates = parser.add_argument_group(
        "how fast a worker is", "in seconds; default: the released model at 1024×1824, by its operations at 100 TFLOP/s"
    )
    words = "what `gvm-matte render … --json` printed of this shot, or of some of its blocks"
    rates.add_argument("--measured", default="", metavar="FILE", help=words)
    for name, help_ in _RATES.items():
        rates.add_argument(f"--{name}", type=float, metavar="S", help=f"{help_} (default {getattr(COUNTED, name):g})")


def run_cost(args: argparse.Namespace) -> int:
    """The subcommand.

    Raises:
        UsageError: no shot, or a number that cannot be.
    """
    if args.plot:
        from .cost_plot import check_ending

        check_ending(args.plot)
    if not 0 <= args.most_waste <= 1000:
        raise UsageError(f"--most-waste takes 0 to 1000 per cent, not {args.most_waste:g}.")
    plan, firsts, current = _asked(args)
    rates, source = rates_of(args, plan)
    rates = dataclasses.replace(rates, warm=not args.cold)
    chosen = [best_blocks(plan, firsts, workers=n, most_twice=args.most_waste / 100.0) for n in args.workers]
    best = [job_cost(plan, firsts, size, rates=rates, workers=n) for size, n in zip(chosen, args.workers)]
    sizes = args.blocks_per_chunk or _sizes(len(firsts), [*chosen, current])
    table = [[job_cost(plan, firsts, size, rates=rates, workers=n) for n in args.workers] for size in sizes]
    windows = f"{len(firsts)} blocks; windows of {plan.window}, {plan.overlap} shared"
    if args.plot:
        from .cost_plot import write_plot

        write_plot(args.plot, f"frames {plan.first}-{plan.last}, {windows}; {source}", list(zip(*table)))
    if args.json:
        report = {
            "shot": [plan.first, plan.last],
            "window": plan.window,
            "overlap": plan.overlap,
            "blocks": len(firsts),
            "rates": dataclasses.asdict(rates),
            "source": source,
            "most_waste": args.most_waste / 100.0,
            "costs": [_plain(cost) for line in table for cost in line],
            "best": [_plain(cost) for cost in best],
        }
        print(json.dumps(report, ensure_ascii=False))
        return 0
    print(f"shot     {plan.first}-{plan.last}, {windows}")
    print(
        f"worker   start {rates.start:.4g} s, load {rates.load:.4g} s, a task {rates.task:.4g} s; a frame: encode "
        f"{rates.encode:.4g} s, denoise {rates.denoise:.4g} s, decode {rates.decode:.4g} s ({source})"
    )
    _show_table(table, current)
    for cost in best:
        print("\n".join(sums(cost, rates)))
    return 0


def _asked(args: argparse.Namespace) -> Tuple[BlockPlan, Tuple[int, ...], int]:
    """The shot's plan, the first frames of its blocks to render, and how many blocks a task has now."""
    if bool(args.folder) == bool(args.shot_range):
        raise UsageError("Give a job bundle or a --shot-range, as in: gvm-matte farm cost --shot-range 1001-1400")
    if args.folder:
        job = read_bundle(args.folder)
        return job.plan, job.blocks, job.settings.blocks_per_chunk
    plan = BlockPlan.of(MatteParams.of({name: getattr(args, name) for name in GRID}), shot_range(args.shot_range))
    return plan, tuple(plan.block(index).first for index in range(plan.count)), FarmSettings().blocks_per_chunk


def _sizes(count: int, others: Sequence[int]) -> List[int]:
    """Blocks per task worth a line: 1, 2, 4 …, all, and some others."""
    powers = {1 << power for power in range(count.bit_length()) if 1 << power <= count}
    return sorted({*powers, count, *(min(size, count) for size in others)})


def _plain(cost: JobCost) -> Dict[str, Any]:
    """A cost in plain types, with the number of its tasks."""
    return {**dataclasses.asdict(cost), "tasks": len(cost.tasks)}


def rates_of(args: argparse.Namespace, plan: BlockPlan) -> Tuple[Rates, str]:
    """Rates as the command line has them, and where they are from.

    Raises:
        UsageError: the measurement cannot be read, or a number is negative.
    """
    rates, source = COUNTED, "counted at 100 TFLOP/s, not measured"
    if args.measured:
        rates, source = rates_of_render(read_events(args.measured), plan), f"measured: {os.path.basename(args.measured)}"
    given = {name: getattr(args, name) for name in _RATES if getattr(args, name) is not None}
    if given:
        source = "given" if len(given) == len(_RATES) else f"{source}; {', '.join(given)} given"
    return dataclasses.replace(rates, **given), source


def read_events(path: str) -> List[Dict[str, Any]]:
    """The events of a render with --json.

    Raises:
        UsageError: the file cannot be read, or holds something else.
    """
    try:
        events = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as exc:
        raise UsageError(f"{path} holds no events of `gvm-matte render --json` ({exc}).", path=path) from exc
    return [event for event in events if isinstance(event, dict)]


# -- in `farm bundle`


def add_planning(parser: Any) -> None:
    """Adds what says how a bundle's job is cut."""
    parser.add_argument(
        "--blocks-per-chunk",
        type=int,
        metavar="N",
        help=f"blocks of one task (default {FarmSettings().blocks_per_chunk}, or what is best for "
        "--workers); fewer spread better and repeat more",
    )
    words = "how many the farm will give the job, for the best number of blocks per task (see farm cost)"
    parser.add_argument("--workers", type=int, metavar="N", help=words)
    words = "what `gvm-matte render … --json` printed of some of the shot's blocks: how fast a worker is"
    parser.add_argument("--measured", default="", metavar="FILE", help=words)


def blocks_of_plan(args: argparse.Namespace, job: FarmJob) -> int:
    """Blocks per task as the command line has them: a number, the best for its workers, or the default.

    Raises:
        UsageError: both a number and workers, or no worker.
    """
    if args.workers is None:
        return FarmSettings().blocks_per_chunk if args.blocks_per_chunk is None else int(args.blocks_per_chunk)
    if args.blocks_per_chunk is not None:
        raise UsageError("--workers chooses the blocks per task; give it or --blocks-per-chunk.")
    return best_blocks(job.plan, job.blocks, workers=args.workers)


def estimate(args: argparse.Namespace, job: FarmJob) -> str:
    """A job's time with one worker, with some, and with as many as it has tasks; in shares where nothing was measured."""
    rates, size = _rates_of_job(args, job), job.settings.blocks_per_chunk
    tasks = -(-len(job.blocks) // size)
    numbers = sorted({1, *(n for n in (*WORKERS, args.workers or 1) if n < tasks), tasks})
    found = {n: job_cost(job.plan, job.blocks, size, rates=rates, workers=n).finish for n in numbers}
    if args.measured:
        return ", ".join(f"{_people(n)} {clock(seconds)}" for n, seconds in found.items())
    if tasks == 1:
        return "one task, so one worker"
    shares = ", ".join(f"{_people(n)} {100 * found[n] / found[1]:.0f} %" for n in numbers[1:])
    return f"{shares} of one worker's time; more have nothing to do"


def _rates_of_job(args: argparse.Namespace, job: FarmJob) -> Rates:
    return rates_of_render(read_events(args.measured), job.plan) if args.measured else COUNTED


# -- for people


def _show_table(table: Sequence[Sequence[JobCost]], current: int) -> None:
    from rich.console import Console
    from rich.table import Table

    numbers = [_people(cost.workers) for cost in table[0]]
    shown = Table("blocks per task", "tasks", "computed twice", *numbers, f"machine time, {numbers[-1]}", "its starts")
    for column in shown.columns:
        column.justify = "right"
    for line in table:
        cost = line[-1]
        size = f"{cost.blocks}{' (now)' * (cost.blocks == current)}"
        cells = [size, str(len(cost.tasks)), _share(cost.repeated), *(clock(one.finish) for one in line)]
        shown.add_row(*cells, clock(cost.busy), _share(cost.starts))
    Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 120).print(shown)


def sums(cost: JobCost, rates: Rates) -> List[str]:
    """The best cost as the sums that it is made of, a line each, in seconds."""
    tasks, count = cost.tasks, len(cost.tasks)
    windows, plates, frames = (sum(getattr(task, name) for task in tasks) for name in ("windows", "plates", "frames"))
    once = round(windows / (1 + cost.repeated))
    longest = max(tasks, key=lambda task: task.seconds(rates))
    session, per = f"({rates.start:.4g} + {rates.load:.4g})", longest.frames_per_window
    return [
        f"best     {_people(cost.workers)}: {cost.blocks} blocks per task, {clock(cost.finish)}",
        f"  tasks         {count}; {windows - once} of {once} windows are computed twice: {_share(cost.repeated)}",
        f"  longest task  {_work(1, longest.plates, longest.windows, longest.frames, per, rates)} = {cost.longest:.1f} s",
        f"  wall time     {session} + {cost.longest:.1f} = {cost.finish:.1f} s",  # the best has no task beyond its workers
        f"  machine time  {cost.sessions} · {session} + {_work(count, plates, windows, frames, per, rates)} = "
        f"{cost.busy:.1f} s; starts and loads are {_share(cost.starts)} of it",
    ]


def _work(tasks: int, plates: int, windows: int, frames: int, per: int, rates: Rates) -> str:
    return (
        f"{tasks} · {rates.task:.4g} + {plates} plates · {rates.encode:.4g} + {windows} windows · {per} · "
        f"{rates.denoise:.4g} + {frames} frames · {rates.decode:.4g}"
    )


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"


def clock(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{seconds / 60:.1f} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _people(workers: int) -> str:
    return f"{workers} worker{'s' * (workers != 1)}"


def _workers(text: str) -> Tuple[int, ...]:
    """For argparse: `1,4,16`."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"{text}: give numbers from 1 on, as in 1,4,16")
    return tuple(sorted({int(part) for part in parts}))
