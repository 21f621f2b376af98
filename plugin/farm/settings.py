"""What a farm is asked for, beyond the mattes. Its numbers are declared once, for command line and window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from ..core.errors import UsageError


@dataclass(frozen=True)
class Setting:
    """How a whole number of `FarmSettings` is shown and checked.

    Attributes:
        name: the field; flag: the option of `farm bundle`.
        low, high: what it can be, inclusive.
        label: in the window, `&` before the letter of its shortcut; help: for a terminal, and as the field's tip.
        unset: what the command makes of one that is not given, in words; empty: it is the field's default.
        unit: shown behind the number; step: of the arrows.
    """

    name: str
    flag: str
    low: int
    high: int
    label: str
    help: str
    unset: str = ""
    unit: str = ""
    step: int = 1

    @property
    def metavar(self) -> str:
        """What a terminal's help calls the value."""
        return self.unit.strip().upper() or "N"


WORKER_SETTINGS = (
    Setting("gpus", "--gpus", 0, 64, "&GPUs", "of a worker; with 0, auto takes the CPU where there is no GPU",
            unset="as the device says"),
    Setting("gpu_memory", "--gpu-memory", 0, 1 << 24, "GPU &memory", "of each of these GPUs; 0 asks for none in particular",
            unset="as estimated", unit=" MiB", step=512),
    Setting("task_seconds", "--task-timeout", 1, 1 << 31, "&Task time-out", "after which a task counts as hung",
            unit=" s", step=600),
    Setting("start_seconds", "--start-timeout", 1, 86_400, "&Start time-out",
            "after which the start of the engine counts as hung", unit=" s", step=60),
    Setting("notice_seconds", "--notice", 1, 600, "&Notice", "between the signal of a cancel and the kill", unit=" s"),
    Setting("idle_seconds", "--idle-timeout", 1, 86_400, "&Idle time-out",
            "after which a session's engine without a task ends itself", unit=" s", step=60),
)  # fmt: skip
JOB_SETTINGS = (
    Setting("retries", "--retries", 0, 100, "&Retries", "how often a task that failed is tried again"),
    Setting("priority", "--priority", 0, 100, "&Priority", "0 to 100; more comes first"),
)
_BLOCKS_HELP = "more in a task repeat less work, fewer spread over more workers"
BLOCKS = Setting("blocks_per_chunk", "--blocks-per-chunk", 1, 100_000, "Blocks per task", _BLOCKS_HELP, unit=" blocks")
SETTINGS = (BLOCKS, *WORKER_SETTINGS, *JOB_SETTINGS)


@dataclass(frozen=True)
class FarmSettings:
    """All of them; `SETTINGS` says what the numbers mean.

    Attributes:
        gpus: 0 for none; gpu_memory: MiB of each, 0 to ask for none in particular.
        continue_on_error: whether the other tasks go on where one has failed for good. Deadline Cloud alone is told; see
            docs/farm.md for what other engines do.
        command: what starts `gvm-matte` on a worker, as words.
        chunking: whether the farm knows TASK_CHUNKING; else tasks are written out one by one.

    Raises:
        UsageError: a number out of its range, or a command of no words.
    """

    blocks_per_chunk: int = 8
    gpus: int = 1
    gpu_memory: int = 0
    task_seconds: int = 4 * 3600
    start_seconds: int = 600
    notice_seconds: int = 30
    idle_seconds: int = 300
    retries: int = 2
    priority: int = 50
    continue_on_error: bool = True
    command: Tuple[str, ...] = ("gvm-matte",)
    chunking: bool = True

    def __post_init__(self) -> None:
        for setting in SETTINGS:
            value = getattr(self, setting.name)
            if isinstance(value, bool) or not isinstance(value, int) or not setting.low <= value <= setting.high:
                words = setting.name.replace("_", " ").capitalize()
                raise UsageError(f"{words} takes {setting.low} to {setting.high}, not {value!r}.")
        if not self.command or any(not word or "{{" in word for word in self.command):
            raise UsageError("The worker's command is one word or more, none of them empty or with {{ in it.")
