"""Sides A and B: what is looked at, and what was kept to be compared with it.

A side is a line of jobs (see `shot`) and an edge treatment. A is the job that is shown under the edges of now, B both as
they were when they were kept; a picture of a frame is that of the newest job in the line that has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional

from ..kit.edges import Edges
from ..kit.words import tr
from .kept import KeptPicture, PictureCache
from .readout import edges_words
from .shot import Mark, Shot
from .takes import Takes


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        take: the job; None: nothing is shown.
        edges: None: raw alphas as they are.
        table: the edges' own, made once.
    """

    take: Optional[int] = None
    edges: Optional[Edges] = None
    table: Optional[bytes] = None


class Sides:
    """Both sides, and where their pictures are."""

    def __init__(self, *, shot: Shot, cache: PictureCache, takes: Takes) -> None:
        self._shot, self._cache, self._takes = shot, cache, takes
        self._edges: Optional[Edges] = None
        self._table: Optional[bytes] = None
        self.b: Optional[Side] = None

    @property
    def a(self) -> Side:
        """The job that is shown, under the edges of now."""
        current = self._shot.current
        return Side(None if current is None else current.number, self._edges, self._table)

    def set_edges(self, edges: Optional[Edges]) -> None:
        """Sets side A's edge treatment."""
        self._edges, self._table = edges, None if edges is None else edges.table()

    def keep(self) -> None:
        """B is what A is now."""
        self.b = self.a

    def line(self, side: Optional[Side]) -> List[int]:
        """The takes that a side's pictures can be of, the first choice first."""
        return [] if side is None or side.take is None else self._shot.line(side.take)

    def attend(self, frame: int) -> None:
        """Tells the cache what is looked at."""
        self._cache.attend(frame, [*self.line(self.a), *self.line(self.b)])

    def picture(self, side: Optional[Side], frame: int) -> Optional[KeptPicture]:
        """A side's picture of a frame; None: there is none."""
        found = (self._cache.get(take, frame) for take in self.line(side))
        return next((picture for picture in found if picture is not None), None)

    def to_fetch(self, frame: int) -> Optional[int]:
        """The next frame after this one, around the shot, that A has a matte of and no picture; None: no need, no room."""
        marks = self._shot.marks()
        delivered = sorted(one for one, mark in marks.items() if mark in (Mark.DONE, Mark.STALE))
        there = set(self._cache.frames(self.line(self.a)))
        lacking = [one for one in delivered if one not in there]
        if not lacking or not self._cache.has_room:
            return None
        return next((one for one in lacking if one > frame), lacking[0])

    def words(self, side: Side, frame: int, name: str) -> str:
        """What is written over a side's picture, or in its place.

        Args:
            name: of the side, where both are seen; else empty.
        """
        if side.take is None:
            return tr("Choose a job to see its frames.")
        picture = self.picture(side, frame)
        if picture is None and self._takes.asked(side.take, frame):
            return tr("Frame {0} is being read …").format(frame)
        if picture is None:
            return tr("There is no picture of frame {0}.").format(frame)
        words = edges_words(side.edges) if name else ""
        if not picture.raw:
            words = tr("from disk: the edges are in the matte already")
        if not name:
            return words
        return tr("{0}: job {1} · {2}").format(name, self._takes.number(picture.job) or "–", words)
