"""What a host asks of an engine, and what comes back: values."""

from __future__ import annotations

import dataclasses
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Tuple, Union

from ..core.devices import devices_of
from ..core.errors import UsageError
from ..core.frames import FrameRange
from ..core.image import Box
from ..params.fields import SPECS
from ..protocol.frame_buffer import SlotInfo
from ..protocol.messages import Message, Notice, Render
from ..protocol.parts import Sink, Source

_PATHS = frozenset(spec.name for spec in SPECS if spec.kind == "path")  # an engine's working folder is not the person's


@dataclass(frozen=True)
class PlateData:
    """One plate out of a host: pixels of `box`, the top row first, channels interleaved.

    `pixels` is anything with the buffer protocol, contiguous in memory, of at least box.height × row_stride bytes.
    """

    pixels: Any
    box: Box
    channels: int  # 1 to 4
    dtype: str  # half, float, uint8 or uint16
    row_stride: Optional[int] = None  # bytes; None: rows lie close together


@dataclass(frozen=True)
class Buffers:
    """Sizes of the rings of a render.

    Args:
        plate_bytes: capacity of a plate slot; None: the first plate's size, or its source's windows in its format.
        alpha_bytes: capacity of an alpha slot; None: its source's windows in 32 bit, or 4096×4096 where plates are files.
        slots: of each ring; more let the host run further ahead.
    """

    plate_bytes: Optional[int] = None
    alpha_bytes: Optional[int] = None
    slots: int = 4


@dataclass(frozen=True)
class MatteJob:
    """One render, complete: see `protocol.Render` for the fields. Relative paths are taken from the current folder.

    Attributes:
        frames: what is asked for, as a range or its text; it is a range from here on. Empty: the whole shot.

    Raises:
        UsageError: no such source, or no sink at all.
        FrameRangeError: `frames` is no frame range.
    """

    source: Source
    sink: Sink
    frames: Union[str, FrameRange] = ""
    shot: Tuple[int, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False

    def __post_init__(self) -> None:
        if self.source.type not in ("files", "buffers"):
            raise UsageError(f"Plates come from files or buffers, not from {self.source.type!r}.")
        if not self.sink.path and not self.sink.buffers:
            raise UsageError("There is nowhere for the mattes to go: name an output path, or take them from buffers.")
        if self.shot and (len(self.shot) != 2 or self.shot[1] < self.shot[0]):
            raise UsageError(f"The shot range {self.shot} is not first and last frame.")
        if isinstance(self.frames, str):
            object.__setattr__(self, "frames", FrameRange.parse(self.frames))
        if self.source.type == "buffers" and not (self.source.display and (self.frames or self.shot)):
            raise UsageError("Plates out of buffers need the display window, and frames or the shot range.")
        for window in (self.source.display, self.source.data):
            if window and len(window) != 4:
                raise UsageError(f"A window is x0, y0, x1, y1, not {window}.")
            if window:
                Box(*window)

    @property
    def asked(self) -> FrameRange:
        """`frames`, as the range that it is."""
        assert isinstance(self.frames, FrameRange), "understood when the job was made"
        return self.frames

    def render(self, number: int) -> Render:
        """The message that asks for it."""
        source = dataclasses.replace(self.source, path=_absolute(self.source.path))
        movies = {kind: _absolute(path) for kind, path in self.sink.movies.items()}
        sink = dataclasses.replace(self.sink, path=_absolute(self.sink.path), movies=movies)
        params = {name: _absolute(value) if name in _PATHS else value for name, value in self.params.items()}
        if self.dry_run and isinstance(params.get("device"), str):  # one engine looks for all that a list names
            params["device"] = devices_of(params["device"])[0]
        if not params.get("ocio") and os.environ.get("OCIO"):  # a warm engine's environment is another
            params["ocio"] = _absolute(os.environ["OCIO"])
        if not params.get("model_base") and (base := _own_weights()):
            params["model_base"] = base
        return Render(number, source, sink, str(self.frames), self.shot, params, self.dry_run)


@dataclass(frozen=True)
class RenderResult:
    """What came of a render.

    Args:
        written: frames whose file was written, ascending; taken: whose alpha was taken; kept: whose file was kept.
        seconds: from the call to the end, restarts included.
        stages: seconds by stage as the engine told them; several overlap.
        notices: what the person should know.
        restarts: how often the engine had to be started again.
        windows: passes of the UNet over a window, of the engines that came to their job's end.
    """

    written: Tuple[int, ...]
    taken: Tuple[int, ...]
    kept: Tuple[int, ...]
    seconds: float
    stages: Mapping[str, Any]
    notices: Tuple[Notice, ...]
    restarts: int
    windows: int = 0


@dataclass(frozen=True)
class Callbacks:
    """What a render calls. `plates` is called in a thread of its own, the others where `render` was called.

    Args:
        cancel: ends it with an error.
    """

    plates: Optional[Callable[[int], PlateData]]
    take_alpha: Optional[Callable[[int, SlotInfo, memoryview], None]]
    on_event: Callable[[Message], None]
    cancel: threading.Event


def _own_weights() -> str:
    """The weights that this process would take: an engine that serves many has another environment and folder."""
    named = os.environ.get("GVM_MODEL_BASE")
    here = Path("data", "weights")
    if not named and not any((here / network).is_dir() for network in ("unet", "vae")):
        return ""
    return str(Path(named or here).expanduser().absolute())


def _absolute(path: Any) -> Any:
    """A path that means the same in every folder; what is no path on this computer (`ocio://…`) stays as it is."""
    return str(Path(path).absolute()) if isinstance(path, str) and path and "://" not in path else path
