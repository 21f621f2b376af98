"""Images out of the graph: pulled from a node for a frame, input by input.

Only what is upstream of what is asked for is looked at: a node that the host can't evaluate is an error (that names it)
there and nowhere else. What is pulled twice in one pull is computed once.
"""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Any, Dict, Iterator, Optional, Tuple

from ...core.errors import GvmMatteError
from ..errors import RenderError
from ..nuke.knob_paths import expand_frame
from ..pixels import Format, Picture, io, ops
from .frame_ranges import file_frame, group_input, nearest_file
from .knob_check import check_knobs
from .operations import OPERATIONS, ocio_config, pixel_format, root_format

if TYPE_CHECKING:
    from ..nuke.node import Node
    from ..nuke.session import Session

_DEPTH = 20000  # a script may well have a thousand nodes in a row, each of which takes a few of Python's frames
_BACKSLASH = re.compile(r"\\[^\[\]{}$\"\\]|\\\\")  # all but TCL's escapes of its own letters


class Evaluator:
    """Evaluates a session's nodes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: Dict[Tuple[int, float], Optional[Picture]] = {}
        self._pulling = 0

    # -- asking

    def picture(self, node: Node, frame: float) -> Picture:
        """A node's image at a frame.

        Raises:
            RenderError: a node upstream can't be evaluated; it is named, with the frame and the file if there is one.
        """
        with self._pull():
            found = self._picture(node, frame)
        return ops.empty(root_format()) if found is None else found

    def sample(self, node: Node, frame: float, channel: str, x: float, y: float) -> float:
        """A channel at the pixel that holds a place; 0 outside the data window."""
        picture = self.picture(node, frame)
        name = channel if "." in channel else f"rgba.{channel}"
        left, bottom, right, top = picture.bbox
        column, row = int(x // 1), int(y // 1)
        if name not in picture.channels or not (left <= column < right and bottom <= row < top):
            return 0.0
        return float(picture.channels[name][top - 1 - row, column - left])

    def write(self, node: Node, frame: int) -> None:
        """Renders one frame of a Write.

        Raises:
            RenderError: a node upstream can't be evaluated, the path is empty or has backslashes, or it can't be written.
        """
        knob: Any = node["file"]
        path = knob.evaluate(frame)
        if not path:
            raise RenderError(f"{node.fullName()}: the file has no name; set it.", node=node.fullName(), frame=frame)
        if _BACKSLASH.search(knob.getText()):
            path = knob.getText()
            raise RenderError(f"{node.fullName()}: {path} has backslashes; write slashes.", node=node.fullName(), path=path)
        check_knobs(node)
        with self._pull():
            above = node.input(0)
            picture = self._picture(above, frame) if above is not None else None
            with self._named(node, frame):
                io.write(ops.empty(root_format()) if picture is None else picture, path, **self._options(node))

    def forget(self) -> None:
        """Lets pictures go that a pull that failed may have left."""
        self._known.clear()

    def _options(self, node: Node) -> Dict[str, Any]:
        """A Write's knobs; what is at its default is the file type's own."""
        chosen = {name: node[name].value() for name in ("datatype", "compression") if node[name].notDefault()}
        switches = ("raw", "premultiplied", "autocrop", "create_directories")
        quality = node._knobs.get("_jpeg_quality")
        metadata = str(node["metadata"].value())
        attributes = {
            "nuke/node_hash": f"{node.opHashes()[0]:016x}",
            "nuke/version": self._session.version_text.replace(" ", ""),
        }
        return {
            "file_type": node["file_type"].value(), "channels": str(node["channels"].value()),
            "colorspace": str(node["colorspace"].value()), "metadata": metadata, "config": ocio_config(),
            "attributes": {} if metadata == "no metadata" else attributes,
            **chosen, **{name: bool(node[name].value()) for name in switches},
            **({"jpeg_quality": float(quality.value())} if quality is not None else {}),
        }  # fmt: skip

    # -- pulling

    @contextlib.contextmanager
    def _pull(self) -> Iterator[None]:
        """Keeps what was computed until the outermost pull ends: a knob may change after it."""
        limit = sys.getrecursionlimit()
        self._pulling += 1
        sys.setrecursionlimit(max(limit, _DEPTH))
        try:
            yield
        finally:
            sys.setrecursionlimit(limit)
            self._pulling -= 1
            if not self._pulling:
                self._known.clear()

    @contextlib.contextmanager
    def _named(self, node: Node, frame: float) -> Iterator[None]:
        """Puts the node's name before an error that has none."""
        try:
            yield
        except RenderError:
            raise
        except GvmMatteError as error:
            raise RenderError(
                f"{node.fullName()}: {error.message}", node=node.fullName(), frame=int(frame), path=error.path
            ) from error
        except (ValueError, NameError) as error:
            raise RenderError(f"{node.fullName()}: {error}", node=node.fullName(), frame=int(frame)) from error

    def _picture(self, node: Node, frame: float) -> Optional[Picture]:
        key = id(node), frame
        if key not in self._known:
            with self._session.at_frame(frame), self._named(node, frame):
                self._known[key] = self._compute(node, frame)
        return self._known[key]

    def _compute(self, node: Node, frame: float) -> Optional[Picture]:
        kind = node.Class()

        def pull(index: int, at: float = frame) -> Optional[Picture]:
            above = node._inputs[index] if 0 <= index < len(node._inputs) else None
            return self._picture(above, at) if above is not None else None

        disable = node._knobs.get("disable")
        if disable is not None and disable.value() not in (False, "false", "0"):
            return pull(0)
        if kind in EVALUATED:
            check_knobs(node)
        if kind == "Input":
            above = group_input(node)
            return self._picture(above, frame) if above is not None else None
        if node._is_group:
            return self._group(node, frame)
        if kind == "Read" or (kind == "Write" and node["reading"].value()):
            return self._read(node, frame)
        if kind == "Switch":
            return pull(max(0, min(int(node["which"].value()), node.inputs() - 1)))
        if kind in _TIMES:
            return pull(0, _TIMES[kind](node, frame))
        if kind not in OPERATIONS:
            raise RenderError(
                f"{node.fullName()}: the embedded host cannot evaluate nodes of class {kind}; disable it, or render this "
                "part of the script in Nuke.",
                node=node.fullName(),
                frame=int(frame),
            )
        return OPERATIONS[kind](node, pull)

    def _group(self, node: Any, frame: float) -> Optional[Picture]:
        output = node.output()
        if output is None:
            raise RenderError(f"{node.fullName()}: the group has no Output.", node=node.fullName(), frame=int(frame))
        return self._picture(output, frame)

    def _read(self, node: Node, frame: float) -> Picture:
        knob: Any = node["file"]
        text = knob.getText()
        form = node.knobs().get("format")
        format = pixel_format(form.value()) if form is not None and form.getText() else None
        at: Optional[int] = int(frame)
        if node.Class() == "Read":
            at = file_frame(node, frame)
        if at is None:
            return ops.empty(format or root_format())
        if not text:
            raise RenderError(f"{node.fullName()}: the file has no name; set it.", node=node.fullName(), frame=int(frame))
        return self._file(node, knob.evaluate(at), at, format)

    def _file(self, node: Node, path: str, at: int, format: Optional[Format]) -> Picture:
        wanted = node["on_error"].value() if node.Class() == "Read" else "error"
        if wanted == "nearest frame":
            wanted = "error"
            pattern: Any = node["file"]
            first, last = int(node["first"].value()), int(node["last"].value())
            path = nearest_file(pattern._evaluated(at), at, first, last) or path
        if wanted != "error" and format is None:
            format = root_format()
        picture = io.read(
            expand_frame(path, at), colorspace=str(node["colorspace"].value()), raw=bool(node["raw"].value()),
            premultiplied=bool(node["premultiplied"].value()), on_error=wanted, format=format, config=ocio_config(),
        )  # fmt: skip
        return picture


def _held(node: Node, frame: float) -> float:
    first, step = float(node["firstFrame"].value()), int(node["increment"].value())
    return first + ((frame - first) // step) * step if step else first


_TIMES: Dict[str, Any] = {"TimeOffset": lambda node, frame: frame - int(node["time_offset"].value()), "FrameHold": _held}
# The classes whose pictures come from their knobs and inputs here; all others are an error where they are pulled.
EVALUATED = frozenset({*OPERATIONS, *_TIMES, "Input", "Group", "Read", "Switch"})
