"""What picture and tweak panel show, and what is rendered from there: one job at a time, the one that was chosen.

The chosen job can also be a node's shot that no engine has rendered yet (number 0): its frames are those on disk.
A try of other settings keeps the picture that was there as B, and is shown itself as soon as the engine has it.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Mapping, Optional

from ...client import MatteJob
from ...core.errors import GvmMatteError
from ...protocol.messages import Surveyed
from ...protocol.watching import JobState
from ..kit import words
from ..kit.qt import QtCore
from ..queue import QueuePage
from . import requests
from .model import MonitorModel
from .monitored import MonitoredNode
from .renders import Renders
from .survey import Survey

NODE = 0  # the number of a node's own shot; jobs count from 1


class Showing(QtCore.QObject):
    """Connects the pages; lives as long as the window."""

    def __init__(
        self,
        *,
        model: MonitorModel,
        renders: Renders,
        queue: QueuePage,
        picture: Any,
        tweak: Any,
        parent: Optional[QtCore.QObject] = None,
    ) -> None:
        super().__init__(parent)
        self.job: Optional[JobState] = None
        self._node: Optional[MonitoredNode] = None
        self._model, self._renders = model, renders
        self._queue, self._picture, self._tweak = queue, picture, tweak
        self._whole = False  # which of the panel's two buttons was pressed: a short shot is one block, and both are alike
        self._expected = ""  # mattes of a render that was started here, to be shown when the engine tells of it
        self._survey = Survey(self)
        self._survey.seen.connect(self._surveyed)
        queue.job_chosen.connect(self.show)
        model.job_changed.connect(self._changed)
        model.connected.connect(lambda _: self._forget())
        model.frame_done.connect(picture.frame_done)
        model.picture.connect(picture.add)
        model.takes_pictures = True
        picture.frame_wanted.connect(self._frame_wanted)
        picture.block_wanted.connect(self._block_wanted)
        picture.frame_changed.connect(tweak.set_frame)
        tweak.edges_changed.connect(picture.set_edges)
        tweak.params_changed.connect(self._look)
        tweak.block_button.pressed.connect(lambda: self._set_whole(False))
        tweak.shot_button.pressed.connect(lambda: self._set_whole(True))
        tweak.render_requested.connect(lambda params, frames: self._render(params, frames, whole=self._whole))
        tweak.copy_requested.connect(self._copy)
        renders.ended.connect(lambda *_: self._rendered())

    def close(self) -> None:
        """The window goes."""
        self._model.takes_pictures = False
        self._survey.forget()

    # -- which job

    def set_node(self, node: Optional[MonitoredNode]) -> None:
        """The node that opened the window: its shot is shown, and parameters can be copied to it."""
        self._node = node
        self._tweak.set_node_name(node.name if node is not None else "")
        if node is None:
            return
        try:
            job = node.job()
        except GvmMatteError as exc:
            self._model.said.emit(f"{node.name}: {exc.message}")
            return
        rendered = [one for one in self._model.jobs.values() if one.mattes == job.sink.path]
        if rendered:
            self._queue.choose(max(one.number for one in rendered))
        else:
            self.show(_as_state(job))

    def show(self, job: JobState) -> None:
        """Shows a job's frames and parameters."""
        if self.job is not None and job.number == self.job.number:
            return
        self.job = job
        self._picture.show_job(job)
        self._tweak.show_job(job)
        self._picture.set_edges(self._tweak.edges())
        self._look()

    def _changed(self, job: JobState) -> None:
        if self._expected and job.client == os.getpid() and job.mattes == self._expected and job.state in words.OPEN:
            self._expected = ""
            self._queue.choose(job.number)
        elif self.job is None and job.state == words.RUNNING:
            self._queue.choose(job.number)
        self._picture.job_changed(job)
        if self.job is not None and job.number == self.job.number:
            ended = self.job.state in words.OPEN and job.state not in words.OPEN
            self.job = job
            if len(job.shot) == 2:
                self._tweak.set_shot(job.shot[0], job.shot[1])
            if ended:
                self._look()

    def _forget(self) -> None:
        """Another engine counts its jobs anew: what is shown stays on the screen, and is no job's."""
        self._picture.new_engine()
        if self.job is not None and self.job.number != NODE:
            self.job = None

    # -- what is on disk

    def _look(self) -> None:
        """Asks what is fresh, stale or missing under the panel's parameters, while the engine has nothing else to do."""
        if self.job is None or self._model.link is None or self._model.open_jobs:
            self._survey.forget()
        else:
            self._survey.want(self.job, self._tweak.params())

    def _surveyed(self, found: Surveyed) -> None:
        self._picture.survey(found.fresh, found.stale, found.missing)

    def _frame_wanted(self, number: int, frame: int) -> None:
        job = self.job if self.job is not None and self.job.number == number else self._model.jobs.get(number)
        if job is not None and job.plates and self._model.link is not None:
            mattes = requests.mattes_of(job, frame)
            self._model.show(plates=job.plates, mattes=mattes, frame=frame, params=dict(job.params))

    # -- what is rendered

    def _block_wanted(self, frame: int) -> None:
        if self.job is not None:
            try:
                block = requests.block_of(self.job, self._tweak.params(), frame)
            except GvmMatteError as exc:
                self._model.said.emit(exc.message)
                return
            if block is not None:
                self._render(self._tweak.params(), str(block), whole=False)

    def _set_whole(self, whole: bool) -> None:
        self._whole = whole

    def _render(self, params: Mapping[str, Any], frames: str, *, whole: bool) -> None:
        """A try of some frames, or the whole shot into its own mattes."""
        job = self.job
        if job is None:
            return
        try:
            request = requests.shot_with(job, params, frames) if whole else requests.try_of(job, params, frames)
        except GvmMatteError as exc:
            self._model.said.emit(exc.message)
            return
        self._picture.keep_as_b()
        self._expected = request.sink.path
        self._renders.start(request, words.name_of(job))

    def _copy(self, params: Dict[str, Any]) -> None:
        if self._node is None:
            return
        try:
            self._node.copy(params)
        except GvmMatteError as exc:
            self._model.said.emit(exc.message)
            return
        self._model.said.emit(words.tr("The values are on {0}.").format(self._node.name))

    def _rendered(self) -> None:
        if self._node is not None:
            self._node.rendered()


def _as_state(job: MatteJob) -> JobState:
    """A node's shot as if it were a job that has ended."""
    order = job.render(NODE)  # with absolute paths
    return JobState(
        number=NODE, client=os.getpid(), state=words.DONE, position=0, plates=order.source.path, mattes=order.sink.path,
        shot=tuple(order.shot), frames=order.frames, kept="", finished="", done=0, total=0, stage="", seconds=0.0, rate=0.0,
        params=order.params, code="", message="", missing_plates="",
    )  # fmt: skip
