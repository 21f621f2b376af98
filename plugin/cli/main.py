"""`gvm-matte`: what is asked for, and exit codes.

    0  done          1  failed          2  wrong usage          3  cancelled (SIGINT, SIGTERM); finished frames stay

Errors are a sentence on stderr; `--verbose` adds where they come from.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from typing import Callable, List, Optional, Sequence

from .. import __version__
from ..core.errors import CancelledError, GvmMatteError, UsageError
from . import compare, doctor, engine, info, monitor, reference, render
from .comp import command as comp
from .farm import command as farm
from .farm import openjd
from .options import hyphened
from .progress import print_event

DONE, FAILED, USAGE, CANCELLED = 0, 1, 2, 3
COMMANDS = (render, comp, farm, info, compare, doctor, engine, monitor, openjd)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command with its subcommands."""
    parser = argparse.ArgumentParser(
        prog="gvm-matte",
        description="Mattes for clips without a green screen: a range of plates in, EXR alpha out.",
        epilog="Without a command, `gvm-matte --data_dir VIDEO --output_dir FOLDER …` is the reference program's command.",
    )
    parser.add_argument("--version", action="version", version=f"gvm-matte {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(commands)
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs a command line and returns its exit code."""
    words = hyphened(sys.argv[1:] if argv is None else argv)
    if any(word == "--data-dir" or word.startswith("--data-dir=") for word in words):
        args = reference.build_parser().parse_args(words)
    else:
        args = build_parser().parse_args(words)
    return _guarded(lambda: args.run(args), args)


def _guarded(run: Callable[[], int], args: argparse.Namespace) -> int:
    try:
        return run()
    except CancelledError as exc:
        _tell(args, "cancelled", exc)
        return CANCELLED
    except UsageError as exc:
        _tell(args, "failed", exc)
        return USAGE
    except GvmMatteError as exc:
        _tell(args, "failed", exc)
        return FAILED
    except KeyboardInterrupt:
        return CANCELLED
    except BrokenPipeError:  # whoever read our output went away, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _tell(args: argparse.Namespace, event: str, exc: GvmMatteError) -> None:
    if getattr(args, "json", False):
        print_event(event, code=exc.code, message=str(exc), frame=exc.frame, path=exc.path)
    lines: List[str] = [f"gvm-matte: {exc}"]
    if getattr(args, "verbose", False):
        lines += traceback.format_exception(type(exc), exc, exc.__traceback__)
    print("\n".join(line.rstrip("\n") for line in lines), file=sys.stderr, flush=True)
