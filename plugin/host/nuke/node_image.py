"""What a node's image is: evaluated when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, cast

from . import state
from .formats import Box, Format, FrameRange

if TYPE_CHECKING:
    from .node import Node


class NodeImage:
    """The part of Node that asks for its image."""

    def _node(self) -> Node:
        return cast("Node", self)

    def _picture(self, time: Optional[float] = None) -> Any:
        session = state.current()
        return session.evaluator.picture(self._node(), session.time if time is None else time)

    def format(self) -> Format:
        """The display window of its image at the current frame.

        Raises:
            RuntimeError: the image can't be evaluated.
        """
        found = self._picture().format
        right, top = found.r or 0, found.t or 0
        return Format(found.width, found.height, found.x, found.y, right, top, found.pixel_aspect, found.name)

    def bbox(self) -> Box:
        """The data window of its image at the current frame.

        Raises:
            RuntimeError: the image can't be evaluated.
        """
        return Box(*self._picture().bbox)

    def width(self) -> int:
        """The display window's."""
        return self.format().width()

    def height(self) -> int:
        """The display window's."""
        return self.format().height()

    def pixelAspect(self) -> float:
        """The display window's."""
        return self.format().pixelAspect()

    def channels(self) -> List[str]:
        """Its channels at the current frame: `rgba.red`, ….

        Raises:
            RuntimeError: the image can't be evaluated.
        """
        return list(self._picture().channels)

    def metadata(self, key: Optional[str] = None, time: Optional[float] = None, view: str = "main") -> Any:
        """The image's metadata, or one of its entries (None if there is none).

        Raises:
            RuntimeError: the image can't be evaluated.
        """
        found = dict(self._picture(time).metadata)
        return found if key is None else found.get(key)

    def sample(self, channel: str, x: float, y: float, dx: float = 1, dy: float = 1) -> float:
        """A channel's value at a place (the pixel that holds it; `dx` and `dy` are not averaged).

        Raises:
            RuntimeError: the image can't be evaluated.
        """
        session = state.current()
        return session.evaluator.sample(self._node(), session.time, channel, x, y)

    def frameRange(self) -> FrameRange:
        """The frames that it has, as its Reads, FrameRanges and offsets upstream say."""
        return FrameRange(*state.current().frame_range(self._node()))

    def firstFrame(self) -> int:
        """The first of its frames."""
        return self.frameRange().first()

    def lastFrame(self) -> int:
        """The last of its frames."""
        return self.frameRange().last()

    def opHashes(self) -> List[int]:
        """One number for all upstream: knobs and connections, not the bytes of files, as Nuke's."""
        return [state.current().hash_of(self._node())]
