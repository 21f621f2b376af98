"""A bundle to `openjd run`, on this computer, as a farm's worker would run it.

The runner ends a session at the first task that fails. Then another session runs the job once more: frames that are
finished are kept by their digests, so it goes on where the last one stopped.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any, Dict, List

from ...core.errors import GvmMatteError, UsageError
from ..blocks import parse_blocks, range_expression
from ..bundle import TEMPLATE_FILE
from ..engine import EngineOption, FarmEngine, Submission
from ..job import FarmJob
from ..process import run_to_end
from .parameters import parameter_values

BLOCKS = EngineOption("blocks", "one task alone, e.g. 1033-1049:8", metavar="RANGE")


def submit(submission: Submission) -> Dict[str, Any]:
    """Runs the job, in as many sessions as it takes and its retries allow."""
    job, blocks = submission.job, submission.text(BLOCKS)
    command = run_command(job, submission.folder)
    if blocks:
        command += ["--task-param", f"Block={range_expression(parse_blocks(job.plan, blocks))}"]
    retries, code = job.settings.retries, 0
    for attempt in range(retries + 1):
        code, _ = run_to_end(command, quiet=submission.quiet)
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


OPENJD = FarmEngine(
    name="openjd",
    label="Open Job Description, on this computer",
    how="`openjd run`",
    needs='`pip install "gvm-matte[farm]"`',
    submit=submit,
    options=(BLOCKS,),
    job_values=frozenset({"retries"}),
    on_error="A task that fails ends its session. Another session goes on with what is left, up to the retries; finished "
    "frames are kept.",
    runs_here=True,
    note="The job runs here, as a farm's worker would run it, while this window is open.",
    exit_codes=(
        (0, "every task is done"),
        (1, "the job failed in all of its sessions"),
        (2, "wrong usage, or no openjd"),
        (3, "cancelled; finished frames stay"),
    ),
)
