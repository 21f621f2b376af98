"""`gvm-matte farm …`: mattes on a render farm."""

from __future__ import annotations

import argparse
from typing import Any

from ...farm import opencue_xml, read_bundle
from ...farm.opencue.job import write_keys
from .bundle import add_bundle
from .cost import add_cost
from .gui import add_gui
from .status import add_pickup, add_status
from .submit import add_submit
from .task import add_task


def add_parser(commands: Any) -> None:
    """Adds the subcommand and its own."""
    parser = commands.add_parser(
        "farm",
        help="render on a farm",
        description="Job bundles for Open Job Description and AWS Deadline Cloud, job specifications for OpenCue. "
        "docs/farm.md goes from plates to mattes.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_bundle(actions)
    add_submit(actions)
    add_status(actions)
    add_pickup(actions)
    _add_opencue_xml(actions)
    add_cost(actions)
    add_task(actions)
    add_gui(actions)


def _add_opencue_xml(actions: Any) -> None:
    parser = actions.add_parser(
        "opencue-xml", help="an OpenCue job specification", description="Prints the bundle's job as OpenCue takes it."
    )
    parser.add_argument("folder", metavar="DIR", help="the job bundle")
    parser.add_argument("--show", required=True, help="OpenCue's show")
    parser.add_argument("--shot", required=True, help="OpenCue's shot")
    parser.add_argument("--user", required=True, help="whose job it is")
    parser.add_argument("--facility", default="local", help="default %(default)s")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run_opencue_xml)


def run_opencue_xml(args: argparse.Namespace) -> int:
    """`farm opencue-xml`."""
    job = read_bundle(args.folder)
    keys = write_keys(job, args.folder)
    print(opencue_xml(job, show=args.show, shot=args.shot, user=args.user, facility=args.facility, keys_file=keys), end="")
    return 0
