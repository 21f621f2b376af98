"""`gvm-matte engine start|status|stop`: a warm engine, which later renders find and use."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from ..client import connection_file_path, find_warm_engine, start_warm_engine, stop_warm_engine
from ..protocol.messages import Status

IDLE_SECONDS = 1800.0
ANSWER_SECONDS = 5.0


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "engine", help="a warm engine", description="A warm engine holds the model between renders; they find and use it."
    )
    parser.add_argument("action", choices=("start", "status", "stop"))
    text = "start: end it after S seconds without work (0: never; default %(default)g)"
    parser.add_argument("--idle-timeout", type=float, default=IDLE_SECONDS, metavar="S", help=text)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The subcommand: exit code 1 where `status` or `stop` finds no engine."""
    if args.action == "stop":
        stopped = stop_warm_engine()
        _say(args, {"stopped": stopped}, "The warm engine is stopped." if stopped else "No warm engine runs.")
        return 0 if stopped else 1
    engine = start_warm_engine(idle_timeout=args.idle_timeout) if args.action == "start" else find_warm_engine()
    if engine is None:
        _say(args, {"running": False}, "No warm engine runs. `gvm-matte engine start` starts one.")
        return 1
    try:
        status = engine.status(timeout=ANSWER_SECONDS)
    finally:
        engine.close()
    _say(
        args, {"running": True, "connection_file": str(connection_file_path()), **dataclasses.asdict(status)}, words(status)
    )
    return 0


def words(status: Status) -> str:
    """A status in a few lines for a person."""
    lines = [
        f"state    {status.state}",
        f"jobs     {status.jobs_waiting} waiting, {status.jobs_done} done with {status.frames_done} frames",
        f"model    {status.model or 'none loaded yet'}" + (f" on {status.device}" if status.device else ""),
        f"process  {status.pid}, up {status.uptime:.0f} s, {status.resident_bytes / 2**20:,.0f} MiB resident",
        f"ends     after {status.idle_timeout:g} idle seconds" if status.idle_timeout else "ends     when it is stopped",
    ]
    return "\n".join(lines)


def _say(args: argparse.Namespace, fields: dict[str, Any], text: str) -> None:
    print(json.dumps(fields, ensure_ascii=False) if args.json else text)
