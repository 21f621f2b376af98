"""The renders of `gvm-matte comp`: mattes of nodes, and Writes.

The node's own parts take the order and render it; this thread serves what the render asks Nuke for (the plates of a
branch), and looks now and then how far it is.
"""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Sequence, Tuple

from ...core.errors import GvmMatteError, UsageError, from_code
from ...core.frames import FrameRange
from ...core.paths import frame_path
from ..comp_progress import CompDisplay
from . import cancel as comp_cancel

UNWIND_SECONDS = 1.0  # for a cancelled render's thread to end


def in_range(
    nodes: Sequence[Any], wanted: Optional[FrameRange], display: CompDisplay, *, strict: bool
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
            display.notice(node.fullName(), f"{wanted} is not in its range {first}-{last}; left out.")
    if strict and not found:
        raise UsageError(f"No GVM Matte of this script has any of the frames {wanted} in its range.")
    return found


def mattes(node: Any, frames: Optional[Sequence[int]], display: CompDisplay) -> None:
    """Renders a node's mattes, those that are missing or stale, and has the node show them.

    Args:
        frames: of the script; None: the node's whole range.

    Raises:
        GvmMatteError: what the node says, the engine, or the branch that is rendered for it.
    """
    follower = _Follower(node.fullName(), display)
    run_node(node, frames, follower.look)
    follower.end()


def run_node(node: Any, frames: Optional[Sequence[int]], look: Callable[[Any], None]) -> Any:
    """Renders as `mattes`.

    Args:
        look: called on this thread before, now and then, and after, with the render.

    Returns:
        The render, a `gvm_matte.nodes.render_thread.MatteRender`.

    Raises:
        GvmMatteError: as `mattes`.
    """
    from ... import nodes as gvm
    from ...nodes.order import take
    from ...nodes.render_thread import MatteRender, frames_of, main_thread

    order, main = take(node), main_thread(wait=True)
    made = MatteRender(order, frames_of(order, frames), main=main, ended=lambda render: None)

    def tick() -> None:
        if comp_cancel.cancelled():  # somebody in between may have swallowed the error
            made.cancel.set()
        look(made)

    look(made)
    made.start()
    try:
        main.serve(made.finished.is_set, tick)
    except BaseException:
        made.cancel.set()
        made.finished.wait(UNWIND_SECONDS)
        raise
    comp_cancel.check()
    look(made)
    if made.error is not None:
        raise made.error
    gvm.reload(node)
    return made


class _Follower:
    """Tells the display what a render has done since it was looked at last."""

    def __init__(self, name: str, display: CompDisplay) -> None:
        self._name, self._display = name, display
        self._made: Any = None
        self._written = self._kept = self._notices = 0

    def look(self, made: Any) -> None:
        """Looks."""
        if self._made is None:
            self._display.begin("node", self._name, str(FrameRange.of(made.frames)), len(made.frames))
        self._made = made
        while self._kept < len(made.kept):
            self._tell(made.kept[self._kept], kept=True)
            self._kept += 1
        while self._written < len(made.written):
            self._tell(made.written[self._written], kept=False)
            self._written += 1
        while self._notices < len(made.notices):
            self._display.notice(self._name, made.notices[self._notices])
            self._notices += 1
        self._display.stage(self._name, made.stage)

    def end(self) -> None:
        """It is over, and well."""
        order, frames = self._made.order, sorted({*self._made.written, *self._made.kept})
        where = frame_path(order.path, frames[0] - order.offset) if frames else order.path
        self._display.done("node", self._name, self._written, self._kept, where)

    def _tell(self, frame: int, *, kept: bool) -> None:
        order = self._made.order
        self._display.frame("node", self._name, frame, frame_path(order.path, frame - order.offset), kept=kept)


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


def writes(nodes: Sequence[Any], wanted: Optional[FrameRange], display: CompDisplay) -> None:
    """Renders Writes over the frames, or over the script's range, each inside its own limits.

    Raises:
        GvmMatteError: a node that cannot be evaluated, a file that cannot be read or written.
    """
    import nuke

    root: Any = nuke.root()
    frames = list(wanted) if wanted is not None else list(range(int(root.firstFrame()), int(root.lastFrame()) + 1))
    for node in nodes:
        _write(node, [frame for frame in frames if _within(node, frame)], display)


def _within(node: Any, frame: int) -> bool:
    return not node["use_limit"].value() or bool(node["first"].value() <= frame <= node["last"].value())


def _write(node: Any, frames: List[int], display: CompDisplay) -> None:
    import nuke

    name, paths = node.fullName(), []

    def before() -> None:
        comp_cancel.check()
        display.stage(name, "writing")

    def after() -> None:
        paths.append(str(node["file"].evaluate(nuke.frame())))
        display.frame("write", name, int(nuke.frame()), paths[-1])

    if not frames:
        display.notice(name, "none of the frames is within its limits; left out.")
        return
    nuke.addBeforeFrameRender(before)
    nuke.addAfterFrameRender(after)
    display.begin("write", name, str(FrameRange.of(frames)), len(frames))
    try:
        nuke.execute(node, nuke.FrameRanges([nuke.FrameRange(frame, frame, 1) for frame in frames]))
    except (GvmMatteError, RuntimeError) as exc:
        comp_cancel.check()
        raise _of(exc) from exc
    finally:
        nuke.removeBeforeFrameRender(before)
        nuke.removeAfterFrameRender(after)
    display.done("write", name, len(paths), 0, paths[0] if paths else "")


def _of(exc: Exception) -> GvmMatteError:
    """The error as ours: one about an image stays one about an image, though the host names the node that met it."""
    cause = exc.__cause__
    if isinstance(exc, GvmMatteError):
        if isinstance(cause, GvmMatteError) and not isinstance(cause, UsageError):
            return from_code(cause.code, exc.message, frame=exc.frame, path=exc.path)
        return exc
    return cause if isinstance(cause, GvmMatteError) else GvmMatteError(str(exc))
