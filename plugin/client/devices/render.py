"""One render on several engines, from the look to the movies; see `several`. Runs in the thread that called `render`."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Set

from ...core.errors import CancelledError, DeviceError, GvmMatteError, PlateError, ProtocolError
from ...core.frames import BlockPlan, FrameRange
from ...core.image import Box
from ...params.keys import ShotParams
from ...protocol.frame_buffer import SlotInfo
from ...protocol.messages import (
    Accepted,
    Done,
    FrameKept,
    FrameWritten,
    Message,
    Notice,
    Progress,
    Shortened,
    Surveyed,
)
from ..attempt import LOOK_SECONDS, room_for
from ..job import Buffers, Callbacks, MatteJob, RenderResult, frames_of
from .member import Ended, Inbox, Member
from .shares import Shares

UNWIND_SECONDS = 5.0  # for members' threads after an error here, Ctrl-C for instance


class SeveralRender:
    """One render; `run` once."""

    def __init__(
        self, job: MatteJob, members: Sequence[Member], inbox: Inbox, callbacks: Callbacks, buffers: Buffers
    ) -> None:
        self._job, self._members, self._inbox, self._callbacks, self._buffers = job, members, inbox, callbacks, buffers
        self._turn = threading.Lock()
        self._started = time.monotonic()
        self._error: Optional[BaseException] = None
        self._stopping = False
        self._accepted: Optional[Accepted] = None
        self._kept: List[FrameKept] = []
        self._surveyed: Optional[Surveyed] = None
        self._asked: Set[int] = set()
        self._written: Set[int] = set()
        self._taken: Set[int] = set()
        self._kept_frames: Set[int] = set()
        self._shares: Optional[Shares] = None
        self._block = 1  # frames of one
        self._notices: List[Notice] = []
        self._told: Set[str] = set()
        self._results: List[RenderResult] = []

    def run(self) -> RenderResult:
        """Renders.

        Raises:
            What went wrong first; everybody has stopped by then.
        """
        try:
            self._look()
            if self._job.dry_run:
                return self._result(Done(0, 0, 0, {}))
            plates = self._share()
            self._movies()
        except BaseException:
            self._unwind()
            raise
        windows = sum(result.windows for result in self._results)
        return self._result(Done(0, len(self._asked - self._kept_frames), plates, self._stages(), windows))

    # -- look

    def _look(self) -> None:
        """What is to be done, as the first engine says; the others look at one frame, for the sake of their device."""
        first = self._members[0]
        for member in self._members:
            self._begin(member, self._asking(member, dry_run=True, one=member is not first), self._on_look)
        self._serve(lambda ended: None)
        if self._accepted is None:
            raise ProtocolError("The engine looked at the shot and did not say what is to be done.")

    def _on_look(self, member: Member, message: Message) -> None:
        if isinstance(message, Notice):
            self._notice(member, message)
        elif member is self._members[0]:
            if isinstance(message, Accepted):
                self._accepted = message
            elif isinstance(message, FrameKept):
                self._kept.append(message)
            elif isinstance(message, Surveyed):
                self._surveyed = message

    # -- share

    def _share(self) -> int:
        """Renders all that is to be rendered; the number of plates that it takes."""
        accepted = self._accepted
        assert accepted is not None
        base = ShotParams.of(self._job.params).base
        plan = BlockPlan.of(base, accepted.shot)
        self._asked = set(frames_of(accepted.frames))
        keeps = self._job.source.type == "files" and not self._job.sink.buffers and base.existing != "overwrite"
        kept = [message for message in self._kept if keeps and message.frame in self._asked]
        self._kept_frames = {message.frame for message in kept}
        left = self._asked - self._kept_frames
        plates = plan.plates(left) if left else ()
        self._tell(Accepted(0, accepted.shot, accepted.frames, _text(self._kept_frames), _text(plates)))
        for message in kept:
            self._tell(dataclasses.replace(message, job=0))
        self._size_rings(left)
        self._shares, self._block = Shares(plan, left, len(self._members)), plan.stride
        for member in self._members:
            self._go_on(member)
        self._serve(self._share_ended)
        if self._shares.left:
            raise CancelledError("The render was cancelled; frames that were finished stay.")
        return len(plates)

    def _size_rings(self, left: Set[int]) -> None:
        """Asks for the first plate, here, where a host expects its first call."""
        plates = self._callbacks.plates
        if self._job.source.type != "buffers" or plates is None or self._buffers.plate_bytes is not None or not left:
            return
        windows = [Box(*window) for window in (self._job.source.display, self._job.source.data) if window]
        try:
            size = room_for(plates(min(left)), windows)
        except PlateError:  # its turn comes; the engine then applies the policy for missing plates
            size = room_for(None, windows)
        self._buffers = dataclasses.replace(self._buffers, plate_bytes=size)

    def _go_on(self, member: Member) -> None:
        """Has a member render what is still its own; nothing where that is nothing."""
        assert self._shares is not None
        frames = self._shares.of(member.index)
        if frames and not self._callbacks.cancel.is_set():
            self._begin(member, self._asking(member, frames=frames), self._on_share)

    def _share_ended(self, ended: Ended) -> None:
        """Somebody is done: it gets something, and so does whoever waited for a part of it in vain."""
        assert self._shares is not None
        member = ended.member
        member.asked = None  # its end may have been faster than the question
        if self._stopping:
            return
        if self._shares.of(member.index):
            raise ProtocolError(f"The engine of {member.device} says that it is done, and frames are missing.")
        self._find_work()

    def _find_work(self) -> None:
        """Asks busy members for blocks, for those who have nothing to do; one asks each at a time."""
        assert self._shares is not None
        while True:
            waiting = {member.asked.thief for member in self._members if member.asked is not None}
            thieves = [each.index for each in self._members if not each.busy and each.index not in waiting]
            victims = [each.index for each in self._members if each.busy and each.asked is None]
            found = self._shares.best_steal(thieves, victims, self._speeds())
            if found is None:
                return
            self._members[found.victim].ask(found)

    def _given_up(self, member: Member, message: Shortened) -> None:
        """A member's answer: it cannot write these frames any more, so the thief may."""
        steal, member.asked = member.asked, None
        assert self._shares is not None and steal is not None
        self._shares.give(steal, frames_of(message.frames) if message.frames else ())
        if not self._stopping:
            self._go_on(self._members[steal.thief])
            self._find_work()

    def _speeds(self) -> List[float]:
        """Frames a second by member; of one that has shown none, the mean, or less if its first block takes long."""
        known = [member.speed for member in self._members]
        shown = [speed for speed in known if speed]
        mean = sum(shown) / len(shown) if shown else 1.0
        seconds = [max(member.seconds, self._block / mean) for member in self._members]  # a block would be done by then
        return [speed or self._block / spent for speed, spent in zip(known, seconds)]

    def _on_share(self, member: Member, message: Message) -> None:
        member.note(message)
        if isinstance(message, FrameWritten):
            self._written.add(message.frame)
            self._delivered(message.frame)
            self._tell(dataclasses.replace(message, job=member.number))
        elif isinstance(message, FrameKept):  # somebody else has rendered it meanwhile
            self._kept_frames.add(message.frame)
            self._delivered(message.frame)
            self._tell(dataclasses.replace(message, job=member.number))
        elif isinstance(message, Notice):
            self._notice(member, message)
        elif isinstance(message, Progress):
            self._progress(member, message)
        elif isinstance(message, Shortened):
            self._given_up(member, message)

    def _take_alpha(self, member: Member, frame: int, info: SlotInfo, pixels: memoryview) -> None:
        assert self._callbacks.take_alpha is not None
        self._callbacks.take_alpha(frame, info, pixels)
        self._taken.add(frame)
        self._delivered(frame)
        if not self._job.sink.path:  # else it is counted as a file
            member.frames += 1

    def _delivered(self, frame: int) -> None:
        both = self._job.sink.path and self._job.sink.buffers
        if self._shares is not None and (not both or (frame in self._written and frame in self._taken)):
            self._shares.delivered(frame)

    # -- movies

    def _movies(self) -> None:
        if not self._job.sink.movies:
            return
        first = self._members[0]
        job = self._asking(first, frames=sorted(self._asked))
        sink = dataclasses.replace(self._job.sink, buffers=False)
        job = dataclasses.replace(job, sink=sink, params={**job.params, "existing": "resume"})
        self._begin(first, job, self._on_movies)
        self._serve(lambda ended: None)

    def _on_movies(self, member: Member, message: Message) -> None:
        if isinstance(message, FrameWritten):  # somebody has changed a plate or a matte meanwhile
            self._tell(dataclasses.replace(message, job=member.number))
        elif isinstance(message, Notice):
            self._notice(member, message)
        elif isinstance(message, Progress):
            self._progress(member, message)

    # -- members

    def _asking(self, member: Member, *, frames: Sequence[int] = (), dry_run: bool = False, one: bool = False) -> MatteJob:
        """The job for one member: the whole, or some of its frames without the movies; `one`: its first frame alone."""
        params: Dict[str, Any] = {**self._job.params, "device": member.engine_device}
        job = dataclasses.replace(self._job, params=params, dry_run=dry_run)
        if one:
            params["max_frames"] = 1
        if not frames:
            return job
        assert self._accepted is not None
        params.pop("max_frames", None)  # what it says is among the frames
        sink = dataclasses.replace(job.sink, movies={})
        return dataclasses.replace(job, sink=sink, frames=_text(frames), shot=tuple(self._accepted.shot))

    def _begin(self, member: Member, job: MatteJob, on_event: Callable[[Member, Message], None]) -> None:
        member.begin(
            job, on_event=on_event, plates=self._callbacks.plates, take_alpha=self._take_alpha, buffers=self._buffers,
            turn=self._turn,
        )  # fmt: skip

    def _serve(self, on_ended: Callable[[Ended], None]) -> None:
        """Until nobody is busy. `on_ended` hears who is done without an error, and may give somebody work.

        Raises:
            The first error, once all have stopped for it.
        """
        while any(member.busy for member in self._members):
            if self._callbacks.cancel.is_set():
                self._stop()
            ended = self._inbox.serve(LOOK_SECONDS)
            if ended is None:
                continue
            ended.member.ended()
            if ended.result is not None:
                self._results.append(ended.result)
                on_ended(ended)
            elif self._error is None:
                error = ended.error
                self._error = _named(error, ended.member) if isinstance(error, DeviceError) else error
                self._stop()
        if self._error is not None:
            raise self._error

    def _stop(self) -> None:
        self._stopping = True
        for member in self._members:
            member.cancel.set()

    def _unwind(self) -> None:
        """After an error here: members must not wait for somebody who has gone."""
        self._stop()
        deadline = time.monotonic() + UNWIND_SECONDS
        try:
            while any(member.busy for member in self._members) and time.monotonic() < deadline:
                ended = self._inbox.serve(LOOK_SECONDS)
                if ended is not None:
                    ended.member.ended()
        finally:
            self._inbox.shut()

    # -- what is told

    def _tell(self, message: Message) -> None:
        self._callbacks.on_event(message)

    def _progress(self, member: Member, message: Progress) -> None:
        left = 0 if self._shares is None else self._shares.left
        total, seconds = len(self._asked), time.monotonic() - self._started
        self._tell(Progress(member.number, message.stage, total - left, total, seconds))

    def _notice(self, member: Member, message: Notice) -> None:
        """Tells what all engines say once; of a warning every engine may have its own."""
        alone = message.level == "warning" and self._shares is not None
        key = f"{member.number} {message.text}" if alone else message.text
        if key in self._told or message.text in self._told:
            return
        self._told.add(key)
        self._notices.append(dataclasses.replace(message, job=member.number if alone else 0))
        self._tell(self._notices[-1])

    def _stages(self) -> Dict[str, Any]:
        """Seconds by stage, of all engines together."""
        found: Dict[str, float] = {}
        for result in self._results:
            for name, seconds in result.stages.items():
                found[name] = round(found.get(name, 0.0) + float(seconds), 3)
        return found

    def _result(self, done: Done) -> RenderResult:
        if self._job.dry_run:
            for message in (self._accepted, *self._kept, self._surveyed):
                if message is not None:
                    self._tell(dataclasses.replace(message, job=0))
        self._tell(done)
        kept = {message.frame for message in self._kept} if self._job.dry_run else self._kept_frames
        written, taken, frames = (tuple(sorted(each)) for each in (self._written, self._taken, kept))
        restarts = sum(result.restarts for result in self._results)
        seconds = time.monotonic() - self._started
        return RenderResult(
            written, taken, frames, seconds, dict(done.seconds), tuple(self._notices), restarts, done.windows
        )


def _named(error: DeviceError, member: Member) -> GvmMatteError:
    """The error with the device's name as the person knows it; where there is no such device, with what to do."""
    text = error.message.replace(member.engine_device, member.device)
    if type(error) is DeviceError:
        text += " `gvm-matte doctor` lists the devices that there are."
    return type(error)(text, frame=error.frame, path=error.path)


def _text(frames: Any) -> str:
    return str(FrameRange.of(frames)) if frames else ""
