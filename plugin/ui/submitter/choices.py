"""What the user chooses in the submitter, as the words of the commands that do it, and how it sticks.

    <script>.gvm-farm.json     beside the script, or beside the mattes:  {"version": 1, "jobs": {"GVMMatte1": {…}}}

Only what differs from the defaults is kept. Frames are not: who submitted four frames again wants the shot next time.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ...core.errors import UsageError
from ...farm import FarmSettings
from ...farm.engine import OptionValue
from ...farm.engines import ENGINES, engine_options
from ...farm.settings import JOB_SETTINGS, WORKER_SETTINGS
from .shot import Shot, write_json

VERSION = 1
DEFAULTS = FarmSettings()
_NOT_STICKY = frozenset({"frames"})
# Options of `farm bundle` by field, where a field is not at its default.
_BUNDLE_OPTIONS = {
    "frames": "--frames",
    **{setting.name: setting.flag for setting in (*WORKER_SETTINGS, *JOB_SETTINGS)},
    "command": "--command",
}


@dataclass(frozen=True)
class Choices:
    """All of them. See `FarmSettings` for what they mean; None is what the command makes of the shot.

    `options` are those of farm engines, by name, as far as they are given; `replace` takes them as fields, too.
    """

    name: str = ""
    frames: str = ""
    blocks_per_chunk: int = DEFAULTS.blocks_per_chunk
    gpus: Optional[int] = None
    gpu_memory: Optional[int] = None
    task_seconds: int = DEFAULTS.task_seconds
    start_seconds: int = DEFAULTS.start_seconds
    notice_seconds: int = DEFAULTS.notice_seconds
    idle_seconds: int = DEFAULTS.idle_seconds
    retries: int = DEFAULTS.retries
    priority: int = DEFAULTS.priority
    continue_on_error: bool = DEFAULTS.continue_on_error
    command: str = shlex.join(DEFAULTS.command)
    chunking: bool = DEFAULTS.chunking
    bundle: str = ""
    engine: str = next(iter(ENGINES))
    options: Mapping[str, OptionValue] = field(default_factory=dict)

    def replace(self, **values: Any) -> Choices:
        """A copy with other values."""
        options = {**self.options, **values.pop("options", {})}
        options.update({name: values.pop(name) for name in engine_options() if name in values})
        return dataclasses.replace(self, options={name: value for name, value in options.items() if value}, **values)

    def value(self, name: str) -> Any:
        """Of a field, or of an engine's option."""
        return getattr(self, name) if name in _NAMES else self.options.get(name, engine_options()[name].type())

    def bundle_words(self, shot: Shot) -> List[str]:
        """The command that saves the bundle, without the word `gvm-matte`.

        Raises:
            UsageError: the shot cannot be submitted.
        """
        words = ["farm", "bundle", *dataclasses.replace(shot, name=self.name or shot.name).words()]
        for name, option in _BUNDLE_OPTIONS.items():
            value = getattr(self, name)
            if value != getattr(_PLAIN, name):
                words += [f"{option}={value}"] if str(value).startswith("-") else [option, str(value)]
        words += ["--blocks-per-chunk", str(self.blocks_per_chunk)]
        words += [] if self.chunking else ["--no-extensions"]
        words += [] if self.continue_on_error else ["--stop-on-error"]
        return [*words, "--bundle", self.bundle or shot.bundle_path, "--replace"]

    def submit_words(self, shot: Shot) -> List[str]:
        """The command that submits the saved bundle, without the word `gvm-matte`."""
        words = ["farm", "submit", self.bundle or shot.bundle_path, "--engine", self.engine]
        for option in ENGINES[self.engine].fields:
            value = self.value(option.name)
            if value:
                words += [option.flag] if option.type is bool else [option.flag, str(value)]
        return words

    def settings(self, gpus: int, gpu_memory: int) -> FarmSettings:
        """As a farm job has them; the arguments stand in for what was left to the command.

        Raises:
            UsageError: values that cannot be.
        """
        shared = {item.name for item in dataclasses.fields(FarmSettings)} - {"gpus", "gpu_memory", "command"}
        try:
            command = tuple(shlex.split(self.command))
        except ValueError as exc:
            raise UsageError(f"The worker's command {self.command!r} is no command ({exc}).") from exc
        return FarmSettings(
            gpus=gpus if self.gpus is None else self.gpus,
            gpu_memory=gpu_memory if self.gpu_memory is None else self.gpu_memory,
            command=command,
            **{name: getattr(self, name) for name in shared},
        )


_PLAIN = Choices()
_NAMES = frozenset(item.name for item in dataclasses.fields(Choices)) - {"options"}


def load_choices(shot: Shot) -> Tuple[Choices, str]:
    """What was chosen for this shot before, and what is wrong with the file, if anything: then its values are not used."""
    path = shot.settings_path
    if shot.refusal() or not Path(path).is_file():
        return Choices(), ""
    try:
        kept = _jobs(path).get(shot.node, {})
        found: Dict[str, Any] = {}
        for name in (*_NAMES, *engine_options()):
            if name in kept and name not in _NOT_STICKY:
                found[name] = _fitting(name, kept[name])
        return Choices().replace(**found), ""
    except UsageError as exc:
        return Choices(), exc.message


def save_choices(shot: Shot, choices: Choices) -> None:
    """Keeps what was chosen for this shot; that of other nodes of the script stays.

    Raises:
        UsageError: the file cannot be written, or holds something else.
    """
    path = shot.settings_path
    jobs = _jobs(path) if Path(path).is_file() else {}
    values = {item.name: getattr(choices, item.name) for item in dataclasses.fields(Choices) if item.name in _NAMES}
    values = {name: value for name, value in values.items() if name not in _NOT_STICKY and value != getattr(_PLAIN, name)}
    jobs[shot.node] = {**values, **choices.options}
    write_json(path, {"version": VERSION, "jobs": jobs})


def _jobs(path: str) -> Dict[str, Dict[str, Any]]:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        jobs = content["jobs"]
        if content["version"] != VERSION or not all(isinstance(kept, Mapping) for kept in jobs.values()):
            raise ValueError("another version")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise UsageError(f"{path} holds no settings of this submitter ({exc}). Move it away.", path=path) from exc
    return {str(node): dict(kept) for node, kept in jobs.items()}


def _fitting(name: str, value: Any) -> Any:
    """A kept value, if it has its field's type."""
    default = _PLAIN.value(name)
    wanted = int if default is None else type(default)
    if isinstance(value, wanted) and (wanted is not int or not isinstance(value, bool)):
        return value
    if default is None and value is None:
        return None
    raise UsageError(f"In the submitter's settings {name} is {value!r}, which it cannot be. Move the file away.")
