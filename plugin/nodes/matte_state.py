"""What nodes hold: looks at their files and shows it. In a GUI in threads, after things have been quiet for a moment.

    something changed ─▶ `look_soon` ─ quiet for DELAY ─▶ main thread: order ─▶ thread: survey ─▶ main thread: shown

A survey asks the engine (a job that computes nothing) where there is any file at all; a newer one makes older ones void.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Set, Tuple

import nuke

from ..client import EngineChoice, session_for
from ..core.errors import EngineError, GvmMatteError, ProtocolError
from ..core.frames import FrameRange
from ..core.paths import frame_path
from ..params.fields import BY_NAME
from ..protocol.messages import Message, Surveyed
from . import graph, names, order, output, plates, values
from .main_thread import meanwhile_serving
from .matte_header import read_window
from .order import Order
from .plates import FilePlate

EMPTY, FRESH, STALE, PARTIAL, RENDERING, FAILED, UNKNOWN = (
    "empty", "fresh", "stale", "partial", "rendering", "failed", "unknown",
)  # fmt: skip
_REASONS = {
    "plates": "the plate changed",
    "weights": "other weights",
    "precision": "computed in another precision",
    "version": "made by another version of GVM Matte",
    "not ours": "not made by GVM Matte",
}


@dataclass(frozen=True)
class NodeState:
    """A state and its sentence. `there` says whether any frame can be shown."""

    kind: str
    text: str
    there: bool = True


DELAY = 0.3
UNCONNECTED = NodeState(UNKNOWN, "Connect a plate.", there=False)
_shown: Dict[str, NodeState] = {}
_wanted: Dict[str, int] = {}
_busy: Set[str] = set()  # nodes that render; what they hold is told by their render


def of(node: nuke.Node) -> NodeState:
    """What a node holds, as far as it was looked at."""
    return _shown.get(names.node_id(node), NodeState(UNKNOWN, "Not looked at yet.", there=False))


def show(node: nuke.Node, what: NodeState) -> None:
    """Writes a state into the node; neither undo nor the script's need of saving notice."""
    _shown[names.node_id(node)] = what
    with names.untracked():
        if node[names.STATUS].value() != what.text:
            node[names.STATUS].setValue(what.text)
        if what.kind not in (RENDERING, FAILED, UNKNOWN):
            there = int(what.there)
            if int(node[names.HAS_MATTE].value()) != there:
                node[names.HAS_MATTE].setValue(there)


def show_problems(node: nuke.Node) -> None:
    """Writes what is wrong with the knobs into the node."""
    found: List[str] = []
    for check in (lambda: found.extend(values.problems(node, order.checked_span(node))), lambda: output.pattern(node)):
        try:
            check()
        except (GvmMatteError, RuntimeError) as exc:  # the latter: an expression that cannot be evaluated
            found.append(values.words(exc))
    text = " ".join(found) or " "
    with names.untracked():
        if node[names.PROBLEM].value() != text:
            node[names.PROBLEM].setValue(text)


def look(node: nuke.Node) -> NodeState:
    """Looks now, and waits for it; for terminal sessions, tests and renders that need to know."""
    if names.node_id(node) in _busy:
        return of(node)
    try:
        found = asked(_prepare(node)) if node.input(names.PLATE) is not None else UNCONNECTED
    except GvmMatteError as exc:
        found = NodeState(FAILED, values.words(exc))
    show(node, found)
    return found


def look_soon(node: nuke.Node) -> None:
    """Looks once nothing more has changed for a moment; does nothing in a terminal session."""
    if not nuke.GUI:
        return
    wanted = names.node_id(node)
    number = _wanted[wanted] = _wanted.get(wanted, 0) + 1
    timer = threading.Timer(DELAY, _later, (_begin, wanted, number))
    timer.daemon, timer.name = True, "gvm-matte-look"
    timer.start()


def _later(call: Callable[..., None], *args: Any) -> None:
    """Queues a call for the main thread; a Nuke that is closing takes none any more."""
    with contextlib.suppress(RuntimeError):
        nuke.executeInMainThread(call, args)


def quick(node: nuke.Node) -> None:
    """Whether there is any matte at all, without an engine: what a script that was just loaded is shown with."""
    try:
        path = output.pattern(node)
    except GvmMatteError:
        return
    there = int(output.has_files(path))
    if int(node[names.HAS_MATTE].value()) != there:
        with names.untracked():
            node[names.HAS_MATTE].setValue(there)


def fit(node: nuke.Node) -> None:
    """Tells the inner nodes of range and offset as far as they are known, before anything is rendered."""
    plate = plates.connected(node, names.PLATE)
    offset = plate.offset if isinstance(plate, FilePlate) else 0
    with contextlib.suppress(GvmMatteError), names.untracked():
        first, last = order.span(node)
        graph.set_frames(node, (first - offset, last - offset))
        if int(node[names.OFFSET].value()) != offset:
            node[names.OFFSET].setValue(offset)


def busy(node_id: str, rendering: bool) -> None:
    """Notes that a node renders, or does no more: it is not looked at meanwhile, and looks that wait are void."""
    _wanted[node_id] = _wanted.get(node_id, 0) + 1
    if rendering:
        _busy.add(node_id)
    else:
        _busy.discard(node_id)


def asked(taken: Order) -> NodeState:
    """As `surveyed`, waited for on the main thread, where renders may need it meanwhile."""
    return meanwhile_serving(lambda: surveyed(taken))


def surveyed(taken: Order) -> NodeState:
    """What an order's files are; what keeps it from being known is a state, too. In any thread."""
    if not output.has_files(taken.path):
        return NodeState(EMPTY, "No matte yet.", there=False)
    try:
        return survey(taken)
    except (EngineError, ProtocolError) as exc:
        return NodeState(UNKNOWN, f"There are mattes, and they could not be checked: {values.words(exc)}")
    except GvmMatteError as exc:
        return NodeState(FAILED, values.words(exc))


def survey(taken: Order) -> NodeState:
    """Asks about an order's files; in any thread.

    Raises:
        GvmMatteError: there is no engine, no plate, no weights …
    """
    answers: List[Surveyed] = []

    def on_event(message: Message) -> None:
        if isinstance(message, Surveyed):
            answers.append(message)

    job = taken.job(taken.frames, {}, dry_run=True, data=area_of_mattes(taken) if taken.by_data else ())
    with session_for(engine=EngineChoice.WARM) as session:
        session.render(job, on_event=on_event)
    return from_survey(answers[-1], taken.offset, branch=bool(taken.branches))


def area_of_mattes(taken: Order) -> Tuple[int, ...]:
    """The window of the mattes on disk: what it was of the plates, as long as nothing else says that those changed."""
    windows = (read_window(frame_path(taken.path, frame)) for frame in taken.frames)
    return next((window for window in windows if window), ())


def _prepare(node: nuke.Node) -> Order:
    """Takes the order, and puts right what the inner nodes should know of it."""
    taken = order.take(node)
    with names.untracked():
        graph.set_frames(node, files_span(taken))
        graph.set_channels(node, str(node["channels"].value()))
        if int(node[names.OFFSET].value()) != taken.offset:
            node[names.OFFSET].setValue(taken.offset)
    return taken


def files_span(taken: Order) -> Tuple[int, int]:
    """First and last frame by the numbers of the mattes' files."""
    return taken.span[0] - taken.offset, taken.span[1] - taken.offset


def _begin(wanted: str, number: int) -> None:
    """On the main thread: takes the order and sends a thread off."""
    node = names.find(wanted)
    if node is None or _wanted.get(wanted) != number or wanted in _busy:
        return
    show_problems(node)
    if node.input(names.PLATE) is None:
        show(node, UNCONNECTED)
        return
    try:
        taken = _prepare(node)
    except (GvmMatteError, RuntimeError) as exc:
        show(node, NodeState(FAILED, values.words(exc)))
        return
    threading.Thread(target=_survey, args=(taken, number), name="gvm-matte-survey", daemon=True).start()


def _survey(taken: Order, number: int) -> None:
    _later(_finish, taken.node_id, number, surveyed(taken))


def _finish(wanted: str, number: int, found: NodeState) -> None:
    node = names.find(wanted)
    if node is not None and _wanted.get(wanted) == number and wanted not in _busy:
        show(node, found)


# -- a survey in words


def from_survey(found: Surveyed, offset: int = 0, *, branch: bool = False) -> NodeState:
    """The state of a range from what an engine says of its files.

    Args:
        offset: script's frame less that of the files.
        branch: whether the plate is no file, but what nodes upstream make.
    """
    fresh, stale, missing = (_shifted(text, offset) for text in (found.fresh, found.stale, found.missing))
    lacks = f" Missing: {missing}." if missing else ""
    if stale:
        why = _why(found.reasons, offset, stale, "what is upstream changed" if branch else _REASONS["plates"])
        return NodeState(STALE, f"Stale: {why}.{lacks}")
    if not fresh:
        return NodeState(EMPTY, "No matte yet.", there=False)
    if missing:
        return NodeState(PARTIAL, f"Partial: {fresh} are fresh.{lacks}")
    return NodeState(FRESH, f"Fresh: {fresh}.")


def _why(reasons: Mapping[str, str], offset: int, stale: str, plates: str) -> str:
    """Frames and causes; causes that hold for the same frames share them."""
    by_frames: List[Tuple[str, List[str]]] = []
    for reason, text in sorted(reasons.items()):
        frames = _shifted(text, offset)
        known = next((causes for other, causes in by_frames if other == frames), None)
        if known is None:
            by_frames.append((frames, [plates if reason == "plates" else _cause(reason)]))
        else:
            known.append(plates if reason == "plates" else _cause(reason))
    return "; ".join(f"{frames} ({', '.join(causes)})" for frames, causes in by_frames) or stale


def _cause(reason: str) -> str:
    spec = BY_NAME.get(reason)
    return f"{spec.label} changed" if spec is not None else _REASONS.get(reason, f"{reason} changed")


def _shifted(text: str, offset: int) -> str:
    return str(FrameRange.of(frame + offset for frame in FrameRange.parse(text)))
