"""What a monitor and an engine say to each other: all jobs of the engine, its health, and finished frames as pictures.

A watcher that is slow loses pictures and nothing else, and a render never waits for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Tuple

from .message import ENGINE, HOST, WATCHER, Message
from .parts import Source

# States of a job, as `JobState` tells them; the last three are ends.
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)


@dataclass(frozen=True)
class Watch(Message, sender=HOST, scope=WATCHER):
    """Asks to be told of all jobs of all clients: `Watching`, then states until the connection ends.

    With `pictures`, the rings of the `Attach` before it are the watcher's: finished frames are copied into both, reduced so
    that the longer edge is at most `longest` pixels (0: as large as the plates).
    """

    id: int
    pictures: bool = False
    longest: int = 0


@dataclass(frozen=True)
class PictureTaken(Message, sender=HOST, scope=WATCHER):
    """Both slots of a `Picture` are the engine's again."""

    plate_slot: int
    alpha_slot: int


@dataclass(frozen=True)
class CancelJob(Message, sender=HOST, scope=WATCHER):
    """Stops a job of any client: `Ordered` or `Failed`. That host gets the job's `Failed` with code `cancelled`."""

    id: int
    number: int


@dataclass(frozen=True)
class MoveJob(Message, sender=HOST, scope=WATCHER):
    """Puts a waiting job before another waiting one, last where `before` is 0: `Ordered` or `Failed`."""

    id: int
    number: int
    before: int = 0


@dataclass(frozen=True)
class Release(Message, sender=HOST, scope=WATCHER):
    """Lets go of the model and its device memory: `Ordered` when it is gone, `Failed` while a job runs or waits."""

    id: int


@dataclass(frozen=True)
class Show(Message, sender=HOST, scope=WATCHER):
    """Asks for a plate on disk and, where `matte` is a pattern, the matte beside it, as a `Picture` of this id.

    Args:
        source: of files.
        matte: a pattern or a path; empty: none, and the picture's alpha is black with a `mean` of -1.
        params: as for `Render`; those that say how plates are read count.
    """

    id: int
    source: Source
    matte: str
    frame: int
    params: Dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Watching(Message, sender=ENGINE):
    """Answer to `Watch`."""

    id: int


@dataclass(frozen=True)
class Ordered(Message, sender=ENGINE):
    """Answer to `CancelJob`, `MoveJob` and `Release`: it is so."""

    id: int


@dataclass(frozen=True)
class JobState(Message, sender=ENGINE, scope=WATCHER):
    """One job as it is now. Frame ranges are text, empty for none."""

    number: int  # counts from 1 in each engine
    client: int  # process id of who asked for it
    state: str  # waiting, running, done, failed, cancelled
    position: int  # in the queue, from 1; 0 for one that does not wait
    plates: str  # path or pattern; empty: the host pushes them
    mattes: str  # pattern; empty: the host takes them
    shot: Tuple[int, ...]  # first, last; empty until it is known
    frames: str  # asked for
    kept: str
    finished: str  # computed and delivered; the kept ones are not in it
    done: int  # frames delivered
    total: int  # frames to deliver; 0 until it is known
    stage: str  # a key of `protocol.STAGE_WORDS`; empty before the first
    seconds: float  # since it began to run; 0 while it waits
    rate: float  # frames computed per second, lately; 0 until it is known
    params: Dict[str, Any]  # as asked
    code: str = ""  # of the error that ended it
    message: str = ""
    missing_plates: str = ""  # frames asked for whose plates are not there


@dataclass(frozen=True)
class EngineState(Message, sender=ENGINE, scope=WATCHER):
    """How the engine is: every second, and at changes."""

    state: str  # loading, idle, rendering, stopping
    device: str
    model: str  # empty while none is loaded
    weights: str  # kind and short hash
    precision: str
    uptime: float  # seconds
    warm_since: float  # seconds that the model has been loaded; 0 while none is
    resident_bytes: int  # of the engine's process
    memory_used: int  # bytes of the device: the GPU's, or the machine's for a CPU
    memory_total: int
    stages: Dict[str, Any]  # seconds by stage of the running job or the last
    jobs_waiting: int


@dataclass(frozen=True)
class Picture(Message, sender=ENGINE, scope=WATCHER):
    """A finished frame in the watcher's rings: both slots are the watcher's until its `PictureTaken`.

    The plate is uint8, RGBX with X = 255, display-referred; the alpha is uint16 of one channel and the same size. `raw`
    says that it is the model's alpha before the edge treatment; else it is the matte as delivered.
    """

    id: int  # of the `Show`; 0 for a frame of a job
    job: int  # its number; 0 for a `Show`
    frame: int
    plate_slot: int
    plate_sequence: int
    alpha_slot: int
    alpha_sequence: int
    raw: bool
    mean: float  # of the alpha, in [0,1]
    change: float  # mean |alpha - alpha of the frame before|; -1 where that is not known
    data: Tuple[int, ...] = ()  # x0, y0, x1, y1 of what it shows, in pixels of the plate; the slots have the reduced size


@dataclass(frozen=True)
class FrameState(Message, sender=ENGINE, scope=WATCHER):
    """A frame was computed; told of each, also where its picture was skipped."""

    number: int  # of the job
    frame: int
    mean: float
    change: float


@dataclass(frozen=True)
class LogLines(Message, sender=ENGINE, scope=WATCHER):
    """Lines of the engine's log: at `Watch` the last ones, then each that comes."""

    lines: Tuple[str, ...]
