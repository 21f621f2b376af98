"""What a farm engine is: its name, its options, how it takes a job, and how it ends.

One value describes an engine; `farm submit`, its help, the submitter's window and the tables in docs/farm.md are made from
it. To add one, write a file with such a value and put it in the row of `engines.ENGINES`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, FrozenSet, Mapping, Tuple, Union

from ..core.errors import UsageError
from .job import FarmJob

OptionValue = Union[str, bool]
TAKEN = (
    (0, "the farm has taken the job"),
    (1, "it did not take it"),
    (2, "wrong usage, or its client is not here"),
    (3, "cancelled"),
)
ALL_VALUES = frozenset({"name", "priority", "retries"})


@dataclass(frozen=True)
class EngineOption:
    """An option of `farm submit` that belongs to an engine, and a field on the engine's page of the window.

    Attributes:
        name: `farm_id`, of `--farm-id`; no other engine has one of that name.
        help: what it is, for a terminal and as the field's tip.
        label: in the window, `&` before the letter of its shortcut; empty: the window does not have it.
        default: what an empty one means, in words; a variable is named there by itself.
        variable: of the environment, which stands in for an empty one.
        metavar: what the terminal's help calls the value.
        type: str, or bool for a switch.
    """

    name: str
    help: str
    label: str = ""
    default: str = ""
    variable: str = ""
    metavar: str = ""
    type: type = str

    @property
    def flag(self) -> str:
        """The long option of the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def unset(self) -> str:
        """What an empty one means, in words; empty: as the engine says."""
        return self.default or (f"${self.variable}" if self.variable else "")


@dataclass(frozen=True)
class Submission:
    """A bundle on its way to an engine.

    Attributes:
        job: the bundle's, with the name, priority and retries of the command line.
        folder: the bundle.
        options: the engine's, by name; what is not given is empty or False.
        quiet: whether stdout is the report's alone.
    """

    job: FarmJob
    folder: str
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    quiet: bool = False

    def text(self, option: EngineOption) -> str:
        """An option as it was given, or its variable's value; empty: neither."""
        given = str(self.options.get(option.name) or "")
        return given or (os.environ.get(option.variable, "") if option.variable else "")


@dataclass(frozen=True)
class FarmEngine:
    """A farm engine.

    Attributes:
        name: the word of `--engine`; label: what people call it, in the window and as a heading of docs/farm.md.
        how: what takes the job there, to be read behind "by"; needs: what must be there for that, for the docs.
        submit: hands the job over, or runs it; gives what the report says of it, `job` its id or name.
            Raises UsageError (no client, wrong options), GvmMatteError (the farm did not take the job, or it failed),
            CancelledError.
        options: beside those of all engines.
        unset: what an option means that is not given and has no default of its own, in words.
        job_values: which of the job's name, priority and retries the command line may change.
        on_error: what becomes of the other tasks where one fails, in a sentence; stops_on_error: whether it listens to
            `FarmSettings.continue_on_error`.
        runs_here: whether the job runs while `farm submit` does; note: what the window says of it.
        exit_codes: what `farm submit` ends with, and what that means.
        gpu_variable: of the environment of its tasks, naming the GPUs that they were given, where that is not
            `CUDA_VISIBLE_DEVICES`. Its tasks share no engine.
    """

    name: str
    label: str
    how: str
    needs: str
    submit: Callable[[Submission], Dict[str, Any]]
    options: Tuple[EngineOption, ...] = ()
    unset: str = ""
    job_values: FrozenSet[str] = ALL_VALUES
    on_error: str = ""
    stops_on_error: bool = False
    runs_here: bool = False
    note: str = ""
    exit_codes: Tuple[Tuple[int, str], ...] = TAKEN
    gpu_variable: str = ""

    @property
    def fields(self) -> Tuple[EngineOption, ...]:
        """The options that the window has."""
        return tuple(option for option in self.options if option.label)

    @property
    def variables(self) -> Tuple[str, ...]:
        """Variables of the environment that it looks at."""
        found = [option.variable for option in self.options if option.variable]
        return (*found, self.gpu_variable) if self.gpu_variable else tuple(found)


def required(submission: Submission, option: EngineOption, what: str) -> str:
    """The value of an option that has to be there.

    Args:
        what: the option's, in words.

    Raises:
        UsageError: it is not given, and its variable is not set.
    """
    found = submission.text(option)
    if not found:
        raise UsageError(f"Name {what} with {option.flag}, or set {option.variable}.")
    return found
