"""The picture page: finished frames as they come, displayed in every way, beside what was kept as B.

    add(view) ── copied into the cache, slots given back ─┐
    show_job, job_changed, frame_done, survey ── Shot ────┼──▶ canvas, timeline, transport
    set_edges, keep_as_b ── tables ───────────────────────┘

The page fetches no pixels by itself: `frame_wanted` says what is not there.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any, List, Optional, Tuple

from ...client.watch.watch import PictureView
from ...core.errors import GvmMatteError
from ...protocol.watching import RUNNING, WAITING, FrameState, JobState
from ..kit.edges import Edges
from ..kit.qt import QtCore, QtGui, QtWidgets
from .canvas import Canvas
from .commands import make_actions, make_menu
from .compare_bar import CompareBar
from .display import View
from .display_bar import DisplayBar
from .kept import DEFAULT_MIB, KeptPicture, PictureCache
from .playback import Playback, Speed
from .readout import pixel_words
from .shot import Shot, frames_of
from .sides import Side, Sides
from .takes import PATIENCE, Takes
from .timeline import Timeline
from .transport import Transport

REST_MS = 60  # a frame is asked for once the slider rests
GATHER_MS = 100  # states that come in a crowd are drawn once


class PicturePage(QtWidgets.QWidget):
    """The page.

    Args:
        cache_mib: bound of the pictures that are kept, in MiB.
    """

    frame_wanted = QtCore.Signal(int, int)  # job, frame: not kept, to be shown from disk
    block_wanted = QtCore.Signal(int)  # the block of this frame, to be rendered
    frame_changed = QtCore.Signal(int)  # the frame on the screen

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None, *, cache_mib: int = DEFAULT_MIB) -> None:
        super().__init__(parent)
        self.cache = PictureCache(cache_mib)
        self.shot = Shot()
        self._takes = Takes()
        self._sides = Sides(shot=self.shot, cache=self.cache, takes=self._takes)
        self._frame = 0
        self._following = True
        self._cursor: Optional[Tuple[int, int]] = None
        self.canvas, self.timeline, self.display_bar = Canvas(), Timeline(), DisplayBar()
        self.playback = Playback(frames=self._playable, current=lambda: self._frame, parent=self)
        self.commands = make_actions(self, self)
        self.compare_bar = CompareBar(self.commands)
        self.transport = Transport(self.commands)
        self._speed = Speed()
        self._gather = self._timer(GATHER_MS, self._refresh_shot)
        self._rest = self._timer(REST_MS, self._ask_for_missing)
        self._late = self._timer(round(PATIENCE * 1000) + GATHER_MS, self._show_sides)
        self._connect()
        self._lay_out()
        self.canvas.set_display(self.display_bar.display)
        self._show(0)

    # -- what the window says

    def show_job(self, job: JobState) -> None:
        """Shows a job's shot; on the same frame, if the job has it."""
        job = self._own(job)
        self.shot.show(job)
        self.playback.stop()
        self._follow(job.state in (RUNNING, WAITING))
        self._refresh_shot()
        asked = frames_of(job.frames)
        there = self.cache.frames([job.number])
        first, last = self.shot.range()
        if self._frame in asked or (not asked and first <= self._frame <= last):
            self._show(self._frame)
        elif there or asked:
            self._show(there[0] if there else min(asked))
        else:
            self._show(first)

    def job_changed(self, job: JobState) -> None:
        """Takes a job's new state, whichever job it is."""
        if self.shot.change(self._own(job)):
            self._soon()

    def frame_done(self, state: FrameState) -> None:
        """Takes a frame's measures."""
        if self.shot.measure(replace(state, number=self._takes.of(state.number))):
            self._soon()

    def survey(self, fresh: str, stale: str, missing: str) -> None:
        """Takes what is on disk of the shown job's frames: ranges as text."""
        self.shot.survey(fresh, stale, missing)
        self._soon()

    def set_edges(self, edges: Optional[Edges]) -> None:
        """Shows raw alphas with this edge treatment from now on; None: as they are."""
        self._sides.set_edges(edges)
        self._show(self._frame)

    def set_rate(self, rate: float) -> None:
        """Sets the shot's frames per second."""
        self.transport.rate.setValue(rate)

    def new_engine(self) -> None:
        """Another engine counts its jobs anew; what is kept of the one before stays on the screen."""
        self._takes.new_engine()

    def add(self, view: PictureView) -> None:
        """Takes a picture over: copies it if it will be kept, and gives its slots back at once."""
        picture: Optional[KeptPicture] = None
        take = self._take_of(view)
        try:
            # The engine has gone and its memory with it, or there is no room for a copy: then there is no picture.
            with contextlib.suppress(GvmMatteError, MemoryError, ValueError):
                if self._wants(view, take):
                    picture = KeptPicture.of(view, job=take)
        finally:
            with contextlib.suppress(GvmMatteError):
                view.release()
        if picture is None:
            return
        followed = self._following and take == self._sides.a.take and view.request == 0
        if followed:
            self._sides.attend(view.frame)  # it is the one that is needed most
        self.cache.put(picture)
        self.shot.measure(FrameState(take, view.frame, view.mean, view.change))
        if self.shot.current is None:
            return
        if followed:
            self._show(view.frame)
            self.canvas.repaint()  # now: a paint that waits would wait for as long as frames come without a pause
        elif view.frame == self._frame:
            self._show(self._frame)
        self._soon()
        if view.request:
            self._fetch()

    def _wants(self, view: PictureView, take: int) -> bool:
        before = self.cache.get(take, view.frame)
        if before is not None and before.raw and not view.raw:
            return False  # a raw alpha says more than its file
        shown = view.frame == self._frame or (self._following and take == self._sides.a.take)
        return shown or self.cache.wants(take, view.frame, view.plate.nbytes + view.alpha.nbytes)

    def _take_of(self, view: PictureView) -> int:
        if view.request:
            asked = self._takes.answered(view.frame)
            if asked is not None:
                return asked
            if self.shot.current is not None:
                return self.shot.current.number
        return self._takes.of(view.job)

    def keep_as_b(self) -> None:
        """Keeps the shown job and its edges as side B, and shows the wipe line."""
        if self.shot.current is not None:
            self._sides.keep()
            self.commands["wipe"].setEnabled(True)
            self.commands["wipe"].setChecked(True)
            self._show(self._frame)

    # -- what is on the screen

    @property
    def frame(self) -> int:
        """The frame on the screen."""
        return self._frame

    def go_to(self, frame: int) -> None:
        """Shows a frame as a person asks for it: a render is no longer followed."""
        self._follow(False)
        self._show(frame)

    def _show(self, frame: int) -> None:
        changed = frame != self._frame
        self._frame = frame
        self._sides.attend(frame)
        if self._show_sides() and not self.playback.playing:
            self._rest.start()
        self.timeline.set_frame(frame)
        self.transport.set_frame(frame)
        self._read_out()
        if changed:
            self.frame_changed.emit(frame)

    def _show_sides(self) -> bool:
        """Hands the canvas what is seen of the frame; whether a picture is lacking."""
        lacking, names = False, "AB" if self.canvas.wiping else ("", "")
        for index, side in enumerate(self._seen()):
            picture = self._sides.picture(side, self._frame)
            lacking = lacking or (picture is None and side.take is not None)
            self.canvas.show_side(index, picture, side.table, self._sides.words(side, self._frame, names[index]))
        return lacking

    def _seen(self) -> List[Side]:
        """Side A, and B where it is seen beside it."""
        return [self._sides.a, *([self._sides.b] if self._sides.b is not None and self.canvas.wiping else [])]

    def _ask_for_missing(self) -> None:
        for side in self._seen():
            take = side.take
            number = None if take is None else self._takes.number(take)
            if take is None or number is None or self._sides.picture(side, self._frame) is not None:
                continue
            if self._takes.ask(take, self._frame):
                self.frame_wanted.emit(number, self._frame)
                self._late.start()
        self._show_sides()  # with other words

    def _fetch(self) -> None:
        """While it plays, asks for what was rendered and is only on disk, one frame at a time."""
        frame = self._sides.to_fetch(self._frame) if self.playback.playing else None
        take = self._sides.a.take
        if frame is None or take is None:
            return
        number = self._takes.number(take)
        if number is not None and self._takes.ask(take, frame):
            self.frame_wanted.emit(number, frame)

    def _refresh_shot(self) -> None:
        span = self.shot.range()
        self.timeline.set_shot(span, self.shot.marks(), self.shot.measures(), self.shot.blocks())
        self.transport.set_range(*span)
        if not span[0] <= self._frame <= span[1]:
            self._show(self.timeline.frame)

    def _read_out(self) -> None:
        beyond = self._cursor is not None and self.canvas.beyond_wipe(self._cursor[0])
        side = self._seen()[-1 if beyond else 0]
        picture = self._sides.picture(side, self._frame)
        at = None if self._cursor is None or picture is None else self.canvas.pixel_of(picture, self._cursor)
        self.transport.readout.setText(pixel_words(picture, side.edges, at))

    # -- what a person does

    def step(self, frames: int) -> None:
        """Goes on by frames, back below 0, within the shot."""
        first, last = self.timeline.range
        self.playback.stop()
        self.go_to(min(max(self._frame + frames, first), last))

    def to_end(self, *, last: bool) -> None:
        """To the shot's first or last frame."""
        self.playback.stop()
        self.go_to(self.timeline.range[1 if last else 0])

    def to_trouble(self, *, back: bool) -> None:
        """To the next frame that is worth a look, or the one before."""
        frames = self.timeline.trouble()
        ahead = [frame for frame in frames if (frame < self._frame if back else frame > self._frame)]
        if ahead:
            self.playback.stop()
            self.go_to(ahead[-1 if back else 0])

    def toggle_play(self) -> None:
        """Plays, or stops."""
        if self.playback.playing:
            self.playback.stop()
        else:
            self._follow(False)
            self.playback.start()
            self._fetch()

    def want_block(self) -> None:
        """Asks for the block of the frame on the screen."""
        self.block_wanted.emit(self._frame)

    def _playable(self) -> List[int]:
        return self.cache.frames(self._sides.line(self._sides.a))

    def set_following(self, on: bool) -> None:
        """Shows each frame of the running job as it comes, the newest first of all."""
        if on == self._following:
            return
        self._following = on
        current = self.shot.current
        there = self.cache.frames([current.number]) if on and current is not None else []
        if there:
            self.playback.stop()
            self._show(there[-1])

    def _follow(self, on: bool) -> None:
        self._following = on
        self.commands["follow"].setChecked(on)

    # -- wiring

    def _connect(self) -> None:
        self.display_bar.changed.connect(self.canvas.set_display)
        self.display_bar.backdrop_read.connect(self.canvas.set_backdrop)
        self.display_bar.failed.connect(self.transport.readout.setText)
        self.canvas.hovered.connect(self._hovered)
        self.canvas.left.connect(self._left)
        self.canvas.mapping_changed.connect(self.compare_bar.set_zoom)
        self.canvas.painted.connect(lambda _: self._speed.note())
        self.timeline.frame_chosen.connect(self._chosen)
        self.timeline.menu_wanted.connect(self._menu)
        self.transport.frame_chosen.connect(self._chosen)
        self.transport.rate_changed.connect(self.playback.set_rate)
        self.playback.stepped.connect(self._played)
        self.playback.playing_changed.connect(self._playing)

    def _hovered(self, x: int, y: int) -> None:
        self._cursor = (x, y)
        self._read_out()

    def _left(self) -> None:
        self._cursor = None
        self._read_out()

    def _chosen(self, frame: int) -> None:
        self.playback.stop()
        self.go_to(frame)

    def _played(self, frame: int) -> None:
        self._show(frame)
        self.transport.speed.setText(self._speed.words())

    def _playing(self, on: bool) -> None:
        self._speed.clear()
        self.transport.speed.setText("")
        self.transport.paint_icons(playing=on)
        if not on:
            self._show(self._frame)

    def set_wiping(self, on: bool) -> None:
        """Shows B beside A, or A alone."""
        self.canvas.set_wiping(on and self._sides.b is not None)
        self._show(self._frame)

    def set_view(self, view: View) -> None:
        """Chooses a view."""
        self.display_bar.set_view(view)

    def _menu(self, frame: int, at: QtCore.QPoint) -> None:
        self._chosen(frame)
        self._context_menu(at)

    def _context_menu(self, at: QtCore.QPoint) -> None:
        make_menu(self, self.commands).popup(at)

    def hideEvent(self, event: QtGui.QHideEvent) -> None:
        """What is not seen is not played."""
        self.playback.stop()

    def contextMenuEvent(self, event: QtGui.QContextMenuEvent) -> None:
        """What can be done with the picture."""
        self._context_menu(event.globalPos())

    def _soon(self) -> None:
        """Draws marks and measures anew in a moment; what comes until then is drawn with it, and puts nothing off."""
        if not self._gather.isActive():
            self._gather.start()

    def _own(self, job: JobState) -> JobState:
        return replace(job, number=self._takes.of(job.number))

    def _timer(self, milliseconds: int, call: Any) -> QtCore.QTimer:
        timer = QtCore.QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(call)
        return timer

    def _lay_out(self) -> None:
        top = QtWidgets.QHBoxLayout()
        top.addWidget(self.display_bar)
        top.addStretch(1)
        top.addWidget(self.compare_bar)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.timeline)
        layout.addWidget(self.transport)
        self.setFocusProxy(self.canvas)
