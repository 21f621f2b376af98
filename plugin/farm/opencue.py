"""The OpenCue job specification (CJSL 1.15) of a farm job.

The layer's range is the blocks' first frames and its chunk their number per task; Cuebot puts the first frames of a
task's blocks where the command says `#FRAMESPEC#`. OpenCue has nothing that surrounds tasks, so each starts an engine of
its own: more blocks per chunk pay off more than elsewhere.
"""

from __future__ import annotations

import re
import shlex
from typing import List
from xml.etree import ElementTree

from ..errors import UsageError
from ..frames import FrameRange
from .job import FarmJob
from .parameters import parameter_values, render_arguments

SPECIFICATION = "1.15"
TASK = "#FRAMESPEC#"
LAYER = "mattes"
_DOCTYPE = (
    f'<!DOCTYPE spec PUBLIC "SPI Cue  Specification Language" "http://localhost:8080/spcue/dtd/cjsl-{SPECIFICATION}.dtd">'
)
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_REFERENCE = re.compile(r"\{\{Param\.(\w+)\}\}")


def opencue_xml(job: FarmJob, *, show: str, shot: str, user: str, facility: str = "local") -> str:
    """The specification, as `opencue.api.launchSpec` takes it.

    Raises:
        UsageError: parameters with keys over the shot, which have no file to travel in.
    """
    if job.shot_params.keys:
        raise UsageError(
            f"OpenCue jobs carry no keys over the shot ({', '.join(job.shot_params.keys)}); give one value for the shot."
        )
    spec = ElementTree.Element("spec")
    for name, text in (("facility", facility), ("show", show), ("shot", shot), ("user", user)):
        _add(spec, name, text)
    item = ElementTree.SubElement(spec, "job", {"name": _NO_NAME.sub("_", job.title)})
    _add(item, "paused", "False")
    _add(item, "priority", str(job.settings.priority))
    _add(item, "maxretries", str(job.settings.retries))
    _add(item, "autoeat", "False")
    layer = ElementTree.SubElement(ElementTree.SubElement(item, "layers"), "layer", {"name": LAYER, "type": "Render"})
    _add(layer, "cmd", shlex.join(_command(job)))
    _add(layer, "range", str(FrameRange.of(job.blocks)))
    _add(layer, "chunk", str(job.settings.blocks_per_chunk))
    if job.settings.gpus:
        _add(layer, "gpus", str(job.settings.gpus))
        _add(layer, "gpu_memory", f"{max(job.settings.gpu_memory, 1)}m")
    _add(layer, "timeout", str(max(job.settings.task_seconds // 60, 1)))
    services = ElementTree.SubElement(layer, "services")
    _add(services, "service", "default")
    ElementTree.SubElement(spec, "depends")
    ElementTree.indent(spec)
    return f'<?xml version="1.0"?>\n{_DOCTYPE}\n{ElementTree.tostring(spec, encoding="unicode")}\n'


def _command(job: FarmJob) -> List[str]:
    """What a task runs: the template's options with their values."""
    values = parameter_values(job)
    words = [
        *job.settings.command, "render", "--quiet", f"--input={job.input}", f"--output={job.output}",
        f"--shot-range={job.shot[0]}-{job.shot[1]}", *render_arguments(job),
    ]  # fmt: skip
    return [*(_REFERENCE.sub(lambda match: str(values[match.group(1)]), word) for word in words), f"--blocks={TASK}"]


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text
