"""`gvm-matte comp`: a script's GVM Mattes and Writes without Nuke, in the embedded host.

comp shot.nk             renders the mattes of its GVM Matte nodes
comp shot.nk -x          then its Writes, as `nuke -x` does; with --writes-only the Writes alone
comp shot.nk --list      shows nodes, ranges, state
comp --new shot.nk …     makes a script: Read, GVM Matte, Write
comp IN.nk --save OUT.nk reads and writes scripts, renders nothing
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from typing import Any, Dict, Iterator, List, Optional, TextIO

from ...core.errors import UsageError
from ...core.frames import FrameRange
from ..options import add_params, params_of
from ..progress import follower_of
from ..which_engine import add_own_engine, chosen_engine
from . import new as comp_new
from . import script as comp_script
from .cancel import cancellable
from .engine import one_engine
from .list import describe, show


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "comp",
        help="render a script's mattes and Writes without Nuke",
        description="Renders the mattes of a script's GVM Matte nodes, and with -x its Writes, in the embedded host. "
        "docs/host.md says which nodes it evaluates. Parameters that are given here win over the nodes' knobs.",
    )
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="shot.nk; several with --save FOLDER/")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("-x", "--execute", action="store_true", help="render the active Writes, too, in their order")
    what.add_argument("--writes-only", action="store_true", help="the Writes alone, exactly as nuke -x: each node's "
                      "Before a render says which mattes are asked for first")  # fmt: skip
    what.add_argument("--list", action="store_true", help="show nodes, ranges and state; renders nothing")
    what.add_argument("--new", metavar="SCRIPT", help="make a script: Read, GVM Matte, Write (needs --plate)")
    what.add_argument("--save", metavar="PATH", help="write what was read to a file or FOLDER/; renders nothing")
    text = "this GVM Matte only, e.g. GVMMatte1 or Group1.GVMMatte1; may be given again"
    parser.add_argument("--node", action="append", default=[], metavar="NAME", help=text)
    parser.add_argument("--frames", default="", metavar="RANGE", help="frames of the script (default: each node's range; "
                        "of Writes the script's)")  # fmt: skip
    new = parser.add_argument_group("with --new", "relative paths are kept relative to the script")
    new.add_argument("--plate", metavar="SEQ", help="plate.####.exr, clip.mov, an image, or a folder with one of them")
    new.add_argument("--output", metavar="PATTERN", help="mattes (default: mattes/NODE/NODE.####.exr beside the script)")
    new.add_argument("--comp-output", metavar="PATTERN", help="the Write's file (default: comp/SCRIPT.####.exr)")
    add_params(parser)
    parser.add_argument("--json", action="store_true", help="one event a line on stdout; with --list one object")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="the engine's log, and where errors come from")
    add_own_engine(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The subcommand."""
    _check(args)
    params = params_of(args)
    with cancellable(), _own_output(quiet=args.quiet) as out:
        if args.new:
            comp_new.make(args, params, out)
        elif args.save:
            comp_script.save_all(args.scripts, args.save, args.node, params)
        elif args.list:
            _list(args, params, out)
        else:
            _render(args, params, out)
    return 0


def _check(args: argparse.Namespace) -> None:
    """What belongs together.

    Raises:
        UsageError: something that does not.
    """
    if args.new and (args.scripts or args.node or args.frames):
        raise UsageError("--new makes a script from --plate; it takes no other script, --node or --frames.")
    if args.new and not args.plate:
        raise UsageError("--new needs a plate, for instance --plate plates/shot.####.exr.")
    if not args.new and (args.plate or args.output or args.comp_output):
        raise UsageError("--plate, --output and --comp-output belong to --new; in a script the nodes' knobs say them.")
    if not args.new and not args.scripts:
        raise UsageError("Which script? Give one, as in gvm-matte comp shot.nk, or make one with --new.")
    if len(args.scripts) > 1 and not args.save:
        raise UsageError("One script at a time; several only with --save FOLDER/.")


@contextlib.contextmanager
def _own_output(*, quiet: bool) -> Iterator[TextIO]:
    """Our stdout. What scripts and nodes print goes to stderr meanwhile, so that --json stays JSON."""
    out = sys.stdout
    with contextlib.ExitStack() as stack:
        other = stack.enter_context(open(os.devnull, "w", encoding="utf-8")) if quiet else sys.stderr  # noqa: PTH123
        stack.enter_context(contextlib.redirect_stdout(other))
        yield out


def _list(args: argparse.Namespace, params: Dict[str, Any], out: TextIO) -> None:
    with comp_script.opened(args.scripts[0]):
        nodes = comp_script.choose(args.node) if args.node else comp_script.every()
        comp_script.set_params(nodes, params)
        with _engine(args, needed=comp_script.any_mattes(nodes)):
            found = describe(nodes)
    if args.json:
        print(json.dumps(found, ensure_ascii=False), file=out, flush=True)
    elif not args.quiet:
        show(found, out)


def _render(args: argparse.Namespace, params: Dict[str, Any], out: TextIO) -> None:
    from . import render as comp_render

    wanted: Optional[FrameRange] = FrameRange.parse(args.frames) if args.frames else None
    started = time.monotonic()
    mattes = not args.writes_only
    writes = args.execute or args.writes_only
    with comp_script.opened(args.scripts[0]), follower_of(args, out=out) as follower:
        nodes: List[Any] = comp_script.choose(args.node, needed=not writes, follower=follower)
        comp_script.set_params(nodes, params)
        todo = comp_render.active_writes() if writes else []
        ready = comp_render.in_range(nodes, wanted, follower, strict=not writes) if mattes else []
        with _engine(args, needed=bool(ready) or comp_render.asks_before(nodes, writes)):
            for node, frames in ready:
                comp_render.mattes(node, frames, follower)
            if writes:
                comp_render.writes(todo, wanted, follower)
        follower.finished(time.monotonic() - started)


def _engine(args: argparse.Namespace, *, needed: bool) -> contextlib.AbstractContextManager[object]:
    """The engine of all that is rendered or surveyed within."""
    log = sys.stderr.write if args.verbose else None
    return one_engine(chosen_engine(own=args.own_engine), needed=needed, log=log)
