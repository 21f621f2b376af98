"""`gvm-matte farm status|pickup`: what is there of a job, judged from any computer, and a bundle of the rest.

A digest holds the precision, which `auto` takes from the device: fp16 on an NVIDIA GPU, fp32 elsewhere. A workstation that
only looks has another device than the farm. So the engine looks as a processor would, says which mattes differ from its
own in precision alone, and here it is decided whether that precision is the job's. Where a job leaves it to the device and
mattes of two precisions lie side by side, those of the job's GPUs (or of its processors, if it asks for no GPU) count.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import sys
from typing import Any, Dict, FrozenSet, List

from ...client import MatteJob, session_for
from ...core.errors import UsageError
from ...core.frames import FrameRange
from ...core.paths import frame_path
from ...farm import FarmJob, blocks_of, range_expression, read_bundle
from ...protocol.messages import Message, Surveyed
from ...protocol.parts import Sink, Source
from ..comp import script as comp_script
from ..which_engine import chosen_engine
from .bundle import add_target, add_voice, write

PRECISION = "precision"
AUTO, GPU, CPU = "auto", "fp16", "fp32"


def add_status(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "status",
        help="which frames of a bundle are there",
        description="Tells by the mattes' digests which frames are there, stale or missing. Exit code 1 unless all are.",
    )
    parser.add_argument("folder", metavar="DIR", help="the job bundle")
    add_voice(parser)
    parser.set_defaults(run=run_status)


def add_pickup(actions: Any) -> None:
    """Adds the subcommand."""
    parser = actions.add_parser(
        "pickup",
        help="a bundle of what is stale or missing",
        description="Writes a bundle of the blocks that hold stale or missing frames, or frames that are named.",
    )
    parser.add_argument("folder", metavar="DIR", help="the job bundle to pick up from")
    parser.add_argument("--frames", default="", metavar="RANGE", help="these, rounded out to blocks, whatever is there")
    parser.add_argument("--overwrite", action="store_true", help="render also frames that would come out the same")
    add_target(parser)
    parser.set_defaults(run=run_pickup)


def run_status(args: argparse.Namespace) -> int:
    """`farm status`; 1 unless every frame is there."""
    job = read_bundle(args.folder)
    found = survey(job)
    left = _left(found)
    report = {
        "frames": str(job.rounded),
        "fresh": found.fresh,
        "stale": found.stale,
        "missing": found.missing,
        "reasons": found.reasons,
        "blocks": range_expression(blocks_of(job.plan, left)),
    }
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    elif not args.quiet:
        print(f"there    {found.fresh or 'none'}\nstale    {found.stale or 'none'}")
        for reason, frames in found.reasons.items():
            print(f"         {reason}: {frames}")
        print(f"missing  {found.missing or 'none'}")
        if left:
            print(f"to do    blocks {report['blocks']}; `gvm-matte farm pickup` makes a bundle of them")
    return 1 if left else 0


def run_pickup(args: argparse.Namespace) -> int:
    """`farm pickup`."""
    job = read_bundle(args.folder)
    frames = args.frames
    if not frames:
        left = _left(survey(job))
        if not left:
            raise UsageError(
                "Every frame is there; nothing is left to pick up. Name frames with --frames to render them again."
            )
        frames = str(left)
    params: Dict[str, Any] = {name: value for name, value in job.params.items() if name != "max_frames"}
    if args.overwrite:
        params["existing"] = "overwrite"
    write(job.replace(name=f"{job.name} pick-up", frames=frames, params=params), args, notices=[])
    return 0


def survey(job: FarmJob) -> Surveyed:
    """What is on disk of a job's frames, as the engine judges it; nothing is computed or written.

    Raises:
        GvmMatteError: plates or weights are not there.
    """
    matte = _survey_of_plates(job) if job.script is None else _survey_of_script(job)
    found: List[Surveyed] = []

    def take(message: Message) -> None:
        if isinstance(message, Surveyed):
            found.append(message)

    with session_for(engine=chosen_engine()) as session:
        session.render(matte, on_event=take)
    return judged(found[-1], job)


def _survey_of_plates(job: FarmJob) -> MatteJob:
    """What asks which mattes of a job with plates on disk are there."""
    params = params_for_looking({**job.params, "existing": "resume", "max_frames": None})
    source, sink = Source("files", job.input), Sink(job.output)
    return MatteJob(source=source, sink=sink, frames=job.rounded, shot=job.shot, params=params, dry_run=True)


def _survey_of_script(job: FarmJob) -> MatteJob:
    """What asks which mattes of a script's job are there: a dry run of the node with the job's parameters.

    Raises:
        ScriptError, UsageError: the script cannot be read, or has no such node any more.
    """
    assert job.script is not None
    base, keyed = job.shot_params.base, job.shot_params.keys
    params = {name: getattr(base, name) for name in job.params if name not in keyed}
    with contextlib.redirect_stdout(sys.stderr), comp_script.opened(job.script.path):
        from ...nodes import names
        from ...nodes.order import take

        (node,) = comp_script.choose([job.script.node])
        comp_script.set_params([node], params_for_looking({**params, "existing": "resume"}))
        node[names.OUTPUT].setValue(job.output)
        return take(node).job(job.rounded, {}, dry_run=True)


def _left(found: Surveyed) -> FrameRange:
    """Frames that are stale or missing."""
    return FrameRange.of([*FrameRange.parse(found.stale), *FrameRange.parse(found.missing)])


# -- precision


def params_for_looking(params: Dict[str, Any]) -> Dict[str, Any]:
    """Parameters with which any computer can look: the processor's, and a precision that it has."""
    precision = params.get("precision", AUTO)
    return {**params, "device": "cpu", "precision": AUTO if precision == GPU else precision}


def judged(found: Surveyed, job: FarmJob) -> Surveyed:
    """What the engine found with `params_for_looking`, as the job's own devices would have it."""
    looked_in = {AUTO: CPU, GPU: CPU}.get(job.shot_params.base.precision, job.shot_params.base.precision)
    alone = _frames(found.reasons.get(PRECISION, ""))
    for reason, text in found.reasons.items():
        if reason != PRECISION:
            alone -= _frames(text)
    precision = dict.fromkeys(_frames(found.fresh), looked_in)
    precision.update({frame: _precision_of(job.output, frame) for frame in alone})
    good = _job_precisions(job)
    if good <= set(precision.values()) and len(good) > 1:
        good = frozenset({GPU if job.settings.gpus else CPU})
    fresh = {frame for frame, name in precision.items() if name in good}
    stale = (_frames(found.stale) | set(precision)) - fresh
    reasons = {reason: _frames(text) - fresh for reason, text in found.reasons.items()}
    reasons[PRECISION] = (_frames(found.reasons.get(PRECISION, "")) | set(precision)) - fresh
    told = {reason: str(FrameRange.of(frames)) for reason, frames in sorted(reasons.items()) if frames}
    return dataclasses.replace(found, fresh=str(FrameRange.of(fresh)), stale=str(FrameRange.of(stale)), reasons=told)


def _job_precisions(job: FarmJob) -> FrozenSet[str]:
    """In which the job's devices may compute."""
    base = job.shot_params.base
    if base.precision != AUTO:
        return frozenset({base.precision})
    if base.device == AUTO:
        return frozenset({GPU, CPU})
    return frozenset({GPU if base.device.startswith("cuda") else CPU})


def _precision_of(pattern: str, frame: int) -> str:
    from ...engine.mattes.digest import read_header_strings

    return read_header_strings(frame_path(pattern, frame), ("gvm:precision",)).get("gvm:precision", "")


def _frames(text: str) -> set[int]:
    return set(FrameRange.parse(text))
