"""`gvm-matte render`: a range of plates in, EXR mattes out."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Sequence, Tuple

from ..client import MatteJob, RenderResult, find_warm_engine
from ..client.devices.sessions import numbered, session_for
from ..core.devices import devices_of
from ..core.errors import FrameRangeError, UsageError
from ..core.frames import BlockPlan, FrameRange
from ..farm.blocks import frames_of_blocks, parse_blocks
from ..farm.gpus import assigned_gpus, check_assigned_gpus, take_assigned_gpus
from ..farm.openjd.messages import OpenJdMessages
from ..params.keys import ShotParams
from ..params.movies import MOVIES
from ..protocol.messages import Message
from ..protocol.parts import Sink, Source
from .dry_run import dry_run
from .farm.needs import add_needs, check_needs
from .farm.openjd import OpenJdProgress, failing, in_session, keep_session_engine
from .options import add_params, params_of
from .progress import ProgressDisplay

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
    parser.add_argument("--progress", choices=("auto", "openjd"), default="auto",
                        help="openjd: progress, status and failure for an Open Job Description session")  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="what would be rendered, in which blocks; writes nothing")
    parser.set_defaults(run=run)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Adds how the command speaks."""
    parser.add_argument("--json", action="store_true", help="one event a line on stdout, for pipelines")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="the engine's log, and where errors come from")
    parser.add_argument("--own-engine", action="store_true", help="do not use a warm engine, even where one runs")
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
    told = OpenJdProgress(OpenJdMessages()) if args.progress == "openjd" else None
    log = (lambda line: print(line, file=sys.stderr, flush=True)) if args.verbose else None
    shown = not (args.json or args.quiet or told)
    with cancel_on_signals() as cancel, ProgressDisplay(shown=shown, devices=numbered(devices)) as display:
        warm = len(devices) == 1 and _takes_warm_engine(args)
        with session_for(device, warm=warm, own=args.own_engine, log=log) as session:

            def on_event(message: Message) -> None:
                display.update(message)
                if args.json:
                    print_message(message, devices)
                if told is not None:
                    told.update(message)

            result = session.render(job, on_event=on_event, cancel=cancel)
    if told is not None:
        told.finished(len(result.written), len(result.kept))
    if args.json:
        print_event("finished", **dataclasses.asdict(result))
    elif not args.quiet:
        display.summary(result, job.sink.path)
    return result


def _takes_warm_engine(args: argparse.Namespace) -> bool:
    """Whether a warm engine does the work. A farm session's is started where it is lost; OpenCue's tasks share none,
    since a user's warm engine may be on a GPU that belongs to another task.
    """
    if args.own_engine:
        return False
    if in_session() and args.progress == "openjd":
        keep_session_engine()
        return True
    return (in_session() or not assigned_gpus()) and has_warm_engine()


def has_warm_engine() -> bool:
    """Whether a warm engine answers."""
    engine = find_warm_engine()
    if engine is None:
        return False
    engine.close()
    return True


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


def print_message(message: Message, devices: Sequence[str] = ()) -> None:
    """A protocol message as one JSON line: `event` is its kind in lower case.

    Args:
        devices: of the render; where they are several, an event about one of them has `device`, and `engine`, its number.
    """
    fields: Dict[str, Any] = dataclasses.asdict(message)
    engine = fields.pop("job", 0)
    if len(devices) > 1 and engine:
        fields.update(device=devices[engine - 1], engine=engine)
    print_event(type(message).__name__.lower(), **fields)


def print_event(event: str, **fields: Any) -> None:
    """One JSON line on stdout."""
    print(json.dumps({"event": event, **fields}, ensure_ascii=False), flush=True)
