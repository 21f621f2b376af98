"""The Open Job Description template of a farm job: `jobtemplate-2023-09`, with TASK_CHUNKING or without extensions.

    step environment   onEnter: a warm engine a device, connection files in the session's folder; onExit: they are ended
    task               gvm-matte render --blocks {{Task.Param.Block}}: the blocks of one chunk, on those engines;
                       gvm-matte farm task {{Param.Script}} … where a script's branch has to be rendered for them

Without the extension the chunks are written out as values of a STRING parameter: the same text, so the same command.
Time-outs are literals, since a parameter in their place needs another extension.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List

from ...core.errors import UsageError
from ..blocks import chunks, range_expression
from ..job import FarmJob
from .parameters import VALUE_LENGTH, parameter_definitions, render_arguments, task_words

SPECIFICATION = "jobtemplate-2023-09"
EXTENSION = "TASK_CHUNKING"
STEP = "Mattes"
MAX_TASKS = 1024  # values of a parameter that are written out
ENTER_NOTICE_SECONDS = 15
EXIT_SECONDS = 60
_SESSION_FOLDER = "{{Session.WorkingDirectory}}"
_PATH_RULES = "{{Session.PathMappingRulesFile}}"


def job_template(job: FarmJob) -> Dict[str, Any]:
    """The template, as it is written as JSON.

    Raises:
        UsageError: more tasks, or longer ones, than a queue without extensions takes.
    """
    first, last = job.shot
    template: Dict[str, Any] = {"specificationVersion": SPECIFICATION}
    if job.settings.chunking:
        template["extensions"] = [EXTENSION]
    return {
        **template,
        "name": job.title,
        "description": f"Mattes of {job.rounded} in the shot {first}-{last}, {len(job.blocks)} blocks.",
        "parameterDefinitions": parameter_definitions(job),
        "steps": [_step(job)],
    }


def _step(job: FarmJob) -> Dict[str, Any]:
    step: Dict[str, Any] = {
        "name": STEP,
        "parameterSpace": {"taskParameterDefinitions": [_block_parameter(job)]},
        "stepEnvironments": [_engine_environment(job)],
        "script": _script(job),
    }
    amounts: List[Dict[str, Any]] = []
    if job.settings.gpus:
        amounts.append({"name": "amount.worker.gpu", "min": job.settings.gpus})
        if job.settings.gpu_memory:
            amounts.append({"name": "amount.worker.gpu.memory", "min": job.settings.gpu_memory})
    return {**step, "hostRequirements": {"amounts": amounts}} if amounts else step


def _block_parameter(job: FarmJob) -> Dict[str, Any]:
    size = job.settings.blocks_per_chunk
    if job.settings.chunking:
        return {
            "name": "Block",
            "type": "CHUNK[INT]",
            "range": range_expression(job.blocks),
            "chunks": {"defaultTaskCount": size, "rangeConstraint": "NONCONTIGUOUS"},
        }
    values = [range_expression(chunk) for chunk in chunks(job.blocks, size)]
    if len(values) > MAX_TASKS:
        least = -(-len(job.blocks) // MAX_TASKS)
        raise UsageError(
            f"Without extensions a job has at most {MAX_TASKS:,} tasks, not {len(values):,}; take {least} blocks per "
            "chunk or more."
        )
    if max(map(len, values)) > VALUE_LENGTH:
        raise UsageError(
            f"Without extensions a task's blocks are at most {VALUE_LENGTH:,} characters; take fewer blocks per chunk."
        )
    return {"name": "Block", "type": "STRING", "range": values}


def _engine_environment(job: FarmJob) -> Dict[str, Any]:
    settings = job.settings
    words = ["openjd", "enter", f"--idle-timeout={settings.idle_seconds}"]
    return {
        "name": "WarmEngine",
        "description": "One engine a device for all tasks of a session; each loads the model once.",
        "variables": {
            "GVM_ENGINE_FILE": f"{_SESSION_FOLDER}/gvm-engine.json",
            "GVM_ENGINE_IDLE": str(settings.idle_seconds),
            "GVM_ENGINE_DEVICES": "{{Param.Device}}",
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR"), _SESSION_FOLDER),
        },
        "script": {
            "actions": {
                "onEnter": _action(job, words, seconds=settings.start_seconds, notice=ENTER_NOTICE_SECONDS),
                "onExit": _action(job, ["openjd", "exit"], seconds=EXIT_SECONDS, notice=ENTER_NOTICE_SECONDS),
            }
        },
    }


def _script(job: FarmJob) -> Dict[str, Any]:
    settings, keys = job.settings, job.shot_params.keys
    words = [*task_words(job), "--progress=openjd", "--blocks={{Task.Param.Block}}"]
    script: Dict[str, Any] = {}
    if job.script is not None:  # what is inside a script is mapped by the task
        words.append(f"--path-rules={_PATH_RULES}")
    elif keys:  # a script has its own
        content = {name: {str(frame): value for frame, value in zip(k.frames, k.values)} for name, k in keys.items()}
        # Indented, or braces that close together would be read as the end of a format string.
        script["embeddedFiles"] = [
            {"name": "Keys", "type": "TEXT", "filename": "keys.json", "data": json.dumps(content, indent=1)}
        ]
        words.append("--params={{Task.File.Keys}}")
    words += render_arguments(job)
    on_run = _action(job, words, seconds=settings.task_seconds, notice=settings.notice_seconds)
    return {**script, "actions": {"onRun": on_run}}


def _action(job: FarmJob, words: List[str], *, seconds: int, notice: int) -> Dict[str, Any]:
    command, *before = job.settings.command
    return {
        "command": command,
        "args": [*before, *words],
        "timeout": seconds,
        "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": notice},
    }
