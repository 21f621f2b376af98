"""The problem engine as one of several: `python tests/client/several_problem_engine.py MODE --marker FILE …`.

It answers dry runs, obeys `max_frames`, renders block by block as an engine does, and notes what it is asked for in
`FILE.jobs`, beside its marker: one JSON line a job with its life, the frames and the device. Lives are counted over all
engines that share a marker; the one that begins first is the first. Modes beyond those of the problem engine:

    even       0.02 s a frame
    uneven     0.005 s a frame in the first life, 0.1 s in the others
    fails      fails at frame 25; 0.02 s a frame
    no-device  fails with a device's error, in the second life
    dies-second  dies by SIGKILL in all lives but the first, when it is asked for mattes; 0.02 s a frame
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence

sys.path.insert(0, str(Path(__file__).parent.parent))  # engines are started without what a host's Python has

import problem_engine
from gvm_matte.core.frames import BlockPlan, FrameRange
from gvm_matte.protocol import messages as p

FAILING_FRAME = 25
PACE = {"even": 0.02, "fails": 0.02, "dies-second": 0.02}


def note(what: str, record: Dict[str, Any]) -> None:
    """A line beside the marker, whole."""
    path = Path(sys.argv[sys.argv.index("--marker") + 1]).with_suffix(what)
    with path.open("a") as file:
        file.write(json.dumps(record) + "\n")


class Job(problem_engine.Job):
    """One render."""

    def run(self) -> p.Message:
        request = self.request
        asked = {"frames": request.frames, "dry_run": request.dry_run, "shot": list(request.shot)}
        more = {"device": request.params.get("device"), "movies": len(request.sink.movies)}
        note(".jobs", {"life": self.engine.life, **asked, **more})
        if self.engine.mode == "no-device" and self.engine.life > 1:
            return p.Failed(request.id, "device", f"{request.params['device']} cannot be used: there is none.")
        if self.engine.mode == "dies-second" and self.engine.life > 1 and not request.dry_run:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run()

    def work(self, request: p.Render) -> int:
        frames = FrameRange.parse(request.frames or f"{request.shot[0]}-{request.shot[1]}")
        frames = FrameRange(frames.frames[: request.params.get("max_frames")])
        if not request.dry_run:
            return super().work(request)
        kept = [frame for frame in frames if self.is_kept(request, frame)]
        there = str(FrameRange.of(kept)) if kept else ""
        self.channel.send(p.Notice(request.id, "info", "a word about the weights"))
        self.channel.send(p.Accepted(request.id, request.shot or (frames.first, frames.last), str(frames), there, ""))
        for frame in kept:
            self.channel.send(p.FrameKept(request.id, frame, "kept"))
        self.channel.send(p.Surveyed(request.id, there, "", str(frames), {}))
        return 0

    def in_order(self, shot: Sequence[int], frames: List[int]) -> Iterator[int]:
        params = self.request.params
        plan = BlockPlan(*shot, params.get("num_frames_per_batch", 8), params.get("num_overlap_frames", 2), 8)  # type: ignore[call-arg]
        for step in plan.steps(frames):
            self.windows += 1
            for frame in step.block.frames if step.groups else ():
                if frame in frames:
                    time.sleep(self.pace())
                    yield frame

    def pace(self) -> float:
        """Seconds for a frame."""
        if self.engine.mode == "uneven":
            return 0.005 if self.engine.life == 1 else 0.1
        return PACE.get(self.engine.mode, 0.0)

    def write(self, request: p.Render, frame: int, value: float) -> None:
        if self.engine.mode == "fails" and frame == FAILING_FRAME:
            raise problem_engine.GvmMatteError("plates are gone", frame=frame)  # type: ignore[attr-defined]
        super().write(request, frame, value)


problem_engine.Job = Job  # type: ignore[misc]

if __name__ == "__main__":
    sys.exit(problem_engine.main())
