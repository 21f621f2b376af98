"""The problem engine as one of several: `python tests/client/several_problem_engine.py MODE --marker FILE …`.

It answers dry runs, obeys `max_frames`, and notes what it is asked for beside its marker: `FILE.jobs`, one JSON line a job
with its life, its process, the frames and the device. Lives are counted over all engines that share a marker; the one that
begins first is the first. Modes beyond those of the problem engine:

    even       0.02 s a frame
    uneven     0.005 s a frame in the first life, 0.1 s in the others
    fails      fails at frame 25; 0.02 s a frame
    no-device  fails with a device's error, in the second life
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # engines are started without what a host's Python has

import problem_engine
from gvm_matte import protocol as p
from gvm_matte.frames import FrameRange

FAILING_FRAME = 25
PACE = {"even": 0.02, "fails": 0.02}


class Job(problem_engine.Job):
    """One render."""

    def run(self) -> p.Message:
        marker, request = Path(sys.argv[sys.argv.index("--marker") + 1]), self.request
        record = {
            "life": self.engine.life, "frames": request.frames, "dry_run": request.dry_run, "shot": list(request.shot),
            "device": request.params.get("device"), "movies": len(request.sink.movies),
        }  # fmt: skip
        with marker.with_suffix(".jobs").open("a") as file:
            file.write(json.dumps(record) + "\n")
        if self.engine.mode == "no-device" and self.engine.life > 1:
            return p.Failed(request.id, "device", f"{request.params['device']} cannot be used: there is none.")
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

    def write(self, request: p.Render, frame: int, value: float) -> None:
        mode, first = self.engine.mode, self.engine.life == 1
        if mode == "fails" and frame == FAILING_FRAME:
            raise problem_engine.GvmMatteError("plates are gone", frame=frame)
        time.sleep(PACE.get(mode, 0.005 if first else 0.1) if mode in (*PACE, "uneven") else 0.0)
        super().write(request, frame, value)


problem_engine.Job = Job  # type: ignore[misc]

if __name__ == "__main__":
    sys.exit(problem_engine.main())
