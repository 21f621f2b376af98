"""`gvm-matte farm cost`: how long a job takes with how many workers, and how many blocks a task should have."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from ...core.errors import UsageError
from ...core.frames import BlockPlan
from ...farm import FarmJob, FarmSettings, read_bundle
from ...farm.cost import COUNTED, MOST_WASTE, JobCost, Rates, best_blocks, job_cost, rates_of_render
from ...farm.openjd.parameters import GRID
from ...params.fields import BY_NAME, MatteParams
from ..options import reader
from ..render import shot_range

WORKERS = (1, 4, 16)
_RATES = {
    "start": "of a session, until its engine answers", "load": "of the model",
    "task": "of a task beside its frames", "encode": "a plate, read and encoded",
    "denoise": "a frame of a window, all steps", "decode": "a frame, decoded and written",
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked about.

    Attributes:
        plan, firsts: the shot and its blocks to render; current: blocks per task now, 0 if unknown.
        workers: numbers of them; retries: of a task; most_waste: share of the work.
        source: where the rates are from, for people.
    """

    plan: BlockPlan
    firsts: Tuple[int, ...]
    current: int
    rates: Rates
    workers: Tuple[int, ...]
    retries: int = FarmSettings().retries
    most_waste: float = MOST_WASTE
    source: str = ""

    def cost(self, size: int, workers: int) -> JobCost:
        """A job with so many blocks per task."""
        return job_cost(self.plan, self.firsts, size, rates=self.rates, workers=workers, retries=self.retries)

    def best(self, workers: int) -> JobCost:
        """With the blocks per task that are best."""
        return best_blocks(
            self.plan, self.firsts, rates=self.rates, workers=workers, retries=self.retries, most_waste=self.most_waste
        )  # fmt: skip

    def sizes(self) -> List[int]:
        """Blocks per task worth a line: 1, 2, 4 …, all, the best ones and the one now."""
        count = len(self.firsts)
        powers = {1 << power for power in range(count.bit_length()) if 1 << power <= count}
        best = {self.best(workers).blocks for workers in self.workers}
        return sorted({*powers, *best, count, *([min(self.current, count)] if self.current else [])})


def add_cost(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "cost",
        help="how long a job takes, and the best number of blocks per task",
        description="Estimates time to finish and workers' time of a job, over blocks per task and workers. docs/farm.md "
        "says how.",
    )
    parser.add_argument("folder", nargs="?", default="", metavar="DIR", help="a job bundle; without it --shot-range")
    parser.add_argument("--shot-range", default="", metavar="A-B", help="a shot that has no bundle yet")
    for name in GRID:
        spec = BY_NAME[name]
        default = spec.unset or spec.default
        parser.add_argument(spec.flag, type=reader(spec), default=spec.default, metavar="N",
                            help=f"of that shot (default {default})")  # fmt: skip
    parser.add_argument("--workers", type=_workers, default=WORKERS, metavar="N,N,…", help="default 1,4,16")
    parser.add_argument("--blocks-per-chunk", type=_workers, default=(), metavar="N,N,…", help="lines of the table "
                        "(default: 1, 2, 4 …, all, and the best ones)")  # fmt: skip
    parser.add_argument("--most-waste", type=float, default=100 * MOST_WASTE, metavar="PERCENT", help="of the work that "
                        "may be done twice to be done sooner (default %(default)g)")  # fmt: skip
    add_rates(parser)
    parser.add_argument("--failures", type=float, default=0.0, metavar="X", help="of a worker in an hour (default 0)")
    parser.add_argument("--cold", action="store_true", help="each task starts an engine of its own, as on OpenCue")
    parser.add_argument("--plot", default="", metavar="FILE", help="the same as a picture, .png or .svg")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run_cost)


def add_rates(parser: argparse.ArgumentParser) -> None:
    """Adds what says how fast a worker is."""
    rates = parser.add_argument_group("how fast a worker is", "in seconds; default: the released model at 1024×1824, by "
                                      "its operations at 100 TFLOP/s")  # fmt: skip
    rates.add_argument("--measured", default="", metavar="FILE", help="what `gvm-matte render … --json` printed of this "
                       "shot, or of some of its blocks")  # fmt: skip
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
    question = _question(args)
    sizes = args.blocks_per_chunk or question.sizes()
    if args.plot:
        from .cost_plot import write_plot

        write_plot(args.plot, question)
    if args.json:
        print(json.dumps(report(question, sizes), ensure_ascii=False))
    else:
        _show(question, sizes)
    return 0


def _question(args: argparse.Namespace) -> Question:
    if bool(args.folder) == bool(args.shot_range):
        raise UsageError("Give a job bundle or a --shot-range, as in: gvm-matte farm cost --shot-range 1001-1400")
    if not 0 <= args.most_waste <= 1000:
        raise UsageError(f"--most-waste takes 0 to 1000 per cent, not {args.most_waste:g}.")
    if args.folder:
        job = read_bundle(args.folder)
        plan, firsts, settings = job.plan, job.blocks, job.settings
    else:
        params = MatteParams.of({**{name: getattr(args, name) for name in GRID}, "decode_chunk_size": 1})
        plan = BlockPlan.of(params, shot_range(args.shot_range))
        firsts, settings = tuple(plan.block(index).first for index in range(plan.count)), FarmSettings()
    rates, source = rates_of(args, plan)
    rates = dataclasses.replace(rates, failures=args.failures, warm=not args.cold)
    return Question(
        plan, firsts, settings.blocks_per_chunk, rates, args.workers, settings.retries, args.most_waste / 100.0, source
    )  # fmt: skip


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
    parser.add_argument("--blocks-per-chunk", type=int, metavar="N",
                        help=f"blocks of one task (default {FarmSettings().blocks_per_chunk}, or what is best for "
                        "--workers); fewer spread better and repeat more")  # fmt: skip
    parser.add_argument("--workers", type=int, metavar="N", help="how many the farm will give the job, for the best number "
                        "of blocks per task (see farm cost)")  # fmt: skip
    parser.add_argument("--measured", default="", metavar="FILE", help="what `gvm-matte render … --json` printed of some "
                        "of the shot's blocks: how fast a worker is")  # fmt: skip


def blocks_of_plan(args: argparse.Namespace, job: FarmJob) -> int:
    """Blocks per task as the command line has them: a number, the best for its workers, or the default.

    Raises:
        UsageError: both a number and workers, or no worker.
    """
    if args.workers is None:
        return FarmSettings().blocks_per_chunk if args.blocks_per_chunk is None else int(args.blocks_per_chunk)
    if args.blocks_per_chunk is not None:
        raise UsageError("--workers chooses the blocks per task; give it or --blocks-per-chunk.")
    return best_blocks(job.plan, job.blocks, rates=_rates_of_job(args, job), workers=args.workers).blocks


def estimate(args: argparse.Namespace, job: FarmJob) -> str:
    """A job's time with one worker, with some, and with as many as it has tasks; in shares where nothing was measured."""
    rates, size = _rates_of_job(args, job), job.settings.blocks_per_chunk
    tasks = job_cost(job.plan, job.blocks, size, rates=rates, workers=1).tasks
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


def report(question: Question, sizes: Sequence[int]) -> Dict[str, Any]:
    """Everything in plain types."""
    plan = question.plan
    return {
        "shot": [plan.first, plan.last], "window": plan.window, "overlap": plan.overlap, "blocks": len(question.firsts),
        "rates": dataclasses.asdict(question.rates), "source": question.source, "most_waste": question.most_waste,
        "costs": [{"workers": n, **dataclasses.asdict(question.cost(size, n))} for size in sizes for n in question.workers],
        "best": [{"workers": n, **dataclasses.asdict(question.best(n))} for n in question.workers],
    }  # fmt: skip


def _show(question: Question, sizes: Sequence[int]) -> None:
    from rich.console import Console
    from rich.table import Table

    plan, rates = question.plan, question.rates
    windows = f"windows of {plan.window}, {plan.overlap} shared"
    print(f"shot     {plan.first}-{plan.last}, {len(question.firsts)} blocks; {windows}")
    print(
        f"worker   start {rates.start:.3g} s, load {rates.load:.3g} s, a task {rates.task:.3g} s; a frame: encode "
        f"{rates.encode:.3g} s, denoise {rates.denoise:.3g} s, decode {rates.decode:.3g} s ({question.source})"
    )
    table = Table(
        "blocks per task", "tasks", "twice", "waste", *(f"{_people(n)}" for n in question.workers), "all together"
    )
    for column in table.columns:
        column.justify = "right"
    if rates.failures:
        table.add_column("stuck", justify="right")
    for size in sizes:
        costs = [question.cost(size, workers) for workers in question.workers]
        first, last = costs[0], costs[-1]
        cells = [f"{100 * first.repeated:.0f} %", f"{100 * first.waste:.0f} %", *(clock(cost.finish) for cost in costs)]
        stuck = [f"{100 * last.stuck:.2g} %"] if rates.failures else []
        table.add_row(f"{size}{' (now)' * (size == question.current)}", str(first.tasks), *cells, clock(last.busy), *stuck)
    Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 120).print(table)
    for workers in question.workers:
        best = question.best(workers)
        waste = f"{100 * best.waste:.0f} % waste"
        print(f"best     {_people(workers)}: {best.blocks} blocks per task, {clock(best.finish)}, {waste}")


def clock(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds == float("inf"):
        return "never"
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
