"""`gvm-matte farm bundle`: a shot on disk or a script's node as a job bundle."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any, List, Mapping, Optional, Tuple

from ...client import MatteJob
from ...farm import FarmJob, FarmSettings, chunks, range_expression, repeated_share, write_bundle
from ...farm.gpus import device_for, gpus_of
from ...farm.settings import JOB_SETTINGS, WORKER_SETTINGS
from ...protocol.parts import Sink, Source
from ..options import add_params, params_of
from ..reference import sequence_name
from ..render import shot_range
from .cost import add_planning, blocks_of_plan, estimate
from .script import add_script, check_options, job_of_script
from .shot import ShotFacts, look_at_shot, ocio_folders

DEFAULTS = FarmSettings()


def add_bundle(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "bundle",
        help="write a job bundle",
        description="Writes a job bundle: template, parameter values, asset references.",
    )
    frames = "e.g. 1001-1048 (default: all); rounded out to blocks"
    parser.add_argument("--input", default="", metavar="PATH", help="plates: shot.####.exr, shot.%%04d.dpx, clip.mov")
    parser.add_argument("--output", default="", metavar="PATTERN", help="mattes: mattes/shot.####.exr")
    parser.add_argument("--frames", default="", metavar="RANGE", help=frames)
    parser.add_argument("--shot-range", default="", metavar="A-B", help="the whole shot (default: what is on disk)")
    parser.add_argument("--name", default="", help="of the job (default: the plates', or the script's and its node's)")
    add_script(parser)
    add_params(parser)
    add_target(parser)
    _add_settings(parser.add_argument_group("farm"))
    parser.set_defaults(run=run_bundle)


def _add_settings(farm: Any) -> None:
    add_planning(farm)
    for setting in (*WORKER_SETTINGS, *JOB_SETTINGS):
        default = None if setting.unset else getattr(DEFAULTS, setting.name)
        words = f"{setting.help} (default: {setting.unset or default})"
        farm.add_argument(setting.flag, dest=setting.name, type=int, default=default, metavar=setting.metavar, help=words)
    extensions = "for queues without TASK_CHUNKING: tasks are written out"
    farm.add_argument("--no-extensions", dest="chunking", action="store_false", help=extensions)
    stop = "Deadline Cloud: end the job when a task has failed for good"
    farm.add_argument("--stop-on-error", dest="continue_on_error", action="store_false", help=stop)
    command = "what starts gvm-matte on a worker (default: %(default)s)"
    farm.add_argument("--command", default=shlex.join(DEFAULTS.command), metavar="WORDS", help=command)


def add_target(parser: argparse.ArgumentParser) -> None:
    """Adds where a bundle goes."""
    parser.add_argument("--bundle", required=True, metavar="DIR", help="a new folder for the job bundle")
    parser.add_argument("--replace", action="store_true", help="write over a bundle that is there")
    add_voice(parser)


def add_voice(parser: argparse.ArgumentParser) -> None:
    """Adds how much is said."""
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")


def run_bundle(args: argparse.Namespace) -> int:
    """The subcommand."""
    check_options(args)
    job, facts = job_of_script(args) if args.script else _job_of_plates(args)
    device = job.shot_params.base.device
    given = {setting.name: getattr(args, setting.name) for setting in (*WORKER_SETTINGS, *JOB_SETTINGS)}
    given["gpus"] = gpus_of(device) if args.gpus is None else args.gpus
    given["gpu_memory"] = facts.gpu_memory if args.gpu_memory is None else args.gpu_memory
    settings = FarmSettings(
        blocks_per_chunk=blocks_of_plan(args, job),
        continue_on_error=args.continue_on_error,
        command=tuple(shlex.split(args.command)),
        chunking=args.chunking,
        **given,
    )
    told = device if job.script else device_for(device, settings.gpus)  # a branch's plates come one by one, for one device
    params = job.params if told == device else {**job.params, "device": told}
    job = job.replace(name=args.name or job.name, settings=settings, weights=facts.weights, params=params)
    write(job, args, notices=list(facts.notices), more={"estimate": estimate(args, job)})
    return 0


def _job_of_plates(args: argparse.Namespace) -> Tuple[FarmJob, ShotFacts]:
    """The job of plates that the command line names, and what is known of their shot."""
    asked = MatteJob(
        source=Source("files", args.input),
        sink=Sink(args.output),
        frames=args.frames,
        shot=shot_range(args.shot_range),
        params=params_of(args),
    )
    facts = look_at_shot(asked)
    render = asked.render(1)  # its paths mean the same in every folder
    job = FarmJob(
        name=sequence_name(args.input),
        input=render.source.path,
        output=render.sink.path,
        shot=facts.shot,
        frames=args.frames,
        params=render.params,
    )
    return job, facts


def write(job: FarmJob, args: argparse.Namespace, *, notices: List[str], more: Optional[Mapping[str, str]] = None) -> None:
    """Writes a job's bundle and says what is in it, and `more`, by heading."""
    folder = str(Path(args.bundle).absolute())
    write_bundle(job, folder, folders=ocio_folders(str(job.params.get("ocio", ""))), replace=args.replace)
    settings, size = job.settings, job.settings.blocks_per_chunk
    repeated = repeated_share(job.plan, job.blocks, size)
    report = {
        "bundle": folder,
        "name": job.title,
        "shot": list(job.shot),
        "frames": str(job.rounded),
        "blocks": range_expression(job.blocks),
        "tasks": len(chunks(job.blocks, size)),
        "repeated": round(repeated, 4),
        "gpus": settings.gpus,
        "gpu_memory": settings.gpu_memory if settings.gpus else 0,
        "notices": notices,
        **(more or {}),
    }
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    elif not args.quiet:
        for notice in notices:
            print(notice, file=sys.stderr)
        asked = f", rounded out from {job.frames}" if job.frames and job.frames != str(job.rounded) else ""
        print(f"frames   {job.rounded} of the shot {job.shot[0]}-{job.shot[1]}{asked}")
        share = f"{100 * repeated:.0f} % of the windows are computed twice"
        print(f"tasks    {report['tasks']}, of {size} blocks at most; {share}")
        if settings.gpus:
            print(f"worker   {settings.gpus} GPU{'s' * (settings.gpus > 1)} of {settings.gpu_memory:,} MiB")
        for heading, text in (more or {}).items():
            print(f"{heading} {text}")
        print(f"bundle   {folder}")
