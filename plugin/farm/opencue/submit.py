"""A job to OpenCue: pyoutline launches it in a Python of its own, since its libraries go neither into ours nor Nuke's."""

from __future__ import annotations

import dataclasses
import getpass
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

from ...client.process import engine_environment
from ...core.errors import GvmMatteError, UsageError
from ..engine import EngineOption, FarmEngine, Submission, required
from .job import LAYER, CueJob, cue_job, write_keys

SCRIPT = Path(__file__).with_name("launch.py")
LAUNCH_SECONDS = 300.0  # pyoutline waits for Cuebot to have written the job
TAIL_LINES = 5
SHOW = EngineOption("show", "OpenCue's show", "S&how", variable="SHOW")
SHOT = EngineOption("shot", "OpenCue's shot", "Sh&ot", variable="SHOT")
USER = EngineOption("user", "whose job it is", "&User", default="you")
FACILITY = EngineOption("facility", "OpenCue's facility", "F&acility", default="local")
CUEBOT = EngineOption(
    "cuebot", "where Cuebot listens", "Cue&bot", default="as OpenCue's settings have it", metavar="HOST[:PORT]"
)
PAUSED = EngineOption("paused", "launch it paused", "Launch it pause&d", type=bool)
PYTHON = EngineOption(
    "opencue_python", "the Python that has pyoutline", "P&ython", variable="GVM_OPENCUE_PYTHON", metavar="PATH"
)


@dataclass(frozen=True)
class Launched:
    """A job as Cuebot named it."""

    id: str
    name: str


def submit(submission: Submission) -> Dict[str, Any]:
    """Launches the job."""
    python = submission.text(PYTHON)
    if not python:
        raise UsageError(
            f"Name the Python that has OpenCue's pyoutline with {PYTHON.flag}, or set {PYTHON.variable}; "
            "`pip install opencue-pyoutline packaging` makes one of any environment."
        )
    cue = cue_job(
        submission.job,
        show=required(submission, SHOW, "OpenCue's show"),
        shot=required(submission, SHOT, "OpenCue's shot"),
        user=submission.text(USER) or getpass.getuser(),
        facility=submission.text(FACILITY) or "local",
        keys_file=write_keys(submission.job, submission.folder),
    )
    paused = bool(submission.options.get(PAUSED.name))
    launched = submit_opencue(opencue_request(cue, cuebot=submission.text(CUEBOT), paused=paused), python=python)
    return {"job": launched.name, "id": launched.id}


def opencue_request(job: CueJob, *, cuebot: str = "", paused: bool = False) -> Dict[str, Any]:
    """What the launching script is told.

    Args:
        cuebot: `host` or `host:port`, several with commas; empty: as OpenCue's own settings say.
    """
    return {**dataclasses.asdict(job), "layer": LAYER, "cuebot": cuebot, "paused": paused}


def submit_opencue(request: Dict[str, Any], *, python: str, seconds: float = LAUNCH_SECONDS) -> Launched:
    """Launches a job.

    Raises:
        UsageError: the Python cannot be run, or has no pyoutline.
        GvmMatteError: no Cuebot answers, or it refuses the job; with its words.
    """
    try:
        done = subprocess.run(
            [python, "-B", str(SCRIPT)],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            env=engine_environment(),
            check=False,
        )
    except OSError as exc:
        raise UsageError(f"OpenCue's Python {python} cannot be run: {exc.strerror or exc}.") from exc
    except subprocess.TimeoutExpired as exc:
        raise GvmMatteError(f"Cuebot has not taken the job within {seconds:g} seconds; look whether it is there.") from exc
    said = _answer(done, python)
    message = " ".join(str(said.get("message", "")).split()).rstrip(".")
    if said.get("error") == "import":
        raise UsageError(f"{python} has no {message}; `{python} -m pip install opencue-pyoutline packaging` brings it.")
    if said.get("error") == "connection":
        raise GvmMatteError(f"No Cuebot answers: {message}. Name it with --cuebot, or set CUEBOT_HOSTS.")
    if "error" in said:
        raise GvmMatteError(f"Cuebot did not take the job: {message}.")
    jobs: List[Dict[str, str]] = said["jobs"]
    if not jobs:
        raise GvmMatteError("Cuebot took the job and named none; look for it there before you launch it again.")
    return Launched(jobs[0]["id"], jobs[0]["name"])


def _answer(done: subprocess.CompletedProcess[str], python: str) -> Dict[str, Any]:
    """The script's JSON object."""
    try:
        said = json.loads(done.stdout)
    except ValueError:
        said = None
    if not isinstance(said, dict) or not ("jobs" in said or "error" in said):
        tail = "\n".join(done.stderr.strip().splitlines()[-TAIL_LINES:])
        raise GvmMatteError(f"{python} did not say what became of the job (exit code {done.returncode}):\n{tail}")
    return said


OPENCUE = FarmEngine(
    name="opencue",
    label="OpenCue",
    how="pyoutline",
    needs="a Python with pyoutline",
    submit=submit,
    options=(SHOW, SHOT, USER, FACILITY, CUEBOT, PAUSED, PYTHON),
    on_error="Other tasks go on; one that failed for good waits for a user to look.",
    gpu_variable="CUE_GPU_CORES",
)
