"""A node as a farm job: what Submit saves, and `gvm-matte farm bundle --script` with it.

    plate on disk    tasks are `gvm-matte render` on the plates themselves; the script is not needed any more
    branch           tasks open the script in the embedded host and render its plates as they need them

The second way is taken only where it is asked for (`render_script`): what Nuke renders on this computer and the embedded
host on a worker need not be the same bits, so a session of Nuke never does it unasked.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable, List, Optional, Tuple

import nuke

from ..client import MatteJob
from ..core.errors import UsageError
from ..core.frames import FrameRange
from ..farm import FarmJob, FarmScript, FarmSettings, write_bundle
from ..farm.gpus import gpus_of
from ..farm.openjd.parameters import MASKS
from . import before_render, branch_keys, output
from .order import Order, take
from .render_thread import check_devices, device_of


def bundle_of(
    node: nuke.Node, folder: str, *, settings: Optional[FarmSettings] = None, frames: Optional[Iterable[int]] = None
) -> FarmJob:
    """Writes a node's job bundle, over one that is there.

    Args:
        folder: of the bundle.
        settings: what the farm is asked for; None: `FarmSettings()` with the node's blocks per task and as many GPUs as its
            devices are.
        frames: of the script; None: the node's range. They are rounded out to blocks.

    Raises:
        UsageError: as `job_of`; or the folder holds something else, or cannot be written.
    """
    job, _ = job_of(node, settings=settings, frames=frames)
    write_bundle(job, folder, replace=True)
    return job


def default_folder(node: nuke.Node) -> str:
    """Where Submit puts a node's bundle: beside its mattes.

    Raises:
        UsageError: its output path cannot be used.
    """
    return os.path.join(os.path.dirname(os.path.abspath(output.pattern(node))), f"{node.name()}.farm")  # noqa: PTH100


def job_of(
    node: nuke.Node,
    *,
    settings: Optional[FarmSettings] = None,
    frames: Optional[Iterable[int]] = None,
    render_script: bool = False,
) -> Tuple[FarmJob, MatteJob]:
    """A node's farm job, and the same frames as a render of this computer, to be looked at first.

    Args:
        settings, frames: as `bundle_of`.
        render_script: whether tasks may render the script's branches.

    Raises:
        UsageError: the script has no file; the node cannot be rendered as it is; no frame of its range is asked for; its
            plate is a branch and `render_script` says no, or several devices would wait for it.
    """
    script = str(nuke.root()["name"].value())
    if not script:
        raise UsageError("This script has no file yet. Save it first: the job and its mattes are named after it.")
    order = take(node)
    if order.branches and not render_script:
        raise UsageError(
            f"The plate of {node.name()} is a branch, and a farm has no Nuke to render it. Write it to disk and connect a "
            f"Read, or have the embedded host render it: gvm-matte farm bundle --script {script} --node {node.fullName()} "
            "--bundle FOLDER"
        )
    check_devices(order)
    if settings is None:
        settings = FarmSettings(blocks_per_chunk=int(node["farm_chunk"].value()), gpus=gpus_of(device_of(order)))
    wanted = _inside(order, frames)
    branch = bool(order.branches)
    matte = order.job(order.frames if wanted is None else wanted, {}, dry_run=branch)
    asked = matte.render(1)  # with absolute paths
    params = dict(asked.params)
    if branch:
        params = {name: value for name, value in params.items() if name not in MASKS}
    first, last = asked.shot
    job = FarmJob(
        name=f"{Path(script).stem} {node.fullName()}",
        input="" if branch else asked.source.path,
        output=asked.sink.path,
        shot=(first, last),
        frames="" if wanted is None else asked.frames,
        params=params,
        settings=settings,
        script=FarmScript(script, node.fullName(), _reads(node)) if branch else None,
    )
    return job, matte


def mattes_above(node: nuke.Node) -> List[str]:
    """Full names of the GVM Mattes upstream, whose mattes must be there before this one's are rendered."""
    return [one.fullName() for one in before_render.mattes_above(node) if one.fullName() != node.fullName()]


def _inside(order: Order, frames: Optional[Iterable[int]]) -> Optional[Tuple[int, ...]]:
    """The frames that are asked for; None for the whole range."""
    if frames is None:
        return None
    first, last = order.span
    wanted = FrameRange.of(frames)
    if any(not first <= frame <= last for frame in wanted):
        raise UsageError(f"{wanted}: not in the range {first}-{last} of {order.name}.")
    return tuple(wanted)


def _reads(node: nuke.Node) -> Tuple[str, ...]:
    """What the Reads upstream read, each once."""
    found = [path for index in range(node.inputs()) for path in branch_keys.files_of(node.input(index))]
    return tuple(dict.fromkeys(found))


__all__ = ["bundle_of", "default_folder", "job_of", "mattes_above"]
