"""`gvm-matte farm submit --engine openjd`: a bundle's job, run here by Open Job Description's own session runner.

The runner ends a session at the first task that fails. Then another session runs the job once more: frames that are
finished are kept by their digests, so it goes on where the last one stopped.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

from ..errors import CancelledError, GvmMatteError, UsageError
from ..farm import FarmJob, parameter_values, parse_blocks, range_expression, read_bundle
from ..farm.bundle import TEMPLATE_FILE


def add_submit(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "submit",
        help="run a bundle's job",
        description="Runs the job of a bundle on this computer, as a farm's worker would.",
    )
    parser.add_argument("folder", metavar="DIR", help="the job bundle")
    parser.add_argument("--engine", required=True, choices=("openjd",), help="openjd: `openjd run`, on this computer")
    parser.add_argument("--retries", type=int, metavar="N", help="sessions after one that failed (default: the job's)")
    parser.add_argument("--blocks", default="", metavar="RANGE", help="one task alone, e.g. 1033-1049:8")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run_submit)


def run_submit(args: argparse.Namespace) -> int:
    """The subcommand.

    Raises:
        UsageError: there is no openjd here, or no such block; a number of retries below 0.
        CancelledError: a signal came.
        GvmMatteError: the last session failed, too.
    """
    job = read_bundle(args.folder)
    command = run_command(job, args.folder)
    if args.blocks:
        command += ["--task-param", f"Block={range_expression(parse_blocks(job.plan, args.blocks))}"]
    retries = job.settings.retries if args.retries is None else args.retries
    if retries < 0:
        raise UsageError(f"--retries takes 0 or more, not {retries}.")
    code = 0
    for attempt in range(retries + 1):
        code = _run_session(command, quiet=args.quiet)
        if code == 0:
            return 0
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


def _environment() -> Dict[str, str]:
    """This one, in which `gvm-matte` is the one of this Python."""
    scripts = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])}


def _run_session(command: List[str], *, quiet: bool) -> int:
    """Runs a session to its end; its exit code. SIGINT and SIGTERM go to the runner, which cancels in good order.

    Raises:
        CancelledError: a signal came.
    """
    came: List[int] = []
    running: List[subprocess.Popen[bytes]] = []

    def handler(number: int, _frame: object) -> None:
        came.append(number)
        for process in running:
            process.send_signal(number)

    before = {name: signal.signal(name, handler) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        output = subprocess.DEVNULL if quiet else None
        # A session of its own: a terminal's Ctrl-C reaches it once, through us.
        process = subprocess.Popen(command, stdout=output, env=_environment(), start_new_session=os.name == "posix")
        running.append(process)
        if came:  # in between
            process.send_signal(came[0])
        code = process.wait()
    finally:
        for name, old in before.items():
            signal.signal(name, old)
    if came:
        raise CancelledError(f"{signal.Signals(came[0]).name} came; the session was cancelled, finished frames stay.")
    return code
