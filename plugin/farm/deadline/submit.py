"""A bundle to AWS Deadline Cloud: the words of its own client, `deadline bundle submit`, and what it said.

The client asks before it uploads files from folders that it has not been told of, and gives up without an answer. The
folders of a bundle are those that were named for the job, so they are named to it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

from ...core.errors import GvmMatteError, UsageError
from ..engine import EngineOption, FarmEngine, Submission
from ..job import FarmJob
from ..process import run_to_end

COMMAND = "deadline"
SUBMITTER = "GVM Matte"
TAIL_LINES = 6
_JOB = re.compile(r"\bjob-[0-9a-f]{32}\b")
CLIENT_OPTIONS = (  # the client has them under these names, too
    EngineOption("farm_id", "the farm's id", "F&arm", metavar="ID"),
    EngineOption("queue_id", "the queue's id", "&Queue", metavar="ID"),
    EngineOption("profile", "the AWS profile", "Pr&ofile", metavar="NAME"),
    EngineOption("region", "the farm's AWS region", "Re&gion", metavar="NAME"),
    EngineOption("storage_profile_id", "where this computer has the show", "Storage pro&file", metavar="ID"),
)
CLIENT = EngineOption(
    "deadline_command", "what starts Deadline's client", "C&lient", default="deadline, on the path", metavar="WORDS"
)


def submit(submission: Submission) -> Dict[str, Any]:
    """Has the client submit the bundle."""
    options = {option.name: submission.text(option) for option in CLIENT_OPTIONS}
    command = deadline_command(deadline_client(submission.text(CLIENT)), submission.job, submission.folder, options)
    code, said = run_to_end(command, quiet=submission.quiet, keep=True)
    if code:
        raise deadline_failure(code, said)
    return {"job": deadline_job_id(said)}


def deadline_client(named: str = "") -> List[str]:
    """The words that start the client: those that are named, or `deadline` on the path.

    Raises:
        UsageError: there is no such command.
    """
    named = named.strip() or COMMAND
    words = [named] if shutil.which(named) else shlex.split(named)  # the first: a path with blanks
    found = shutil.which(words[0])
    if found is None:
        raise UsageError(
            f"There is no command {words[0]} here. `pip install deadline` in an environment of its own brings AWS Deadline "
            "Cloud's client; name it with --deadline-command."
        )
    return [found, *words[1:]]


def deadline_command(client: Sequence[str], job: FarmJob, folder: str, options: Mapping[str, str]) -> List[str]:
    """The whole command that submits a bundle without asking.

    Args:
        client: what starts the client.
        job: gives name, priority and retries, which may differ from the bundle's.
        folder: the bundle.
        options: of the client, by name; empty: as its own settings have them.
    """
    words = [*client, "bundle", "submit", os.path.abspath(folder), "--yes"]  # noqa: PTH100 - links stay as they are
    words += ["--name", job.title, "--priority", str(job.settings.priority)]
    words += ["--max-retries-per-task", str(job.settings.retries)]
    for option in CLIENT_OPTIONS:
        words += [option.flag, options[option.name]] if options.get(option.name) else []
    words += ["--submitter-name", SUBMITTER]
    for path in asset_folders(folder):
        words += ["--known-asset-path", path]
    return words


def asset_folders(folder: str) -> List[str]:
    """The folders that a bundle's files come from and go to, each once; those within another are left out.

    Raises:
        UsageError: its asset references cannot be read.
    """
    path = Path(folder, "asset_references.json")
    try:
        references: Dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["assetReferences"]
        inputs, outputs = references["inputs"], references["outputs"]
        names = [os.path.dirname(name) for name in inputs["filenames"]]
        names += [*inputs["directories"], *outputs["directories"]]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise UsageError(f"{path} cannot be read ({exc}). Make the bundle again.", path=str(path)) from exc
    found: List[str] = []
    for name in sorted(set(names)):
        if name and not any(name.startswith(os.path.join(other, "")) for other in found):
            found.append(name)
    return found


def deadline_job_id(output: str) -> str:
    """The id that the client told last.

    Raises:
        GvmMatteError: none, though it said that all went well.
    """
    found: List[str] = _JOB.findall(output)
    if not found:
        raise GvmMatteError(f"Deadline's client named no job. It said:\n{_tail(output)}")
    return found[-1]


def deadline_failure(code: int, output: str) -> GvmMatteError:
    """The error for a client that failed, with the end of what it said."""
    return GvmMatteError(f"Deadline's client did not submit the job (exit code {code}). It said:\n{_tail(output)}")


def _tail(output: str) -> str:
    lines = [line.strip() for line in re.split(r"[\r\n]+", output) if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-TAIL_LINES:]) or "    nothing"


DEADLINE = FarmEngine(
    name="deadline",
    label="AWS Deadline Cloud",
    how="its own client",
    needs="`deadline` on the path",
    submit=submit,
    options=(*CLIENT_OPTIONS, CLIENT),
    unset="as the client's own settings have it",
    on_error="Other tasks go on where one has failed for good; without it, that ends the job.",
    stops_on_error=True,
)
