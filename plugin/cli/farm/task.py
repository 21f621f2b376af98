"""`gvm-matte farm task`: some blocks of a script's node, as a task of a farm job renders them.

    script ─▶ embedded host ─▶ plates of the branch, block by block ─▶ the session's warm engine ─▶ mattes

What `gvm-matte comp` does, by blocks and in the words of an Open Job Description session. Paths inside the script are
mapped here by the session's rules: the session itself maps those of job parameters alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any, Iterator, List, TextIO, Tuple

from ...client import RenderResult
from ...core.errors import UsageError
from ...farm import frames_of_blocks, parse_blocks
from ...farm.gpus import take_assigned_gpus
from ...farm.openjd.messages import OpenJdMessages
from ..comp import script as comp_script
from ..comp.cancel import cancellable
from ..comp.engine import one_engine
from ..options import add_params, params_of
from ..progress import JOB, Follower, Item
from ..render import shot_range
from ..which_engine import chosen_engine
from .needs import add_needs, check_needs
from .openjd import OpenJdProgress, failing

Rules = List[Tuple[str, str]]


def add_task(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "task",
        help="what a job of a script's branch runs",
        description="Renders blocks of a script's GVM Matte, its branch included. A job that `gvm-matte farm bundle "
        "--script` made of a branch runs it; by hand `gvm-matte comp` is handier.",
    )
    parser.add_argument("script", metavar="FILE.nk", help="the script")
    parser.add_argument("--node", required=True, metavar="NAME", help="full name of the GVM Matte")
    parser.add_argument("--output", required=True, metavar="PATTERN", help="mattes, whatever the node's path says")
    parser.add_argument("--shot-range", required=True, metavar="A-B", help="the node's range when the job was made")
    parser.add_argument("--blocks", required=True, metavar="RANGE", help="blocks by their first frames, e.g. 1001-1025:8")
    parser.add_argument("--path-rules", default="", metavar="FILE", help="a session's path mapping rules")
    add_params(parser)
    add_needs(parser)
    words = "openjd: progress, status and failure for an Open Job Description session"
    parser.add_argument("--progress", choices=("auto", "openjd"), default="auto", help=words)
    parser.add_argument("--quiet", action="store_true", help="nothing but errors")
    parser.add_argument("--verbose", action="store_true", help="where errors come from")
    parser.set_defaults(run=run_task)


def run_task(args: argparse.Namespace) -> int:
    """The subcommand."""
    if args.progress == "openjd":
        with failing(OpenJdMessages()):
            _run(args)
    else:
        _run(args)
    return 0


def _run(args: argparse.Namespace) -> None:
    from ..comp.render import mattes

    params = {**params_of(args), "max_frames": None}  # the blocks say how far to work
    check_needs(args, params)
    if params.get("ocio"):
        os.environ["OCIO"] = str(params["ocio"])  # for the branch's own colours, too
    rules = read_rules(args.path_rules)
    take_assigned_gpus()
    with cancellable(), _stdout_kept() as out, comp_script.opened(args.script):
        from ...nodes import names
        from ...nodes.order import take

        map_paths(rules)
        (node,) = comp_script.choose([args.node])
        comp_script.set_params([node], params)
        node[names.OUTPUT].setValue(args.output)
        order = take(node)
        if order.span != shot_range(args.shot_range):
            raise UsageError(
                f"The range of {args.node} is {order.span[0]}-{order.span[1]} now; the job was made for {args.shot_range}. "
                "Make the job again."
            )
        frames = frames_of_blocks(order.plan, parse_blocks(order.plan, args.blocks))
        openjd = args.progress == "openjd"
        follower = OpenJdProgress(OpenJdMessages(out)) if openjd else Follower() if args.quiet else _LastLine(out)
        with one_engine(chosen_engine(task=True)):
            mattes(node, tuple(frames), follower)


@contextlib.contextmanager
def _stdout_kept() -> Iterator[TextIO]:
    """Our stdout. What scripts print goes to stderr meanwhile: on stdout it could be taken for a message."""
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        yield out


class _LastLine(Follower):
    """Prints what came of it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def done(self, result: RenderResult, where: str, item: Item = JOB) -> None:
        """The one line."""
        print(f"{len(result.written)} frames rendered, {len(result.kept)} kept", file=self._out)


# -- paths inside the script


def read_rules(path: str) -> Rules:
    """(here, there) of a session's path mapping rules, the longest first; none without a file.

    Raises:
        UsageError: the file cannot be read, or holds none.
    """
    if not path:
        return []
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8")).get("path_mapping_rules", [])
        rules = [(_slashes(rule["source_path"]), _slashes(rule["destination_path"])) for rule in found]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise UsageError(f"{path} holds no path mapping rules ({exc}).", path=path) from exc
    return sorted(rules, key=lambda rule: -len(rule[0]))


def map_paths(rules: Rules) -> None:
    """Maps what the script's Reads read, and its OCIO config; paths that begin with TCL follow the script."""
    import nuke

    root: Any = nuke.root()
    knobs = [node["file"] for node in nuke.allNodes("Read", recurseGroups=True)] if rules else []
    for knob in [*knobs, root["customOCIOConfigPath"]] if rules else ():
        text = _slashes(str(knob.getText()))
        mapped = _mapped(text, rules)
        if mapped != text:
            knob.setValue(mapped)


def _mapped(path: str, rules: Rules) -> str:
    for source, target in rules:
        if path == source or path.startswith(source + "/"):
            return target + path[len(source) :]
    return path


def _slashes(path: str) -> str:
    return path.replace("\\", "/").rstrip("/")


__all__ = ["add_task", "map_paths", "read_rules", "run_task"]
