"""The messages between host and engine, version 3. docs/protocol.md tells the story; this file is the contract.

A message is one JSON object in UTF-8, sent as one length-framed byte string over `multiprocessing.connection` (bytes,
never pickle). Its key `kind` names a class, its other keys are that class's fields. Reading is strict: an
unknown kind, an unknown, missing or wrongly typed field is a `ProtocolError`. Pixels never travel in messages: they lie in
the shared-memory rings of `frame_buffer`, and messages say whose slot it is.

What a monitor says and hears is in `watching`.

Every request has an `id` that its answer repeats; what belongs to a job has `job`, the id of its `Render`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Tuple

from ..core.errors import GvmMatteError, from_code
from .message import ENGINE, HOST, JOB
from .message import Message as Message  # others have it from here
from .parts import RingSpec, Sink, Source

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
class Hello(Message, sender=HOST):
    """First message of a host: what it speaks and who it is; `HelloReply` answers."""

    protocol: int
    package: str
    pid: int


@dataclass(frozen=True)
class HelloReply(Message, sender=ENGINE):
    """Answer to `Hello`, also where the versions differ, so that both can be named; `device` is empty until it is known."""

    protocol: int
    package: str
    pid: int
    device: str


@dataclass(frozen=True)
class Ping(Message, sender=HOST):
    """Asks whether the engine is there: `Pong`."""

    id: int


@dataclass(frozen=True)
class Pong(Message, sender=ENGINE):
    """Answer to `Ping`."""

    id: int


@dataclass(frozen=True)
class StatusRequest(Message, sender=HOST):
    """Asks for a `Status`."""

    id: int


@dataclass(frozen=True)
class Status(Message, sender=ENGINE):
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
class Attach(Message, sender=HOST):
    """Hands the engine the rings of the connection's next job: `Attached` or `Failed`.

    Descriptors follow, plates before alphas.
    """

    id: int
    plates: Optional[RingSpec]
    alphas: Optional[RingSpec]


@dataclass(frozen=True)
class Attached(Message, sender=ENGINE):
    """The rings are mapped; the host may let go of names and descriptors."""

    id: int


@dataclass(frozen=True)
class Render(Message, sender=HOST):
    """Asks for mattes: `Accepted` … `Done`, or `Failed`.

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
class Accepted(Message, sender=ENGINE, scope=JOB):
    """The job begins: what will be rendered, what is kept, and which plates the host must push, in this order."""

    job: int
    shot: Tuple[int, ...]
    frames: str  # everything asked for, after max_frames
    kept: str  # of those, frames on disk that are kept; empty: none
    plates: str  # plates that will be read; empty: none


@dataclass(frozen=True)
class PlateReady(Message, sender=HOST, scope=JOB):
    """Slot `slot` of the plate ring holds a plate and belongs to the engine until its `SlotFree`."""

    job: int
    slot: int
    frame: int
    sequence: int


@dataclass(frozen=True)
class PlateFailed(Message, sender=HOST, scope=JOB):
    """The host has no plate for this frame; the job's policy for missing plates applies."""

    job: int
    frame: int
    message: str


@dataclass(frozen=True)
class SlotFree(Message, sender=ENGINE, scope=JOB):
    """Slot `slot` of the plate ring belongs to the host again."""

    job: int
    slot: int


@dataclass(frozen=True)
class AlphaReady(Message, sender=ENGINE, scope=JOB):
    """Slot `slot` of the alpha ring holds a matte and belongs to the host until its `AlphaTaken`."""

    job: int
    slot: int
    frame: int
    sequence: int


@dataclass(frozen=True)
class AlphaTaken(Message, sender=HOST, scope=JOB):
    """Slot `slot` of the alpha ring belongs to the engine again."""

    job: int
    slot: int


@dataclass(frozen=True)
class FrameWritten(Message, sender=ENGINE, scope=JOB):
    """A matte is on disk, whole."""

    job: int
    frame: int
    path: str


@dataclass(frozen=True)
class FrameKept(Message, sender=ENGINE, scope=JOB):
    """A matte on disk was kept: its digest is the one it would get."""

    job: int
    frame: int
    path: str


@dataclass(frozen=True)
class Surveyed(Message, sender=ENGINE, scope=JOB):
    """Of a dry run, what is on disk of what was asked for: frame ranges as text, empty for none.

    `reasons` tells of stale frames what differs, and in which of them: the name of a parameter, or `plates`, `weights`,
    `version`, `not ours`; of one frame several can differ.
    """

    job: int
    fresh: str
    stale: str
    missing: str
    reasons: Dict[str, Any]


@dataclass(frozen=True)
class Notice(Message, sender=ENGINE, scope=JOB):
    """Something that the user should know; `level` is info or warning."""

    job: int
    level: str
    text: str


@dataclass(frozen=True)
class Progress(Message, sender=ENGINE, scope=JOB):
    """How far the job is; `stage` is a key of `STAGE_WORDS`, and says what it does."""

    job: int
    stage: str
    done: int  # frames delivered
    total: int  # frames to deliver
    seconds: float  # since the job began


@dataclass(frozen=True)
class Done(Message, sender=ENGINE, scope=JOB):
    """The job is done: `seconds` by stage, of which several overlap; `windows` of the UNet, those for context included."""

    job: int
    frames: int
    plates: int
    seconds: Dict[str, Any]
    windows: int = 0  # passes of the UNet over a window, those that were context alone included


@dataclass(frozen=True)
class Failed(Message, sender=ENGINE, scope=JOB):
    """The request `job` failed, or was cancelled (code `cancelled`); nothing more comes of it; 0 is the conversation."""

    job: int
    code: str
    message: str
    frame: Optional[int] = None
    path: Optional[str] = None

    @property
    def error(self) -> GvmMatteError:
        """The error that it tells of."""
        return from_code(self.code, self.message, frame=self.frame, path=self.path)


@dataclass(frozen=True)
class Cancel(Message, sender=HOST, scope=JOB):
    """Stops a job; its answer is the job's `Failed` with code `cancelled`, or `Done` if it came first."""

    id: int
    job: int


@dataclass(frozen=True)
class Shutdown(Message, sender=HOST):
    """Ends the engine, and so the connection: jobs are cancelled, frames in writing are finished."""

    id: int
