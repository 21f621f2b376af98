"""Renders of nodes: started by a button, by a script, or by a render downstream; followed on the main thread."""

from __future__ import annotations

import contextlib
import threading
from typing import Dict, Optional, Sequence

import nuke

from ..core.errors import CancelledError, UsageError
from . import graph, matte_state, names, values
from .matte_state import NodeState
from .order import Order, current_block, take
from .progress import RenderProgress
from .render_thread import MatteRender, frames_of, main_thread

TICK_SECONDS = 0.1
_running: Dict[str, _Watched] = {}


class _Watched:
    """A render with its progress; lives on the main thread."""

    def __init__(self, render: MatteRender, name: str, *, quiet: bool) -> None:
        self.render = render
        self.quiet = quiet  # the caller gets the error; no message box
        self.progress = RenderProgress(name)
        self.ticking = False

    def tick(self) -> None:
        """Shows how far it is, and hears of Cancel."""
        self.ticking = False
        render = self.render
        if render.finished.is_set():
            return
        if self.progress.cancelled:
            render.cancel.set()
        text = self.progress.show(render.stage, render.done, len(render.frames), render.seconds)
        node = names.find(render.order.node_id)
        if node is not None:
            matte_state.show(node, NodeState(matte_state.RENDERING, f"Rendering: {text}."))

    def keep_ticking(self) -> None:
        """In a thread: asks the event loop for a tick now and then, never for two at once."""
        while not self.render.finished.wait(TICK_SECONDS):
            if not self.ticking:
                self.ticking = True
                with contextlib.suppress(RuntimeError):  # Nuke is closing
                    nuke.executeInMainThread(self.tick, ())


def render(node: nuke.Node, frames: Optional[Sequence[int]] = None, *, wait: bool = False) -> MatteRender:
    """Renders a node's mattes: those that are missing or stale.

    Args:
        frames: of the script; None: the node's whole range.
        wait: come back when it is done; always so in a terminal session.

    Returns:
        The render; its `finished` tells when it is over, its `error` what went wrong.

    Raises:
        UsageError: it cannot begin, or renders already. With `wait` whatever went wrong.
    """
    running = _running.get(names.node_id(node))
    if running is not None:
        raise UsageError(f"{node.name()} renders already; press Cancel first.")
    order = take(node)
    wait = wait or not nuke.GUI
    main = main_thread(wait=wait)
    made = MatteRender(order, frames_of(order, frames), main=main, ended=_ended)
    watched = _running[order.node_id] = _Watched(made, node.name(), quiet=wait)
    matte_state.busy(order.node_id, True)
    with names.untracked():
        graph.set_frames(node, matte_state.files_span(order))
        graph.set_channels(node, str(node["channels"].value()))
        node[names.OFFSET].setValue(order.offset)
    watched.tick()
    made.start()
    if not wait:
        threading.Thread(target=watched.keep_ticking, name="gvm-matte-progress", daemon=True).start()
        return made
    try:
        main.serve(made.finished.is_set, watched.tick)
    except BaseException:  # Ctrl-C in a terminal
        made.cancel.set()
        raise
    if made.error is not None:
        raise made.error
    return made


def render_block(node: nuke.Node, *, wait: bool = False) -> MatteRender:
    """Renders the block that holds the current frame.

    Raises:
        UsageError: the current frame is outside the range; or as `render`.
    """
    order = take(node)
    block = current_block(order, int(nuke.frame()))
    if block is None:
        raise UsageError(
            f"The current frame, {int(nuke.frame())}, is outside the range {order.span[0]}-{order.span[1]} of "
            f"{node.name()}."
        )
    return render(node, block.frames, wait=wait)


def cancel(node: nuke.Node) -> bool:
    """Cancels a node's render; whether one ran."""
    running = _running.get(names.node_id(node))
    if running is not None:
        running.render.cancel.set()
    return running is not None


def is_rendering(node: nuke.Node) -> bool:
    """Whether a node renders."""
    return names.node_id(node) in _running


def cancel_all() -> None:
    """Cancels everything: the script is closed."""
    for watched in list(_running.values()):
        watched.render.cancel.set()


def _ended(render: MatteRender) -> None:
    """On the main thread, at a render's end."""
    order = render.order
    watched = _running.pop(order.node_id, None)
    matte_state.busy(order.node_id, False)
    if watched is not None:
        watched.progress.end()
    node = names.find(order.node_id)
    if node is None:
        return
    wait = watched is None or watched.quiet
    graph.reload(node)
    if isinstance(render.error, CancelledError):
        _look_again(node, order, wait=wait)
    elif render.error is not None:
        text = values.words(render.error)
        matte_state.quick(node)
        matte_state.show(node, NodeState(matte_state.FAILED, f"Failed: {text}"))
        if watched is not None and not watched.quiet:
            nuke.message(f"{node.name()}: {text}")
    else:
        if render.written or render.kept:
            with names.untracked():
                node[names.HAS_MATTE].setValue(1)
        _look_again(node, order, wait=wait)


def _look_again(node: nuke.Node, order: Order, *, wait: bool) -> None:
    """What it holds now: later in a GUI, at once where the caller waits."""
    if not wait:
        matte_state.show(node, NodeState(matte_state.UNKNOWN, "Looking at the mattes…"))
        matte_state.look_soon(node)
        return
    matte_state.show(node, matte_state.asked(order))
