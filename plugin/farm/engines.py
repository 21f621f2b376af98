"""The farm engines, a row each. What an engine is stands in `engine`, all about one of them in its own file."""

from __future__ import annotations

from typing import Dict, List

from ..core.errors import UsageError
from .deadline.submit import DEADLINE
from .engine import EngineOption, FarmEngine
from .opencue.submit import OPENCUE
from .openjd.submit import OPENJD

ENGINES: Dict[str, FarmEngine] = {engine.name: engine for engine in (OPENJD, DEADLINE, OPENCUE)}


def engines_with(option: str) -> List[str]:
    """Names of the engines that have an option, of their own or of the job's values."""
    return [
        engine.name
        for engine in ENGINES.values()
        if option in engine.job_values or option in {one.name for one in engine.options}
    ]


def engine_options() -> Dict[str, EngineOption]:
    """The options of all engines by name."""
    return {option.name: option for engine in ENGINES.values() for option in engine.options}


def check_option(engine: str, option: str) -> None:
    """That an option is not lost on an engine that has none of that name.

    Raises:
        UsageError: it would be.
    """
    owners = engines_with(option)
    if engine not in owners:
        flag = option.replace("_", "-")
        raise UsageError(f"--{flag} is for --engine {' and '.join(owners)}, not for {engine}.")
