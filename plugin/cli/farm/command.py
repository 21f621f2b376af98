"""`gvm-matte farm bundle|submit|status|pickup|opencue-xml`: mattes on a render farm."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ...client import MatteJob, MatteSession
from ...core.errors import UsageError
from ...core.frames import FrameRange
from ...farm import (
    FarmJob,
    FarmSettings,
    blocks_of,
    chunks,
    opencue_xml,
    range_expression,
    read_bundle,
    repeated_share,
    write_bundle,
)
from ...farm.gpus import device_for, gpus_of
from ...farm.opencue.job import write_keys
from ...protocol.messages import Message, Surveyed
from ...protocol.parts import Sink, Source
from ..options import add_params, params_of
from ..reference import sequence_name
from ..render import has_warm_engine, shot_range
from .cost import add_cost, add_planning, blocks_of_plan, estimate
from .gui import add_gui
from .precision import judged, params_for_looking
from .script import add_script, check_options, job_of_script, survey_of_script
from .shot import ShotFacts, look_at_shot, ocio_folders
from .submit import add_submit
from .task import add_task

DEFAULTS = FarmSettings()


def add_parser(commands: Any) -> None:
    """Adds the subcommand and its own."""
    parser = commands.add_parser(
        "farm",
        help="render on a farm",
        description="Job bundles for Open Job Description and AWS Deadline Cloud, job specifications for OpenCue. "
        "docs/farm.md goes from plates to mattes.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_bundle(actions)
    add_submit(actions)
    _add_status(actions)
    _add_pickup(actions)
    _add_opencue_xml(actions)
    add_cost(actions)
    add_task(actions)
    add_gui(actions)


def _add_bundle(actions: Any) -> None:
    parser = actions.add_parser(
        "bundle",
        help="write a job bundle",
        description="Writes a job bundle: template, parameter values, asset references.",
    )
    parser.add_argument("--input", default="", metavar="PATH", help="plates: shot.####.exr, shot.%%04d.dpx, clip.mov")
    parser.add_argument("--output", default="", metavar="PATTERN", help="mattes: mattes/shot.####.exr")
    parser.add_argument(
        "--frames", default="", metavar="RANGE", help="e.g. 1001-1048 (default: all); rounded out to blocks"
    )
    parser.add_argument("--shot-range", default="", metavar="A-B", help="the whole shot (default: what is on disk)")
    parser.add_argument("--name", default="", help="of the job (default: the plates', or the script's and its node's)")
    add_script(parser)
    add_params(parser)
    _add_target(parser)
    farm = parser.add_argument_group("farm")
    add_planning(farm)
    farm.add_argument(
        "--no-extensions", action="store_true", help="for queues without TASK_CHUNKING: tasks are written out"
    )
    farm.add_argument("--gpus", type=int, metavar="N", help="GPUs of a worker (default: as many as --device names, 1 with "
                      "auto); with 0, auto takes the CPU where there is no GPU")  # fmt: skip
    farm.add_argument(
        "--gpu-memory", type=int, metavar="MIB", help="of a worker's GPU (default: as estimated for the shot)"
    )
    farm.add_argument("--task-timeout", type=int, default=DEFAULTS.task_seconds, metavar="S", help="default %(default)s")
    farm.add_argument("--start-timeout", type=int, default=DEFAULTS.start_seconds, metavar="S",
                      help="of the engine's start (default %(default)s)")  # fmt: skip
    farm.add_argument("--notice", type=int, default=DEFAULTS.notice_seconds, metavar="S",
                      help="between a cancel's signal and the kill (default %(default)s)")  # fmt: skip
    farm.add_argument("--idle-timeout", type=int, default=DEFAULTS.idle_seconds, metavar="S",
                      help="a session's engine ends after S seconds without a task (default %(default)s)")  # fmt: skip
    farm.add_argument("--retries", type=int, default=DEFAULTS.retries, metavar="N", help="of a task (default %(default)s)")
    farm.add_argument("--priority", type=int, default=DEFAULTS.priority, metavar="N", help="0 to 100 (default %(default)s)")
    farm.add_argument("--stop-on-error", action="store_true",
                      help="Deadline Cloud: end the job when a task has failed for good")  # fmt: skip
    farm.add_argument("--command", default=shlex.join(DEFAULTS.command), metavar="WORDS",
                      help="what starts gvm-matte on a worker (default %(default)s)")  # fmt: skip
    parser.set_defaults(run=run_bundle)


def _add_status(actions: Any) -> None:
    parser = actions.add_parser(
        "status", help="which frames of a bundle are there",
        description="Tells by the mattes' digests which frames are there, stale or missing. Exit code 1 unless all are.",
    )  # fmt: skip
    parser.add_argument("folder", metavar="DIR", help="the job bundle")
    _add_voice(parser)
    parser.set_defaults(run=run_status)


def _add_pickup(actions: Any) -> None:
    parser = actions.add_parser(
        "pickup", help="a bundle of what is stale or missing",
        description="Writes a bundle of the blocks that hold stale or missing frames, or frames that are named.",
    )  # fmt: skip
    parser.add_argument("folder", metavar="DIR", help="the job bundle to pick up from")
    parser.add_argument("--frames", default="", metavar="RANGE", help="these, rounded out to blocks, whatever is there")
    parser.add_argument("--overwrite", action="store_true", help="render also frames that would come out the same")
    _add_target(parser)
    parser.set_defaults(run=run_pickup)


def _add_opencue_xml(actions: Any) -> None:
    parser = actions.add_parser(
        "opencue-xml", help="an OpenCue job specification", description="Prints the bundle's job as OpenCue takes it."
    )
    parser.add_argument("folder", metavar="DIR", help="the job bundle")
    parser.add_argument("--show", required=True, help="OpenCue's show")
    parser.add_argument("--shot", required=True, help="OpenCue's shot")
    parser.add_argument("--user", required=True, help="whose job it is")
    parser.add_argument("--facility", default="local", help="default %(default)s")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run_opencue_xml)


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", required=True, metavar="DIR", help="a new folder for the job bundle")
    parser.add_argument("--replace", action="store_true", help="write over a bundle that is there")
    _add_voice(parser)


def _add_voice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")


def run_bundle(args: argparse.Namespace) -> int:
    """`farm bundle`."""
    check_options(args)
    job, facts = job_of_script(args) if args.script else _job_of_plates(args)
    device = job.shot_params.base.device
    gpus = gpus_of(device) if args.gpus is None else args.gpus
    settings = FarmSettings(
        blocks_per_chunk=blocks_of_plan(args, job),
        gpus=gpus,
        gpu_memory=facts.gpu_memory if args.gpu_memory is None else args.gpu_memory,
        task_seconds=args.task_timeout,
        start_seconds=args.start_timeout,
        notice_seconds=args.notice,
        idle_seconds=args.idle_timeout,
        retries=args.retries,
        priority=args.priority,
        continue_on_error=not args.stop_on_error,
        command=tuple(shlex.split(args.command)),
        chunking=not args.no_extensions,
    )
    told = device if job.script else device_for(device, gpus)  # a branch's plates come one by one, for one device
    params = job.params if told == device else {**job.params, "device": told}
    job = job.replace(name=args.name or job.name, settings=settings, weights=facts.weights, params=params)
    _write(job, args, notices=list(facts.notices), more={"estimate": estimate(args, job)})
    return 0


def _job_of_plates(args: argparse.Namespace) -> Tuple[FarmJob, ShotFacts]:
    """The job of plates that the command line names, and what is known of their shot."""
    asked = MatteJob(
        source=Source("files", args.input), sink=Sink(args.output), frames=args.frames, shot=shot_range(args.shot_range),
        params=params_of(args),
    )  # fmt: skip
    facts = look_at_shot(asked)
    render = asked.render(1)  # its paths mean the same in every folder
    job = FarmJob(
        name=sequence_name(args.input), input=render.source.path, output=render.sink.path, shot=facts.shot,
        frames=args.frames, params=render.params,
    )  # fmt: skip
    return job, facts


def run_status(args: argparse.Namespace) -> int:
    """`farm status`; 1 unless every frame is there."""
    job = read_bundle(args.folder)
    found = survey(job)
    left = _left(found)
    report = {
        "frames": str(job.rounded), "fresh": found.fresh, "stale": found.stale, "missing": found.missing,
        "reasons": found.reasons, "blocks": range_expression(blocks_of(job.plan, left)),
    }  # fmt: skip
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    elif not args.quiet:
        print(f"there    {found.fresh or 'none'}\nstale    {found.stale or 'none'}")
        for reason, frames in found.reasons.items():
            print(f"         {reason}: {frames}")
        print(f"missing  {found.missing or 'none'}")
        if left:
            print(f"to do    blocks {report['blocks']}; `gvm-matte farm pickup` makes a bundle of them")
    return 1 if left else 0


def run_pickup(args: argparse.Namespace) -> int:
    """`farm pickup`."""
    job = read_bundle(args.folder)
    frames = args.frames
    if not frames:
        left = _left(survey(job))
        if not left:
            raise UsageError(
                "Every frame is there; nothing is left to pick up. Name frames with --frames to render them again."
            )
        frames = str(left)
    params: Dict[str, Any] = {name: value for name, value in job.params.items() if name != "max_frames"}
    if args.overwrite:
        params["existing"] = "overwrite"
    _write(job.replace(name=f"{job.name} pick-up", frames=frames, params=params), args, notices=[])
    return 0


def run_opencue_xml(args: argparse.Namespace) -> int:
    """`farm opencue-xml`."""
    job = read_bundle(args.folder)
    keys = write_keys(job, args.folder)
    print(opencue_xml(job, show=args.show, shot=args.shot, user=args.user, facility=args.facility, keys_file=keys), end="")
    return 0


def survey(job: FarmJob) -> Surveyed:
    """What is on disk of a job's frames, as the engine judges it; nothing is computed or written.

    Raises:
        GvmMatteError: plates or weights are not there.
    """
    matte = survey_of_script(job) if job.script is not None else MatteJob(
        source=Source("files", job.input), sink=Sink(job.output), frames=str(job.rounded), shot=job.shot,
        params=params_for_looking({**job.params, "existing": "resume", "max_frames": None}), dry_run=True,
    )  # fmt: skip
    found: List[Surveyed] = []

    def take(message: Message) -> None:
        if isinstance(message, Surveyed):
            found.append(message)

    with MatteSession(warm=has_warm_engine()) as session:
        session.render(matte, on_event=take)
    return judged(found[-1], job)


def _left(found: Surveyed) -> FrameRange:
    """Frames that are stale or missing."""
    return FrameRange.of([*FrameRange.parse(found.stale), *FrameRange.parse(found.missing)])


def _write(job: FarmJob, args: argparse.Namespace, *, notices: List[str], more: Optional[Mapping[str, str]] = None) -> None:
    """Writes a job's bundle and says what is in it, and `more`, by heading."""
    folder = str(Path(args.bundle).absolute())
    write_bundle(job, folder, folders=ocio_folders(str(job.params.get("ocio", ""))), replace=args.replace)
    settings, size = job.settings, job.settings.blocks_per_chunk
    repeated = repeated_share(job.plan, job.blocks, size)
    report = {
        "bundle": folder, "name": job.title, "shot": list(job.shot), "frames": str(job.rounded),
        "blocks": range_expression(job.blocks), "tasks": len(chunks(job.blocks, size)),
        "repeated": round(repeated, 4), "gpus": settings.gpus,
        "gpu_memory": settings.gpu_memory if settings.gpus else 0, "notices": notices, **(more or {}),
    }  # fmt: skip
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
