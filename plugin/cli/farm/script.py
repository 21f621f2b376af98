"""`gvm-matte farm bundle --script shot.nk`: the job of a script's node, opened in the embedded host.

It is the job that the node's Submit makes. Where the plate is a branch, the tasks render it themselves (`farm_task`), so
one frame of it is rendered here first: what the embedded host cannot evaluate is told before anything is submitted.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from typing import Any, Dict, List, Tuple

from ...core.errors import UsageError
from ...core.frames import FrameRange
from ...farm import FarmJob
from ...params.keys import ShotParams
from ..comp import script as comp_script
from ..options import params_of
from .shot import ShotFacts, look_at_shot


def add_script(parser: argparse.ArgumentParser) -> None:
    """Adds what names a script and its node."""
    script = parser.add_argument_group(
        "from a script",
        "in place of --input, --output and --shot-range; --frames are the "
        "script's, parameters given here win over the node's knobs",
    )
    script.add_argument("--script", default="", metavar="FILE.nk", help="take plates, mattes and parameters from its node")
    words = "which GVM Matte, e.g. GVMMatte1 or Group1.GVMMatte1 (default: the only one that is not disabled)"
    script.add_argument("--node", default="", metavar="NAME", help=words)


def check_options(args: argparse.Namespace) -> None:
    """Whether a shot is named in one way.

    Raises:
        UsageError: in both, or in none.
    """
    if args.script and (args.input or args.output or args.shot_range):
        raise UsageError("--script stands in for --input, --output and --shot-range; in a script the node says them.")
    if not args.script and args.node:
        raise UsageError("--node names a node of a script; give --script, too.")
    if not args.script and not (args.input and args.output):
        raise UsageError("A job needs --input and --output, or --script with a GVM Matte node in it.")


def job_of_script(args: argparse.Namespace) -> Tuple[FarmJob, ShotFacts]:
    """The job of the node that the command line names, and what is known of its shot.

    Raises:
        ScriptError: there is no such file, or it is no script.
        UsageError: which node is not clear, or it cannot be rendered as it is.
        RenderError: the embedded host cannot evaluate the branch.
        GvmMatteError: what the render would fail with before its first frame.
    """
    params = params_of(args)
    with contextlib.redirect_stdout(sys.stderr), comp_script.opened(args.script) as host:  # stdout is the report's
        from ...nodes import submitting

        node = _chosen(args.node)
        comp_script.set_params([node], params)
        frames = FrameRange.parse(args.frames) if args.frames else None
        job, matte = submitting.job_of(node, frames=frames, render_script=True)
        notices: List[str] = []
        if job.script is not None:
            _check_keys(params)
            _try_branch(host, node, job)
            notices.append(
                f"The plate of {node.fullName()} is a branch: each task opens {job.script.path} and renders what it needs, "
                "so workers need the script, as it is now, and the files that it reads."
            )
        if above := submitting.mattes_above(node):
            notices.append(f"The plate of {node.fullName()} depends on {', '.join(above)}: render those mattes first.")
    facts = look_at_shot(matte)
    return job, dataclasses.replace(facts, notices=(*notices, *facts.notices))


def _chosen(name: str) -> Any:
    """The node to be rendered.

    Raises:
        UsageError: there is none, none of that name, or several and none was named.
    """
    nodes = comp_script.choose([name] if name else [])
    if len(nodes) > 1:
        several = ", ".join(node.fullName() for node in nodes)
        raise UsageError(f"This script has several GVM Matte nodes; name one with --node: {several}.")
    return nodes[0]


def _check_keys(params: Dict[str, Any]) -> None:
    keys = ShotParams.of(params).keys
    if keys:
        raise UsageError(
            f"The tasks of this job read the script, which has no such keys over the shot ({', '.join(keys)}). Animate the "
            "knobs in the script, or give one value for the shot."
        )


def _try_branch(host: Any, node: Any, job: FarmJob) -> None:
    """Renders the first frame of every input.

    Raises:
        RenderError: a node that cannot be evaluated, or a file that cannot be read.
    """
    first = FrameRange.parse(job.frames).first if job.frames else job.shot[0]
    for index in range(node.inputs()):
        if node.input(index) is not None:
            host.picture(node.input(index), first)
