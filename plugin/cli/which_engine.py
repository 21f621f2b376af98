"""Which engine does a command's work, by its options and what surrounds it; `client.which_engine` says what there is."""

from __future__ import annotations

import argparse
import os

from ..client import EngineChoice
from ..farm.gpus import assigned_gpus


def add_own_engine(parser: argparse.ArgumentParser) -> None:
    """Adds the option."""
    parser.add_argument("--own-engine", action="store_true", help="do not use a warm engine, even where one runs")


def chosen_engine(*, own: bool = False, task: bool = False) -> EngineChoice:
    """The command's engine.

    Args:
        own: as `--own-engine` says.
        task: whether this is a task, which a farm session has engines for; one that is lost is started again.
    """
    if own:
        return EngineChoice.OWN
    if os.environ.get("GVM_ENGINE_FILE"):  # a farm session's engines, or those that the user named
        return EngineChoice.WARM if task else EngineChoice.RUNNING
    # A farm that gives each task GPUs of its own has no session; the user's warm engine may be on another task's GPU.
    return EngineChoice.OWN if assigned_gpus() else EngineChoice.RUNNING
