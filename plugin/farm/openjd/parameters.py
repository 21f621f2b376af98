"""The job parameters of a template, made from the parameters' one declaration, and their values for one job.

    Plates, OutputFolder, OutputName      paths are PATH parameters, so a worker sees them where it has them
    Script                                in place of Plates, where tasks render the plates out of a script
    Edge, BlackPoint, …                   every parameter of the farm's face that may differ from what was submitted
    GarbageMatte, ModelBase, …            paths that are set; one that is not set is no parameter

Not among them: what the tasks were cut by (frames per batch, overlap, max frames), which is fixed in the template, and
parameters with keys over the shot, which travel in an embedded file.
"""

from __future__ import annotations

import os
from typing import Any, Dict, List, Tuple

from ...core.errors import UsageError
from ...params.fields import SPECS
from ...params.spec import FARM, ParamSpec
from ..job import FarmJob

GRID = ("num_frames_per_batch", "num_overlap_frames")  # the tasks' grid hangs on them
_NOT_PARAMETERS = frozenset({*GRID, "max_frames", "mode"})
MASKS = ("garbage", "garbage_channel", "core", "core_channel")  # a script's node has inputs for them
VALUE_LENGTH = 1024
_TYPES = {int: "INT", float: "FLOAT", str: "STRING"}


def parameter_name(name: str) -> str:
    """`black_point` as a template writes it: `BlackPoint`."""
    return "".join(part.capitalize() for part in name.split("_"))


def specs_of(job: FarmJob) -> List[ParamSpec]:
    """The parameters that are job parameters of this job."""
    base, keyed = job.shot_params.base, job.shot_params.keys
    others = _NOT_PARAMETERS if job.script is None else _NOT_PARAMETERS.union(MASKS)
    return [
        spec
        for spec in SPECS
        if FARM in spec.faces
        and spec.name not in others
        and spec.name not in keyed
        and (spec.kind != "path" or getattr(base, spec.name))
    ]


def is_path(spec: ParamSpec, value: Any) -> bool:
    """Whether a value is a path on a disk: the OCIO config may be a built-in one, `ocio://…`."""
    return spec.kind == "path" and "://" not in str(value)


def parameter_definitions(job: FarmJob) -> List[Dict[str, Any]]:
    """`parameterDefinitions` of the template; defaults are this job's values, except for paths, which have none."""
    definitions: List[Dict[str, Any]] = [
        _source_definition(job),
        {
            "name": "OutputFolder", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "OUT",
            "description": "Folder of the mattes.", "userInterface": {"label": "Output folder", "groupLabel": "Shot"},
        },
        {
            "name": "OutputName", "type": "STRING", "default": _output(job)[1], "description": "Name of the mattes' files.",
            "userInterface": {"label": "Output name", "groupLabel": "Shot"},
        },
    ]  # fmt: skip
    return definitions + [_definition(spec, getattr(job.shot_params.base, spec.name)) for spec in specs_of(job)]


def _source_definition(job: FarmJob) -> Dict[str, Any]:
    if job.script is not None:
        return {
            "name": "Script", "type": "PATH", "objectType": "FILE", "dataFlow": "IN",
            "description": f"The script; the plate of its node {job.script.node} is rendered by the tasks.",
            "userInterface": {"label": "Script", "groupLabel": "Shot"},
        }  # fmt: skip
    return {
        "name": "Plates", "type": "PATH", "objectType": "FILE", "dataFlow": "NONE",
        "description": "The plates: a pattern with a frame field, or a clip.",
        "userInterface": {"label": "Plates", "groupLabel": "Shot"},
    }  # fmt: skip


def _definition(spec: ParamSpec, value: Any) -> Dict[str, Any]:
    definition: Dict[str, Any] = {
        "name": parameter_name(spec.name), "type": _TYPES[spec.type], "description": spec.help,
        "userInterface": {"label": spec.label, "groupLabel": spec.group},
    }  # fmt: skip
    if is_path(spec, value):
        return {**definition, "type": "PATH", "dataFlow": "NONE"}
    definition["default"] = value
    if spec.kind != "channels" and spec.choices:
        definition["allowedValues"] = list(spec.choices)
    if spec.minimum is not None:
        definition["minValue"] = spec.type(spec.minimum)
    if spec.maximum is not None:
        definition["maxValue"] = spec.type(spec.maximum)
    return definition


def parameter_values(job: FarmJob) -> Dict[str, Any]:
    """Value by job parameter name, of all.

    Raises:
        UsageError: a text is longer than a job parameter may be.
    """
    folder, name = _output(job)
    values: Dict[str, Any] = {"Plates": job.input} if job.script is None else {"Script": job.script.path}
    values.update({"OutputFolder": folder, "OutputName": name})
    values.update({parameter_name(spec.name): getattr(job.shot_params.base, spec.name) for spec in specs_of(job)})
    for key, value in values.items():
        if isinstance(value, str) and len(value) > VALUE_LENGTH:
            raise UsageError(f"{key} has {len(value):,} characters; a farm job's values have at most {VALUE_LENGTH:,}.")
    return values


def task_words(job: FarmJob) -> List[str]:
    """What a task runs of `gvm-matte`, as a template writes it, up to its blocks and parameters."""
    words = ["--output={{Param.OutputFolder}}/{{Param.OutputName}}", f"--shot-range={job.shot[0]}-{job.shot[1]}"]
    if job.script is not None:
        return ["farm", "task", "{{Param.Script}}", f"--node={job.script.node}", *words]
    return ["render", "--input={{Param.Plates}}", *words]


def render_arguments(job: FarmJob) -> List[str]:
    """Options of a task that stand for the parameters, as a template writes them."""
    base = job.shot_params.base
    words = [f"--needs-{name}={value}" for name, value in (("version", job.made_by), ("weights", job.weights)) if value]
    words += ["--needs-gpu"] if job.settings.gpus else []
    words += [f"--{name.replace('_', '-')}={getattr(base, name)}" for name in GRID]
    for spec in specs_of(job):
        reference = "{{Param." + parameter_name(spec.name) + "}}"
        words.append(f"--{reference}" if spec.name == "existing" else f"{spec.flag}={reference}")
    return words


def _output(job: FarmJob) -> Tuple[str, str]:
    folder, name = os.path.split(job.output)
    return folder, name
