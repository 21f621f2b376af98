"""`gvm-matte render`: a range of plates in, EXR mattes out."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Tuple

from ..client import MatteJob, RenderResult, session_for
from ..core.devices import devices_of
from ..core.errors import FrameRangeError, UsageError
from ..core.frames import BlockPlan, FrameRange
from ..farm.blocks import frames_of_blocks, parse_blocks
from ..farm.gpus import check_assigned_gpus, take_assigned_gpus
from ..farm.openjd.messages import OpenJdMessages
from ..params.keys import ShotParams
from ..params.movies import MOVIES
from ..protocol.parts import Sink, Source
from .dry_run import dry_run
from .farm.needs import add_needs, check_needs
from .farm.openjd import OpenJdProgress, failing
from .options import add_params, params_of
from .progress import Item, first_file, follower_of
from .which_engine import add_own_engine, chosen_engine

CANCEL_SECONDS = 1.8  # after a signal the command is gone within 2 s, whatever an engine does


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "render",
        help="render mattes",
        description="Renders the mattes of a sequence or a video: EXR files with the plates' frame numbers.",
    )
    parser.add_argument("--input", required=True, metavar="PATH", help="plates: shot.####.exr, shot.%%04d.dpx, clip.mov")
    parser.add_argument("--output", required=True, metavar="PATTERN", help="mattes: mattes/shot.####.exr")
    parser.add_argument("--frames", default="", metavar="RANGE", help="e.g. 1001-1048 or 1-10,15,20-30x2 (default: all)")
    parser.add_argument("--shot-range", default="", metavar="A-B", help="the whole shot (default: what is on disk)")
    parser.add_argument("--blocks", default="", metavar="RANGE", help="whole blocks by their first frames, e.g. "
                        "1001-1025:8: a farm's task; needs --shot-range and stands in for --frames")  # fmt: skip
    movies = parser.add_argument_group("movies", "made of the mattes when all are there")
    for name, kind in MOVIES.items():
        movies.add_argument(f"--{name}-movie", default="", metavar="FILE", help=kind.help)
    add_params(parser)
    add_needs(parser)
    add_output(parser)
    text = "openjd: progress, status and failure for an Open Job Description session"
    parser.add_argument("--progress", choices=("auto", "openjd"), default="auto", help=text)
    parser.add_argument("--dry-run", action="store_true", help="what would be rendered, in which blocks; writes nothing")
    parser.set_defaults(run=run)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Adds how the command speaks."""
    parser.add_argument("--json", action="store_true", help="one event a line on stdout, for pipelines")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="the engine's log, and where errors come from")
    add_own_engine(parser)
    parser.set_defaults(progress="auto")


def run(args: argparse.Namespace) -> int:
    """The subcommand."""
    if args.progress == "openjd":
        with failing(OpenJdMessages()):
            return _run(args)
    return _run(args)


def _run(args: argparse.Namespace) -> int:
    params = params_of(args)
    check_needs(args, params)
    movies = {kind: getattr(args, f"{kind}_movie") for kind in MOVIES}
    job = MatteJob(
        source=Source("files", args.input),
        sink=Sink(args.output, movies={kind: path for kind, path in movies.items() if path}),
        frames=asked_frames(args, params),
        shot=shot_range(args.shot_range),
        params=params,
    )
    if args.dry_run:
        dry_run(job, as_json=args.json)
    else:
        render(job, args)
    return 0


def shot_range(text: str) -> Tuple[int, ...]:
    """(first, last) of a text like `1001-1048`; () for an empty one.

    Raises:
        FrameRangeError: it is no range, or has gaps.
    """
    if not text:
        return ()
    shot = FrameRange.parse(text)
    if len(shot) != shot.last - shot.first + 1:
        raise FrameRangeError(f"The shot range {text} has gaps; give first and last frame, as in 1001-1048.")
    return shot.first, shot.last


def asked_frames(args: argparse.Namespace, params: Dict[str, Any]) -> FrameRange:
    """The frames asked for: those named, or those of the blocks named.

    Raises:
        UsageError: blocks without their shot, or beside frames.
        FrameRangeError: no range, or no block begins at a frame that is named.
    """
    if not args.blocks:
        return FrameRange.parse(args.frames)
    if args.frames or not args.shot_range:
        raise UsageError(
            "--blocks stands in for --frames, and needs --shot-range: blocks are counted from the shot's first."
        )
    plan = BlockPlan.of(ShotParams.of(params).base, shot_range(args.shot_range))
    return frames_of_blocks(plan, parse_blocks(plan, args.blocks))


def render(job: MatteJob, args: argparse.Namespace) -> RenderResult:
    """Renders a job as the command line asked for it, with progress, and cancels on SIGINT and SIGTERM.

    Raises:
        GvmMatteError: the job's failure.
        CancelledError: a signal came.
    """
    device = ShotParams.of(job.params).base.device  # wrong values are told before an engine is started
    devices = devices_of(device)
    take_assigned_gpus()
    check_assigned_gpus(devices)
    task = args.progress == "openjd"
    item = Item(devices=devices)
    log = (lambda line: print(line, file=sys.stderr, flush=True)) if args.verbose else None
    engine = chosen_engine(own=args.own_engine, task=task)
    with cancel_on_signals() as cancel, OpenJdProgress(OpenJdMessages()) if task else follower_of(args) as follower:
        with session_for(device, engine=engine, log=log) as session:
            result = session.render(job, on_event=lambda message: follower.hear(message, item), cancel=cancel)
        follower.done(result, first_file(result, job.sink.path), item)
    return result


@contextmanager
def cancel_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; if that has no effect in time, the process ends with code 3 all the same."""
    cancel = threading.Event()

    def handler(number: int, _frame: object) -> None:
        if not cancel.is_set():
            cancel.set()
            threading.Thread(target=_give_up, name="give up", daemon=True).start()

    before = {name: signal.signal(name, handler) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for name, old in before.items():
            signal.signal(name, old)


def _give_up() -> None:
    """The last resort: the end of this process ends its engine (stdin), which removes what it was writing."""
    time.sleep(CANCEL_SECONDS)
    print("gvm-matte: The render was cancelled; frames that were finished stay.", file=sys.stderr, flush=True)
    os._exit(3)
