"""A bundle to AWS Deadline Cloud: the words of its own client, `deadline bundle submit`, and what it said.

The client asks before it uploads files from folders that it has not been told of, and gives up where nobody answers. The
folders of a bundle are those that the person named for the job, so they are named to it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any, Dict, List, Sequence

from ...core.errors import GvmMatteError, UsageError
from ..job import FarmJob

COMMAND = "deadline"
SUBMITTER = "GVM Matte"
TAIL_LINES = 6
_JOB = re.compile(r"\bjob-[0-9a-f]{32}\b")


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


def deadline_command(
    client: Sequence[str], job: FarmJob, folder: str, *, farm_id: str = "", queue_id: str = "", profile: str = "",
    region: str = "", storage_profile_id: str = "",
) -> List[str]:  # fmt: skip
    """The whole command that submits a bundle without asking.

    Args:
        client: what starts the client.
        job: gives name, priority and retries, which may differ from the bundle's.
        folder: the bundle.
        farm_id, queue_id, profile, region, storage_profile_id: empty: as the client's own settings have them.
    """
    words = [*client, "bundle", "submit", os.path.abspath(folder), "--yes"]  # noqa: PTH100 - links stay as they are
    named = {
        "--name": job.title, "--priority": str(job.settings.priority),
        "--max-retries-per-task": str(job.settings.retries), "--farm-id": farm_id, "--queue-id": queue_id,
        "--profile": profile, "--region": region, "--storage-profile-id": storage_profile_id,
        "--submitter-name": SUBMITTER,
    }  # fmt: skip
    for option, value in named.items():
        words += [option, value] if value else []
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
