"""The renders of `gvm-matte comp`: mattes of nodes, and Writes.

The node's own parts take the order and render it; this thread serves what the render asks Nuke for (the plates of a
branch), and hears its messages.
"""

from __future__ import annotations

import time
from typing import Any, Callable, List, Optional, Sequence, Tuple

from ...client import RenderResult
from ...core.devices import devices_of
from ...core.errors import GvmMatteError, UsageError, from_code
from ...core.frames import FrameRange
from ...protocol.messages import Accepted, FrameWritten, Message, Notice, Progress
from ..progress import Follower, Item, first_file
from . import cancel as comp_cancel

UNWIND_SECONDS = 1.0  # for a cancelled render's thread to end


def in_range(
    nodes: Sequence[Any], wanted: Optional[FrameRange], follower: Follower, *, strict: bool
) -> List[Tuple[Any, Optional[Tuple[int, ...]]]]:
    """Each node with the frames that are wanted of its range; nodes without any are left out.

    Raises:
        UsageError: `strict`, and no node has any of them.
    """
    from ...nodes import order

    if wanted is None:
        return [(node, None) for node in nodes]
    found: List[Tuple[Any, Optional[Tuple[int, ...]]]] = []
    for node in nodes:
        first, last = order.span(node)
        frames = tuple(frame for frame in wanted if first <= frame <= last)
        if frames:
            found.append((node, frames))
        elif strict and len(nodes) == 1:
            raise UsageError(f"{wanted}: not in the range {first}-{last} of {node.fullName()}.")
        else:
            text = f"{wanted} is not in its range {first}-{last}; left out."
            follower.hear(Notice(0, "info", text), Item("node", node.fullName()))
    if strict and not found:
        raise UsageError(f"No GVM Matte of this script has any of the frames {wanted} in its range.")
    return found


def mattes(
    node: Any, frames: Optional[Sequence[int]], follower: Follower, *, heard: Optional[Callable[[Message], None]] = None
) -> Any:
    """Renders a node's mattes, those that are missing or stale, and has the node show them.

    Args:
        frames: of the script; None: the node's whole range.
        heard: gets what the follower hears.

    Returns:
        The render, a `gvm_matte.nodes.render_thread.MatteRender`.

    Raises:
        GvmMatteError: what the node says, the engine, or the branch that is rendered for it.
    """
    from ... import nodes as gvm
    from ...nodes.order import take
    from ...nodes.render_thread import MatteRender, device_of, frames_of, main_thread

    order, main = take(node), main_thread(wait=True)
    item = Item("node", node.fullName(), devices_of(device_of(order)))

    def hear(message: Message) -> None:
        follower.hear(message, item)
        if heard is not None:
            heard(message)

    made = MatteRender(order, frames_of(order, frames), main=main, ended=lambda render: None, heard=hear)

    def tick() -> None:
        if comp_cancel.cancelled():  # a callback of the script may have swallowed the error
            made.cancel.set()

    made.start()
    try:
        main.serve(made.finished.is_set, tick)
    except BaseException:
        made.cancel.set()
        made.finished.wait(UNWIND_SECONDS)
        raise
    comp_cancel.check()
    if made.error is not None:
        raise made.error
    gvm.reload(node)
    if made.result is not None:
        follower.done(made.result, first_file(made.result, order.path, offset=order.offset), item)
    return made


def active_writes() -> List[Any]:
    """The Writes that `nuke -x` would render, in its order.

    Raises:
        UsageError: there is none.
    """
    from ...host.nuke import rendering

    found = rendering.active_writes()
    if not found:
        raise UsageError("This script has no active Write; add one in Nuke, or enable one.")
    return list(found)


def asks_before(nodes: Sequence[Any], writes: bool) -> bool:
    """Whether a node asks for mattes before a Write renders, so that an engine is needed."""
    from ...nodes import names

    return writes and any(str(node[names.BEFORE_RENDER].value()) != "never" for node in nodes)


def writes(nodes: Sequence[Any], wanted: Optional[FrameRange], follower: Follower) -> None:
    """Renders Writes over the frames, or over the script's range, each inside its own limits.

    Raises:
        GvmMatteError: a node that cannot be evaluated, a file that cannot be read or written.
    """
    import nuke

    root: Any = nuke.root()
    frames = list(wanted) if wanted is not None else list(range(int(root.firstFrame()), int(root.lastFrame()) + 1))
    for node in nodes:
        _write(node, [frame for frame in frames if _within(node, frame)], follower)


def _within(node: Any, frame: int) -> bool:
    return not node["use_limit"].value() or bool(node["first"].value() <= frame <= node["last"].value())


def _write(node: Any, frames: List[int], follower: Follower) -> None:
    """Renders a Write, which tells of itself as an engine does of its jobs."""
    import nuke

    item, began = Item("write", node.fullName()), time.monotonic()
    paths: List[str] = []

    def progress() -> None:
        follower.hear(Progress(0, "writing", len(paths), len(frames), time.monotonic() - began), item)

    def before() -> None:
        comp_cancel.check()
        progress()

    def after() -> None:
        paths.append(str(node["file"].evaluate(nuke.frame())))
        follower.hear(FrameWritten(0, int(nuke.frame()), paths[-1]), item)

    if not frames:
        follower.hear(Notice(0, "info", "none of the frames is within its limits; left out."), item)
        return
    nuke.addBeforeFrameRender(before)
    nuke.addAfterFrameRender(after)
    follower.hear(Accepted(0, (frames[0], frames[-1]), str(FrameRange.of(frames)), "", ""), item)
    try:
        nuke.execute(node, nuke.FrameRanges([nuke.FrameRange(frame, frame, 1) for frame in frames]))
    except (GvmMatteError, RuntimeError) as exc:
        comp_cancel.check()
        raise _of(exc) from exc
    finally:
        nuke.removeBeforeFrameRender(before)
        nuke.removeAfterFrameRender(after)
    progress()
    seconds = time.monotonic() - began
    follower.done(RenderResult(tuple(frames), (), (), seconds, {}, (), 0), paths[0] if paths else "", item)


def _of(exc: Exception) -> GvmMatteError:
    """The error as ours: one about an image stays one about an image, though the host names the node that met it."""
    cause = exc.__cause__
    if isinstance(exc, GvmMatteError):
        if isinstance(cause, GvmMatteError) and not isinstance(cause, UsageError):
            return from_code(cause.code, exc.message, frame=exc.frame, path=exc.path)
        return exc
    return cause if isinstance(cause, GvmMatteError) else GvmMatteError(str(exc))
