"""Every error that GVM Matte raises on purpose, and the codes under which they travel between engine and host.

    GvmMatteError
    ├── UsageError                what was asked for cannot be done: a knob, a flag, a frame range
    │   ├── ParamError            one parameter's value; carries `name`
    │   └── FrameRangeError       text that is no frame range, or a range outside the shot
    ├── PlateError                an input image; carries `path` and `frame`
    │   ├── PlateMissingError     it is not there
    │   └── PlateUnreadableError  it is there: truncated, empty, or not an image
    ├── MatteWriteError           an output image: folder, permission, disk full
    ├── WeightsError              the model's files
    │   ├── WeightsMissingError   none where they were looked for
    │   ├── WeightsCorruptError   truncated, or not safetensors
    │   └── WeightsMismatchError  tensors or type that do not fit the network
    ├── DeviceError               no such device, or its driver
    │   └── OutOfMemoryError      the device's memory is full
    ├── FrameBufferError          a shared-memory ring: size, magic, an offset beyond it
    ├── ProtocolError             what came over the connection is not what the protocol says
    │   ├── VersionMismatchError  the two sides speak different versions
    │   ├── AuthenticationError   the key is wrong
    │   ├── ConnectionLostError   the other side closed the connection
    │   └── MessageTooLargeError  longer than `protocol.MAX_MESSAGE_BYTES`
    ├── EngineError               the engine process
    │   ├── EngineStartError      it did not come up; carries `exit_code` and `log_tail`
    │   ├── EngineDiedError       it went away in mid-work; carries `exit_code` and `log_tail`
    │   ├── EngineTimeoutError    it does not answer within its budget
    │   └── EngineBugError        an error inside the engine that was not foreseen
    └── CancelledError            the job was cancelled: not a failure

Messages are whole sentences for a compositor: what happened, where, and what to do.
"""

from __future__ import annotations

from typing import Dict, Optional, Type


class GvmMatteError(Exception):
    """Base of all; `code` is the name under which it travels, `frame` the frame it is about, if one."""

    code = "error"

    def __init__(self, message: str, *, frame: Optional[int] = None, path: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        self.frame = frame
        self.path = path


class UsageError(GvmMatteError):
    """What was asked for cannot be done."""

    code = "usage"


class ParamError(UsageError):
    """A parameter has a value that it cannot have."""

    code = "usage.param"

    def __init__(self, message: str, *, name: str = "", frame: Optional[int] = None, path: Optional[str] = None) -> None:
        super().__init__(message, frame=frame, path=path)
        self.name = name


class FrameRangeError(UsageError):
    """Text that is no frame range, or a range that does not fit the shot."""

    code = "usage.frames"


class PlateError(GvmMatteError):
    """An input image."""

    code = "plate"


class PlateMissingError(PlateError):
    """A plate is not there."""

    code = "plate.missing"


class PlateUnreadableError(PlateError):
    """A plate is there and cannot be read."""

    code = "plate.unreadable"


class MatteWriteError(GvmMatteError):
    """A matte could not be written."""

    code = "matte.write"


class WeightsError(GvmMatteError):
    """The model's files."""

    code = "weights"


class WeightsMissingError(WeightsError):
    """There are no weights where they were looked for."""

    code = "weights.missing"


class WeightsCorruptError(WeightsError):
    """A weights file is truncated, or not what its name says."""

    code = "weights.corrupt"


class WeightsMismatchError(WeightsError):
    """The tensors do not fit the network, or the type contradicts what was asked for."""

    code = "weights.mismatch"


class DeviceError(GvmMatteError):
    """The device that should compute."""

    code = "device"


class OutOfMemoryError(DeviceError):
    """The device's memory is full."""

    code = "device.memory"


class FrameBufferError(GvmMatteError):
    """A shared-memory ring of frames."""

    code = "buffer"


class ProtocolError(GvmMatteError):
    """What came over the connection is not what the protocol says."""

    code = "protocol"


class VersionMismatchError(ProtocolError):
    """The two sides speak different versions of the protocol."""

    code = "protocol.version"


class AuthenticationError(ProtocolError):
    """The other side does not have the connection's key."""

    code = "protocol.key"


class ConnectionLostError(ProtocolError):
    """The other side closed the connection, or is gone."""

    code = "protocol.lost"


class MessageTooLargeError(ProtocolError):
    """A message is longer than the protocol allows."""

    code = "protocol.size"


class EngineError(GvmMatteError):
    """The engine process."""

    code = "engine"

    def __init__(
        self,
        message: str,
        *,
        exit_code: Optional[int] = None,
        log_tail: str = "",
        frame: Optional[int] = None,
        path: Optional[str] = None,
    ) -> None:
        super().__init__(message, frame=frame, path=path)
        self.exit_code = exit_code
        self.log_tail = log_tail

    def __str__(self) -> str:
        if not self.log_tail:
            return self.message
        return f"{self.message}\nThe end of the engine's log:\n{self.log_tail}"


class EngineStartError(EngineError):
    """The engine did not come up."""

    code = "engine.start"


class EngineDiedError(EngineError):
    """The engine went away in mid-work."""

    code = "engine.died"


class EngineTimeoutError(EngineError):
    """The engine does not answer within its budget."""

    code = "engine.timeout"


class EngineBugError(EngineError):
    """An error inside the engine that was not foreseen; its log has the traceback."""

    code = "engine.bug"


class CancelledError(GvmMatteError):
    """The job was cancelled."""

    code = "cancelled"


def _tree(base: Type[GvmMatteError]) -> Dict[str, Type[GvmMatteError]]:
    found = {base.code: base}
    for child in base.__subclasses__():
        found.update(_tree(child))
    return found


def from_code(code: str, message: str, *, frame: Optional[int] = None, path: Optional[str] = None) -> GvmMatteError:
    """The error of the tree with this code, as it came over the connection; an unknown code gives the base class."""
    return _tree(GvmMatteError).get(code, GvmMatteError)(message, frame=frame, path=path)


def again(error: GvmMatteError) -> GvmMatteError:
    """The same error for one more thread: an exception object belongs to one traceback."""
    copy = from_code(error.code, error.message, frame=error.frame, path=error.path)
    copy.__cause__ = error
    return copy
