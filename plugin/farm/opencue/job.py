"""A farm job as OpenCue knows it: one layer, and the job specification (CJSL 1.15) that Cuebot takes.

    FarmJob ── cue_job ──▶ CueJob ──┬── opencue_xml ─────────────────────────▶ Cuebot, by hand
                                    └── submit_opencue ──▶ pyoutline ────────▶ Cuebot

The layer's range is the blocks' first frames and its chunk their number per task; Cuebot puts the first frames of a
task's blocks where the command says `#FRAMESPEC#`. OpenCue has nothing that surrounds tasks, so each starts an engine of
its own: more blocks per chunk pay off more than elsewhere. A task's messages go to its log, where people look for them;
a log in which nothing happens is what Cuebot calls hung.

Names follow what Cuebot checks (JobSpec.java, NAME_REGEX): letters, digits, `_` and `.`, three of them at least.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import List
from xml.etree import ElementTree

from ...core.errors import UsageError
from ...core.files import write_text
from ...core.frames import FrameRange
from ..job import FarmJob
from ..openjd.parameters import parameter_values, render_arguments, task_words

SPECIFICATION = "1.15"
TASK = "#FRAMESPEC#"
LAYER = "mattes"
KEYS_FILE = "opencue_keys.json"
NAME_LENGTH = 3
_DOCTYPE = (
    f'<!DOCTYPE spec PUBLIC "SPI Cue  Specification Language" "http://localhost:8080/spcue/dtd/cjsl-{SPECIFICATION}.dtd">'
)
_NO_NAME = re.compile(r"[^A-Za-z0-9.]+")
_SHOT = re.compile(r"[A-Za-z0-9_.-]{3,}")
_REFERENCE = re.compile(r"\{\{Param\.(\w+)\}\}")
_CUE_TOKEN = re.compile(r"#(?:[ZI]?FRAME|FRAME_START|FRAME_END|FRAME_CHUNK|FRAMESPEC|LAYER|JOB)#")


@dataclass(frozen=True)
class CueJob:
    """What Cuebot is told.

    Attributes:
        command: of a task, for a shell, with `#FRAMESPEC#` in it.
        range: the blocks' first frames, `1001-1385x8`; chunk: how many of them are one task.
        gpus: of a worker, 0 for none; gpu_memory: MiB of each.
        timeout: minutes after which a task counts as hung.
    """

    name: str
    show: str
    shot: str
    user: str
    facility: str
    priority: int
    retries: int
    command: str
    range: str
    chunk: int
    gpus: int
    gpu_memory: int
    timeout: int


def cue_job(job: FarmJob, *, show: str, shot: str, user: str, facility: str = "local", keys_file: str = "") -> CueJob:
    """A farm job for OpenCue.

    Args:
        keys_file: the parameters with keys over the shot, as `write_keys` wrote them.

    Raises:
        UsageError: a name that Cuebot would refuse, a path that it would change, or keys and no file of them.
    """
    if not _SHOT.fullmatch(shot):
        raise UsageError(f"OpenCue takes no shot named {shot!r}: three letters, digits, underscores or points at least.")
    if user == "root":
        raise UsageError("Cuebot launches no jobs of root; name the job's user with --user.")
    settings = job.settings
    return CueJob(
        name=_job_name(job.title),
        show=show,
        shot=shot,
        user=user,
        facility=facility,
        priority=settings.priority,
        retries=settings.retries,
        command=_command(job, keys_file),
        range=str(FrameRange.of(job.blocks)),
        chunk=settings.blocks_per_chunk,
        gpus=settings.gpus,
        gpu_memory=max(settings.gpu_memory, 1),
        timeout=-(-settings.task_seconds // 60),
    )


def write_keys(job: FarmJob, folder: str) -> str:
    """Writes the parameters with keys over the shot beside the job, for tasks to read.

    Args:
        folder: the bundle's; workers must see it under this path, as they see the plates.

    Returns:
        The file's absolute path; empty where no parameter has keys, or where a script holds them.

    Raises:
        UsageError: it cannot be written.
    """
    keys = job.shot_params.keys
    if not keys or job.script is not None:
        return ""
    path = Path(folder, KEYS_FILE).absolute()
    content = {name: {str(frame): value for frame, value in zip(k.frames, k.values)} for name, k in keys.items()}
    write_text(str(path), json.dumps(content, indent=1), error=UsageError, make_folder=False)
    return str(path)


def opencue_xml(job: FarmJob, *, show: str, shot: str, user: str, facility: str = "local", keys_file: str = "") -> str:
    """The specification, as `opencue.api.launchSpec` takes it. Arguments and errors are those of `cue_job`."""
    cue = cue_job(job, show=show, shot=shot, user=user, facility=facility, keys_file=keys_file)
    spec = ElementTree.Element("spec")
    for name, text in (("facility", facility), ("show", show), ("shot", shot), ("user", user)):
        _add(spec, name, text)
    item = ElementTree.SubElement(spec, "job", {"name": cue.name})
    _add(item, "paused", "False")
    _add(item, "priority", str(cue.priority))
    _add(item, "maxretries", str(cue.retries))
    _add(item, "autoeat", "False")
    layer = ElementTree.SubElement(ElementTree.SubElement(item, "layers"), "layer", {"name": LAYER, "type": "Render"})
    _add(layer, "cmd", cue.command)
    _add(layer, "range", cue.range)
    _add(layer, "chunk", str(cue.chunk))
    if cue.gpus:
        _add(layer, "gpus", str(cue.gpus))
        _add(layer, "gpu_memory", f"{cue.gpu_memory}m")
    _add(layer, "timeout", str(cue.timeout))
    _add(layer, "timeout_llu", str(cue.timeout))  # or a service's own would end a task whose log is silent meanwhile
    services = ElementTree.SubElement(layer, "services")
    _add(services, "service", "default")
    ElementTree.SubElement(spec, "depends")
    ElementTree.indent(spec)
    return f'<?xml version="1.0"?>\n{_DOCTYPE}\n{ElementTree.tostring(spec, encoding="unicode")}\n'


def _job_name(title: str) -> str:
    name = _NO_NAME.sub("_", title).strip("_")
    return name if len(name) >= NAME_LENGTH else f"{name}_{LAYER}".strip("_")


def _command(job: FarmJob, keys_file: str) -> str:
    """What a task runs: the template's words with their values."""
    if job.shot_params.keys and job.script is None and not keys_file:
        raise UsageError(
            f"Parameters with keys over the shot ({', '.join(job.shot_params.keys)}) travel to OpenCue's tasks in a file; "
            "write it with `write_keys`."
        )
    values = parameter_values(job)
    words: List[str] = [*job.settings.command, *task_words(job), "--progress=openjd", *render_arguments(job)]
    if keys_file:
        words.append(f"--params={keys_file}")
    words = [_REFERENCE.sub(lambda match: str(values[match.group(1)]), word) for word in words]
    for word in words:
        found = _CUE_TOKEN.search(word)
        if found is not None:
            raise UsageError(f"Cuebot would put a number where {word} says {found.group()}; rename it.")
    return shlex.join([*words, f"--blocks={TASK}"])


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text
