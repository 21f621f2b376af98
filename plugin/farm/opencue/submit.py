"""A job to OpenCue: pyoutline launches it in a Python of its own, since its libraries go neither into ours nor Nuke's."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

from ...client.process import engine_environment
from ...core.errors import GvmMatteError, UsageError
from .job import LAYER, CueJob

SCRIPT = Path(__file__).with_name("launch.py")
VARIABLE = "GVM_OPENCUE_PYTHON"
LAUNCH_SECONDS = 300.0  # pyoutline waits for Cuebot to have written the job
TAIL_LINES = 5


@dataclass(frozen=True)
class Launched:
    """A job as Cuebot named it."""

    id: str
    name: str


def opencue_python(named: str = "") -> str:
    """The Python that has pyoutline: the one that is named, or `$GVM_OPENCUE_PYTHON`.

    Raises:
        UsageError: neither.
    """
    python = named or os.environ.get(VARIABLE, "")
    if not python:
        raise UsageError(
            f"Name the Python that has OpenCue's pyoutline with --opencue-python, or set {VARIABLE}; "
            "`pip install opencue-pyoutline packaging` makes one of any environment."
        )
    return python


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
            [python, "-B", str(SCRIPT)], input=json.dumps(request), capture_output=True, text=True, encoding="utf-8",
            errors="replace", timeout=seconds, env=engine_environment(), check=False,
        )  # fmt: skip
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
