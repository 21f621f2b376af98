"""What a node holds, in words: empty, fresh, stale, partial, rendering, failed. Pure: from a survey, not from memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Mapping, Tuple

from ..core.frames import FrameRange
from ..params.fields import BY_NAME
from ..protocol.messages import Surveyed

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
