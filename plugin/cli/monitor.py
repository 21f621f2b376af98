"""`gvm-matte monitor`: the window on what the warm engine does."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "monitor",
        help="see what the engine does",
        description="Opens a window with the engine's queue, finished frames as they come, a job's parameters, and the "
        "engine itself. Needs PySide6.",
    )
    text = "connection file of the engine (default: $GVM_ENGINE_FILE, or the user's own)"
    parser.add_argument("--engine-file", default="", metavar="FILE", help=text)
    text = "colours: neutral greys, or the desktop's own (default %(default)s)"
    parser.add_argument("--theme", choices=("dark", "light", "system"), default="dark", help=text)
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The subcommand; it ends with its window."""
    from ..ui import run_monitor

    if args.engine_file:
        os.environ["GVM_ENGINE_FILE"] = str(Path(args.engine_file).absolute())
    return run_monitor(theme=args.theme)
