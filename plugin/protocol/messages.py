"""The messages between host and engine, version 3. docs/protocol.md tells the story; this file is the contract.

A message is one JSON object in UTF-8, sent as one length-framed byte string over `multiprocessing.connection` (bytes,
never pickle). Its key `kind` names a class of this file, its other keys are that class's fields. Reading is strict: an
unknown kind, an unknown, missing or wrongly typed field is a `ProtocolError`. Pixels never travel in messages: they lie in
the shared-memory rings of `frame_buffer`, and messages say whose slot it is.

    host → engine   Hello, Ping, StatusRequest, Attach, Render, PlateReady, PlateFailed, AlphaTaken, Cancel, Shutdown
    engine → host   HelloReply, Pong, Status, Attached, Accepted, SlotFree, AlphaReady, FrameWritten, FrameKept, Surveyed,
                    Notice, Progress, Done, Failed
    both ways       what a monitor says and hears: `watch_messages`

Every request has an `id` that its answer repeats; what belongs to a job has `job`, the id of its `Render`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Tuple, Union

from .parts import RingSpec, Sink, Source
from .watching import (
    CANCELLED,
    DONE,
    ENDED,
    FAILED,
    RUNNING,
    WAITING,
    WATCHED_MESSAGES,
    WATCHER_MESSAGES,
    CancelJob,
    EngineState,
    FrameState,
    JobState,
    LogLines,
    MoveJob,
    Ordered,
    Picture,
    PictureTaken,
    Release,
    Show,
    Watch,
    Watching,
)

PROTOCOL_VERSION = 3
MAX_MESSAGE_BYTES = 1 << 20
AUTHENTICATION_SECONDS = 5.0

# States of an engine, as `Status` tells them.
IDLE, LOADING, RENDERING, STOPPING = "idle", "loading", "rendering", "stopping"
# Stages of a render, as `Progress` tells them, in words for people.
STAGE_WORDS = {
    "loading": "loading the model",
    "reading": "reading plates",
    "encoding": "encoding",
    "denoising": "denoising",
    "decoding": "decoding",
    "delivering": "writing",
    "writing": "writing",
    "making movies": "making movies",
}


@dataclass(frozen=True)
class Hello:
    """First message of a host: what it speaks and who it is."""

    protocol: int
    package: str
    pid: int


@dataclass(frozen=True)
class HelloReply:
    """The engine's answer; sent even where the versions differ, so that both can be named."""

    protocol: int
    package: str
    pid: int
    device: str


@dataclass(frozen=True)
class Ping:
    """Asks whether the engine is there."""

    id: int


@dataclass(frozen=True)
class Pong:
    """Answer to `Ping`."""

    id: int


@dataclass(frozen=True)
class StatusRequest:
    """Asks for a `Status`."""

    id: int


@dataclass(frozen=True)
class Status:
    """What the engine is doing: `state` is one of the states above; `model` is empty while none is loaded."""

    id: int
    state: str
    pid: int
    package: str
    device: str
    model: str
    jobs_waiting: int
    jobs_done: int
    frames_done: int
    uptime: float  # seconds
    resident_bytes: int
    idle_timeout: float  # seconds; 0 for an engine that lives as long as its owner


@dataclass(frozen=True)
class Attach:
    """Hands the engine the rings of the connection's next job; descriptors follow, plates before alphas."""

    id: int
    plates: Optional[RingSpec]
    alphas: Optional[RingSpec]


@dataclass(frozen=True)
class Attached:
    """The rings are mapped; the host may let go of names and descriptors."""

    id: int


@dataclass(frozen=True)
class Render:
    """Asks for mattes.

    Args:
        frames: a frame range as `frames.FrameRange` reads it; empty asks for the whole shot.
        shot: (first, last); empty: what is on disk (files), or the frames themselves (buffers).
        params: values for `keys.ShotParams.of`; what is not named has its default.
        dry_run: only tell what is there: `Surveyed` follows `Accepted`, nothing is computed or written.
    """

    id: int
    source: Source
    sink: Sink
    frames: str = ""
    shot: Tuple[int, ...] = ()
    params: Dict[str, Any] = field(default_factory=dict)
    dry_run: bool = False


@dataclass(frozen=True)
class Accepted:
    """The job begins: what will be rendered, what is kept, and which plates the host must push, in this order."""

    job: int
    shot: Tuple[int, ...]
    frames: str  # everything asked for, after max_frames
    kept: str  # of those, frames on disk that are kept; empty: none
    plates: str  # plates that will be read; empty: none


@dataclass(frozen=True)
class PlateReady:
    """Slot `slot` of the plate ring holds a plate and belongs to the engine until its `SlotFree`."""

    job: int
    slot: int
    frame: int
    sequence: int


@dataclass(frozen=True)
class PlateFailed:
    """The host has no plate for this frame; the job's policy for missing plates applies."""

    job: int
    frame: int
    message: str


@dataclass(frozen=True)
class SlotFree:
    """Slot `slot` of the plate ring belongs to the host again."""

    job: int
    slot: int


@dataclass(frozen=True)
class AlphaReady:
    """Slot `slot` of the alpha ring holds a matte and belongs to the host until its `AlphaTaken`."""

    job: int
    slot: int
    frame: int
    sequence: int


@dataclass(frozen=True)
class AlphaTaken:
    """Slot `slot` of the alpha ring belongs to the engine again."""

    job: int
    slot: int


@dataclass(frozen=True)
class FrameWritten:
    """A matte is on disk, whole."""

    job: int
    frame: int
    path: str


@dataclass(frozen=True)
class FrameKept:
    """A matte on disk was kept: its digest is the one it would get."""

    job: int
    frame: int
    path: str


@dataclass(frozen=True)
class Surveyed:
    """What is on disk of what was asked for: frame ranges as text, empty for none.

    `reasons` tells of stale frames what differs, and in which of them: the name of a parameter, or `plates`, `weights`,
    `version`, `not ours`; of one frame several can differ.
    """

    job: int
    fresh: str
    stale: str
    missing: str
    reasons: Dict[str, Any]


@dataclass(frozen=True)
class Notice:
    """Something that the person should know; `level` is info or warning."""

    job: int
    level: str
    text: str


@dataclass(frozen=True)
class Progress:
    """How far the job is.

    `stage` is a key of `STAGE_WORDS`.
    """

    job: int
    stage: str
    done: int  # frames delivered
    total: int  # frames to deliver
    seconds: float  # since the job began


@dataclass(frozen=True)
class Done:
    """The job is done; `seconds` by stage, of which several overlap."""

    job: int
    frames: int
    plates: int
    seconds: Dict[str, Any]
    windows: int = 0  # passes of the UNet over a window, those that were context alone included


@dataclass(frozen=True)
class Failed:
    """The request `job` failed, or was cancelled (code `cancelled`); nothing more comes of it."""

    job: int
    code: str
    message: str
    frame: Optional[int] = None
    path: Optional[str] = None


@dataclass(frozen=True)
class Cancel:
    """Stops a job; its answer is the job's `Failed` with code `cancelled`, or `Done` if it came first."""

    id: int
    job: int


@dataclass(frozen=True)
class Shutdown:
    """Ends the engine: jobs are cancelled, frames in writing are finished."""

    id: int


HOST_MESSAGES = (
    Hello, Ping, StatusRequest, Attach, Render, PlateReady, PlateFailed, AlphaTaken, Cancel, Shutdown,
    *WATCHER_MESSAGES,
)  # fmt: skip
ENGINE_MESSAGES = (
    HelloReply, Pong, Status, Attached, Accepted, SlotFree, AlphaReady, FrameWritten, FrameKept, Surveyed, Notice, Progress,
    Done, Failed, *WATCHED_MESSAGES,
)  # fmt: skip
Message = Union[
    Hello, Ping, StatusRequest, Attach, Render, PlateReady, PlateFailed, AlphaTaken, Cancel, Shutdown,
    Watch, PictureTaken, CancelJob, MoveJob, Release, Show,
    HelloReply, Pong, Status, Attached, Accepted, SlotFree, AlphaReady, FrameWritten, FrameKept, Surveyed, Notice, Progress,
    Done, Failed,
    Watching, Ordered, JobState, EngineState, Picture, FrameState, LogLines,
]  # fmt: skip

__all__ = [
    "AUTHENTICATION_SECONDS", "CANCELLED", "DONE", "ENDED", "ENGINE_MESSAGES", "FAILED", "HOST_MESSAGES", "IDLE",
    "LOADING", "MAX_MESSAGE_BYTES", "PROTOCOL_VERSION", "RENDERING", "RUNNING", "STAGE_WORDS", "STOPPING", "WAITING",
    "WATCHED_MESSAGES", "WATCHER_MESSAGES",
    "Accepted", "AlphaReady", "AlphaTaken", "Attach", "Attached", "Cancel", "CancelJob", "Done", "EngineState", "Failed",
    "FrameKept", "FrameState", "FrameWritten", "Hello", "HelloReply", "JobState", "LogLines", "Message", "MoveJob",
    "Notice", "Ordered", "Picture", "PictureTaken", "Ping", "PlateFailed", "PlateReady", "Pong", "Progress", "Release",
    "Render", "RingSpec", "Show", "Shutdown", "Sink", "SlotFree", "Source", "Status",
    "StatusRequest", "Surveyed", "Watch", "Watching",
]  # fmt: skip
