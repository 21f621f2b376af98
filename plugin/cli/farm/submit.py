"""`gvm-matte farm submit --engine openjd|deadline|opencue`: a bundle's job, to the farm engine that is there.

    openjd     `openjd run`, on this computer, as a worker would
    deadline   AWS Deadline Cloud's own client, `deadline bundle submit`
    opencue    pyoutline, in its own Python

The openjd runner ends a session at the first task that fails. Then another session runs the job once more: frames that
are finished are kept by their digests, so it goes on where the last one stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, Dict, List

from ...core.errors import GvmMatteError, UsageError
from ...farm import FarmJob, parameter_values, parse_blocks, range_expression, read_bundle
from ...farm.bundle import TEMPLATE_FILE
from ...farm.deadline.submit import deadline_client, deadline_command, deadline_failure, deadline_job_id
from ...farm.opencue.job import cue_job, write_keys
from ...farm.opencue.submit import opencue_python, opencue_request, submit_opencue
from .process import run_to_end

# Options that belong to one engine, or to some; beside another one they would be lost without a word.
_FOR: Dict[str, tuple[str, ...]] = {
    "blocks": ("openjd",), "name": ("deadline", "opencue"), "priority": ("deadline", "opencue"),
    **dict.fromkeys(("farm_id", "queue_id", "profile", "region", "storage_profile_id", "deadline_command"), ("deadline",)),
    **dict.fromkeys(("show", "shot", "user", "facility", "cuebot", "paused", "opencue_python"), ("opencue",)),
}  # fmt: skip


def add_submit(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "submit",
        help="run a bundle's job, or hand it to a farm",
        description="Runs the job of a bundle on this computer as a farm's worker would, or submits it to a farm.",
    )
    parser.add_argument("folder", metavar="DIR", help="the job bundle")
    parser.add_argument("--engine", required=True, choices=tuple(ENGINES),
                        help="openjd: `openjd run`, on this computer; deadline: AWS Deadline Cloud's client; "
                        "opencue: pyoutline")  # fmt: skip
    parser.add_argument("--retries", type=int, metavar="N", help="of a task; with openjd, sessions after one that failed "
                        "(default: the job's)")  # fmt: skip
    parser.add_argument("--name", default="", help="of the job (default: the bundle's)")
    parser.add_argument("--priority", type=int, metavar="N", help="0 to 100 (default: the job's)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout: what became of the job")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    openjd = parser.add_argument_group("openjd")
    openjd.add_argument("--blocks", default="", metavar="RANGE", help="one task alone, e.g. 1033-1049:8")
    deadline = parser.add_argument_group("deadline", "what is not given is as the client's own settings have it")
    deadline.add_argument("--farm-id", default="", metavar="ID", help="the farm")
    deadline.add_argument("--queue-id", default="", metavar="ID", help="the queue")
    deadline.add_argument("--profile", default="", metavar="NAME", help="the AWS profile")
    deadline.add_argument("--region", default="", metavar="NAME", help="the farm's AWS region")
    deadline.add_argument("--storage-profile-id", default="", metavar="ID", help="where this computer has the show")
    deadline.add_argument("--deadline-command", default="", metavar="WORDS",
                          help="what starts Deadline's client (default: deadline, on the path)")  # fmt: skip
    opencue = parser.add_argument_group("opencue")
    opencue.add_argument("--show", default="", help="OpenCue's show (default: $SHOW)")
    opencue.add_argument("--shot", default="", help="OpenCue's shot (default: $SHOT)")
    opencue.add_argument("--user", default="", help="whose job it is (default: you)")
    opencue.add_argument("--facility", default="", help="default: local")
    opencue.add_argument("--cuebot", default="", metavar="HOST[:PORT]", help="default: as OpenCue's settings have it")
    opencue.add_argument("--paused", action="store_true", help="launch it paused")
    opencue.add_argument("--opencue-python", default="", metavar="PATH",
                         help="the Python that has pyoutline (default: $GVM_OPENCUE_PYTHON)")  # fmt: skip
    parser.set_defaults(run=run_submit)


def run_submit(args: argparse.Namespace) -> int:
    """The subcommand.

    Raises:
        UsageError: an option of another engine, no bundle, or no client of the engine's here.
        CancelledError: a signal came.
        GvmMatteError: the job failed, or the farm did not take it.
    """
    for name, engines in _FOR.items():
        if getattr(args, name) not in ("", None, False) and args.engine not in engines:
            flag = name.replace("_", "-")
            raise UsageError(f"--{flag} is for --engine {' and '.join(engines)}, not for {args.engine}.")
    job = _asked(read_bundle(args.folder), args)
    report = {"engine": args.engine, **ENGINES[args.engine](job, args)}
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    elif not args.quiet and "job" in report:
        print(f"job      {report['job']}")
    return 0


def _asked(job: FarmJob, args: argparse.Namespace) -> FarmJob:
    """The bundle's job with what the command line says otherwise."""
    values = {"retries": args.retries, "priority": args.priority}
    settings = dataclasses.replace(job.settings, **{name: value for name, value in values.items() if value is not None})
    return job.replace(name=args.name or job.name, settings=settings)


# -- openjd


def _run_openjd(job: FarmJob, args: argparse.Namespace) -> Dict[str, Any]:
    command = run_command(job, args.folder)
    if args.blocks:
        command += ["--task-param", f"Block={range_expression(parse_blocks(job.plan, args.blocks))}"]
    retries, code = job.settings.retries, 0
    for attempt in range(retries + 1):
        code, _ = run_to_end(command, quiet=args.quiet or args.json)
        if code == 0:
            return {"sessions": attempt + 1}
        if attempt < retries:
            print(f"gvm-matte: The session failed (exit code {code}); another one goes on.", file=sys.stderr, flush=True)
    times = f"in {retries + 1} sessions" if retries else "in its session"
    raise GvmMatteError(f"The job failed {times} (exit code {code}); what it said is above.")


def run_command(job: FarmJob, folder: str) -> List[str]:
    """The whole command that runs a bundle's job here.

    Raises:
        UsageError: there is no openjd.
    """
    values: Dict[str, Any] = parameter_values(job)
    return [*openjd_command(), "run", str(Path(folder, TEMPLATE_FILE)), "--job-param", json.dumps(values)]


def openjd_command() -> List[str]:
    """The openjd command: of this Python, or on the path.

    Raises:
        UsageError: there is none.
    """
    try:
        if importlib.util.find_spec("openjd.cli") is not None:
            return [sys.executable, "-c", "import sys; from openjd.cli import main; sys.exit(main())"]
    except ModuleNotFoundError:  # not even its parent
        pass
    found = shutil.which("openjd")
    if found is None:
        raise UsageError('There is no openjd here; `pip install "gvm-matte[farm]"` brings it.')
    return [found]


# -- deadline


def _submit_deadline(job: FarmJob, args: argparse.Namespace) -> Dict[str, Any]:
    command = deadline_command(
        deadline_client(args.deadline_command), job, args.folder, farm_id=args.farm_id, queue_id=args.queue_id,
        profile=args.profile, region=args.region, storage_profile_id=args.storage_profile_id,
    )  # fmt: skip
    code, said = run_to_end(command, quiet=args.quiet or args.json, keep=True)
    if code:
        raise deadline_failure(code, said)
    return {"job": deadline_job_id(said)}


# -- opencue


def _submit_opencue(job: FarmJob, args: argparse.Namespace) -> Dict[str, Any]:
    python = opencue_python(args.opencue_python)
    show, shot = (_or_variable(getattr(args, name), name) for name in ("show", "shot"))
    cue = cue_job(
        job, show=show, shot=shot, user=args.user or getpass.getuser(), facility=args.facility or "local",
        keys_file=write_keys(job, args.folder),
    )  # fmt: skip
    launched = submit_opencue(opencue_request(cue, cuebot=args.cuebot, paused=args.paused), python=python)
    return {"job": launched.name, "id": launched.id}


def _or_variable(given: str, name: str) -> str:
    found = given or os.environ.get(name.upper(), "")
    if not found:
        raise UsageError(f"Name OpenCue's {name} with --{name}, or set {name.upper()}.")
    return found


ENGINES = {"openjd": _run_openjd, "deadline": _submit_deadline, "opencue": _submit_opencue}
