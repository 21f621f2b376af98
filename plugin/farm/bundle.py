"""A job bundle on disk: what AWS Deadline Cloud and `openjd run` take, written whole or not at all.

template.json            the job's template
parameter_values.json    the values of its parameters, and those that a Deadline queue is asked for
asset_references.json    files that the job reads and folders that it writes, for queues that carry them along
gvm_job.json             the job as GVM Matte knows it, for `farm status` and `farm pickup`
opencue_keys.json        written when the job goes to OpenCue and has keys over the shot
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence

from ..core.errors import UsageError
from ..core.paths import frame_field, frame_path
from .job import FarmJob
from .opencue.job import KEYS_FILE
from .openjd.parameters import is_path, parameter_values, specs_of
from .openjd.template import job_template

JOB_FILE = "gvm_job.json"
TEMPLATE_FILE = "template.json"
FILES = (TEMPLATE_FILE, "parameter_values.json", "asset_references.json", JOB_FILE, KEYS_FILE)
_SEQUENCES = frozenset({"garbage", "core"})  # parameters that may be a pattern, as the plates


def write_bundle(
    job: FarmJob, folder: str, *, files: Iterable[str] = (), folders: Iterable[str] = (), replace: bool = False
) -> None:
    """Writes a bundle.

    Args:
        folder: is made; one that is a bundle already is replaced only if told so.
        files, folders: further inputs, the OCIO config's tables for instance.

    Raises:
        UsageError: the folder holds something, or cannot be written.
    """
    target = Path(folder)
    found = {path.name for path in target.iterdir()} if target.is_dir() else set()
    if found and not (replace and found <= set(FILES)):
        raise UsageError(f"{folder} is not empty. Name a new folder for the bundle.", path=folder)
    documents: Dict[str, Any] = {
        TEMPLATE_FILE: job_template(job),
        "parameter_values.json": {"parameterValues": _values(job)},
        "asset_references.json": {"assetReferences": asset_references(job, files=files, folders=folders)},
    }
    part = target.with_name(f".gvm-bundle.{os.getpid()}.{target.name}")
    try:
        part.mkdir(parents=True)
        for name, document in documents.items():
            text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
            (part / name).write_text(text, encoding="utf-8")
        (part / JOB_FILE).write_text(job.as_json(), encoding="utf-8")
        if target.is_dir():
            shutil.rmtree(target)
        part.replace(target)
    except OSError as exc:
        raise UsageError(f"The bundle {folder} cannot be written: {exc.strerror or exc}.", path=folder) from exc
    finally:
        shutil.rmtree(part, ignore_errors=True)


def read_bundle(folder: str) -> FarmJob:
    """The job of a bundle.

    Raises:
        UsageError: the folder is no bundle of GVM Matte.
    """
    path = Path(folder, JOB_FILE)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"{folder} is no bundle that `gvm-matte farm bundle` wrote: there is no {JOB_FILE}.") from exc
    return FarmJob.from_json(text, str(path))


def asset_references(job: FarmJob, *, files: Iterable[str] = (), folders: Iterable[str] = ()) -> Dict[str, Any]:
    """What the job reads and writes. Only plates that its blocks' windows need are named, and of those what is there."""
    wanted = job.plan.plates(job.rounded)
    inputs, directories = _sources(job, wanted), [str(folder) for folder in folders]
    base = job.shot_params.base
    for spec in specs_of(job):
        value = getattr(base, spec.name)
        if not is_path(spec, value):
            continue
        if spec.name in _SEQUENCES:
            inputs += _existing(value, wanted)
        else:
            (directories if Path(value).is_dir() else inputs).append(value)
    inputs += [str(path) for path in files]
    return {
        "inputs": {"filenames": _once(inputs), "directories": _once(directories)},
        "outputs": {"directories": [os.path.dirname(job.output)]},
        "referencedPaths": [],
    }


def _sources(job: FarmJob, wanted: Iterable[int]) -> List[str]:
    """Plates, or a script and what it reads: all frames of it, since a branch may look at others than the one asked for."""
    if job.script is None:
        return _existing(job.input, wanted)
    return [job.script.path, *(path for pattern in job.script.reads for path in files_of_pattern(pattern))]


def _existing(pattern: str, frames: Iterable[int]) -> List[str]:
    if frame_field(pattern) is None:
        return [pattern]
    return [path for path in (frame_path(pattern, frame) for frame in frames) if Path(path).is_file()]


def files_of_pattern(pattern: str) -> List[str]:
    """Every frame of a sequence that is on disk, or the one file of a path without a frame field; sorted."""
    field = frame_field(pattern)
    if field is None:
        return [pattern]
    folder, name = os.path.split(pattern)
    head, tail = name.split(field, 1)
    try:
        found = [entry.name for entry in os.scandir(folder or ".") if entry.name.startswith(head)]
    except OSError:
        return []
    ours = [one for one in found if one.endswith(tail) and one[len(head) : len(one) - len(tail)].lstrip("-").isdigit()]
    return [os.path.join(folder, one) for one in sorted(ours)]


def _once(paths: Sequence[str]) -> List[str]:
    return list(dict.fromkeys(paths))


def _values(job: FarmJob) -> List[Dict[str, Any]]:
    tasks = -(-len(job.blocks) // job.settings.blocks_per_chunk)
    values = {
        **parameter_values(job),
        "deadline:priority": job.settings.priority,
        "deadline:maxRetriesPerTask": job.settings.retries,
        # how many may fail before the job is ended: the service's own limit is 20
        "deadline:maxFailedTasksCount": tasks if job.settings.continue_on_error else 0,
    }
    return [{"name": name, "value": value} for name, value in values.items()]
