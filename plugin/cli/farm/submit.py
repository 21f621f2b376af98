"""`gvm-matte farm submit --engine …`: a bundle's job, to a farm engine. The engines' own options are theirs to declare."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from ...farm import FarmJob, read_bundle
from ...farm.engine import ALL_VALUES, EngineOption, FarmEngine, Submission
from ...farm.engines import ENGINES, check_option, engine_options


def add_submit(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "submit",
        help="run a bundle's job, or hand it to a farm",
        description="Runs the job of a bundle on this computer as a farm's worker would, or submits it to a farm.",
    )
    parser.add_argument("folder", metavar="DIR", help="the job bundle")
    words = "; ".join(f"{engine.name}: {engine.label}, by {engine.how}" for engine in ENGINES.values())
    parser.add_argument("--engine", required=True, choices=tuple(ENGINES), help=words)
    retries = "of a task that failed, or of the session where the job runs here (default: the job's)"
    parser.add_argument("--retries", type=int, metavar="N", help=retries)
    parser.add_argument("--name", default="", help="of the job (default: the bundle's)")
    parser.add_argument("--priority", type=int, metavar="N", help="0 to 100 (default: the job's)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout: what became of the job")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    for engine in ENGINES.values():
        group = parser.add_argument_group(engine.name, f"what is not given is {engine.unset}" if engine.unset else None)
        for option in engine.options:
            _add_option(group, option)
    parser.set_defaults(run=run_submit)


def _add_option(group: argparse._ArgumentGroup, option: EngineOption) -> None:
    if option.type is bool:
        group.add_argument(option.flag, action="store_true", help=option.help)
        return
    words = f"{option.help} (default: {option.unset})" if option.unset else option.help
    group.add_argument(option.flag, default="", metavar=option.metavar or None, help=words)


def run_submit(args: argparse.Namespace) -> int:
    """The subcommand.

    Raises:
        UsageError: an option of another engine, no bundle, or no client of the engine's here.
        CancelledError: a signal came.
        GvmMatteError: the job failed, or the farm did not take it.
    """
    engine = ENGINES[args.engine]
    for name in (*engine_options(), *ALL_VALUES):
        if getattr(args, name) not in ("", None, False):
            check_option(engine.name, name)
    report = {"engine": engine.name, **engine.submit(_submission(engine, args))}
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    elif not args.quiet and "job" in report:
        print(f"job      {report['job']}")
    return 0


def _submission(engine: FarmEngine, args: argparse.Namespace) -> Submission:
    """The bundle's job with what the command line says otherwise."""
    job: FarmJob = read_bundle(args.folder)
    values = {"retries": args.retries, "priority": args.priority}
    settings = dataclasses.replace(job.settings, **{name: value for name, value in values.items() if value is not None})
    job = job.replace(name=args.name or job.name, settings=settings)
    options = {option.name: getattr(args, option.name) for option in engine.options}
    return Submission(job, args.folder, options, quiet=args.quiet or args.json)
